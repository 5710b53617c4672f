/**
 * Changing a store: soft deletions and purges by our tasks, against real MLflow doing the same, and giving
 * the disk back afterwards.
 *
 *     deno task bench --rows apply
 *
 * Each round puts the store back: by `restore` after a soft deletion, by writing it anew after a purge. A
 * disk that has just removed files may be slower at making new ones, which disfavours our soft deletions
 * in all rounds but the first.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { isSetUp, runMlflow, settings, versions } from "../mlflow/python.ts";
import { atTerminal } from "./at_terminal.ts";
import { benchStore, NOW } from "./bench_store.ts";
import { outputOf } from "./compare_programs.ts";
import {
  type Bench,
  duration,
  type Figure,
  ratio,
  type Samples,
  Unmeasurable,
} from "./measurement.ts";
import { taskWords } from "./programs.ts";

const DAY = 86_400_000;
/** So many runs of {@link STORE} are soft-deleted by us. */
const SOFT = 10_000;
const STORE = 20_000;
/** So many by MLflow, which takes minutes for more. */
const SAMPLE = 500;
/** So many of {@link PURGE_STORE} are purged. */
const PURGE = 1_000;
const PURGE_STORE = 2_000;

/** Soft deletions, purges, and what frees the disk. */
export async function measureApply(bench: Bench): Promise<readonly Figure[]> {
  const version = versions.at(-1);
  if (version === undefined || !await isSetUp(version)) {
    throw new Unmeasurable("MLflow is not installed; type deno task test:mlflow");
  }
  const deletions: Deletion[] = [];
  const purges: Purge[] = [];
  for (let round = 0; round < Math.min(bench.rounds, ROUNDS); round++) {
    deletions.push(await softDelete(bench, version.python));
    purges.push(await purge(bench, (store) => runMlflow(version, store, "gc")));
  }
  const deleting = (time: keyof Deletion) => timesOf(deletions.map((one) => one[time]));
  const purging = (time: keyof Purge) => timesOf(purges.map((one) => one[time]));
  const mlflow = `MLflow ${version.name}`;
  return [
    duration(
      "`cleanup:apply` with a question, 10,000 of 20,000 runs go, the whole process",
      deleting("whole"),
      { atMost: 4.5 },
    ),
    duration("of that, the applying", deleting("applied"), { atMost: 2.5 }),
    ratio(
      `${mlflow}, \`delete_run\` of as many ÷ the whole process`,
      deleting("client"),
      deleting("whole"),
      { atLeast: 30 },
    ),
    ratio(
      `${mlflow}, \`gc\` of 1,000 runs ÷ \`cleanup:apply\` with a backup, the whole process`,
      purging("gc"),
      purging("whole"),
      { atLeast: 20 },
    ),
    ratio(
      "`backup --expire` of that backup ÷ `rm -rf`",
      purging("expired"),
      purging("removed"),
      null,
    ),
  ];
}

function timesOf(times: readonly number[]): Samples {
  return { times, work: [], wholeWork: [], memory: [] };
}

const ROUNDS = 3;

/** Times in ms, for as many runs. */
interface Deletion {
  readonly applied: number;
  readonly whole: number;
  readonly client: number;
}

async function softDelete(bench: Bench, python: string): Promise<Deletion> {
  const store = bench.store(STORE);
  const script = fromFileUrl(new URL("delete_runs.py", import.meta.url));
  const words = [python, "-X", "utf8", script, store, String(SAMPLE)];
  const theirs = JSON.parse(await outputOf(words, { environment: settings }));
  const flags = ["--days-old", String(daysFor(SOFT / STORE)), "--store", store];
  await outputOf(taskWords("cleanup", flags));
  const { applied, whole, runs } = await timeAnswered(flags, join(bench.directory, "report.json"));
  await outputOf(taskWords("restore", ["--last", "--store", store]));
  const share = SOFT / runs;
  return {
    applied: applied * share,
    whole: whole * share,
    client: theirs.seconds * 1_000 / theirs.runs * SOFT,
  };
}

