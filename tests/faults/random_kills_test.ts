/**
 * Kills tasks at a random moment, with backups in the store, elsewhere on its disk, and on another disk.
 * Whatever the moment: each byte that there was lies in the store or in a backup, `recover` settles it, and
 * `restore` gives back the store as it was, with all that was left where it lay.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/random_kills_test.ts                                some
 * deno test -A --lock=tests/deno.lock tests/faults/random_kills_test.ts -- --long --times 4 --seed 7   200, at moments of its own
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { verifyBackups } from "../../tasks/backups/verify_backups.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { seededRandom } from "../../tasks/_demo/random.ts";
import { depth, seed } from "../_support/depth.ts";
import { memoryDirectory, tempDirectory } from "../_support/temp_directory.ts";
import { readTree, type Tree, treeDifferences } from "../_support/tree.ts";
import { openCase, writeCase } from "./case.ts";
import { bundleProgram, makeScratch, type Program } from "./program.ts";

const KILLS = depth(30, 50);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const random = seededRandom(SEED);

/** Where backups lie. */
const PLACES = ["own", "same-disk", "other-disk"] as const;

interface Task {
  readonly name: string;
  readonly prepare: (store: Store, place: { readonly backups?: string }) => Promise<unknown>;
  readonly words: (run: string) => readonly string[];
}

const applied: Task["prepare"] = (store, place) => cleanup(store, { apply: true, ...place });

const TASKS: readonly Task[] = [
  {
    name: "cleanup",
    prepare: () => Promise.resolve(),
    words: () => ["cleanup", "--apply", "--force"],
  },
  { name: "restore", prepare: applied, words: () => ["restore", "--last"] },
  { name: "restore a run", prepare: applied, words: (run) => ["restore", "--last", "--run", run] },
  { name: "backup", prepare: (store, place) => backup(store, place), words: () => ["backup"] },
];

/** All that lies in some directories, wherever it lies. */
async function contentsIn(...directories: readonly string[]): Promise<ReadonlySet<string>> {
  const contents = new Set<string>();
  for (const directory of directories) {
    for (const [path, entry] of await treeIn(directory)) {
      if (/(^|\/)(staging|\.staging|journal)\//.test(path)) continue;
      if (entry.kind === "file") contents.add(entry.content);
    }
  }
  return contents;
}

async function treeIn(directory: string): Promise<Tree> {
  return await Deno.lstat(directory).then(() => readTree(directory), () => new Map());
}

/** Without the times of directories, which a killed task may have touched. */
async function storeTree(root: string): Promise<Tree> {
  const tree = await readTree(root, { except: [".mltidy.trash"] });
  return new Map(
    [...tree].map((
      [path, entry],
    ) => [path, entry.kind === "directory" ? { ...entry, mtimeMs: 0 } : entry]),
  );
}

async function killAt(program: Program, delay: number | null): Promise<void> {
  const [command = "", ...args] = program.words;
  const child = new Deno.Command(command, {
    args,
    cwd: program.directory,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = delay === null ? null : setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It was faster.
    }
  }, delay);
  await child.status;
  if (timer !== null) clearTimeout(timer);
}

async function runOf(store: Store, place: { readonly backups?: string }): Promise<string> {
  const [newest] = (await listBackups(store, place)).backups;
  if (newest?.kind !== "change") return "";
  const { steps } = JSON.parse(Deno.readTextFileSync(join(newest.path, "manifest.json")));
  const runs = (steps as readonly { readonly subject: string }[])
    .flatMap(({ subject }) =>
      /^[^/]+\/([^/]+)$/.exec(subject.replace(/^\.trash\//, ""))?.[1] ?? []
    );
  return runs[Math.floor(random() * runs.length)] ?? "";
}

/** Runs a task, kills it after a delay unless that is `null`, judges, and tells how long it took, ms. */
async function attempt(
  program: (...words: readonly string[]) => Program,
  task: Task,
  where: typeof PLACES[number],
  kill: number,
  delay: number | null,
): Promise<number> {
  await using directory = await tempDirectory();
  await using memory = await memoryDirectory();
  const one = writeCase(directory.path, kill);
  const place = where === "own"
    ? {}
    : { backups: where === "same-disk" ? one.copies : join(memory.path, "nas") };
  const flags = place.backups === undefined ? [] : ["--backups", place.backups];
  const all = [one.root, ...(place.backups === undefined ? [] : [place.backups])];
  await using store = await openCase(one);
  const original = await storeTree(one.root);
  const before = await contentsIn(one.root);
  await task.prepare(store, place);
  const words = task.words(await runOf(store, place));
  const started = performance.now();
  await killAt(program(...words, ...flags, "--store", one.root), delay);
  const took = performance.now() - started;
  const label = `${task.name}, ${where}, killed after ${delay} ms, kill ${kill} of seed ${SEED}`;
  const after = await contentsIn(...all);
  const lost = [...before].filter((content) => !after.has(content));
  // What comes back leaves staging for the store.
  await recover(store, place);
  const settled = await contentsIn(...all);
  assertEquals(lost.filter((content) => !settled.has(content)), [], `${label}: lost`);
  assertEquals((await recover(store, place)).settled, [], `${label}: settled twice`);
  while ((await restore(store, place)).backup !== null);
  assertEquals(treeDifferences(await storeTree(one.root), original), [], label);
  assertEquals((await verifyBackups(store, place)).sound, true, `${label}: a copy is damaged`);
  return took;
}

Deno.test(`a task that is killed at a random moment loses nothing (${KILLS} kills)`, async () => {
  const scratch = await makeScratch();
  const durations = new Map<string, number>();
  const landed = { killed: 0, done: 0 };
  try {
    const program = await bundleProgram(scratch);
    const kinds = TASKS.flatMap((task) => PLACES.map((where) => ({ task, where })));
    for (let kill = 0; kill < KILLS; kill++) {
      const { task, where } = kinds[kill % kinds.length]!;
      const label = `${task.name}, ${where}`;
      if (!durations.has(label)) {
        durations.set(label, await attempt(program, task, where, kill, null));
      }
      const delay = random() * durations.get(label)!;
      const took = await attempt(program, task, where, kill, delay);
      landed[took < delay ? "done" : "killed"]++;
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  // deno-lint-ignore no-console -- a campaign tells how often it hit.
  console.log(`killed: ${landed.killed}, done before: ${landed.done}`);
});
