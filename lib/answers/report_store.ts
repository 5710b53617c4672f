/**
 * A store and the plan of its clean-up in one document, with the ages of the runs.
 *
 * @module
 */

import type { Plan } from "../plan/plan.ts";
import type { RunId } from "../store/path.ts";
import type { Experiment, Run, StoreSnapshot } from "../store/snapshot.ts";
import { days } from "../text/units.ts";
import { summarize, type SummarizeOptions, type Summary } from "./summarize.ts";

/** The runs of an age. */
export interface RunsOfAge {
  /** The least age, ms; runs that are dated in the future are of the least of all. */
  readonly from: number;
  /** The age from which on runs are older; `null` for the oldest. */
  readonly to: number | null;
  /** Readable runs of this age, active or soft-deleted. */
  readonly runs: number;
  /** Those of them that the plan soft-deletes or purges. */
  readonly goes: number;
}

/** A store, and what would become of it. */
export interface StoreReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/report/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** What it holds. */
  readonly summary: Summary;
  /** What would be done. */
  readonly plan: Plan;
  /** Runs by the time since their end, or since their start where they have none; the youngest first. */
  readonly ages: readonly RunsOfAge[];
}

/**
 * Puts a report together.
 *
 * @param snapshot The store.
 * @param plan A plan that was made from it.
 * @param options What comes first, and how many experiments are named.
 * @returns The report.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 * import { reportStore } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * console.log(reportStore(snapshot, plan).ages);
 * ```
 */
export function reportStore(
  snapshot: StoreSnapshot,
  plan: Plan,
  options: SummarizeOptions = {},
): StoreReport {
  return {
    schema: "mltidy/report/v1",
    store: snapshot.location,
    summary: summarize(snapshot, options),
    plan,
    ages: runsByAge(snapshot.experiments, plan),
  };
}

/** Where one age ends and the next begins, ms. */
const BOUNDS = [0, 1, 7, 30, 90, 180, 365, 730].map(days);

/** The ages by which runs are counted, the youngest first. */
export const AGES: readonly Pick<RunsOfAge, "from" | "to">[] = BOUNDS.map((from, index) => ({
  from,
  to: BOUNDS[index + 1] ?? null,
}));

/**
 * Counts runs by age: since their end, or their start where they have none.
 *
 * @param runs The runs.
 * @param now Epoch ms; what is dated later is of the least age.
 * @returns How many are of each of {@linkcode AGES}.
 */
export function countByAge(
  runs: readonly Pick<Run, "startTime" | "endTime">[],
  now: number,
): readonly number[] {
  const counts = AGES.map(() => 0);
  for (const { startTime, endTime } of runs) {
    const age = now - (endTime ?? startTime);
    counts[Math.max(0, BOUNDS.findLastIndex((bound) => age >= bound))]!++;
  }
  return counts;
}

function runsByAge(experiments: readonly Experiment[], plan: Plan): readonly RunsOfAge[] {
  const going = goingRuns(plan);
  const runs = experiments.flatMap((one) => one.runs);
  const all = countByAge(runs, plan.plannedAt);
  const goes = countByAge(runs.filter(({ id }) => going.has(id)), plan.plannedAt);
  return AGES.map((age, index) => ({ ...age, runs: all[index]!, goes: goes[index]! }));
}

function goingRuns({ actions }: Plan): ReadonlySet<RunId> {
  return new Set(actions.flatMap((action) => {
    switch (action.kind) {
      case "soft-delete-run":
      case "purge-run":
        return [action.runId];
      case "purge-experiment":
        return action.runIds;
      default:
        return [];
    }
  }));
}
