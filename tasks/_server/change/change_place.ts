import type { Action } from "../../../lib/plan/plan.ts";
import type { WritableLog } from "../../_database/log/change_log.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";

/** Where runs of a server are changed, and where it is logged. */
export interface ChangePlace {
  readonly client: ChangingClient;
  readonly log: WritableLog;
  /** Epoch ms. */
  readonly clock: () => number;
  /** The change's id. */
  readonly change: string;
  /** Waits, ms. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Names an action in its outcome.
 *
 * @param action The action.
 * @returns Its kind and its path.
 */
export function endingOf({ kind, path }: Action): Pick<Action, "kind" | "path"> {
  return { kind, path };
}
