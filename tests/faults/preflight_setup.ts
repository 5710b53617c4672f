/**
 * A case for `preflight`: a damaged store, which it repairs and rids of orphans by two changes. What it
 * does besides, setting an experiment up, is a part of training.
 *
 * @module
 */

import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { simulatePlan } from "../../lib/plan/simulate_plan.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { repair } from "../../tasks/repair.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { appliedOf, isDone, promised } from "./promise.ts";
import { damage } from "./repair_setup.ts";
import type { Setup, Tools } from "./scenarios.ts";

/**
 * Damages a case and brings it to where `preflight` finds something to mend.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function preparePreflight(one: Case, { seed, program }: Tools): Promise<Setup> {
  await damage(one, seed);
  await using store = await openCase(one);
  const before = await look(one);
  const { plan: repairs } = await repair(store, { settle: 0 });
  const now = store.now();
  const mended = simulatePlan(await store.read({ depth: "full" }), repairs, { now });
  const policy = { olderThan: null, purgeAfter: null, quarantineOrphans: true, settle: 0 };
  const orphans = planCleanup({ ...mended, depth: "tags" }, policy, { now });
  const findings = verifySnapshot(simulatePlan(mended, orphans, { now }));
  const whole = [...repairs.actions, ...orphans.actions];
  return {
    program: program("preflight", "--json", "--settle", "0m", "--store", one.root),
    before,
    promises: (actual, printed) =>
      promised(before, printed === null ? whole : donePrinted(printed, repairs, orphans), actual),
    partly: (actual) => {
      const begun = ({ actions }: Plan) => actions.some((each) => isDone(each, before, actual));
      const done = [repairs, orphans].filter(begun).flatMap(({ actions }) => actions);
      return promised(before, done, actual);
    },
    each: (actual) =>
      promised(before, whole.filter((action) => isDone(action, before, actual)), actual),
    mayBePartly: true,
    original: before,
    done: findings.some(({ severity }) => severity === "error") ? 3 : 0,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}

function donePrinted(printed: string, repairs: Plan, orphans: Plan): readonly Action[] {
  const { repair, quarantine } = JSON.parse(printed).done;
  const ofEach: readonly (readonly [Plan, ApplyReport | null])[] = [
    [repairs, repair],
    [orphans, quarantine],
  ];
  return ofEach.flatMap(([plan, report]) => report === null ? [] : appliedOf(plan, report));
}
