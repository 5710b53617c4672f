import { padText, shortenText, textWidth, visibleText } from "./terminal_text.ts";

/** One column of a table. */
export interface Column {
  /** Which side its texts stand on. */
  readonly align: "left" | "right";
  /** The columns of the terminal it may be shortened to; left out for one that never is. */
  readonly least?: number;
}

const GAP = "  ";

/**
 * Lays rows out in columns, leaving out a column without any text. Where they are too wide, the columns that may be shortened give way,
 * the first one first.
 *
 * @param columns The columns.
 * @param rows Texts by column; what could harm a terminal is written as visible escapes.
 * @param width Columns of the terminal.
 * @returns One line for each row, without spaces at its end.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   renderRows([{ align: "left", least: 4 }, { align: "right" }], [["baseline", "1"], ["b", "12"]], 9),
 *   ["base…   1", "b      12"],
 * );
 * ```
 */
export function renderRows(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const texts = rows.map((row) => row.map(visibleText));
  const used = columns.map((column, index) => ({
    ...column,
    index,
    width: texts.reduce((most, row) => Math.max(most, textWidth(row[index] ?? "")), 0),
  })).filter((column) => column.width > 0);
  let excess = used.reduce((sum, each) => sum + GAP.length + each.width, -GAP.length) - width;
  const fitted = used.map((column) => {
    const spare = Math.max(column.width - (column.least ?? column.width), 0);
    const cut = Math.min(Math.max(excess, 0), spare);
    excess -= cut;
    return { ...column, width: column.width - cut };
  });
  return texts.map((row) =>
    fitted.map((column) =>
      padText(shortenText(row[column.index] ?? "", column.width), column.width, column.align)
    ).join(GAP).trimEnd()
  );
}
