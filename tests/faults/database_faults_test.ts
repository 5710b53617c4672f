// deno-lint-ignore-file no-console -- a skipped test says why, and how much was tried is worth a line.
/**
 * Kills and hinders what changes a database at the system calls by which it writes, settles it, and compares every
 * row of every table.
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
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { depth, seed } from "../_support/depth.ts";
import { bundleProgram, makeScratch, run as runProgram } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { type Call, hasStrace, isPossible, KINDS, runInjected, traceCalls } from "./strace.ts";

const INJECTIONS = depth(4, 40);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const canTrace = await hasStrace();
if (!canTrace) console.error("Skipping faults of a database: they take strace");

const NOW = Date.now();
const old = { startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY };
const RUNS = Array.from({ length: 5 }, (_, index) => run({ id: runId(index + 1), ...old }));

/** Every row of every table; no moment of a deletion, since that is when it was. */
function rowsOf(directory: string): unknown {
  using database = new DatabaseSync(join(directory, "mlflow.db"));
  assertEquals(database.prepare("PRAGMA integrity_check").get(), { integrity_check: "ok" });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return tables.map(({ name }) => [
    name,
    database.prepare(`SELECT * FROM "${name}"`).all()
      .map((row) => ({ ...row, deleted_time: Boolean(row["deleted_time"]) })),
  ]);
}

interface Deed {
  readonly words: readonly string[];
  /** The state that it begins with. */
  readonly from: string;
  /** How the rows stand before it, and after it. */
  readonly before: unknown;
  readonly after: unknown;
  readonly calls: readonly Call[];
}

Deno.test({
  name:
    "whatever a call does that changes a database: a deletion is whole or none, and can be undone",
  ignore: !canTrace,
  fn: async () => {
    const scratch = await makeScratch();
    try {
      const program = await bundleProgram(scratch);
      const place = join(scratch, "case");
      const words = (...typed: readonly string[]) =>
        program(...typed, "--store", join(place, "mlflow.db"));
      const begin = (from: string) => {
        Deno.removeSync(place, { recursive: true });
        cpSync(from, place, { recursive: true });
      };
      const [fresh, cleaned] = [join(scratch, "fresh"), join(scratch, "cleaned")] as const;
      Deno.mkdirSync(place);
      writeDatabaseStore(join(place, "mlflow.db"), {
        experiments: [experiment({ id: "1", name: "churn", runs: RUNS })],
      });
      cpSync(place, fresh, { recursive: true });
      const before = rowsOf(place);
      const log = join(scratch, "trace");
      const trace = async (from: string, ...typed: readonly string[]): Promise<Deed> => {
        begin(from);
        const rows = rowsOf(place);
        const { ending, calls } = await traceCalls(words(...typed), place, log);
        assertEquals([ending.code, ending.stderr.includes("Error")], [0, false], ending.stderr);
        return { words: typed, from, before: rows, after: rowsOf(place), calls };
      };
      const apply = await trace(fresh, "cleanup", "--apply", "--force");
      cpSync(place, cleaned, { recursive: true });
      const undo = await trace(cleaned, "restore", "--last");
      assertEquals(undo.after, before);
      const possible = [apply, undo].flatMap((deed) =>
        deed.calls.flatMap((call) =>
          KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({ deed, call, kind }))
        )
      );
      const chosen = shuffled(possible, SEED).slice(0, INJECTIONS);
      for (const { deed, call, kind } of chosen) {
        begin(deed.from);
        const what = `seed ${SEED}: ${deed.words[0]}, ${kind} at ${call.text}`;
        const { code, signal, stderr } = await runInjected(
          words(...deed.words),
          place,
          log,
          call,
          kind,
        );
        const settled = await runProgram(words("recover"));
        assertEquals([settled.code, settled.stderr.includes("Error")], [0, false], what);
        const rows = rowsOf(place);
        const text = JSON.stringify(rows);
        const isWhole = [deed.before, deed.after].some((one) => JSON.stringify(one) === text);
        assert(isWhole, `${what}: ended with ${signal ?? code}\n${stderr}`);
        if (code === 0) assertEquals(rows, deed.after, what);
        assertEquals((await runProgram(words("restore", "--last"))).code, 0, what);
        assertEquals(rowsOf(place), before, what);
      }
      console.log(`seed ${SEED}: ${chosen.length} of ${possible.length} injections`);
    } finally {
      Deno.removeSync(scratch, { recursive: true });
    }
  },
});
