// deno-lint-ignore-file no-console -- a skipped test says why, and how much was tried is worth a line.
/**
 * Kills and hinders the copying of a database at the system calls by which it writes: what is listed is sound.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/database_copy_faults_test.ts -- --long --times 50 --seed 7
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cpSync } from "node:fs";
import { backup } from "../../tasks/backups/backup.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { verifyBackups } from "../../tasks/backups/verify_backups.ts";
import { openStore } from "../../tasks/open_store.ts";
import { experiment, run, runId } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { depth, seed } from "../_support/depth.ts";
import { readTree } from "../_support/tree.ts";
import { bundleProgram, makeScratch, run as runProgram } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { hasStrace, isPossible, KINDS, runInjected, traceCalls } from "./strace.ts";

/** None where somebody waits. */
const INJECTIONS = depth(0, 20);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const canTrace = INJECTIONS > 0 && await hasStrace();
if (INJECTIONS > 0 && !canTrace) console.error("Skipping faults of copies: they take strace");

const RUNS = [1, 2, 3].map((number) => run({ id: runId(number) }));

Deno.test({
  name: "whatever a call does by which a database is copied: a copy that is listed is sound",
  ignore: !canTrace,
  fn: async () => {
    const scratch = await makeScratch();
    try {
      const program = await bundleProgram(scratch);
      const [place, fresh, log] = ["case", "fresh", "trace"].map((name) => join(scratch, name)) as [
        string,
        string,
        string,
      ];
      const path = join(place, "mlflow.db");
      const words = program("backup", "--json", "--store", path);
      Deno.mkdirSync(place);
      writeDatabaseStore(path, { experiments: [experiment({ id: "1", runs: RUNS })] }, {
        artifacts: true,
      });
      const first = await openStore(path);
      await backup(first);
      cpSync(place, fresh, { recursive: true, preserveTimestamps: true });
      const begin = () => {
        Deno.removeSync(place, { recursive: true });
        cpSync(fresh, place, { recursive: true, preserveTimestamps: true });
      };
      const contents = () => readTree(place, { except: ["mlflow.db.mltidy"] });
      const { ending, calls } = await traceCalls(words, place, log);
      assertEquals(ending.code, 0, ending.stderr);
      const possible = calls.flatMap((call) =>
        KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({ call, kind }))
      );
      const chosen = shuffled(possible, SEED).slice(0, INJECTIONS);
      for (const { call, kind } of chosen) {
        begin();
        const before = await contents();
        const what = `seed ${SEED}: ${kind} at ${call.text}`;
        const { code, stderr } = await runInjected(words, place, log, call, kind);
        const store = await openStore(path);
        const { backups } = await listBackups(store);
        const sound = code === 0 ? [2] : [1, 2];
        assert(sound.includes(backups.length), `${what}: ${backups.length} listed\n${stderr}`);
        assertEquals(backups.map((one) => one.kind), backups.map(() => "copy"), what);
        const { checks } = await verifyBackups(store);
        assertEquals(checks.flatMap(({ faults }) => faults), [], what);
        assertEquals(await contents(), before, what);
        const again = await runProgram(words);
        assertEquals(again.code, 0, `${what}\n${again.stderr}`);
        assertEquals((await listBackups(store)).backups.length, backups.length + 1, what);
        const left = [...Deno.readDirSync(join(`${path}.mltidy`, "staging"))];
        assertEquals(left, [], what);
      }
      console.log(`seed ${SEED}: ${chosen.length} of ${possible.length} injections`);
    } finally {
      Deno.removeSync(scratch, { recursive: true });
    }
  },
});
