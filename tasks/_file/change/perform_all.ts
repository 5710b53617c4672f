import type { Action } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import type { PerformOptions } from "../../ports/store.ts";
import type { FileChange } from "./change.ts";

/** How to carry actions out. */
export interface PerformAllOptions extends PerformOptions {
  /** Throws when the lock of the store is no longer held. */
  readonly assertHeld: () => void;
}

/**
 * Carries out the actions of a change, one after the other, and yields what came of each.
 *
 * @param change The change.
 * @param actions Its actions, in its order.
 * @param options How to.
 * @returns The outcomes, as they come; nothing is done before the first is asked for.
 */
export async function* performAll(
  change: FileChange,
  actions: readonly Action[],
  { signal, isStillPlanned, assertHeld }: PerformAllOptions,
): AsyncGenerator<ActionOutcome> {
  const turn = takeTurns();
  for (const action of actions) {
    await turn();
    const { kind, path } = action;
    if (!signal?.aborted && await isStillPlanned?.(action) === false) {
      yield await change.decline(action);
    } else if (signal?.aborted) {
      yield { kind, path, outcome: "not-run", because: "interrupted" };
    } else {
      await change.ready(action);
      assertHeld();
      yield await change.perform(action);
    }
  }
}
