/**
 * What must hold of the repair of any store, however it was damaged.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import { simulatePlan } from "../../lib/plan/simulate_plan.ts";
import { planRepair } from "../../lib/repair/plan_repair.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { RULES } from "../../lib/verify/rules.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { restore } from "../../tasks/backups/restore.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { repair, repairPolicyOf, type RepairRules } from "../../tasks/repair.ts";
import { assertSameTree, readTree } from "./tree.ts";

/** A repair that was checked. */
export interface CheckedRepair {
  /** The store before. */
  readonly damaged: StoreSnapshot<"full">;
  /** The store after. */
  readonly mended: StoreSnapshot<"full">;
  /** Undoes it; `null` when there was nothing to do. */
  readonly backup: string | null;
}

/**
 * Repairs a store, and checks what came of it: it is as foreseen, no error is left that repair claims to
 * mend but what it left to its owner, and a second repair plans nothing.
 *
 * @param store The store.
 * @param rules What to repair.
 * @param what Said first when something does not hold.
 * @returns The store before and after.
 */
export async function checkRepair(
  store: Store,
  rules: RepairRules,
  what: string,
): Promise<CheckedRepair> {
  const damaged = await store.read({ depth: "full" });
  const { plan, report } = await repair(store, { ...rules, apply: true });
  assert(report === null || report.complete, `${what}: ${JSON.stringify(report?.outcomes)}`);
  assertEquals(plan.actions.length, report?.totals.applied ?? 0, what);
  const printed = JSON.stringify(plan);
  assertEquals(parsePlan(printed, what), JSON.parse(printed), `${what}: the plan can be saved`);
  const mended = await store.read({ depth: "full" });
  const now = store.now();
  const foreseen = simulatePlan(damaged, plan, { now });
  assertEquals(shapeOf(foreseen), shapeOf(mended), `${what}: simulatePlan() foresees it`);
  const policy = repairPolicyOf(rules);
  const again = planRepair(mended, await store.mending!.evidence(mended, policy), policy, { now });
  // Nobody looks into what MLflow cannot read: what is wrong there shows once its record is back.
  const restored = plan.actions.filter(({ kind }) => kind === "write-meta")
    .map(({ path }) => `${path}/`);
  const more = again.actions.filter(({ path }) =>
    !restored.some((folder) => path.startsWith(folder))
  );
  assertEquals(more, [], `${what}: a second repair plans nothing`);
  const left = again.kept.map(({ path }) => `${path}/`);
  assertEquals(
    errorsIn(mended).filter((path) => !left.some((each) => `${path}/`.startsWith(each))),
    [],
    `${what}: no error is left that repair claims to mend`,
  );
  return { damaged, mended, backup: report?.backup?.id ?? null };
}

/**
 * Repairs a store, checks what came of it, and undoes it; planning alone changes nothing.
 *
 * @param store The store.
 * @param rules What to repair.
 * @param what Said first when something does not hold.
 * @returns The store before the repair and after.
 */
export async function checkRepairAndUndo(
  store: Store,
  rules: RepairRules,
  what: string,
): Promise<CheckedRepair> {
  const tree = () => readTree(store.describe().location, { except: [".mltidy.trash"] });
  const before = await tree();
  await repair(store, rules);
  assertSameTree(await tree(), before, `${what}: planning changes nothing`);
  const checked = await checkRepair(store, rules, what);
  if (checked.backup === null) return checked;
  await restore(store, { id: checked.backup });
  assertSameTree(await tree(), before, `${what}: undo`);
  return checked;
}

const REPAIRABLE = new Set(RULES.filter((rule) => rule.repairable).map(({ id }) => id));

function errorsIn(snapshot: StoreSnapshot): readonly string[] {
  return verifySnapshot(snapshot)
    .filter(({ severity, rule }) => severity === "error" && REPAIRABLE.has(rule))
    .map(({ path }) => path);
}

/** What is foreseen of a store, apart from stamps and tags. */
function shapeOf({ experiments, orphans, strays, hasTrash }: StoreSnapshot): unknown {
  return {
    experiments: experiments.map((each) => [
      each.path,
      each.name,
      each.recordedStage,
      each.artifactLocation,
      each.runs.map(({ path, status, endTime, artifactUri, deletedTime }) => [
        path,
        status,
        endTime,
        artifactUri,
        deletedTime,
      ]).toSorted(),
      each.damagedRuns.map(({ path }) => path),
    ]).toSorted(),
    orphans: orphans.map(({ path }) => path),
    strays: strays.map(({ path }) => path),
    hasTrash,
  };
}
