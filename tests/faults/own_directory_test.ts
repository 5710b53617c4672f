/**
 * Somebody else's things in the places of our directory: links, other names of files, pipes, texts. None of
 * it is used, emptied or written to, whatever task comes across it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { StoreError } from "../../lib/errors.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { type TempStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { open, rubbish, writeOutside } from "./rubbish.ts";

const DIRECTORIES = ["journal", "staging", "backups", "writing", "metadata", "damaged"];
const FILES = ["README.txt", "lock", "experiments.lock"];

const TASKS: readonly (readonly [name: string, run: (store: Store) => Promise<unknown>])[] = [
  ["cleanup", (store) => cleanup(store, { apply: true })],
  ["backup", (store) => backup(store)],
  ["experiment", (store) => setupExperiment(store, "new")],
];

async function lockOnce(store: Store): Promise<void> {
  await using _lock = await lockStore(store, { task: "cleanup" });
}

/** What is somebody else's, and how it may look like ours. */
function writePrecious(store: TempStore): string {
  return writeOutside(store, {
    "thesis.txt": "precious",
    "empty/emptier": null,
    "20261123T031438Z-cleanup/files/1": null,
    "20261123T031438Z.jsonl": '{"schema":"mltidy/metadata/v1"}\n',
    "new": "precious",
    "0-1": "precious",
  });
}

const linkTo = (target: string) => (path: string) => Deno.symlinkSync(target, path);
const pipe = (path: string) => void new Deno.Command("mkfifo", { args: [path] }).outputSync();

interface Trap {
  readonly what: string;
  readonly names: readonly string[];
  readonly put: (path: string, precious: string) => void;
}

const TRAPS: readonly Trap[] = [
  {
    what: "a link to a directory",
    names: [...DIRECTORIES, ...FILES],
    put: (path, precious) => linkTo(precious)(path),
  },
  {
    what: "a link to a file",
    names: FILES,
    put: (path, precious) => linkTo(join(precious, "thesis.txt"))(path),
  },
  {
    what: "a link to nothing",
    names: [...DIRECTORIES, ...FILES],
    put: (path, precious) => linkTo(join(precious, "nothing"))(path),
  },
  {
    what: "another name of a file",
    names: ["README.txt"],
    put: (path, precious) => Deno.linkSync(join(precious, "thesis.txt"), path),
  },
  { what: "a pipe", names: [...DIRECTORIES, ...FILES], put: pipe },
  { what: "a directory", names: FILES, put: (path) => Deno.mkdirSync(path) },
  { what: "a file", names: DIRECTORIES, put: (path) => Deno.writeTextFileSync(path, "precious") },
];

for (const { what, names, put } of TRAPS) {
  for (const name of names) {
    Deno.test({
      name: `${what} at .mltidy.trash/${name} is refused, and nothing is touched`,
      ignore: Deno.build.os === "windows",
      async fn() {
        await using store = await rubbish();
        const precious = writePrecious(store);
        const trap = join(store.root, ".mltidy.trash", name);
        Deno.mkdirSync(dirname(trap));
        put(trap, precious);
        // To read a pipe is to wait for whoever writes into it.
        const except = { except: [`mlruns/.mltidy.trash/${name}`] };
        const before = await readTree(dirname(store.root), except);
        for (const [task, run] of TASKS) {
          // It takes a lock of its own.
          if (task === "experiment" && name === "lock" && what === "another name of a file") {
            continue;
          }
          await using opened = await open(store);
          const error = await assertRejects(() => run(opened), StoreError, "", task);
          assertStringIncludes(error.message, `Cannot use ${trap}: expected a `);
          assertStringIncludes(error.message, "; move it away");
        }
        assertSameTree(await readTree(dirname(store.root), except), before);
      },
    });
  }
}

for (
  const files of [
    { "staging/thesis.txt": "precious" },
    { "thesis.txt": "precious" },
    { "README.txt": "My own directory.\n", "staging/new": "precious" },
  ] as const
) {
  Deno.test(`.mltidy.trash with ${Object.keys(files).join(" and ")} of somebody's is refused`, async () => {
    await using store = await rubbish();
    writeFiles(join(store.root, ".mltidy.trash"), files);
    const before = await readTree(store.root);
    for (const [, run] of TASKS) {
      await using opened = await open(store);
      await assertRejects(() => run(opened), StoreError, "move it away");
    }
    assertSameTree(await readTree(store.root), before);
  });
}

