/**
 * How much of what is random, or many, a test takes: little in `deno task test`, which people wait for; much
 * in `deno task test:long`, which draws other values each time unless it is given a seed.
 *
 * ```
 * deno task test:long                          what the continuous integration runs
 * deno task test:long --seed 7 --times 20      other values, twenty times as many
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "./typed_number.ts";

const flags = parseArgs(withNegatives(Deno.args), {
  boolean: ["long"],
  string: ["seed", "times"],
});
const times = typedNumber("times", flags["times"]) ?? 1;

/** Whether there is time for much. */
export const isLong: boolean = flags["long"] === true;

/** The seed of what is random; `null` when nobody asked for one. */
export const seed: number | null = typedNumber("seed", flags["seed"]);

/**
 * Chooses a number by the time that there is.
 *
 * @param few When somebody waits.
 * @param many When there is time, once.
 * @returns One of them, the second as often as asked for, and never less than the first.
 */
export function depth(few: number, many: number): number {
  return isLong ? Math.max(few, Math.ceil(many * times)) : few;
}

/**
 * Says how many values a property is tried on.
 *
 * @param few How many when somebody waits.
 * @param many How many when there is time.
 * @param fixed The seed when somebody waits, for a property that proves little on unlucky values.
 * @returns Parameters of fast-check.
 */
export function draws(
  few: number,
  many: number,
  fixed?: number,
): { readonly numRuns: number; readonly seed?: number } {
  const chosen = isLong ? seed : fixed ?? null;
  return { numRuns: depth(few, many), ...(chosen === null ? {} : { seed: chosen }) };
}
