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

import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DROPPED_TAG } from "../../lib/store/tags.ts";
import { ExitCode } from "../../tasks/_cli/table/exit_code.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { move } from "../../tasks/moves/move.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { experiment, loggedModel, runId, type SnapshotInit } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { readTree } from "../_support/tree.ts";
import { type Ran, scriptWords } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { mergeOther, OTHER, writeOther } from "./merge_setup.ts";
import { runInjected, traceCalls } from "./strace.ts";
import type { Subject, SubjectOptions, Tried } from "./subject.ts";

/** All of them. */
export const databaseScenarios: readonly DatabaseTried[] = ([
  { name: "database-cleanup", task: "database", prepare: (options) => prepare(CLEANUP, options) },
  { name: "database-restore", task: "database", prepare: (options) => prepare(RESTORE, options) },
  {
    name: "database-restore-run",
    task: "database",
    prepare: (options) => prepare(RESTORE_RUN, options),
  },
  { name: "database-drop", task: "database", prepare: (options) => prepare(DROP, options) },
  { name: "database-reviewed", task: "database", prepare: (options) => prepare(REVIEWED, options) },
  { name: "database-move", task: "database", prepare: (options) => prepare(MOVE, options) },
  {
    name: "database-restore-move",
    task: "database",
    prepare: (options) => prepare(RESTORE_MOVE, options),
  },
  { name: "database-merge", task: "database", prepare: (options) => prepare(MERGE, options) },
  {
    name: "database-restore-merge",
    task: "database",
    prepare: (options) => prepare(RESTORE_MERGE, options),
  },
  {
    name: "database-restore-merge-run",
    task: "database",
    prepare: (options) => prepare(RESTORE_MERGE_RUN, options),
  },
  { name: "database-repair", task: "database", prepare: (options) => prepare(REPAIR, options) },
  {
    name: "database-recover-cleanup",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: CLEANUP }, options),
  },
  {
    name: "database-recover-drop",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: DROP }, options),
  },
  {
    name: "database-recover-merge",
    task: "database",
    prepare: (options) => prepare({ ...RECOVER, cutOff: MERGE }, options),
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
] satisfies readonly DatabaseTried[]).map((one) => ({ ...one, together: one.task }));

/** A command on a database, of which some reads may fail as well. */
export interface DatabaseSubject extends Subject {
  /** Says what is wrong where some of it may be left, since it could not be read: each thing is as before or as after. */
  readonly judgeReads: (ran: Ran) => Promise<readonly string[]>;
}

interface DatabaseTried extends Tried {
  readonly prepare: (options: SubjectOptions) => Promise<DatabaseSubject>;
}

interface Command {
  readonly words: readonly string[];
  /** A script of this repository that does it, which is told where the database is. @default {the command line} */
  readonly script?: string;
  /** The exit code of what went through. @default {0} */
  readonly done?: number;
  /** What stands in `mltidy.yaml`. @default {there is none} */
  readonly config?: string;
  /** What is wrong with the store, as SQL. */
  readonly damage?: string;
  /** Another database lies beside it. */
  readonly hasOther?: true;
  /** What has been done to the store before. */
  readonly first?: (store: Store) => Promise<unknown>;
  /** What was killed at some moment right before. */
  readonly cutOff?: Command;
}

