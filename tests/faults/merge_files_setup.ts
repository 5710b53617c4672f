/**
 * Cases for `merge` of directories: another store lies beside that of the case, with runs and all that belongs to them.
 *
 * @module
 */

import { join } from "@std/path";
import { merge } from "../../tasks/moves/merge.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { experiment } from "../_support/builders.ts";
import { experimentMeta, writeFiles } from "../_support/disk_store.ts";
import { LEFT, writeMovable } from "../_support/movable.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { carriedOut, exactly, OTHER_STORE } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";

/**
 * Brings a case to where `merge` finds another store.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareMerge(one: Case, { seed, program }: Tools): Promise<Setup> {
  const other = writeOther(one, seed);
  await using store = await openCase(one);
  const before = await look(one);
  await using from = await openStore(other);
  const { plan } = await merge(store, { from });
  return {
    program: program(
      ...["merge", "--apply", "--force", "--json", "--from", other, "--store", one.root],
    ),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}

/**
 * Brings a case to where a merge is to be undone.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareRestoreMerge(one: Case, { seed, program }: Tools): Promise<Setup> {
  const other = writeOther(one, seed);
  await using store = await openCase(one);
  const original = await look(one);
  const errors = await errorsIn(one);
  await mergeFrom(store, other);
  return {
    program: program("restore", "--last", "--json", "--store", one.root),
    before: await look(one),
    promises: () => exactly(original),
    original,
    errors,
    isUndoable: true,
  };
}

async function mergeFrom(store: Store, other: string): Promise<void> {
  await using from = await openStore(other);
  const { report } = await merge(store, { from, apply: true });
  if (report?.complete !== true) throw new Error("The merge that is to be undone was none");
}

/** For some seeds its runs join an experiment of the case, for the others they come with it; for some one stays. */
function writeOther({ root, place }: Case, seed: number): string {
  const other = join(place, OTHER_STORE);
  writeMovable(other, { status: seed % 2 === 0 ? "RUNNING" : "FINISHED" });
  writeFiles(other, { [`${LEFT}/tags/team/a`]: "b" });
  if (seed % 3 === 0) {
    const one = experiment({ id: "907", name: "scratch", artifactLocation: `file://${root}/907` });
    writeFiles(root, { "907/meta.yaml": experimentMeta(one) });
  }
  return other;
}
