/**
 * Tables of text. Nothing in them is ever cut: where a table is too wide, columns leave that may, prose is
 * folded between its words, and what is left goes on lines of its own.
 *
 * @module
 */

import { foldWords, unbroken, widestWord } from "./fold.ts";
import { padText, textWidth, visibleText } from "./terminal_text.ts";

/** One column of a table; its texts are names, ids, paths or numbers, and stand on one line each. */
export interface Column {
  /** Which side its texts stand on. */
  readonly align: "left" | "right";
  /** Whether its texts are prose instead, which is folded between its words. @default {false} */
  readonly prose?: boolean;
  /** Where the table is too wide, the column of the least such number leaves first. @default {it stays} */
  readonly leaves?: number;
}

interface Laid extends Column {
  readonly index: number;
  readonly width: number;
  /** The columns that it takes at least, where it stands beside others. */
  readonly least: number;
}

const GAP = "  ";
const INDENT = "  ";

/** In fewer columns prose is not read, but spelled. */
const LEAST_OF_PROSE = 44;

/**
 * Lays rows out in columns, leaving out a column without any text. Where they are too wide, columns leave
 * that may. Then the first column and prose give way: where most texts of the first still fit, a wider one has
 * a line of its own, and prose is folded beside the others or, where that is too narrow, below them.
 *
 * @param columns The columns.
 * @param rows Texts by column; what could harm a terminal is written as visible escapes.
 * @param width Columns of the terminal.
 * @returns The lines of each row, for {@linkcode foldLines}; wider than that only where one text is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const columns = [{ align: "left" }, { align: "right" }] as const;
 * assertEquals(
 *   renderRows(columns, [["baseline", "1"], ["b", "12"], ["c", "3"]], 9),
 *   [["baseline", "        1"], ["b      12"], ["c       3"]],
 * );
 * ```
 */
export function renderRows(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly (readonly string[])[] {
  const texts = rows.map((row) => row.map(visibleText));
  const bands = layOut(withoutLeaving(laidOf(columns, texts, width), width), width);
  return texts.map((row) =>
    bands.flatMap((band, index) => renderBand(band, row, index === 0 ? "" : INDENT, width))
  );
}

/**
 * Tells which columns leave a table that is too wide.
 *
 * @param columns As {@linkcode renderRows} takes them.
 * @param rows Texts by column.
 * @param width Columns of the terminal.
 * @returns Their places, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const columns = [{ align: "left" }, { align: "right", leaves: 0 }] as const;
 * assertEquals(columnsLeaving(columns, [["baseline", "1"]], 9), [1]);
 * ```
 */
export function columnsLeaving(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly number[] {
  const used = laidOf(columns, rows.map((row) => row.map(visibleText)), width);
  const stay = new Set(withoutLeaving(used, width));
  return used.filter((column) => !stay.has(column)).map(({ index }) => index);
}

function laidOf(
  columns: readonly Column[],
  texts: readonly (readonly string[])[],
  width: number,
): readonly Laid[] {
  return columns.map((column, index): Laid => {
    const ofColumn = texts.map((row) => row[index] ?? "");
    const widths = ofColumn.map(textWidth);
    const natural = most(widths);
    const least = column.prose
      ? Math.max(Math.min(natural, LEAST_OF_PROSE), most(ofColumn.map(widestWord)))
      : index === 0
      ? Math.min(natural, Math.max(Math.floor(width / 3), median(widths)))
      : natural;
    return { ...column, index, width: natural, least };
  }).filter((column) => column.width > 0);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1] ?? 0;
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => Math.max(left, right), 0);
}

function withoutLeaving(columns: readonly Laid[], width: number): readonly Laid[] {
  const [first] = columns.filter(({ leaves }) => leaves !== undefined)
    .toSorted((left, right) => left.leaves! - right.leaves!);
  return first === undefined || sum(columns, "least") <= width
    ? columns
    : withoutLeaving(columns.filter((one) => one !== first), width);
}

/** Columns that stand beside each other, and below them those for which there is no room. */
function layOut(columns: readonly Laid[], width: number): readonly (readonly Laid[])[] {
  if (sum(columns, "width") <= width) return [columns];
  let spare = width - sum(columns, "least");
  if (spare >= 0) {
    return [columns.map((column) => {
      const gained = Math.min(spare, column.width - column.least);
      spare -= gained;
      return { ...column, width: column.least + gained };
    })];
  }
  const last = columns.findLast(({ prose }) => prose) ?? columns.at(-1)!;
  if (columns.length === 1) return [[{ ...last, width }]];
  const above = layOut(columns.filter((one) => one !== last), width);
  return [...above, [{ ...last, width: Math.min(last.width, width - INDENT.length) }]];
}

function renderBand(
  band: readonly Laid[],
  row: readonly string[],
  indent: string,
  width: number,
): readonly string[] {
  const [first] = band;
  const name = row[first?.index ?? 0] ?? "";
  const isApart = first !== undefined && !first.prose && textWidth(name) > first.width;
  const cells = band.map((column) => {
    const text = isApart && column === first ? "" : row[column.index] ?? "";
    return { column, lines: column.prose ? foldWords(text, column.width) : [text] };
  });
  const height = most(cells.map(({ lines }) => lines.length));
  const beside = Array.from(
    { length: height },
    (_, index) =>
      cells.map(({ column, lines }) => padText(lines[index] ?? "", column.width, column.align))
        .join(GAP).trimEnd(),
  );
  const lines = [...(isApart ? [name] : []), ...beside.filter((line) => line !== "")];
  return (lines.length === 0 && indent === "" ? [""] : lines).map((line) => {
    const whole = `${indent}${line}`;
    return textWidth(whole) > width ? `${indent}${unbroken(line)}` : whole;
  });
}

function sum(columns: readonly Laid[], key: "width" | "least"): number {
  return columns.reduce((total, column) => total + GAP.length + column[key], -GAP.length);
}
