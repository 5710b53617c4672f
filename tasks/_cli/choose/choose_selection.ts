import type { Selection } from "../../../lib/policy/policy.ts";

/** What flags say of a part of a store; `null` where a flag was not given. */
export interface SelectionFlags {
  readonly experiment: readonly string[] | null;
  readonly exclude: readonly string[] | null;
  readonly run: readonly string[] | null;
}

/**
 * Tells which part of a store is meant.
 *
 * @param flags What flags say.
 * @returns The part; `undefined` for the whole store.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(chooseSelection({ experiment: ["churn"], exclude: null, run: null }), {
 *   experiments: ["churn"],
 *   exclude: [],
 *   runs: [],
 * });
 * ```
 */
export function chooseSelection(
  { experiment, exclude, run }: SelectionFlags,
): Selection | undefined {
  if (experiment === null && exclude === null && run === null) return undefined;
  return { experiments: experiment ?? [], exclude: exclude ?? [], runs: run ?? [] };
}
