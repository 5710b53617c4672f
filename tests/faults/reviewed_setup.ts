/**
 * What still holds of a reviewed plan, wherever carrying it out is stopped: what it says was done, and nothing else.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import type { Plan } from "../../lib/plan/plan.ts";
import { ExitCode } from "../../tasks/_cli/table/exit_code.ts";
import { applyWhatStillHolds } from "../../tasks/apply_what_still_holds.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { scriptWords } from "./program.ts";
import { carriedOut } from "./promise.ts";
import type { Setup } from "./scenarios.ts";

/**
 * Gives a plan as somebody would have reviewed it before its first subject was changed. It is not saved: a case that
 * is put back has other files than those that were stamped.
 *
 * @param plan Today's plan.
 * @returns The plan that was reviewed.
 */
export function reviewedBefore(plan: Plan): Plan {
  const [first, ...others] = plan.actions;
  return { ...plan, actions: [{ ...first, stamp: "as it was" }, ...others] } as Plan;
}

/**
 * Brings a case to where what still holds of a plan is carried out.
 *
 * @param one The case.
 * @returns The case, ready.
 */
export async function prepareReviewed(one: Case): Promise<Setup> {
  await using store = await openCase(one);
  const before = await look(one);
  const { plan: today } = await cleanup(store);
  const { plan } = await applyWhatStillHolds(store, reviewedBefore(today));
  const words = scriptWords(fromFileUrl(new URL("apply_reviewed.ts", import.meta.url)), one.root);
  return {
    program: { words, directory: one.directory },
    before,
    ...carriedOut(plan, before),
    original: before,
    done: ExitCode.partlyApplied,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}
