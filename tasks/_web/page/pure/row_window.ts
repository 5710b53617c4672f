/**
 * Which rows of a long list are drawn, and which are asked for.
 *
 * @module
 */

/** A part of a list: `from` … `to`, `to` not included. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/** How many rows are asked for at once. */
export const PAGE_ROWS = 100;

/** Rows beyond the edges that are drawn as well, so that scrolling shows no gap. */
const BEYOND = 4;
/** However high the list is. */
const MOST_ROWS = 32;

/**
 * Finds the rows to draw.
 *
 * @param top How far the list is scrolled, px.
 * @param height How much of it can be seen, px.
 * @param rowHeight How high a row is, px.
 * @param total How many rows there are.
 * @returns The rows that can be seen, and a few beyond, at most 32.
 */
export function windowOf(
  top: number,
  height: number,
  rowHeight: number,
  total: number,
): RowWindow {
  const seen = Math.min(MOST_ROWS, Math.ceil(height / rowHeight) + 2 * BEYOND);
  const first = Math.floor(top / rowHeight) - BEYOND;
  const from = Math.max(0, Math.min(first, total - seen));
  return { from, to: Math.min(total, from + seen) };
}

/**
 * Finds the pages that hold some rows.
 *
 * @param rows The rows.
 * @returns Numbers of pages, from 0.
 */
export function pagesOf({ from, to }: RowWindow): readonly number[] {
  const first = Math.floor(from / PAGE_ROWS);
  const last = Math.max(first, Math.floor((to - 1) / PAGE_ROWS));
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * Moves to another row by a key, as in any list.
 *
 * @param key The key, as browsers call it.
 * @param at The row.
 * @param total How many there are.
 * @param step How many rows a page has.
 * @returns The row to go to; `null`: the key does not move.
 */
export function rowAfterKey(key: string, at: number, total: number, step: number): number | null {
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + step,
    PageUp: at - step,
    Home: 0,
    End: total - 1,
  }[key];
  return to === undefined ? null : Math.max(0, Math.min(to, total - 1));
}
