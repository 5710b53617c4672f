import { assertEquals } from "@std/assert";
import { type Column, renderRows } from "../../../lib/text/rows.ts";

const COLUMNS: readonly Column[] = [
  { align: "left", least: 6 },
  { align: "left", least: 3 },
  { align: "right" },
];
const ROWS = [["baseline", "12345", "7"], ["실험", "1", "1,293"]];

Deno.test("renderRows() lines columns up by what a terminal shows", () => {
  assertEquals(renderRows(COLUMNS, ROWS, Infinity), [
    "baseline  12345      7",
    "실험      1      1,293",
  ]);
});

Deno.test("renderRows() shortens the first column, then the second, then none", () => {
  assertEquals(renderRows(COLUMNS, ROWS, 21), [
    "baseli…  12345      7",
    "실험     1      1,293",
  ]);
  const narrowest = [
    "basel…  12…      7",
    "실험    1    1,293",
  ];
  assertEquals(renderRows(COLUMNS, ROWS, 18), narrowest);
  assertEquals(renderRows(COLUMNS, ROWS, 1), narrowest);
});

Deno.test("renderRows() leaves out a column without any text", () => {
  assertEquals(renderRows(COLUMNS, [["", "12345", "7"], ["", "1"]], Infinity), ["12345  7", "1"]);
});

Deno.test("renderRows() keeps a row on one line", () => {
  assertEquals(renderRows([{ align: "left" }], [["two\nlines"]], Infinity), ["two\\nlines"]);
});

Deno.test("renderRows() gives nothing for nothing", () => {
  assertEquals(renderRows(COLUMNS, [], 80), []);
});
