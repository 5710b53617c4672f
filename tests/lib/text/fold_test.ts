import { assertEquals } from "@std/assert";
import { foldLines, unbroken } from "../../../lib/text/fold.ts";

const fold = (width: number, ...lines: readonly string[]) =>
  foldLines(lines, { width }).split("\n");

Deno.test("foldLines() leaves lines alone that fit, and all of them in a pipe", () => {
  const table = "a  b   c";
  assertEquals(fold(8, table, ""), [table, "", ""]);
  assertEquals(foldLines([`${table} ${unbroken("d  e")}`], {}), "a  b   c d  e\n");
});

Deno.test("foldLines() folds between words, and sets off what follows", () => {
  assertEquals(fold(12, "  one two three four"), ["  one two", "    three", "    four", ""]);
  assertEquals(fold(11, "실험 하나 더 있음"), ["실험 하나", "  더 있음", ""]);
});

Deno.test("foldLines() never breaks what is typed again, nor a number from its unit", () => {
  assertEquals(fold(12, "Run `deno task x` now"), ["Run", "  `deno task x`", "  now", ""]);
  assertEquals(fold(12, `To undo: ${unbroken("restore a b c")}`), [
    "To undo:",
    "  restore a b c",
    "",
  ]);
  assertEquals(fold(14, "it is of age 24 d or 1 KiB"), [
    "it is of age",
    "  24 d or",
    "  1 KiB",
    "",
  ]);
});

Deno.test("foldLines() gives colours no columns", () => {
  const bold = (text: string) => `\x1b[1m${text}\x1b[22m`;
  assertEquals(fold(7, bold("one two")), [bold("one two"), ""]);
  assertEquals(fold(9, bold("  one two six")), ["  \x1b[1mone two", "    six\x1b[22m", ""]);
});

Deno.test("unbroken() lets nothing through that a terminal obeys", () => {
  assertEquals(fold(80, unbroken("a\x1f\x1b[2J\nb")), ["a\\x1f\\x1b[2J\\nb", ""]);
});
