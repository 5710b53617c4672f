/**
 * The commands that change a database, put to the same test as those that change a directory: every row of every
 * table and every file of its artifacts is compared.
 *
 * After each injection and one recovery all of it is as before the command, or as the command leaves it; where the
 * command came to its end and said that not all is done, that goes for each thing that it was to change by itself.
 * From wherever it ends, `restore` brings back all that was there.
 *
 * @module
 */

import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { experiment, loggedModel, runId, type SnapshotInit } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { readTree } from "../_support/tree.ts";
import { shuffled } from "./shuffled.ts";
import { type Ending, runInjected, traceCalls } from "./strace.ts";
import type { Subject, SubjectOptions, Tried } from "./subject.ts";

/** All of them. */
export const databaseScenarios: readonly Tried[] = ([
  { name: "database-cleanup", task: "database", prepare: (options) => prepare(CLEANUP, options) },
  { name: "database-restore", task: "database", prepare: (options) => prepare(RESTORE, options) },
  {
    name: "database-restore-run",
    task: "database",
    prepare: (options) => prepare(RESTORE_RUN, options),
  },
  { name: "database-repair", task: "database", prepare: (options) => prepare(REPAIR, options) },
  {
    name: "database-recover-cleanup",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: CLEANUP }, options),
  },
  {
    name: "database-recover-restore",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: RESTORE }, options),
  },
  {
    name: "database-recover-restore-run",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: RESTORE_RUN }, options),
  },
] satisfies readonly Tried[]).map((one) => ({ ...one, together: one.task }));

interface Command {
  readonly words: readonly string[];
  /** What is wrong with the store, as SQL. */
  readonly damage?: string;
  /** What has been done to the store before. */
  readonly first?: (store: Store) => Promise<unknown>;
  /** What was killed at some moment right before. */
  readonly cutOff?: Command;
}

const CLEANUP: Command = { words: ["cleanup", "--apply", "--force"] };
const RESTORE: Command = {
  words: ["restore", "--last"],
  first: (store) => cleanup(store, { apply: true }),
};
/** The run alone of the experiment that was purged as a whole. */
const RESTORE_RUN: Command = { ...RESTORE, words: [...RESTORE.words, "--run", runId(6)] };
/** A run that is stale, and rows of runs that are gone. */
const REPAIR: Command = {
  words: ["repair", "--apply", "--force"],
  damage: `UPDATE runs SET status = 'RUNNING', start_time = 1600000000000, end_time = NULL,
      artifact_uri = 's3://bucket/1/artifacts' WHERE run_uuid = '${runId(1)}';
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
      INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
      SELECT 'i' || i, 'DATASET', 'd' || i, 'RUN', 'gone' || (i % 7), 0 FROM n`,
};
const RECOVER: Command = { words: ["recover"] };

const MODEL = `m-${runId(9)}`;

/** Runs to delete and to purge, an experiment to purge with all that is in it, and one that is newer. */
function contentsAt(now: number): SnapshotInit {
  const { experiments = [], ...rest } = rottenAt(now);
  return {
    ...rest,
    experiments: [
      experiment({ id: "0", name: "Default" }),
      ...experiments.map((one) => ({
        ...one,
        loggedModels: one.id === "2" ? [loggedModel({ id: MODEL, experimentId: "2" })] : [],
      })),
      experiment({ id: "3", name: "newest" }),
    ],
  };
}

