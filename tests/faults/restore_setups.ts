/**
 * Cases for `restore`: all of a clean-up, one run of it, and what a copy has.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Action } from "../../lib/plan/plan.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { prune } from "../../tasks/prune.ts";
import { type Case, errorsIn, look, type Moment, openCase } from "./case.ts";
import { exactly, type Expected, promised } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";
import { shuffled } from "./shuffled.ts";

/**
 * Brings a case to where all of its last clean-up is to come back.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareRestore(one: Case, { seed, program }: Tools): Promise<Setup> {
  await using store = await openCase(one);
  if (seed % 2 === 1) await prune(store, { olderThan: "200d", apply: true });
  const original = await look(one);
  const errors = await errorsIn(one);
  await cleanup(store, { apply: true });
  return {
    program: program("restore", "--last", "--json", "--store", one.root),
    before: await look(one),
    promises: () => exactly(original),
    original,
    errors,
    isUndoable: true,
  };
}

/**
 * Brings a case to where one run of its last clean-up is to come back.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareRestorePart(one: Case, { seed, program }: Tools): Promise<Setup> {
  await using store = await openCase(one);
  const original = await look(one);
  const errors = await errorsIn(one);
  const { plan, report } = await cleanup(store, { apply: true });
  const runOf = ({ path }: Action) => path.replace(/^\.trash\//, "").split("/")[1];
  const run = shuffled(plan.actions, seed).map(runOf).find((id) => id !== undefined) ?? "";
  const rest = plan.actions.filter((action) => runOf(action) !== run);
  const { id = "" } = report?.backup ?? {};
  return {
    program: program("restore", id, "--run", run, "--json", "--store", one.root),
    before: await look(one),
    promises: (actual) => promised(original, rest, actual),
    original,
    errors,
    isUndoable: true,
  };
}

/**
 * Brings a case to where somebody has removed a part of its store of which there is a copy.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareRestoreCopy(one: Case, { seed, program }: Tools): Promise<Setup> {
  await using store = await openCase(one);
  const errors = await errorsIn(one);
  const { id } = await backup(store);
  const original = await look(one);
  const missing = removeSome(one, original, seed);
  const before = await look(one);
  const timeless = new Set(missing.map((path) => dirname(path)));
  return {
    program: program("restore", id, "--json", "--store", one.root),
    before,
    promises: () => exactly(original),
    partly: (actual) => withTrees(before, original, actual, missing),
    mayBePartly: true,
    original,
    // A copy has entries for all that lies in the root, but none for the root.
    timeless: ["mlruns"],
    undo: { id, timeless },
    errors,
    isUndoable: true,
  };
}

/** Removes a file, a directory of artifacts and a whole run or experiment. */
function removeSome({ root, place }: Case, { tree }: Moment, seed: number): readonly string[] {
  const candidates = shuffled(
    [...tree.keys()].filter((path) => /^mlruns\/[0-9a-f]+(\/|$)/.test(path)),
    seed,
  );
  const isDirectory = (path: string) => tree.get(path)?.kind === "directory";
  const chosen = [
    candidates.find((path) => path.endsWith("/params/lr")),
    candidates.find((path) => path.endsWith("/artifacts") && isDirectory(path)),
    candidates.find((path) => path.split("/").length < 4 && isDirectory(path)),
  ].filter((path) => path !== undefined);
  const topmost = chosen.filter((path) =>
    !chosen.some((other) => path !== other && path.startsWith(`${other}/`))
  );
  for (const path of topmost) Deno.removeSync(join(place, path), { recursive: true });
  if (topmost.length === 0) throw new Error(`Nothing to remove in ${root}`);
  return topmost;
}

/** What was there, and each tree that is there now as it was. */
function withTrees(
  before: Moment,
  original: Moment,
  actual: Moment,
  trees: readonly string[],
): Expected {
  const back = trees.filter((path) => actual.tree.has(path));
  const inTree = (path: string) => back.some((top) => path === top || path.startsWith(`${top}/`));
  return {
    tree: new Map([...before.tree, ...[...original.tree].filter(([path]) => inTree(path))]),
    timeless: new Set(back.map((path) => dirname(path))),
  };
}
