/**
 * A case for `repair`: a store with damage of several kinds.
 *
 * @module
 */

import { join } from "@std/path";
import { repair } from "../../tasks/repair.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { carriedOut } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";
import { shuffled } from "./shuffled.ts";

/**
 * Damages a case and brings it to where `repair` finds something to mend of every kind that it knows.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareRepair(one: Case, { seed, program }: Tools): Promise<Setup> {
  await damage(one, seed);
  await using store = await openCase(one);
  const before = await look(one);
  const { plan } = await repair(store, { settle: 0, relocate: true, from: "/data/mlruns" });
  const flags = ["--settle", "0m", "--relocate", "--from", "/data/mlruns"];
  return {
    program: program("repair", "--apply", "--force", "--json", ...flags, "--store", one.root),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}

/**
 * Damages a case: some runs lose a folder, some a record, some have a torn metric; an experiment loses its
 * name.
 *
 * @param one The case.
 * @param seed What is damaged.
 */
export async function damage(one: Case, seed: number): Promise<void> {
  await using store = await openCase(one);
  const { experiments } = await store.read({ depth: "tags" });
  const healthy = experiments.filter(({ link }) => !link);
  const runs = shuffled(healthy.flatMap((each) => each.runs).filter(({ link }) => !link), seed);
  for (const [index, { path }] of runs.slice(0, 6).entries()) {
    const at = join(one.root, path);
    if (index % 3 === 0) Deno.removeSync(join(at, "params"), { recursive: true });
    if (index % 3 === 1) writeFiles(at, { "metrics/loss": "1700000000000 0.5 0\n17000000" });
    if (index % 3 === 2) Deno.removeSync(join(at, "meta.yaml"));
  }
  const [first] = shuffled(healthy.filter((each) => each.runs.length > 0), seed);
  if (first) Deno.removeSync(join(one.root, first.path, "meta.yaml"));
}
