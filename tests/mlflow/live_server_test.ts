// deno-lint-ignore-file no-console -- how much was tried is worth a line.
/**
 * A server of MLflow's at work on a database, clients that log through it all the time, and beside it clean-ups
 * that are killed at random, undone and settled. Nothing may be missing that MLflow has acknowledged, no call of a
 * client may fail, and what was there before is there again after each round, row by row and file by file.
 *
 * ```
 * deno task test:mlflow -- --long
 * deno test -A --lock=tests/deno.lock tests/mlflow/live_server_test.ts -- --long --seed 7
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { withDefault } from "../_support/builders.ts";
import { type TempDatabase, tempDatabase } from "../_support/database_store.ts";
import { depth, isLong, seed } from "../_support/depth.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { readTree } from "../_support/tree.ts";
import { bundleProgram, type Program, run } from "../faults/program.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython, versions } from "./python.ts";

const ROUNDS = depth(3, 20);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);

interface Said {
  readonly runs: Readonly<Record<string, { readonly artifact: string | null }>>;
  readonly missing: readonly string[];
  readonly errors: readonly string[];
}

testEachVersion(
  "a server at work loses nothing to clean-ups beside it, and waits for none",
  async (version) => {
    // To start a server takes long, and the others lock in the same way.
    if (!isLong && version !== versions.at(-1)) return;
    await using database = await tempDatabase(withDefault(rottenAt(Date.now())), {
      schema: version.name.startsWith("2.") ? "2.22" : "3.17",
      artifacts: true,
      onDisk: true,
    });
    await using scratch = await tempDirectory();
    const stop = join(scratch.path, "stop");
    const before = await contentsOf(database);
    const server = runPython(version, "log_to_server.py", [
      ...[database.path, database.artifacts, "1", stop],
    ]);
    // Waited for below; until then a failure must not end the test before it can tell of it.
    server.catch(() => {});
    try {
      await Promise.race([appearance(`${stop}.begun`), server]);
      await disturb(database, scratch.path, before);
    } finally {
      Deno.writeTextFileSync(stop, "");
      await server.catch(() => {});
    }
    const { runs, missing, errors } = await server as Said;
    assertEquals([missing, errors], [[], []]);
    assert(Object.keys(runs).length > ROUNDS);
    assertEquals(missingFrom(before, await contentsOf(database)), []);
    const artifacts = (await readTree(database.artifacts)).entries();
    const notes = new Set(
      [...artifacts].flatMap(([, entry]) => entry.kind === "file" ? [entry.content] : []),
    );
    const written = Object.values(runs).flatMap(({ artifact }) => artifact ?? []);
    assertEquals(written.filter((text) => !notes.has(text)), []);
    console.log(
      `seed ${SEED}: ${ROUNDS} rounds beside ${Object.keys(runs).length} runs of a server`,
    );
  },
);

/** Cleans up and undoes that, again and again; half of all that does so is killed at some moment. */
async function disturb(
  database: TempDatabase,
  directory: string,
  before: ReadonlySet<string>,
): Promise<void> {
  const program = await bundleProgram(directory);
  const words = (...typed: readonly string[]) => program(...typed, "--store", database.path);
  const random = randomFrom(SEED);
  let usual = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const what = `seed ${SEED}, round ${round + 1}`;
    const started = performance.now();
    const apply = words("cleanup", "--apply", "--force", "--json");
    if (round % 2 === 0) {
      const { code, stdout, stderr } = await run(apply);
      assertEquals(code, 0, `${what}: ${stderr}`);
      usual = performance.now() - started;
      const { outcomes }: { outcomes: readonly { kind: string; outcome: string }[] } = JSON.parse(
        stdout,
      );
      assertEquals(outcomes.filter(({ outcome }) => outcome !== "applied"), [], what);
      const kinds = new Set(outcomes.map(({ kind }) => kind));
      assert(kinds.has("soft-delete-run") && kinds.has("purge-run"), what);
      assert(missingFrom(before, await contentsOf(database)).length > 1, what);
    } else {
      await runKilled(apply, random() * usual);
    }
    if (random() < 0.5) await runKilled(words("restore", "--last"), random() * usual);
    for (const one of [words("recover"), words("restore", "--last")]) {
      const { code, stderr } = await run(one);
      assertEquals(code, 0, `${what}: ${stderr}`);
    }
    assertEquals(missingFrom(before, await contentsOf(database)), [], what);
  }
}

/** Everything that is there, a row or a file each. */
async function contentsOf({ path, artifacts }: TempDatabase): Promise<ReadonlySet<string>> {
  using database = new DatabaseSync(path, { readOnly: true });
  database.exec("PRAGMA busy_timeout = 20000; BEGIN");
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) =>
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) => JSON.stringify([name, row]))
  );
  const files = [...await readTree(artifacts)].flatMap(([path, entry]) =>
    entry.kind === "directory" ? [] : [JSON.stringify([path, entry])]
  );
  return new Set([...rows, ...files]);
}

function missingFrom(before: ReadonlySet<string>, now: ReadonlySet<string>): readonly string[] {
  return [...before].filter((one) => !now.has(one));
}

async function runKilled({ words, directory }: Program, patience: number): Promise<void> {
  const [command = "", ...args] = words;
  const child = new Deno.Command(command, {
    args,
    cwd: directory,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has come to its end.
    }
  }, patience);
  await child.status;
  clearTimeout(timer);
}

/** MLflow takes seconds to load; only then is there anything to disturb. */
async function appearance(path: string): Promise<void> {
  const deadline = Date.now() + 240_000;
  while (!await Deno.stat(path).then(() => true, () => false)) {
    assert(Date.now() < deadline, "MLflow has not begun to log");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The same numbers for the same seed: https://en.wikipedia.org/wiki/Linear_congruential_generator. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
