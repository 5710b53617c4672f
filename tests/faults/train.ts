// deno-lint-ignore-file no-console -- it tells the campaign what it was told.
/**
 * A small training, to be killed and hindered: sets an experiment up, logs one of everything in a run and
 * in a nested one, and prints what it was told of each.
 *
 * ```
 * deno run -A train.ts STORE
 * ```
 *
 * @module
 */

import type { LogOutcome } from "../../lib/tracking/log_outcome.ts";
import { openStore } from "../../tasks/open_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { type ActiveRun, safeRun } from "../../tasks/training/run.ts";
import { ARTIFACT, EXPERIMENT } from "./training.ts";

/** What one run was told. */
export interface TrainedRun {
  /** Its id. */
  readonly id: string;
  /** Key of each thing that was logged, in order. */
  readonly logged: readonly string[];
  /** Whether its end could be recorded. */
  readonly ended: boolean;
}

async function train(run: ActiveRun): Promise<readonly string[]> {
  const outcomes: LogOutcome[] = [
    await run.logParam("lr", 0.1),
    await run.logParam("lr", 0.2),
    await run.logMetric("val/loss", 1),
    await run.logMetric("val/loss", 0.5, { step: 1 }),
    ...await run.logMetrics([{ key: "val/loss", value: 0.25, step: 2 }, { key: "f1", value: 1 }]),
    await run.setTag("stage", "begun"),
    await run.setTag("stage", "done"),
    await run.logText(ARTIFACT, "reports/a.txt"),
    await run.logInput({ name: "iris", digest: "00ff", sourceType: "local", source: "{}" }),
  ];
  return outcomes.flatMap(({ outcome, key }) => outcome === "logged" ? [key] : []);
}

async function main(root: string): Promise<readonly TrainedRun[]> {
  await using store = await openStore(root);
  const { experimentId } = await setupExperiment(store, EXPERIMENT, { tags: { team: "growth" } });
  const runs: { readonly run: ActiveRun; readonly logged: readonly string[] }[] = [];
  const options = { experimentId, warn: () => {} };
  await safeRun(store, options, async (run) => {
    const logged = await train(run);
    runs.push({ run, logged });
    await safeRun(store, { ...options, parentRunId: run.id }, async (run) => {
      runs.push({ run, logged: await train(run) });
    });
  });
  return runs.map(({ run, logged }) => ({
    id: run.id,
    logged,
    ended: run.problems.every(({ key }) => key !== "status"),
  }));
}

if (import.meta.main) {
  try {
    console.log(JSON.stringify(await main(Deno.args[0] ?? "")));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