const CLEANUP: Command = { words: ["cleanup", "--apply", "--force"] };
/** Two runs stay, and lose points of a metric, and heavy files: among their artifacts, and beside them. */
const DROP: Command = {
  ...CLEANUP,
  config:
    "retention: { keep_last: 1000 }\npurge: { artifacts_only: checkpoints/*, thin_metrics: 10 }\n",
  damage: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan)
    SELECT run_uuid, 'curve', i / 7.0, i, i, 0 FROM n, runs
    WHERE run_uuid IN ('${runId(1)}', '${runId(2)}')`,
};
/** What still holds of a plan of which something does not. */
const REVIEWED: Command = {
  words: [],
  script: fromFileUrl(new URL("apply_reviewed.ts", import.meta.url)),
  done: ExitCode.partlyApplied,
};
/** A run goes into another experiment, with a copy of a dataset that another one names as well. */
const MOVE: Command = {
  words: ["move", "--apply", "--force", "--run", runId(1), "--to", "3"],
  damage:
    `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('d1', 1, 'rice', '4b8f', 'code', '{}');
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) VALUES
      ('i1', 'DATASET', 'd1', 'RUN', '${runId(1)}', 0), ('i2', 'DATASET', 'd1', 'RUN', '${
      runId(2)
    }', 0)`,
};
const RESTORE_MOVE: Command = {
  words: ["restore", "--last"],
  damage: MOVE.damage!,
  first: (store) => move(store, { runs: [runId(1)], to: "3", apply: true }),
};
/** Another database comes in, with artifacts, and more rows of one run than go in one transaction. */
const MERGE: Command = {
  words: [],
  script: fromFileUrl(new URL("apply_merge.ts", import.meta.url)),
  hasOther: true,
};
const RESTORE_MERGE: Command = { words: ["restore", "--last"], hasOther: true, first: mergeOther };
/** The run alone that nothing names. */
const RESTORE_MERGE_RUN: Command = {
  ...RESTORE_MERGE,
  words: [...RESTORE_MERGE.words, "--run", runId(22)],
};
const RESTORE: Command = {
  words: ["restore", "--last"],
  first: (store) => cleanup(store, { apply: true }),
};
/** The run alone of the experiment that was purged as a whole. */
const RESTORE_RUN: Command = { ...RESTORE, words: [...RESTORE.words, "--run", runId(6)] };
/** A run that is stale, and rows of runs that are gone. */
export const DAMAGE = `
  UPDATE runs SET status = 'RUNNING', start_time = 1600000000000, end_time = NULL,
    artifact_uri = 's3://bucket/1/artifacts' WHERE run_uuid = '${runId(1)}';
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
    SELECT 'i' || i, 'DATASET', 'd' || i, 'RUN', 'gone' || (i % 7), 0 FROM n`;
const REPAIR: Command = { words: ["repair", "--apply", "--force"], damage: DAMAGE };
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

/**
 * Writes a database with its artifacts that has something to do of every kind.
 *
 * @param place Absolute path of a new directory.
 * @param seed Names the store.
 * @returns Absolute path of the database's file.
 */
export function writeDatabaseCase(place: string, seed: number): string {
  const path = join(place, "mlflow.db");
  Deno.mkdirSync(place);
  writeDatabaseStore(path, contentsAt(Date.now()), { artifacts: true });
  writeFiles(join(place, "mlruns/2/models", MODEL), { "artifacts/MLmodel": "flavors: {}\n" });
  // As MLflow's own migration leaves it.
  if (seed % 3 === 0) execute(path, "PRAGMA journal_mode = WAL");
  return path;
}

async function prepare(command: Command, options: SubjectOptions): Promise<DatabaseSubject> {
  const { directory, seed, program } = options;
  const [place, kept] = [join(directory, "case"), join(directory, "kept")] as const;
  const log = join(directory, "trace");
  const path = writeDatabaseCase(place, seed);
  const inStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    await using store = await openStore(`sqlite:///${path}`);
    return await work(store);
  };
  const wordsOf = ({ words, script, config }: Command) =>
    script === undefined
      ? program(
        ...words,
        ...(config === undefined ? [] : ["--config", join(place, "mltidy.yaml")]),
        ...["--store", path],
      )
      : { words: scriptWords(script, path), directory };
  const putBack = () => copyTree(kept, place);
  const { config } = command.cutOff ?? command;
  if (config !== undefined) {
    writeFiles(place, { "mltidy.yaml": config });
    for (const [index, run] of [runId(1), runId(2)].entries()) {
      for (const name of "abc".slice(index)) {
        writeFiles(join(place, "mlruns/1", run), {
          [`artifacts/checkpoints/${name}`]: `weights ${name}`,
          [`checkpoints/${name}.ckpt`]: `weights ${name} of a trainer`,
        });
      }
    }
  }
  const { damage, hasOther } = command.cutOff ?? command;
  if (hasOther) writeOther(place);
  if (damage !== undefined) execute(path, damage);
  const original = await look(place);
  const past = command.cutOff ?? command;
  if (past.first !== undefined) await inStore(past.first);
  await copyTree(place, kept);
  const states = [original];
  const { done = 0 } = command;
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

  const judgeBy = (wrongWith: (found: Contents, ending: Ran) => readonly string[]) =>
  async (
    ending: Ran,
  ): Promise<readonly string[]> => {
    const wrong: string[] = [];
    if (/^\s+at .*:\d+:\d+|panicked/m.test(ending.stderr)) {
      wrong.push(`stack trace: ${ending.stderr}`);
    }
    await inStore(recover);
    const found = await look(place);
    wrong.push(...wrongWith(found, ending));
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
  const judge = judgeBy((found, ending) => {
    // What still holds of a plan ends alike whether all of it could be done or not, and says so.
    const isDone = ending.code === done && !/"outcome": ?"(?:failed|not-run)"/.test(ending.stdout);
    const mayBePartly = ending.signal === null && !isDone;
    const isOne = states.some((one) => isSame(found, one));
    return [
      ...(isOne
        ? []
        : (mayBePartly ? hasOther ? brokenLines : brokenParts : brokenWhole)(found, states)),
      ...(isDone ? differences(found, after) : []).map((line) =>
        `it said done, and is not: ${line}`
      ),
    ];
  });
  const judgeReads = judgeBy((found) => brokenLines(found, states));

  const failed = ending.code === done ? [] : [`exit ${ending.code}: ${ending.stderr}`];
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
    judgeReads,
  };
}

