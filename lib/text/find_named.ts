/**
 * What somebody means who types an id, the beginning of one, or a name.
 *
 * @module
 */

/** Something that has an id, and may have a name. */
export interface Named {
  /** Its id. */
  readonly id: string;
  /** As MLflow shows it; left out where it has none, or nobody knows it. */
  readonly name?: string | undefined;
}

/**
 * Finds what somebody means.
 *
 * @param all What there is.
 * @param id The id that was typed, or the beginning of it.
 * @param name The name that may have been meant.
 * @returns Those of that id, else those of that name, else those whose ids begin so, by 6 letters or more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findNamed } from "./find_named.ts";
 *
 * const all = [{ id: "4201016", name: "churn" }, { id: "4201017" }];
 * assertEquals(findNamed(all, "churn").length, 1);
 * assertEquals(findNamed(all, "420101").length, 2);
 * assertEquals(findNamed(all, "42010").length, 0);
 * ```
 */
export function findNamed<T extends Named>(
  all: readonly T[],
  id: string,
  name: string = id,
): readonly T[] {
  const choices = [
    all.filter((one) => one.id === id),
    all.filter((one) => one.name === name),
    id.length < SHORTEST ? [] : all.filter((one) => one.id.startsWith(id)),
  ];
  return choices.find((found) => found.length > 0) ?? [];
}

/** Of the beginning of an id. */
export const SHORTEST = 6;
