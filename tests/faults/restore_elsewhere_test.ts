/**
 * Kills a `restore` whose backup lies on another disk at its system calls. Whatever the call: a change is
 * either in the list of backups and whole, or undone and in no list, and what is typed next goes by that.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/restore_elsewhere_test.ts                        some
 * deno test -A --lock=tests/deno.lock tests/faults/restore_elsewhere_test.ts -- --long --times 20   every call
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { prune } from "../../tasks/prune.ts";
import { runId } from "../_support/builders.ts";
import { depth, seed } from "../_support/depth.ts";
import { writeStore } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { memoryDirectory, tempDirectory } from "../_support/temp_directory.ts";
import { readTree, type Tree, treeDifferences } from "../_support/tree.ts";
import { bundleProgram } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { hasStrace, runInjected, traceCalls } from "./strace.ts";

const KILLS = depth(4, 9);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);

/** What is typed, and with what of it that is to come back. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["all", []],
  ["one run", ["--run", runId(5)]],
];

for (const [what, words] of COMMANDS) {
  Deno.test({
    name:
      `restore() of ${what} from another disk is done or not done, at whatever call it is killed`,
    ignore: !await hasStrace(),
    fn: async () => {
      await using place = await tempDirectory();
      await using other = await memoryDirectory();
      const one = await writeCase(place.path, other.path);
      const program = (await bundleProgram(place.path))(
        ...["restore", "--last", ...words, "--backups", one.backups, "--store", one.root],
      );
      const log = join(place.path, "trace");
      const places = [join(place.path, "case"), other.path];
      const before = await look(one);
      const { ending, calls } = await traceCalls(program, places, log);
      assertEquals(ending.code, 0, ending.stderr);
      const undone = await look(one);
      let killed = 0;
      for (const [index, call] of shuffled(calls, SEED).entries()) {
        if (killed >= KILLS) break;
        await one.putBack();
        const { hit } = await runInjected(program, places, log, call, "kill");
        if (hit === null) continue;
        killed++;
        const label = `${hit.name}#${hit.ordinal} ${hit.text}, seed ${SEED}`;
        await judge(one, [before, undone], index % 2 === 0, label);
      }
      // deno-lint-ignore no-console -- a campaign tells how often it hit.
      console.log(`killed ${killed} times, at ${calls.length} calls`);
    },
  });
}

interface Case {
  readonly root: string;
  readonly backups: string;
  /** The store before anything was taken, and after the first of two changes. */
  readonly trees: readonly [Tree, Tree];
  /** The older backup and the newer one. */
  readonly ids: readonly [string, string];
  readonly putBack: () => Promise<void>;
}

/** A store with two changes whose backups went elsewhere. */
async function writeCase(place: string, other: string): Promise<Case> {
  const [root, backups] = [join(place, "case/mlruns"), join(other, "nas")];
  writeStore({ root, outside: join(place, "outside") }, rottenAt(Date.now()));
  await using store = await openStore(root);
  const original = await treeOf(root);
  const first = await prune(store, { apply: true, backups });
  const between = await treeOf(root);
  const second = await cleanup(store, { apply: true, backups });
  const kept = join(place, "kept");
  await copyTrees([[join(place, "case"), `${kept}-case`], [backups, `${kept}-nas`]]);
  return {
    root,
    backups,
    trees: [original, between],
    ids: [first.report!.backup!.id, second.report!.backup!.id],
    putBack: () => copyTrees([[`${kept}-case`, join(place, "case")], [`${kept}-nas`, backups]]),
  };
}

async function copyTrees(pairs: readonly (readonly [string, string])[]): Promise<void> {
  for (const [from, to] of pairs) {
    const args = ["-c", 'rm -rf "$2" && cp -a "$1" "$2"', "sh", from, to];
    const { success } = await new Deno.Command("sh", { args }).output();
    assertEquals(success, true);
  }
}

async function treeOf(root: string): Promise<Tree> {
  return await readTree(root, { except: [".mltidy.trash"] });
}

/** What the store has, and how much of the newer change its backup still has. */
interface Truth {
  readonly tree: Tree;
  readonly changes: number;
}

async function look({ root, backups, ids: [older, newer] }: Case): Promise<Truth> {
  await using store = await openStore(root);
  const listed = (await listBackups(store, { backups })).backups;
  assertEquals(listed.map(({ id }) => id).filter((id) => id !== newer), [older]);
  const one = listed.find(({ id }) => id === newer);
  return { tree: await treeOf(root), changes: one?.kind === "change" ? one.changes : 0 };
}

/**
 * Judges a case in which a restore was killed.
 *
 * @param one The case.
 * @param truths How it stands when the restore is not done, and when it is.
 * @param isNamed Whether the other place is named in what is typed next.
 * @param label What was made of it.
 */
async function judge(
  one: Case,
  [before, undone]: readonly [Truth, Truth],
  isNamed: boolean,
  label: string,
): Promise<void> {
  const { root, backups, trees: [original, between], ids: [older, newer] } = one;
  await using store = await openStore(root);
  const next = isNamed ? { backups } : {};
  await recover(store, next);
  const now = await look(one);
  if (now.changes === undone.changes) {
    assertEquals(treeDifferences(now.tree, undone.tree), [], `${label}: undone`);
  } else {
    assertEquals(now.changes, before.changes, `${label}: in the list`);
    assertEquals(treeDifferences(now.tree, before.tree), [], `${label}: not undone`);
    const own = (await listBackups(store, next)).backups.find(({ id }) => id === newer);
    const found = own === undefined ? { backups } : next;
    assertEquals((await restore(store, { ...found })).backup?.id, newer, label);
  }
  while ((await look(one)).changes > 0) await restore(store, { backups, id: newer });
  assertEquals(treeDifferences(await treeOf(root), between), [], `${label}: all undone`);
  assertEquals((await restore(store, { backups })).backup?.id, older, label);
  assertEquals(treeDifferences(await treeOf(root), original), [], `${label}: original`);
}
