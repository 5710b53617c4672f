/**
 * Reading a store by real MLflow's own client, of every pinned version, against our tasks.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { isSetUp, type MlflowVersion, settings, versions } from "../mlflow/python.ts";
import { outputOf } from "./compare_programs.ts";
import { type Bench, type Figure, type Program, ratio, Unmeasurable } from "./measurement.ts";
import { floorPrograms, taskWords } from "./programs.ts";

const RUNS = 20_000;
/** So many runs take MLflow more than a minute. */
const ROUNDS = 3;
/** As many as tell whether the answers are the same. */
const FEW = 1_293;

/** What MLflow's client reads, and what `summary` and `verify` do. */
export async function measureMlflow(bench: Bench): Promise<readonly Figure[]> {
  for (const version of versions) {
    if (await isSetUp(version)) continue;
    throw new Unmeasurable(`MLflow ${version.name} is not installed; type deno task test:mlflow`);
  }
  await compareAnswers(bench.store(FEW));
  const root = bench.store(RUNS);
  const before = (await floorPrograms(bench, root)).warm;
  const flags = ["--json", "--store", root];
  const samples = await bench.compare<string>({
    ...Object.fromEntries(versions.map((one) => [one.name, { ...clientOf(one, root), before }])),
    summary: { words: taskWords("summary", flags), before },
    verify: { words: taskWords("verify", flags), before },
  }, Math.min(bench.rounds, ROUNDS));
  return versions.flatMap(({ name }, index) => {
    const isNewest = index === versions.length - 1;
    const against = (task: "summary" | "verify", atLeast: number): Figure =>
      ratio(
        `MLflow ${name}, \`search_runs\` of 20,000 runs ÷ \`${task}\``,
        samples[name]!,
        samples[task]!,
        isNewest ? { atLeast } : null,
      );
    return [against("summary", 50), against("verify", 10)];
  });
}

/**
 * Names the program by which MLflow's own client reads all of a store.
 *
 * @param version The version of MLflow.
 * @param version.python Path of its interpreter.
 * @param store The root of a file store, or the URI of a database.
 * @returns The program.
 */
export function clientOf({ python }: MlflowVersion, store: string): Program {
  const script = fromFileUrl(new URL("read_store.py", import.meta.url));
  return { words: [python, "-X", "utf8", script, store], environment: settings };
}

/** All must count the same. */
async function compareAnswers(root: string): Promise<void> {
  const summary = await outputOf(taskWords("summary", ["--json", "--store", root]));
  const { experiments, runs } = JSON.parse(summary);
  for (const version of versions) {
    const { words, ...options } = clientOf(version, root);
    const theirs = JSON.parse(await outputOf(words, options));
    const isSame = theirs.experiments === experiments.active &&
      Object.entries(runs.byStatus).every(([status, count]) =>
        (theirs.byStatus[status] ?? 0) === count
      );
    if (!isSame) throw new Error(`MLflow ${version.name} counts otherwise than summary does`);
  }
}