Deno.test("our directory goes on being used without its README.txt, and with one that is cut off", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  await lockOnce(opened);
  const readme = join(store.root, ".mltidy.trash/README.txt");
  const whole = Deno.readTextFileSync(readme);
  for (const text of [null, "", whole.slice(0, 7), whole.slice(0, -1)]) {
    if (text === null) Deno.removeSync(readme);
    else Deno.writeTextFileSync(readme, text);
    writeFiles(join(store.root, ".mltidy.trash"), { "staging/0-12": "", "staging/new": "" });
    await lockOnce(opened);
    assertEquals(Deno.readTextFileSync(readme), whole);
    assertEquals([...Deno.readDirSync(join(store.root, ".mltidy.trash/staging"))], []);
  }
});

Deno.test("a file whose other name is .mltidy.trash/lock is not written to", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  await lockOnce(opened);
  const precious = writePrecious(store);
  const lock = join(store.root, ".mltidy.trash/lock");
  Deno.removeSync(lock);
  Deno.linkSync(join(precious, "thesis.txt"), lock);
  const before = await readTree(dirname(store.root));
  for (const run of [() => cleanup(opened, { apply: true }), () => backup(opened)]) {
    await assertRejects(run, StoreError, `Cannot use ${lock}: expected a file of our own`);
  }
  assertSameTree(await readTree(dirname(store.root)), before);
});

Deno.test("a file at another name of README.txt that is cut off keeps what it holds", async () => {
  await using store = await rubbish();
  const precious = writeOutside(store, { "note": "This directory" });
  Deno.mkdirSync(join(store.root, ".mltidy.trash"));
  Deno.linkSync(join(precious, "note"), join(store.root, ".mltidy.trash/README.txt"));
  await using opened = await open(store);
  await cleanup(opened, { apply: true });
  assertEquals(Deno.readTextFileSync(join(precious, "note")), "This directory");
});

for (const name of ["x.jsonl", "20261123T031438Z-cleanup.jsonl"]) {
  for (const what of ["a link", "a pipe"]) {
    Deno.test(`${what} at journal/${name} is refused`, async () => {
      await using store = await rubbish();
      const precious = writeOutside(store, { "thesis": "precious" });
      await using opened = await open(store);
      await lockOnce(opened);
      const path = join(store.root, ".mltidy.trash/journal", name);
      if (what === "a link") Deno.symlinkSync(join(precious, "thesis"), path);
      else pipe(path);
      const except = { except: [`.mltidy.trash/journal/${name}`, ".mltidy.trash/lock"] };
      const before = await readTree(store.root, except);
      await assertRejects(() => cleanup(opened, { apply: true }), Error, "expected a file");
      assertSameTree(await readTree(store.root, except), before);
      assertEquals(Deno.readTextFileSync(join(precious, "thesis")), "precious");
    });
  }
}

const OWN_PLACE = ".mltidy";
for (const name of ["", "/staging", "/lock", "/README.txt"]) {
  for (const what of ["a link to a directory", "a link to a file", "a pipe"]) {
    Deno.test(`${what} at DIR/${OWN_PLACE}${name} is refused, and nothing is touched`, async () => {
      await using store = await rubbish();
      const precious = writePrecious(store);
      const backups = join(store.outside, "backups");
      const trap = join(backups, `${OWN_PLACE}${name}`);
      Deno.mkdirSync(dirname(trap), { recursive: true });
      if (what === "a pipe") pipe(trap);
      else linkTo(what === "a link to a file" ? join(precious, "thesis.txt") : precious)(trap);
      const except = { except: [`backups/${OWN_PLACE}${name}`] };
      const before = await readTree(store.outside, except);
      await using opened = await open(store);
      await assertRejects(() => backup(opened, { backups }), StoreError, trap);
      assertSameTree(await readTree(store.outside, except), before);
    });
  }
}

Deno.test("a user's .staging and .lock in a place for backups stay", async () => {
  await using store = await rubbish();
  const backups = writeOutside(store, { ".staging/new": "precious", ".lock": "precious" });
  const before = await readTree(backups);
  await using opened = await open(store);
  const copy = await backup(opened, { backups });
  await cleanup(opened, { apply: true, backups });
  const after = await readTree(backups);
  assertSameTree(new Map([...after].filter(([path]) => before.has(path))), before);
  assert(after.has(`${copy.id}/manifest.json`));
});
