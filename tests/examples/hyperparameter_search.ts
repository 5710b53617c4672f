// deno-lint-ignore-file no-console -- an example talks.
/**
 * A hyper-parameter search: a run for the search, a nested run for each trial. One trial fails, one
 * parameter is logged twice, and neither stops the search.
 *
 * ```
 * deno run -A tests/examples/hyperparameter_search.ts ./mlruns
 * ```
 *
 * @module
 */

import { openStore, preflight, type Store } from "mltidy";
import { bestRun, primaryMetric } from "mltidy/policy";
import { safeRun, setupExperiment } from "mltidy/train";
import { chance, drawSamples, learn, score } from "./learner.ts";

/** What came of one trial. */
export interface Trial {
  /** Its run. */
  readonly runId: string;
  /** The learning rate that it tried. */
  readonly rate: number;
  /** Its F1; `null` when it failed. */
  readonly value: number | null;
}

/** Too slow, good, and so fast that the loss overflows. */
const RATES: readonly number[] = [0.001, 0.03, 0.3, 1e4];

/**
 * Searches for a good learning rate, after a look at the store: what is provable of its damage is mended,
 * and runs that died are ended.
 *
 * @param store The store.
 * @returns The search's run, all trials, and the best of them.
 * @throws {Error} When MLflow could not list what is there already.
 */
export async function search(store: Store): Promise<{
  readonly runId: string;
  readonly trials: readonly Trial[];
  readonly best: Trial | null;
}> {
  const random = chance(7);
  const training = drawSamples(600, 0.4, random);
  const test = drawSamples(400, 0.4, random);
  const metric = primaryMetric();

  const { ready, errors } = await preflight(store);
  if (!ready) throw new Error(`The store is not ready: ${errors[0]?.path} ${errors[0]?.message}`);
  const { experimentId } = await setupExperiment(store, "hyper-parameter search");
  return await safeRun(store, { experimentId, runName: "search" }, async (parent) => {
    await parent.logParams({ rates: RATES, epochs: 40, samples: training.length });
    const trials: Trial[] = [];
    for (const rate of RATES) {
      const options = { experimentId, parentRunId: parent.id, runName: `rate ${rate}` };
      const trial = { runId: "", rate, value: null };
      try {
        trials.push(
          await safeRun(store, options, async (run) => {
            trial.runId = run.id;
            await run.logParam("rate", rate);
            // A helper logs its own view of it: the first value stays, and the run tells of the other.
            await run.logParam("rate", rate.toFixed(2));
            const model = await learn(training, {
              rate,
              epochs: 40,
              onEpoch: (step, loss) => run.logMetric("loss", loss, { step }),
            });
            const scores = score(model, test);
            await run.logMetrics({ ...scores });
            await run.logDict(model, "model.json");
            return { ...trial, value: scores.f1 };
          }),
        );
      } catch (error) {
        // The trial's run is FAILED and says why; the search goes on.
        console.error(
          `Trial with rate ${rate} failed: ${error instanceof Error ? error.message : error}`,
        );
        trials.push(trial);
      }
    }
    const best = bestRun(trials, metric);
    if (best?.value != null) {
      await parent.logParam("best rate", best.rate);
      await parent.logMetric(metric.name, best.value);
    }
    return { runId: parent.id, trials, best };
  });
}

if (import.meta.main) {
  await using store = await openStore(Deno.args[0] ?? "./mlruns", { create: true });
  const { trials, best } = await search(store);
  for (const { rate, value } of trials) console.log(`rate ${rate}: f1 ${value?.toFixed(3) ?? "-"}`);
  console.log(`Best: rate ${best?.rate}`);
}
