// deno-lint-ignore-file no-console -- why a test was skipped is worth a line.
/**
 * A task for a store on this machine opens no socket, although its process may reach the network.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { experiment, run, runId } from "../_support/builders.ts";
import { commandOf, PROJECT } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { isLong } from "../_support/depth.ts";
import { diskStore } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { hasStrace } from "./strace.ts";

const canTrace = isLong && await hasStrace();
if (isLong && !canTrace) console.error("Skipping sockets of tasks: they take strace");

const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
const HISTORY = {
  experiments: [experiment({ runs: [run({ id: runId(1), startTime, endTime })] })],
};

/** The sockets of the network that a task opens, as strace shows them. */
async function socketsOf(task: string, words: readonly string[], directory: string) {
  const log = join(directory, "strace.log");
  const [, ...command] = commandOf(task);
  const { code, stderr } = await new Deno.Command("strace", {
    args: ["-f", "-o", log, "-e", "trace=socket", Deno.execPath(), ...command, ...words],
    cwd: PROJECT,
    // Deno asks its own host once a day whether there is a newer Deno.
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assert([0, 3].includes(code), new TextDecoder().decode(stderr));
  return Deno.readTextFileSync(log).split("\n").filter((line) => /AF_INET/.test(line));
}

Deno.test({
  name: "a task for a directory or a database of SQLite opens no socket of the network",
  ignore: !canTrace,
  fn: async () => {
    await using files = await diskStore(HISTORY);
    await using database = await tempDatabase(HISTORY, { onDisk: true });
    for (const store of [files.root, database.path]) {
      for (const task of ["summary", "verify", "cleanup", "cleanup:apply"]) {
        const words = ["--store", store, ...task.endsWith(":apply") ? ["--force"] : []];
        assertEquals(await socketsOf(task, words, dirname(store)), [], `${task} ${store}`);
      }
    }
    await using server = await startMlflowDouble(HISTORY);
    const seen = await socketsOf("summary", ["--store", server.uri], database.directory);
    assert(seen.length > 0, "strace shows no socket at all");
  },
});
