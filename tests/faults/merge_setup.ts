/**
 * A case for `merge` of databases: another one beside the database of a case, with a run that has all that belongs to
 * it, and one for an experiment that both have.
 *
 * @module
 */

import { join } from "@std/path";
import { merge } from "../../tasks/moves/merge.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { PlanAndApplyResult } from "../../tasks/plan_and_apply.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { experiment, loggedModel, run, runId } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { execute } from "./database_scenarios.ts";

const [PARENT, CHILD, NEW] = [21, 22, 23].map(runId) as [string, string, string];
const MODEL = `m-${runId(24)}`;

/** The directory of the other database, in that of the case. */
export const OTHER = "other";

/**
 * Writes the other database.
 *
 * @param place Absolute path of the directory of the case.
 */
export function writeOther(place: string): void {
  const directory = join(place, OTHER);
  const path = join(directory, "mlflow.db");
  Deno.mkdirSync(directory);
  const newest = { experimentId: "3" };
  writeDatabaseStore(path, {
    experiments: [
      experiment({ id: "1", name: "laptop", runs: [run({ id: NEW, name: "new" })] }),
      experiment({
        id: "3",
        name: "newest",
        runs: [
          run({ id: PARENT, ...newest, name: "parent" }),
          run({ id: CHILD, ...newest, name: "child", tags: { "mlflow.parentRunId": PARENT } }),
        ],
        loggedModels: [loggedModel({ id: MODEL, ...newest, sourceRunId: PARENT })],
      }),
    ],
  }, { artifacts: true });
  writeFiles(join(directory, "mlruns/3/models", MODEL), { "artifacts/MLmodel": "flavors: {}\n" });
  execute(path, MORE);
}

const MORE = `
  INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
    VALUES ('d7', 3, 'rice', '4b8f', 'code', '{}');
  INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
    VALUES ('i7', 'DATASET', 'd7', 'RUN', '${PARENT}', 0);
  INSERT INTO registered_models (name) VALUES ('bread');
  INSERT INTO model_versions (name, version, run_id, source)
    VALUES ('bread', 1, '${PARENT}', 'models:/${MODEL}');
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5100)
    INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan)
    SELECT '${PARENT}', 'curve', i / 7.0, i, i, 0 FROM n`;

/**
 * Merges the other database of a case into its own.
 *
 * @param store The store of the case.
 * @returns What came of it.
 */
export async function mergeOther(store: Store): Promise<PlanAndApplyResult> {
  const path = store.describe().location.replace(/^sqlite:\/\//, "");
  await using from = await openStore(join(path, "..", OTHER, "mlflow.db"));
  return await merge(store, { from, apply: true });
}
