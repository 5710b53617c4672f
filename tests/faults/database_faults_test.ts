// deno-lint-ignore-file no-console -- a skipped test says why, and how much was tried is worth a line.
/**
 * Kills and hinders what changes a database and its artifacts at the system calls by which it writes, settles it, and
 * compares every row of every table and every file.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/database_faults_test.ts -- --long --times 50 --seed 7
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cpSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DAY, deletedRun, experiment, loggedModel, run, runId } from "../_support/builders.ts";
import { relocateRows, writeDatabaseStore } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { depth, isLong, seed } from "../_support/depth.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { bundleProgram, makeScratch, run as runProgram } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { type Call, hasStrace, isPossible, KINDS, runInjected, traceCalls } from "./strace.ts";

const INJECTIONS = depth(4, 16);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const canTrace = await hasStrace();
if (!canTrace) console.error("Skipping faults of a database: they take strace");

const NOW = Date.now();
const old = { startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY };
const long = { ...old, deletedTime: NOW - 90 * DAY };
const model = `m-${runId(9)}`;

/** What is soft-deleted, purged, and purged as a whole; and what stays. */
const EXPERIMENTS = [
  experiment({
    id: "1",
    name: "churn",
    runs: [
      ...[1, 2, 3].map((number) => run({ id: runId(number), ...old })),
      ...[4, 5].map((number) => deletedRun({ id: runId(number), ...long, tags: { a: "b" } })),
      run({ id: runId(6), startTime: NOW - DAY, endTime: NOW - DAY }),
    ],
    loggedModels: [
      loggedModel({ id: model, lifecycleStage: "deleted", lastUpdatedTime: NOW - 90 * DAY }),
    ],
  }),
  experiment({
    id: "2",
    name: "old",
    lifecycleStage: "deleted",
    lastUpdateTime: NOW - 90 * DAY,
    runs: [deletedRun({ id: runId(7), ...long }), deletedRun({ id: runId(8), ...long })],
    traces: 2,
  }),
  experiment({ id: "3", name: "next" }),
];

/** By what the rows and files of each thing are known that changes as a whole. */
const THINGS: readonly (readonly string[])[] = [
  ...[1, 2, 3].map((number) => [runId(number)]),
  ...[4, 5].map((number) => [runId(number)]),
  [model],
  ["old", runId(7), runId(8), "tr-2-0", "tr-2-1"],
];

/** More rows than go in one transaction. */
const METRICS = `
  WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 5200)
  INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
  SELECT 'loss', n / 3.0, n, '${runId(4)}', n, 0 FROM count`;

/** A database and its artifacts, each in a directory, which may be one. */
interface Place {
  readonly own: string;
  readonly home: string;
}

/** Every row of every table and every artifact; no moment of a deletion, since that is when it was. */
function stateOf({ own, home }: Place): readonly string[] {
  using database = new DatabaseSync(join(own, "mlflow.db"));
  assertEquals(database.prepare("PRAGMA integrity_check").get(), { integrity_check: "ok" });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) =>
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) =>
      JSON.stringify([name, { ...row, deleted_time: Boolean(row["deleted_time"]) }])
    )
  );
  const files = (path: string): readonly string[] =>
    [...Deno.readDirSync(join(home, path))].flatMap(({ name, isDirectory }) => {
      const place = `${path}/${name}`;
      return isDirectory
        ? [place, ...files(place)]
        : [`${place} ${Deno.readTextFileSync(join(home, place))}`];
    });
  return [...rows, ...files("mlruns")].toSorted();
}

/** Each thing with all that belongs to it, as it is in one of two states. */
function isPieceOf(state: readonly string[], states: readonly (readonly string[])[]): boolean {
  const partOf = (whole: readonly string[], names: readonly string[]) =>
    whole.filter((line) => names.some((name) => line.includes(name))).join("\n");
  return THINGS.every((names) => states.some((one) => partOf(one, names) === partOf(state, names)));
}

interface Deed {
  readonly words: readonly string[];
  /** The state that it begins with. */
  readonly from: Place;
  /** How all stands before it, and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Whether it keeps what it takes away. */
  readonly isKept: boolean;
  readonly calls: readonly Call[];
}

/** Calls of each name in turns: nearly all of them write pages. */
function inTurns<T extends { readonly deed: Deed; readonly call: Call }>(
  all: readonly T[],
): readonly T[] {
  const groups = [
    ...Map.groupBy(all, ({ deed, call }) => `${deed.words.join(" ")} ${call.name}`).values(),
  ];
  const most = Math.max(...groups.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) => groups.flatMap((group) => group[turn] ?? []))
    .flat();
}