/**
 * Copies with times, modes, links and hard links.
 *
 * @param from Absolute path of what is copied.
 * @param to Where it goes; what is there goes first.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'rm -rf "$2" && cp -a "$1" "$2"', "sh", from, to],
  }).output();
  if (!success) throw new Error(`Cannot copy ${from}: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Changes rows, as anybody may.
 *
 * @param path Absolute path of the database's file.
 * @param sql How.
 */
export function execute(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

/** Every row and every file, without the moments of deletions, and of drops. */
export type Contents = ReadonlySet<string>;

/**
 * Looks at a database and its artifacts.
 *
 * @param place Absolute path of the directory that has both.
 * @returns What is there.
 */
export async function look(place: string): Promise<Contents> {
  const other = join(place, OTHER);
  // It is only read.
  const beside = hasDirectory(other)
    ? [...await look(other)].map((line) => `${OTHER} ${line}`)
    : [];
  using database = new DatabaseSync(join(place, "mlflow.db"));
  const check = database.prepare("PRAGMA integrity_check").get();
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) =>
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) =>
      JSON.stringify([name, {
        ...row,
        deleted_time: Boolean(row["deleted_time"]),
        ...(row["key"] === DROPPED_TAG ? { value: Boolean(row["value"]) } : {}),
      }])
    )
  );
  const files = [...await readTree(join(place, "mlruns"))].map(([path, { mtimeMs, ...entry }]) =>
    JSON.stringify([path, entry, ...(entry.kind === "directory" ? [] : [mtimeMs])])
  );
  return new Set([JSON.stringify(check), ...rows, ...files, ...beside]);
}

function hasDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function isSame(left: Contents, right: Contents): boolean {
  return left.symmetricDifference(right).size === 0;
}

/** Says of which things what is found is not what one of the states has of them. */
function brokenParts(found: Contents, states: readonly Contents[]): readonly string[] {
  const things = new Set([found, ...states].flatMap((one) => [...one].map(thingOf)));
  return [...things].flatMap((thing) => {
    const [actual, ...expected] = [found, ...states].map((one) =>
      new Set([...one].filter((line) => thingOf(line) === thing))
    );
    return expected.some((one) => isSame(actual!, one)) ? [] : brokenWhole(actual!, expected);
  });
}

/**
 * What changes by itself: a metric's history, a heavy file, the tag that says that there was one, or a run; what is of none of them is of
 * the experiment that goes.
 */
function thingOf(line: string): string {
  const run = [1, 2, 5].map(runId).find((id) => line.includes(id)) ?? "";
  if (line.includes('"curve"')) return `curve of ${run}`;
  return /"[^"]*\/checkpoints\/[^"]+"/.exec(line)?.[0] ??
    (line.includes(DROPPED_TAG) ? line : run);
}

/** Each row, and each file, by itself. */
function brokenLines(found: Contents, states: readonly Contents[]): readonly string[] {
  const [fewest, most] = [
    states.reduce((all, one) => all.intersection(one)),
    states.reduce((all, one) => all.union(one)),
  ];
  return [
    ...[...fewest.difference(found)].map((one) => `neither before nor after: - ${one}`),
    ...[...found.difference(most)].map((one) => `neither before nor after: + ${one}`),
  ].slice(0, 6);
}

function brokenWhole(found: Contents, states: readonly Contents[]): readonly string[] {
  return states.flatMap((state, index) =>
    differences(found, state).map((line) => `not as in state ${index + 1}: ${line}`)
  );
}

/**
 * Tells some of what is different.
 *
 * @param found What is there.
 * @param expected What should be.
 * @returns One line each.
 */
export function differences(found: Contents, expected: Contents): readonly string[] {
  return [
    ...[...expected.difference(found)].slice(0, 3).map((one) => `- ${one}`),
    ...[...found.difference(expected)].slice(0, 3).map((one) => `+ ${one}`),
  ];
}
