import { assertEquals } from "@std/assert";
import { type Column, renderRows } from "../../../lib/text/rows.ts";

const COLUMNS: readonly Column[] = [{ align: "left" }, { align: "left" }, { align: "right" }];
const ROWS = [["baseline", "12345", "7"], ["실험", "1", "1,293"]];

const PROSE: readonly Column[] = [{ align: "left" }, { align: "left", prose: true }];
const WORDS = "it is RUNNING, and has written nothing for 62 days; MLflow shows it so forever";

Deno.test("renderRows() lines columns up by what a terminal shows", () => {
  assertEquals(renderRows(COLUMNS, ROWS, Infinity), [
    ["baseline  12345      7"],
    ["실험      1      1,293"],
  ]);
});

Deno.test("renderRows() gives a name that is too wide a line of its own", () => {
  assertEquals(renderRows(COLUMNS, [...ROWS, ["b", "12", "3"]], 20), [
    ["baseline", "        12345      7"],
    ["실험    1      1,293"],
    ["b       12         3"],
  ]);
});

Deno.test("renderRows() puts what has no room beside the others below them, and cuts nothing", () => {
  assertEquals(renderRows(COLUMNS, ROWS, 12), [["baseline", "  12345", "      7"], [
    "실험",
    "  1",
    "  1,293",
  ]]);
});

Deno.test("renderRows() lets columns go in their order, as far as it is too narrow", () => {
  const columns: readonly Column[] = [
    { align: "left" },
    { align: "left", leaves: 2 },
    { align: "left", leaves: 1 },
  ];
  const rows = [["name", "0123456789", "status"]];
  assertEquals(renderRows(columns, rows, 24), [["name  0123456789  status"]]);
  assertEquals(renderRows(columns, rows, 20), [["name  0123456789"]]);
  assertEquals(renderRows(columns, rows, 14), [["name"]]);
});

Deno.test("renderRows() folds prose beside the others, or below them where that is too narrow", () => {
  assertEquals(renderRows(PROSE, [["0/a", WORDS], ["0/b", "short"]], 60), [
    [
      "0/a  it is RUNNING, and has written nothing for 62 days;",
      "     MLflow shows it so forever",
    ],
    ["0/b  short"],
  ]);
  assertEquals(renderRows(PROSE, [["284451880179339498", WORDS], ["0", "short"]], 60), [
    [
      "284451880179339498",
      "  it is RUNNING, and has written nothing for 62 days; MLflow",
      "  shows it so forever",
    ],
    ["0", "  short"],
  ]);
});

Deno.test("renderRows() puts prose below where a word of it has no room beside the others", () => {
  const path = "846923820429649724/0123456789abcdef0123456789abcdef";
  assertEquals(renderRows(PROSE, [["name", `see ${path}`]], 56), [[
    "name",
    "  see",
    `  ${path}`,
  ]]);
});

Deno.test("renderRows() leaves out a column without any text", () => {
  assertEquals(
    renderRows(COLUMNS, [["", "12345", "7"], ["", "1"]], Infinity),
    [["12345  7"], ["1"]],
  );
});

Deno.test("renderRows() keeps a text on one line", () => {
  assertEquals(renderRows([{ align: "left" }], [["two\nlines"]], Infinity), [["two\\nlines"]]);
});

Deno.test("renderRows() gives nothing for nothing", () => {
  assertEquals(renderRows(COLUMNS, [], 80), []);
});
