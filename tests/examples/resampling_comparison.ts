// deno-lint-ignore-file no-console -- an example talks.
/**
 * A comparison of ways to learn from few positive samples. The pipeline and the learner both log the
 * parameter `resampling_enabled`, and not always the same.
 *
 * ```
 * deno run -A tests/examples/resampling_comparison.ts ./mlruns
 * ```
 *
 * @module
 */

import { openStore, preflight, type Store } from "mltidy";
import {
  safeLogArtifact,
  safeLogMetric,
  safeLogParam,
  safeRun,
  setupExperiment,
} from "mltidy/train";
import { chance, drawSamples, learn, type Sample, score, type Scores } from "./learner.ts";

/** A way to make the classes equal in size, or to leave them as they are. */
type Resampling = "none" | "over" | "under";

/** What came of one way. */
export interface Comparison extends Scores {
  /** The way. */
  readonly resampling: Resampling;
  /** Its run. */
  readonly runId: string;
}

function resample(samples: readonly Sample[], resampling: Resampling): readonly Sample[] {
  const positive = samples.filter(({ y }) => y === 1);
  const negative = samples.filter(({ y }) => y === 0);
  switch (resampling) {
    case "none":
      return samples;
    case "over":
      return negative.flatMap((
        sample,
        index,
      ) => [sample, positive[index % positive.length] ?? sample]);
    case "under":
      return [...positive, ...negative.slice(0, positive.length)];
  }
}

/**
 * Compares the ways on the same data, in a store that is made ready first.
 *
 * @param store The store.
 * @returns The scores of each.
 * @throws {Error} When MLflow could not list what is there already.
 */
export async function compare(store: Store): Promise<readonly Comparison[]> {
  const random = chance(11);
  const training = drawSamples(1500, 0.06, random);
  const test = drawSamples(1500, 0.06, random);

  const { ready, errors } = await preflight(store);
  if (!ready) throw new Error(`The store is not ready: ${errors[0]?.path} ${errors[0]?.message}`);
  const { experimentId } = await setupExperiment(store, "resampling comparison");
  const results: Comparison[] = [];
  for (const resampling of ["none", "over", "under"] as const) {
    const options = { experimentId, runName: resampling, tags: { resampling } };
    results.push(
      await safeRun(store, options, async (run) => {
        // The pipeline is configured to resample; what it does is the learner's to know. The first stays.
        await safeLogParam(run, "resampling_enabled", true);
        await safeLogParam(run, "resampling_enabled", resampling !== "none");
        const samples = resample(training, resampling);
        await safeLogParam(run, "samples", samples.length);
        const model = await learn(samples, { rate: 0.5, epochs: 100 });
        const scores = score(model, test);
        for (const [key, value] of Object.entries(scores)) await safeLogMetric(run, key, value);
        await run.logInput({
          name: "two clouds",
          digest: "seed-11",
          sourceType: "local",
          source: JSON.stringify({ uri: "tests/examples/learner.ts" }),
        }, { context: "train" });
        await safeLogArtifact(run, new URL(import.meta.url).pathname, "code");
        return { resampling, runId: run.id, ...scores };
      }),
    );
  }
  return results;
}

if (import.meta.main) {
  await using store = await openStore(Deno.args[0] ?? "./mlruns", { create: true });
  for (const { resampling, precision, recall, f1 } of await compare(store)) {
    const [p, r, f] = [precision, recall, f1].map((value) => value.toFixed(3));
    console.log(`${resampling.padEnd(6)} precision ${p}  recall ${r}  f1 ${f}`);
  }
}
