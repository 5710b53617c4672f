import type { Action } from "../plan/plan.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";

/** How many runs a store has that can be read. */
export interface RunCounts {
  /** Runs that MLflow shows. */
  readonly active: number;
  /** Soft-deleted runs, and all those of a deleted experiment. */
  readonly deleted: number;
}

/**
 * Counts the runs of a store, as it was read or after some changes.
 *
 * @param snapshot The store.
 * @param applied What was done since.
 * @returns The numbers.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const experiments = [{ path: "0", lifecycleStage: "active", runs: [] }] as const;
 * assertEquals(countRuns({ experiments }), { active: 0, deleted: 0 });
 * ```
 */
export function countRuns(
  { experiments }: { readonly experiments: readonly CountedExperiment[] },
  applied: readonly Pick<Action, "kind" | "path">[] = [],
): RunCounts {
  const done = new Map(applied.map(({ path, kind }) => [path, kind]));
  const left = experiments.filter(({ path }) => done.get(path) !== "purge-experiment");
  const runs = left.flatMap(({ lifecycleStage, runs }) =>
    runs.filter(({ path }) => done.get(path) !== "purge-run").map((run) =>
      lifecycleStage === "active" && run.lifecycleStage === "active" &&
      done.get(run.path) !== "soft-delete-run"
    )
  );
  const active = runs.filter((isActive) => isActive).length;
  return { active, deleted: runs.length - active };
}

type Experiment = StoreSnapshot["experiments"][number];
type CountedExperiment = Pick<Experiment, "path" | "lifecycleStage"> & {
  readonly runs: readonly Pick<Experiment["runs"][number], "path" | "lifecycleStage">[];
};
