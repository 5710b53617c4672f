/// <reference lib="dom" />
/**
 * What all views share: the store, the plan that is shown, and what the reader has chosen for it.
 *
 * @module
 */

import type { PlanView, StoreView } from "../../messages.ts";
import type { Server } from "../asking/server.ts";
import type { Answer } from "../asking/use_answer.ts";
import type { Work } from "../asking/use_work.ts";
import type { Choice } from "../pure/choice.ts";
import type { Standing } from "../pure/standing.ts";

/** What all views share. */
export interface PageState {
  readonly server: Server;
  readonly store: StoreView;
  readonly standing: Standing;
  readonly plan: Answer<PlanView>;
  readonly choice: Choice;
  readonly choose: (change: (before: Choice) => Choice) => void;
  /** Whether the store can be asked about; not while it is read again. */
  readonly isThere: boolean;
  /** Whether the plan that is shown is that of the store as it was read last, so that its rows can be asked for. */
  readonly isPlanThere: boolean;
  /** What this page has carried out, one at a time. */
  readonly work: Work;
  /** Whether something is being carried out, by this page or another. */
  readonly isBusy: boolean;
  /** Asks for the plan again, since the server no longer has it. */
  readonly replan: () => void;
  /** Says something to those who cannot see it change. */
  readonly say: (text: string) => void;
}
