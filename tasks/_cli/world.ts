/**
 * What a command needs of the world; all of it comes by parameter.
 *
 * @module
 */

import type { Action, Plan } from "../../lib/plan/plan.ts";
import type { TaskReport } from "../../lib/report/task_report.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { RenderOptions } from "../../lib/text/style.ts";
import type { Progress } from "./terminal/progress.ts";

/** What a task says of itself for its report, as soon as it knows. */
export interface Noted
  extends Partial<Pick<TaskReport, "store" | "undo" | "settled" | "remains" | "result">> {
  /** The store as it was when it was planned for. */
  readonly snapshot?: StoreSnapshot;
  /** What was planned. */
  readonly plan?: Plan;
  /** What of it was done. */
  readonly applied?: readonly Pick<Action, "kind" | "path">[];
}

/** How something has ended of which there is to be a report. */
export interface Ended extends Pick<TaskReport, "startedAt" | "exitCode"> {
  /** What it has thrown; `null` where it has not. */
  readonly error: unknown;
  /** What it has said of itself. */
  readonly noted: Noted;
}

/** What a task needs of the world. */
export interface World {
  /** Writes data, to standard output. */
  readonly print: (text: string) => void;
  /** Writes talk, to standard error: folded for a terminal, unless it was rendered for one. */
  readonly say: (text: string, options?: { readonly isRendered?: boolean }) => void;
  /** How to render data, and a plan that is asked about. */
  readonly style: Required<RenderOptions>;
  readonly progress: Progress;
  /** Keeps what a report is going to say, if one is asked for. */
  readonly note: (more: Noted) => void;
  /** Writes a report of what has ended while the task goes on, if one is asked for; never rejects. */
  readonly conclude: (ended: Ended) => Promise<void>;
  /** Names commands as they are typed here. */
  readonly named: (text: string) => string;
  /**
   * Asks a question answered by yes or no, or by the very text that is wanted for a yes; `null` where there is
   * no terminal.
   */
  readonly ask: ((question: string, wanted?: string) => Promise<boolean>) | null;
  /** Reads standard input to its end. */
  readonly input: () => Promise<string>;
  readonly environment: (name: string) => string | undefined;
  /** The directory in which the user typed the command. */
  readonly directory: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Starts to listen for interruptions, until what is given settles; aborted at the first. */
  readonly signal: (until?: Promise<void>) => AbortSignal;
}
