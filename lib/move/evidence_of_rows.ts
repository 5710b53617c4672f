/**
 * What is known of runs that move within a database: their artifacts stay where they are.
 *
 * @module
 */

import type { MoveEvidence, MovePolicy } from "../plan/plan.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { chooseRuns } from "./choose_runs.ts";

/**
 * Tells what moving must know of the runs of a database that are asked for.
 *
 * @param snapshot The store.
 * @param policy What is asked for.
 * @returns The evidence.
 * @throws {InvalidArgumentError} When no experiment is meant, or several, or a part of the selection fits nothing.
 */
export function evidenceOfRows(snapshot: StoreSnapshot, policy: MovePolicy): MoveEvidence {
  const { moving } = chooseRuns(snapshot, policy);
  const traces = moving.flatMap(({ run, traces }) => {
    const [from] = run.path.split("/");
    return traces.map((name) =>
      [`${from}/traces/${name}`, { keys: ["experiment_id"], location: null }] as const
    );
  });
  return {
    places: new Map(),
    inputs: new Map(),
    datasets: new Map(),
    traces: new Map(traces),
    there: new Set(),
  };
}