async function prepare(command: Command, options: SubjectOptions): Promise<Subject> {
  const { directory, seed, program } = options;
  const [place, kept] = [join(directory, "case"), join(directory, "kept")] as const;
  const path = join(place, "mlflow.db");
  const log = join(directory, "trace");
  const inStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    await using store = await openStore(`sqlite:///${path}`);
    return await work(store);
  };
  const wordsOf = ({ words }: Command) => program(...words, "--store", path);
  const putBack = () => copyTree(kept, place);
  Deno.mkdirSync(place);
  writeDatabaseStore(path, contentsAt(Date.now()), { artifacts: true });
  writeFiles(join(place, "mlruns/2/models", MODEL), { "artifacts/MLmodel": "flavors: {}\n" });
  // As MLflow's own migration leaves it.
  if (seed % 3 === 0) execute(path, "PRAGMA journal_mode = WAL");
  if (command.damage !== undefined) execute(path, command.damage);
  const original = await look(place);
  const past = command.cutOff ?? command;
  if (past.first !== undefined) await inStore(past.first);
  await copyTree(place, kept);
  const states = [original];
  if (command.cutOff !== undefined) {
    const killed = wordsOf(command.cutOff);
    const { calls } = await traceCalls(killed, place, log);
    states.push(await look(place));
    for (const call of shuffled(calls, seed)) {
      await putBack();
      await runInjected(killed, place, log, call, "kill");
      if (await inStore(async ({ changes }) => (await changes!.interrupted()).length > 0)) break;
    }
    await copyTree(place, kept);
  }
  // To look at it plays back what was cut off, which is for the command to do.
  const before = await look(place);
  await putBack();
  const { ending, calls } = await traceCalls(wordsOf(command), place, log);
  const after = await look(place);
  if (command.cutOff === undefined) states.push(before);
  states.push(after);

  const judge = async (
    ending: Ending,
  ): Promise<readonly string[]> => {
    const wrong: string[] = [];
    if (/^\s+at .*:\d+:\d+|panicked/m.test(ending.stderr)) {
      wrong.push(`stack trace: ${ending.stderr}`);
    }
    await inStore(recover);
    const found = await look(place);
    const mayBePartly = ending.signal === null && ending.code !== 0;
    if (!states.some((one) => isSame(found, one))) {
      wrong.push(...(mayBePartly ? brokenParts : brokenWhole)(found, states));
    }
    if (ending.code === 0) {
      wrong.push(...differences(found, after).map((line) => `it said done, and is not: ${line}`));
    }
    await inStore(recover);
    wrong.push(
      ...differences(await look(place), found).map((line) => `second recovery changed: ${line}`),
    );
    if (!isSame(found, original)) await inStore((store) => restore(store));
    const back = await look(place);
    wrong.push(...differences(back, original).map((line) => `lost: ${line}`));
    return wrong.length === 0
      ? []
      : [`ended with ${ending.signal ?? ending.code}: ${ending.stderr.trim()}`, ...wrong];
  };

  const failed = ending.code === 0 ? [] : [`exit ${ending.code}: ${ending.stderr}`];
  const isIdle = isSame(before, after) && command.cutOff === undefined;
  const idle = isIdle ? ["it changes nothing"] : [];
  return {
    program: wordsOf(command),
    place,
    log,
    calls,
    wrong: [...failed, ...idle],
    putBack,
    judge,
  };
}

/** Copies with times, modes, links and hard links. */
async function copyTree(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'rm -rf "$2" && cp -a "$1" "$2"', "sh", from, to],
  }).output();
  if (!success) throw new Error(`Cannot copy ${from}: ${new TextDecoder().decode(stderr)}`);
}

function execute(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

/** Every row and every file, without the moments of deletions. */
type Contents = ReadonlySet<string>;

async function look(place: string): Promise<Contents> {
  using database = new DatabaseSync(join(place, "mlflow.db"));
  const check = database.prepare("PRAGMA integrity_check").get();
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) =>
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) =>
      JSON.stringify([name, { ...row, deleted_time: Boolean(row["deleted_time"]) }])
    )
  );
  const files = [...await readTree(join(place, "mlruns"))].map(([path, { mtimeMs, ...entry }]) =>
    JSON.stringify([path, entry, ...(entry.kind === "directory" ? [] : [mtimeMs])])
  );
  return new Set([JSON.stringify(check), ...rows, ...files]);
}

function isSame(left: Contents, right: Contents): boolean {
  return left.symmetricDifference(right).size === 0;
}

/** Says of which things what is found is not what one of the states has of them. */
function brokenParts(found: Contents, states: readonly Contents[]): readonly string[] {
  return THINGS.flatMap((thing) => {
    const [actual, ...expected] = [found, ...states].map((one) => partOf(one, thing));
    return expected.some((one) => isSame(actual!, one)) ? [] : brokenWhole(actual!, expected);
  });
}

/** The runs that change; what is of none of them is of the experiment that goes. */
const THINGS = [runId(1), runId(2), runId(5), null] as const;

function partOf(contents: Contents, thing: typeof THINGS[number]): Contents {
  const runOf = (one: string) => THINGS.find((id) => id !== null && one.includes(id)) ?? null;
  return new Set([...contents].filter((one) => runOf(one) === thing));
}

function brokenWhole(found: Contents, states: readonly Contents[]): readonly string[] {
  return states.flatMap((state, index) =>
    differences(found, state).map((line) => `not as in state ${index + 1}: ${line}`)
  );
}

function differences(found: Contents, expected: Contents): readonly string[] {
  return [
    ...[...expected.difference(found)].slice(0, 3).map((one) => `- ${one}`),
    ...[...found.difference(expected)].slice(0, 3).map((one) => `+ ${one}`),
  ];
}
