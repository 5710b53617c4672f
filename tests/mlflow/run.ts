/**
 * Runs the live suite, beside interpreters that have imported MLflow: without them, as where `deno test` is
 * given a file of it, each script imports it anew, which takes longer than most of them. Flags are handed on
 * to `deno test`, and what follows `--` to the tests.
 *
 * ```
 * deno run -A tests/mlflow/run.ts
 * deno run -A tests/mlflow/run.ts --filter 3.17 -- --long
 * ```
 *
 * @module
 */

import { join } from "@std/path";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { startWarm, WARM } from "./python.ts";

const HERE = import.meta.dirname!;
/** Servers and interpreters are waited for now and then: so one more than there are processors. */
const JOBS = navigator.hardwareConcurrency + 1;
/** What takes longest, first: begun last, it would keep one processor alone. Deno begins folders after all files. */
const LONGEST = ["damage_test.ts", "servers/servers_test.ts", "repair_test.ts", "postgres_test.ts"];

async function run(words: readonly string[]): Promise<boolean> {
  await using place = await memoryDirectory();
  await using _interpreters = await startWarm(place.path);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--lock=tests/deno.lock", "-A", "--no-check", "--parallel", ...words],
    cwd: join(HERE, "..", ".."),
    env: { [WARM]: place.path, DENO_JOBS: String(JOBS) },
    stdin: "null",
  }).spawn().status;
  return success;
}

const end = Deno.args.indexOf("--");
const [flags, own] = end < 0 ? [Deno.args, []] : [Deno.args.slice(0, end), Deno.args.slice(end)];
const paths = [...LONGEST.map((name) => join(HERE, name)), HERE];
if (!await run([...flags, ...paths, ...own])) Deno.exit(1);
