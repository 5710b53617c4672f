/**
 * A case in which so many files are replaced that they are prepared in more than one batch.
 *
 * @module
 */

import { prune } from "../../tasks/prune.ts";
import { type Case, errorsIn, look, openCase } from "../faults/case.ts";
import { carriedOut } from "../faults/promise.ts";
import type { Scenario, Setup, Tools } from "../faults/scenarios.ts";
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { experimentMeta, type Files, runMeta, writeFiles } from "../_support/disk_store.ts";

const EXPERIMENT = "777777777777777777";
const RUNS = 300;

async function prepare(one: Case, { program }: Tools): Promise<Setup> {
  const old = { startTime: one.madeAt - 900 * DAY, endTime: one.madeAt - 800 * DAY };
  const runs = Array.from(
    { length: RUNS },
    (_, index) => run({ id: runId(10_000 + index), experimentId: EXPERIMENT, ...old }),
  );
  const files: Files = Object.fromEntries([
    ["meta.yaml", experimentMeta(experiment({ id: EXPERIMENT, name: "many runs" }))],
    ...runs.flatMap((each) => [
      [`${each.id}/meta.yaml`, runMeta(each)],
      ...["artifacts", "metrics", "params", "tags"].map((name) => [`${each.id}/${name}`, null]),
    ]),
  ]);
  writeFiles(`${one.root}/${EXPERIMENT}`, files);
  await using store = await openCase(one);
  const before = await look(one);
  const { plan } = await prune(store, { olderThan: "700d" });
  return {
    program: program(
      ...["prune", "--apply", "--force", "--json", "--days-old", "700", "--store", one.root],
    ),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}

/** The scenario. */
export const manyRuns: Scenario = { name: "prune-many", task: "prune", prepare };
