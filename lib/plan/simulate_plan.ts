/**
 * What a store would look like after a plan.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { HeavyFile, LongMetric } from "../store/extras.ts";
import { pathsUp } from "../store/path.ts";
import type { Depth, Experiment, Run, StoreSnapshot } from "../store/snapshot.ts";
import { DROPPED_TAG } from "../store/tags.ts";
import type { DiskUsage } from "../store/usage.ts";
import type { Action, Plan } from "./plan.ts";
import type { MoveRun } from "./moves/move_action.ts";
import type { RepairAction } from "./repair_action.ts";
import { simulateMoves } from "./moves/simulate_moves.ts";
import { simulateRepairs } from "./simulate_repairs.ts";

/** When, and how far, to simulate. */
export interface SimulateOptions {
  /** Epoch ms: the moment of acting, MLflow's `deleted_time`. */
  readonly now: number;
  /** How many actions, from the first on. @default {plan.actions.length} */
  readonly prefix?: number;
}

/**
 * Carries a plan out on a snapshot instead of a store.
 *
 * Not foreseen: the stamps of what would be changed and the fingerprint (`simulated:` and the number
 * of actions), so the result is no basis for a plan to be applied; and what the backup would take.
 * An action whose subject is not in the snapshot changes nothing, nor does one that copies something of another
 * store, of which a plan says too little.
 *
 * @param snapshot The store before.
 * @param plan What would be done.
 * @param options The moment, and how many actions.
 * @returns The store after. Sizes shrink by what leaves; soft deletion moves nothing.
 * @throws {InvalidArgumentError} When `prefix` is not a whole number from 0 to the number of actions.
 *
 * @example Planning again after a plan yields nothing
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { planPrune, simulatePlan } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const before = await store.read({ depth: "tags" });
 * const now = Date.now();
 * const plan = planPrune(before, { olderThan: 30 * 86_400_000 }, { now });
 * const after = simulatePlan(before, plan, { now });
 * assertEquals(planPrune(after, { olderThan: 30 * 86_400_000 }, { now }).actions, []);
 * ```
 */
export function simulatePlan<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  plan: Plan,
  options: SimulateOptions,
): StoreSnapshot<D> {
  const { now, prefix = plan.actions.length } = options;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > plan.actions.length) {
    throw new InvalidArgumentError(
      `Cannot simulate ${prefix} actions: expected a whole number up to ${plan.actions.length}`,
    );
  }
  const repairs: RepairAction[] = [];
  const moves: MoveRun[] = [];
  const changes = new Map<string, Change>();
  for (const action of plan.actions.slice(0, prefix)) {
    const change = changeOf(action);
    if (typeof change === "string") changes.set(action.path, change);
    else if (change.kind === "move-run") moves.push(change);
    else repairs.push(change);
  }
  const stays = ({ path }: { readonly path: string }) => changes.get(path) !== "remove";
  const changed = simulateRepairs({
    ...snapshot,
    readAt: now,
    fingerprint: `simulated:${prefix}`,
    experiments: snapshot.experiments
      .filter(stays)
      .map((experiment) => changeExperiment(experiment, changes, now)),
    orphans: snapshot.orphans.filter(stays),
    problems: snapshot.problems.filter(({ path }) =>
      pathsUp(path).every((path) => stays({ path }))
    ),
  }, repairs);
  return simulateMoves(changed, moves);
}

type Change = "mark-deleted" | "remove" | "thin" | "none";

function changeOf(action: Action): Change | MoveRun | RepairAction {
  switch (action.kind) {
    case "soft-delete-run":
      return "mark-deleted";
    case "thin-metric":
      return "thin";
    case "copy-in":
      return "none";
    case "drop-artifact":
    case "purge-run":
    case "purge-experiment":
    case "purge-logged-model":
    case "quarantine-orphan":
      return "remove";
    default:
      return action;
  }
}

function changeExperiment(
  experiment: Experiment,
  changes: ReadonlyMap<string, Change>,
  now: number,
): Experiment {
  const { runs, loggedModels, usage } = experiment;
  const isGone = ({ path }: { readonly path: string }) => changes.get(path) === "remove";
  const dropped = (run: Run) => (run.extras?.heavy ?? []).filter(isGone);
  const thinned = (run: Run) =>
    (run.extras?.long ?? []).filter(({ path }) => changes.get(path) === "thin");
  const isChanged = loggedModels.some(isGone) ||
    runs.some((run) => changes.has(run.path) || dropped(run).length > 0 || thinned(run).length > 0);
  if (!isChanged) return experiment;
  return {
    ...experiment,
    usage: [...runs.filter(isGone), ...runs.flatMap(dropped), ...loggedModels.filter(isGone)]
      .reduce((left, one) => subtract(left, one.usage), usage),
    loggedModels: loggedModels.filter((model) => !isGone(model)),
    runs: runs
      .filter((run) => !isGone(run))
      .map((run) =>
        changes.get(run.path) === "mark-deleted"
          ? { ...run, lifecycleStage: "deleted", deletedTime: now }
          : dropHeavy(withoutLong(run, thinned(run)), dropped(run), now)
      ),
  };
}

/** No point that counts for a policy goes. */
function withoutLong(run: Run, thinned: readonly LongMetric[]): Run {
  const { extras } = run;
  if (thinned.length === 0 || extras === undefined) return run;
  const { long = [], ...rest } = extras;
  const left = long.filter((one) => !thinned.includes(one));
  return { ...run, extras: left.length === 0 ? rest : { ...rest, long: left } };
}

function dropHeavy(run: Run, dropped: readonly HeavyFile[], now: number): Run {
  const { extras, tags, usage } = run;
  if (dropped.length === 0 || extras === undefined) return run;
  return {
    ...run,
    usage: dropped.reduce((left, one) => subtract(left, one.usage), usage),
    tags: new Map([...tags, [DROPPED_TAG, new Date(now).toISOString()]]),
    extras: { ...extras, heavy: extras.heavy.filter((one) => !dropped.includes(one)) },
  };
}

function subtract(from: DiskUsage | null, what: DiskUsage | null): DiskUsage | null {
  if (from === null || what === null) return from;
  return { bytes: from.bytes - what.bytes, files: from.files - what.files };
}