/** A quarter of the runs is old in any case; of the others, each day of 29 has as many. */
function daysFor(share: number): number {
  const days = Math.floor((1 - (share - 0.25) / 0.75) * 29);
  return Math.floor((Date.now() - NOW) / DAY) + days;
}

/** Times in ms. */
interface Purge {
  readonly whole: number;
  readonly gc: number;
  readonly expired: number;
  readonly removed: number;
}

async function purge(bench: Bench, gc: (store: string) => Promise<unknown>): Promise<Purge> {
  const parent = join(bench.directory, "purge");
  const [ours, theirs, plain] = ["ours", "theirs", "plain"].map((name) => {
    const { directory } = benchStore(join(parent, name), PURGE_STORE);
    softDeleteSome(directory, PURGE);
    return directory;
  }) as [string, string, string];
  try {
    const started = performance.now();
    await gc(theirs);
    const collected = performance.now() - started;
    const flags = ["--days-old", "100000", "--purge-after", "1d", "--store", ours];
    await outputOf(taskWords("cleanup", flags));
    const { whole, runs, backup } = await timeForced(flags);
    if (runs !== PURGE) throw new Error(`Expected ${PURGE} runs to be purged, found ${runs}`);
    const expiring = performance.now();
    await outputOf(taskWords("backup", ["--expire", backup, "--store", ours]));
    const expired = performance.now() - expiring;
    const doomed = deletedRuns(plain);
    const removing = performance.now();
    await outputOf(["rm", "-rf", ...doomed]);
    const removed = performance.now() - removing;
    return { whole, gc: collected, expired, removed };
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** What a clean-up took, ms, the whole process and of that the applying, and what it tells of it. */
interface Applied {
  readonly whole: number;
  readonly applied: number;
  readonly runs: number;
  readonly backup: string;
}

async function timeForced(flags: readonly string[]): Promise<Applied> {
  const started = performance.now();
  const printed = await outputOf(taskWords("cleanup:apply", [...flags, "--force", "--json"]));
  return appliedBy(printed, performance.now() - started);
}

/** Somebody says yes as soon as it is asked. */
async function timeAnswered(flags: readonly string[], report: string): Promise<Applied> {
  const started = performance.now();
  await using program = atTerminal(taskWords("cleanup:apply", [...flags, "--json"]), report);
  let isAnswered = false;
  for await (const screen of program.screens()) {
    const [question, number = "y"] = /(?:\[y\/N\]|: (\d+) >) $/.exec(screen) ?? [];
    if (isAnswered || question === undefined) continue;
    await program.type(`${number}\n`);
    isAnswered = true;
  }
  const code = await program.code();
  const whole = performance.now() - started;
  if (code !== 0) throw new Error(`cleanup:apply at a terminal ended with ${code}`);
  return appliedBy(await Deno.readTextFile(report), whole);
}

function appliedBy(report: string, whole: number): Applied {
  const { startedAt, finishedAt, totals, backup } = JSON.parse(report);
  return { whole, applied: finishedAt - startedAt, runs: totals.applied, backup: backup.id };
}

/** As MLflow does it, once the youngest has ended. */
function softDeleteSome(root: string, count: number): void {
  for (const run of runsOf(root).slice(0, count)) {
    const meta = join(run, "meta.yaml");
    const text = Deno.readTextFileSync(meta).replace(
      "lifecycle_stage: active",
      `deleted_time: ${NOW}\nlifecycle_stage: deleted`,
    );
    Deno.writeTextFileSync(meta, text);
  }
}

function deletedRuns(root: string): readonly string[] {
  return runsOf(root).filter((run) =>
    Deno.readTextFileSync(join(run, "meta.yaml")).includes("lifecycle_stage: deleted")
  );
}

function runsOf(root: string): readonly string[] {
  const folders = (path: string) =>
    [...Deno.readDirSync(path)]
      .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("."))
      .map(({ name }) => join(path, name)).sort();
  return folders(root).flatMap(folders);
}
