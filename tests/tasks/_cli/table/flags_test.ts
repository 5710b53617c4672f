import { assertEquals, assertThrows } from "@std/assert";
import {
  parseDays,
  parseMetric,
  parseMoment,
  parseSpan,
  parseWholeNumber,
} from "../../../../tasks/_cli/table/flags.ts";

Deno.test("parseDays() reads whole days and fractions", () => {
  assertEquals(["0", "30", "0.5", ".5", "7."].map(parseDays), [0, 30, 0.5, 0.5, 7]);
});

Deno.test("parseDays() refuses a number too large to be one", () => {
  assertThrows(() => parseDays("9".repeat(400)), RangeError, "expected a number of days");
});

Deno.test("parseSpan() reads durations, and a number without a unit in the unit given", () => {
  assertEquals(["30d", "12h", "1d2h30m"].map(parseSpan("d")), [
    2_592_000_000,
    43_200_000,
    95_400_000,
  ]);
  assertEquals([parseSpan("d")("10"), parseSpan("m")("10")], [864_000_000, 600_000]);
});

Deno.test("parseSpan() says what it expects", () => {
  for (const text of ["", "-5d", "soon", "5 weeks"]) {
    assertThrows(() => parseSpan("d")(text), RangeError, "expected a duration such as 30d");
  }
});

Deno.test("parseWholeNumber() refuses what is below its least, no whole number, or not exact", () => {
  assertEquals(parseWholeNumber(1)("12"), 12);
  for (const text of ["0", "-1", "1.5", "1e3", "", "9007199254740993"]) {
    assertThrows(() => parseWholeNumber(1)(text), RangeError, "expected a whole number, 1 or more");
  }
});

Deno.test("parseMetric() tells which way is better only where it is said", () => {
  assertEquals(["f1", "val/f1:max", "a:b:min", "loss:least"].map(parseMetric), [
    { name: "f1", mode: null },
    { name: "val/f1", mode: "max" },
    { name: "a:b", mode: "min" },
    { name: "loss:least", mode: null },
  ]);
  assertThrows(() => parseMetric(":min"), RangeError, "expected a metric such as f1 or loss:min");
});

Deno.test("parseMoment() reads dates, moments with an offset and epoch milliseconds", () => {
  assertEquals(
    ["2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00.5+09:00", "1769860800000"]
      .map(parseMoment),
    [1_769_817_600_000, 1_769_860_800_000, 1_769_828_400_500, 1_769_860_800_000],
  );
});

Deno.test("parseMoment() refuses a moment without an offset, which depends on the machine", () => {
  for (const text of ["2026-01-31T12:00:00", "2026-13-01", "31.01.2026", "now", ""]) {
    assertThrows(() => parseMoment(text), RangeError, "expected a moment such as");
  }
});
