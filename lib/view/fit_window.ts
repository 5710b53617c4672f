/**
 * Windows of lists that may be of any length: so much of them as an answer may have.
 *
 * @module
 */

/** Which part of a list is wanted. */
export interface Window {
  /** The first place, from 0. */
  readonly from: number;
  /** The place behind the last. */
  readonly to: number;
}

/** The most places of a window. */
export const MOST_ROWS = 200;

/** Characters of JSON that a list in an answer takes at most. */
const MOST_TEXT = 400_000;

/**
 * Makes a list no longer than an answer may be.
 *
 * @param list What is to be told, as JSON values.
 * @param most How many at most.
 * @param text How many characters of JSON at most.
 * @returns The first of them that fit, at least one where there is any.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fitting(["aaa", "bbb", "ccc"], 3, 12), ["aaa", "bbb"]);
 * ```
 */
export function fitting<T>(
  list: Iterable<T>,
  most: number = MOST_ROWS,
  text: number = MOST_TEXT,
): readonly T[] {
  const shown: T[] = [];
  let length = 0;
  for (const one of list) {
    length += JSON.stringify(one).length + 1;
    if (shown.length === most || shown.length > 0 && length > text) break;
    shown.push(one);
  }
  return shown;
}

/**
 * Takes a window of a list.
 *
 * @param list The list.
 * @param window Which part; as much of it as an answer may have is given.
 * @param view Makes what is told of one.
 * @returns How many there are in all, and what is in the window, which may be less than was wanted.
 */
export function windowOf<T, V>(
  list: readonly T[],
  { from, to }: Window,
  view: (one: T) => V,
): { readonly total: number; readonly shown: readonly V[] } {
  const first = Math.min(Math.max(from, 0), list.length);
  const wanted = list.slice(first, Math.max(first, Math.min(to, first + MOST_ROWS)));
  return { total: list.length, shown: fitting(wanted.values().map(view)) };
}
