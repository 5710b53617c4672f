/**
 * What a policy may ask for besides metadata, in stores on the disk: histories of metrics, parameters, inputs
 * of runs, traces and their assessments.
 *
 * @module
 */

import { join } from "@std/path";
import type { MetricSummary, TraceUse } from "../../lib/store/extras.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { type Files, modelUseMeta, writeInto } from "./disk_store.ts";

/**
 * Writes the extras of runs and the traces of experiments as MLflow does. Everything stays as old as it is.
 *
 * @param root The root of the store, which has the experiments and runs already.
 * @param store What it holds.
 */
export function writeExtras(
  root: string,
  { experiments }: Pick<StoreSnapshot<"tags">, "experiments">,
): void {
  for (const { path, runs, traceUses = [] } of experiments) {
    for (const { path, extras } of runs) {
      if (extras === undefined) continue;
      const { metrics, params, inputs } = extras;
      // What `writeStore()` gives to every run.
      for (const name of ["metrics/loss", "params/lr"]) Deno.removeSync(join(root, path, name));
      writeInto(join(root, path), {
        metrics: null,
        params: null,
        ...filesIn("metrics", [...metrics].map(([key, metric]) => [key, linesOf(metric)])),
        ...filesIn("params", [...params]),
        ...filesIn(
          "inputs",
          inputs.map((id) => [`of-${id}/meta.yaml`, modelUseMeta("input", id)]),
        ),
      });
    }
    for (const use of traceUses) writeInto(join(root, path), traceFiles(use));
  }
}

function filesIn(folder: string, files: readonly (readonly [string, string])[]): Files {
  return Object.fromEntries(files.map(([name, text]) => [`${folder}/${name}`, text]));
}

/** The latest has the greatest step. */
function linesOf({ least, greatest, latest }: MetricSummary): string {
  return [least, greatest, latest]
    .map((value, step) => value === null ? "" : `${step} ${pythonOf(value)} ${step}\n`).join("");
}

function pythonOf(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? `${value}` : value > 0 ? "inf" : "-inf";
}

function traceFiles({ trace, assessment, runId, modelId }: TraceUse): Files {
  const at = `traces/${trace}`;
  const named = [["mlflow.sourceRun", runId], ["mlflow.modelId", modelId]] as const;
  return {
    [`${at}/trace_info.yaml`]: "state: OK\n",
    ...(assessment === null
      ? Object.fromEntries(
        named.flatMap(([key, id]) => id === null ? [] : [[`${at}/request_metadata/${key}`, id]]),
      )
      : { [`${at}/assessments/${assessment}.yaml`]: assessmentText(runId) }),
  };
}

function assessmentText(runId: string | null): string {
  const metadata = runId === null ? "" : `metadata:\n  mlflow.assessment.sourceRunId: ${runId}\n`;
  return "assessment_name: good\ncreate_time: '2026-05-01T00:00:29Z'\nfeedback:\n  value: true\n" +
    `last_update_time: '2026-05-01T00:00:29Z'\n${metadata}source:\n  source_type: HUMAN\n`;
}