for (const disks of ["one disk", "two disks"] as const) {
  Deno.test({
    name:
      `whatever a call does that changes a database: a deletion is whole or none, and can be undone, with ${disks}`,
    ignore: !canTrace || disks === "two disks" && !isLong,
    fn: async () => {
      const scratch = await makeScratch();
      await using other = await tempDirectory();
      const isOne = disks === "one disk";
      try {
        const program = await bundleProgram(scratch);
        const placeIn = (name: string): Place => {
          const own = join(scratch, name);
          return { own, home: isOne ? own : join(other.path, name) };
        };
        const copy = (from: Place, to: Place) => {
          for (const side of isOne ? ["own"] as const : ["own", "home"] as const) {
            Deno.mkdirSync(to[side], { recursive: true });
            Deno.removeSync(to[side], { recursive: true });
            cpSync(from[side], to[side], { recursive: true });
          }
        };
        const place = placeIn("case");
        const words = (...typed: readonly string[]) =>
          program(...typed, "--store", join(place.own, "mlflow.db"));
        const [fresh, cleaned] = [placeIn("fresh"), placeIn("cleaned")];
        for (const path of new Set([place.own, place.home])) Deno.mkdirSync(path);
        writeDatabaseStore(
          join(place.own, "mlflow.db"),
          { experiments: EXPERIMENTS },
          { artifacts: true },
        );
        writeFiles(join(place.own, `mlruns/1/models/${model}/artifacts`), {
          "MLmodel": "flavors: {}\n",
        });
        if (isLong) {
          using database = new DatabaseSync(join(place.own, "mlflow.db"));
          database.exec(METRICS);
        }
        relocateRows(join(place.own, "mlflow.db"), place.own, place.home);
        if (!isOne) {
          cpSync(join(place.own, "mlruns"), join(place.home, "mlruns"), { recursive: true });
          Deno.removeSync(join(place.own, "mlruns"), { recursive: true });
        }
        copy(place, fresh);
        const before = stateOf(place);
        const log = join(scratch, "trace");
        const trace = async (from: Place, ...typed: readonly string[]): Promise<Deed> => {
          copy(from, place);
          const start = stateOf(place);
          const { ending, calls } = await traceCalls(words(...typed), place.own, log);
          assertEquals([ending.code, ending.stderr.includes("Error")], [0, false], ending.stderr);
          const isKept = !typed.includes("--no-backup");
          return { words: typed, from, before: start, after: stateOf(place), isKept, calls };
        };
        const apply = await trace(fresh, "cleanup", "--apply", "--force");
        copy(place, cleaned);
        const changed = THINGS.map(([name]) =>
          apply.after.filter((one) => one.includes(name!)).length
        );
        assertEquals(changed.map((lines) => lines > 0), [
          true,
          true,
          true,
          false,
          false,
          false,
          false,
        ]);
        const undo = await trace(cleaned, "restore", "--last");
        assertEquals(undo.after, before);
        const drop = await trace(fresh, "cleanup", "--apply", "--force", "--no-backup");
        const possible = [apply, undo, drop].flatMap((deed) =>
          deed.calls.flatMap((call) =>
            KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({ deed, call, kind }))
          )
        );
        const chosen = inTurns(shuffled(possible, SEED)).slice(
          0,
          isOne ? INJECTIONS : Math.ceil(INJECTIONS / 4),
        );
        for (const { deed, call, kind } of chosen) {
          copy(deed.from, place);
          const what = `seed ${SEED}: ${deed.words[0]}, ${kind} at ${call.text}`;
          const { code, signal, stderr } = await runInjected(
            words(...deed.words),
            place.own,
            log,
            call,
            kind,
          );
          const settled = await runProgram(words("recover"));
          const isSettled = settled.code === 0 && !settled.stderr.includes("Error");
          assert(isSettled, `${what}: ${settled.code} ${settled.stderr}`);
          const state = stateOf(place);
          const states = [deed.before, deed.after];
          const text = JSON.stringify(state);
          const isWhole = states.some((one) => JSON.stringify(one) === text);
          const without = (one: readonly string[], other: readonly string[]) =>
            one.filter((line) => !other.includes(line)).slice(0, 9).join("\n");
          const found = without(state, deed.after);
          const told = `${what}: ended with ${
            signal ?? code
          }\n${stderr}${settled.stderr}\nmore:\n${found}\nless:\n${without(deed.after, state)}`;
          assert(isWhole || signal === null && isPieceOf(state, states), told);
          if (code === 0) assertEquals(state, deed.after, what);
          if (!deed.isKept) continue;
          assertEquals((await runProgram(words("restore", "--last"))).code, 0, told);
          assertEquals(stateOf(place), before, told);
        }
        console.log(`seed ${SEED}, ${disks}: ${chosen.length} of ${possible.length} injections`);
      } finally {
        Deno.removeSync(scratch, { recursive: true });
      }
    },
  });
}
