/**
 * The programs that are measured: our tasks exactly as `deno.json` starts them, and what they are
 * measured against.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import manifest from "../../deno.json" with { type: "json" };
import type { Bench, Program } from "./measurement.ts";

/** The repository's root. */
export const repository = fromFileUrl(new URL("../..", import.meta.url));

/** `real`: the permissions that `deno.json` gives the task; `all`: `-A`. */
export type Permissions = "real" | "all";

/**
 * Names the words that start a task.
 *
 * @param task A task of `deno.json`.
 * @param flags What is typed behind it.
 * @param permissions Which permissions it gets.
 * @returns The words, `deno` first.
 */
export function taskWords(
  task: keyof typeof manifest.tasks,
  flags: readonly string[],
  permissions: Permissions = "real",
): readonly string[] {
  // Nothing is granted besides, as long as nobody has set the variable.
  const words = manifest.tasks[task].command.split(" ").filter((word) => !word.startsWith("$"));
  const script = words.findIndex((word) => word.endsWith(".ts"));
  const granted = permissions === "real" ? words.slice(2, script) : ["-A"];
  return [Deno.execPath(), "run", ...granted, ...words.slice(script), ...flags];
}

/**
 * Names the words that visit a store's files in bare Deno, see `bare_files.ts`.
 *
 * @param what What is done with them.
 * @param store The store's root.
 * @param permissions As a task that only reads has them, or `-A`.
 * @returns The words, `deno` first.
 */
export function bareWords(
  what: "reads" | "stamps",
  store: string,
  permissions: Permissions = "real",
): readonly string[] {
  const granted = permissions === "real" ? ["--no-prompt", "-R"] : ["-A"];
  return [Deno.execPath(), "run", ...granted, "tests/bench/bare_files.ts", what, store];
}

/**
 * Names the programs that read a store in bare C, each of them with a warm cache.
 *
 * @param bench Where to measure.
 * @param root The store.
 * @returns `meta` and `full` for what they read, and `warm` for the words that warm the cache up.
 */
export async function floorPrograms(
  bench: Bench,
  root: string,
): Promise<{ readonly meta: Program; readonly full: Program; readonly warm: readonly string[] }> {
  const floor = await bench.compile("floor");
  const warm = [floor, "warm", root];
  return {
    meta: { words: [floor, "meta", root] },
    full: { words: [floor, "full", root], before: warm },
    warm,
  };
}
