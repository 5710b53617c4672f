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
  // Runs that were to leave, and have not: what is to follow them stays, too.
  const stayed = new Set<string>();
  for (const action of actions) {
    await turn();
    const { kind, path } = action;
    let outcome: ActionOutcome;
    if (signal?.aborted) {
      outcome = { kind, path, outcome: "not-run", because: "interrupted" };
    } else if (follows(action, stayed) || await isStillPlanned?.(action) === false) {
      outcome = await change.decline(action);
    } else {
      await change.ready(action);
      assertHeld();
      outcome = await change.perform(action);
    }
    if (outcome.outcome !== "applied") { for (const run of runsOf(action)) stayed.add(run); }
    yield outcome;
  }
}

function follows(action: Action, stayed: ReadonlySet<string>): boolean {
  switch (action.kind) {
    case "purge-logged-model":
      return action.withoutRun !== null && stayed.has(action.withoutRun);
    case "copy-in":
      return action.parent !== null && stayed.has(action.parent);
    default:
      return false;
  }
}

function runsOf(action: Action): readonly string[] {
  switch (action.kind) {
    case "purge-run":
      return [action.runId];
    case "purge-experiment":
      return action.runIds;
    case "copy-in":
      return action.what === "run" ? [action.id] : [];
    default:
      return [];
  }
}
