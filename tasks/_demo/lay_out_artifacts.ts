/**
 * The artifacts of the example store, which are the same in both kinds of it.
 *
 * @module
 */

import type { DemoRun } from "./describe_demo_store.ts";
import { type DemoEntry, directory, file } from "./entry.ts";

/** Lists what a run has logged, its directory `artifacts` first. */
export function* layOutArtifacts(path: string, run: DemoRun): Generator<DemoEntry> {
  const { id, name, params, status, model, lastChange } = run;
  yield directory(`${path}/artifacts`, lastChange);
  if (status === "FINISHED") {
    const report = JSON.stringify({ run: name, params, status: "ok" }, null, 2);
    yield file(`${path}/artifacts/report.json`, lastChange, `${report}\n`);
  }
  if (model) {
    yield directory(`${path}/artifacts/model`, lastChange);
    yield* layOutModelFiles(`${path}/artifacts/model`, id, lastChange);
  }
}

/** Lists what lies in the directory of a model. */
export function* layOutModelFiles(
  path: string,
  runId: string,
  time: number,
): Generator<DemoEntry> {
  const flavor = "artifact_path: model\nflavors:\n  python_function:\n    loader_module: model\n";
  yield file(`${path}/MLmodel`, time, `${flavor}run_id: '${runId}'\n`);
  yield file(`${path}/weights.txt`, time, "0.25 -0.5 0.125\n".repeat(256));
}
