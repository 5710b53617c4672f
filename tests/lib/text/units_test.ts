import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  days,
  durationOf,
  formatCount,
  formatDuration,
  formatSize,
  formatTime,
  minutes,
  parseDuration,
  parseSize,
  plural,
} from "../../../lib/text/units.ts";

Deno.test("parseDuration() reads units, fractions and spaces", () => {
  const read = ["30d", "1d2h3m4s", "1.5h", ".5m", "2 min", "3 h 20 min", " 10s ", "0d"];
  assertEquals(read.map((text) => parseDuration(text)), [
    2_592_000_000,
    93_784_000,
    5_400_000,
    30_000,
    120_000,
    12_000_000,
    10_000,
    0,
  ]);
});

Deno.test("parseDuration() takes a bare number in the unit asked for, days by default", () => {
  assertEquals(parseDuration("30"), days(30));
  assertEquals(parseDuration("1.5", { bareUnit: "h" }), minutes(90));
  assertEquals(parseDuration("30s", { bareUnit: "h" }), 30_000);
});

Deno.test("parseDuration() refuses anything else and says what it found", () => {
  for (
    const text of [
      "",
      " ",
      "d",
      "-1d",
      "+1",
      "NaN",
      "1e3",
      "1w",
      "2h1d",
      "1d1d",
      "1,5d",
      "9".repeat(20),
    ]
  ) {
    assertThrows(
      () => parseDuration(text),
      RangeError,
      `Cannot read a duration: expected a form like 30d, 12h or 1d2h30m, found ${
        JSON.stringify(text)
      }`,
    );
  }
});

Deno.test("formatDuration() shows at most two neighbouring units", () => {
  const shown = [0, 999, 1_000, 120_000, 12_000_000, days(45), days(1) + 3_000, 93_784_000];
  assertEquals([...shown, days(1389)].map(formatDuration), [
    "0 s",
    "0 s",
    "1 s",
    "2 min",
    "3 h 20 min",
    "45 d",
    "1 d",
    "1 d 2 h",
    "1,389 d",
  ]);
});

Deno.test("parseDuration() reads back what formatDuration() writes, up to what was cut off", () => {
  fc.assert(fc.property(fc.nat(days(10_000)), (ms) => {
    const back = parseDuration(formatDuration(ms));
    const precision = [days(1), 3_600_000, minutes(1)].find((unit) => ms >= unit) ?? 60_000;
    return back <= ms && ms - back < precision / (precision === days(1) ? 24 : 60) &&
      formatDuration(back) === formatDuration(ms);
  }));
});

Deno.test("parseSize() tells decimal units from binary ones", () => {
  const read = ["512", "512B", "20GB", "20gb", "1.5 KiB", "1TiB", "0"];
  assertEquals(read.map(parseSize), [
    512,
    512,
    20_000_000_000,
    20_000_000_000,
    1536,
    1_099_511_627_776,
    0,
  ]);
});

Deno.test("parseSize() refuses anything else and says what it found", () => {
  for (const text of ["", "GB", "-1GB", "1 G", "1e3", "NaN", "1GiB2", "9999999PB"]) {
    assertThrows(
      () => parseSize(text),
      RangeError,
      `Cannot read a size: expected a form like 500MB or 20GiB, found ${JSON.stringify(text)}`,
    );
  }
});

Deno.test("formatSize() keeps one decimal and never shows 1024 of a unit", () => {
  const shown = [0, 512, 1023, 1024, 1536, 4_402_341_478, 1024 ** 2 - 1, 1024 ** 5 * 3000];
  assertEquals(shown.map(formatSize), [
    "0 B",
    "512 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "4.1 GiB",
    "1.0 MiB",
    "3000.0 PiB",
  ]);
});

Deno.test("parseSize() reads back what formatSize() writes, up to its one decimal", () => {
  fc.assert(fc.property(fc.nat(Number.MAX_SAFE_INTEGER / 1.1), (bytes) => {
    const back = parseSize(formatSize(bytes));
    return bytes < 1024 ? back === bytes : Math.abs(back - bytes) <= bytes * 0.0501;
  }));
});

Deno.test("formatCount() puts commas between thousands", () => {
  assertEquals([0, 999, 1293, 1_000_000].map(formatCount), ["0", "999", "1,293", "1,000,000"]);
});

Deno.test("plural() agrees with its number", () => {
  assertEquals([plural(1, "run"), plural(0, "run"), plural(1293, "run")], [
    "1 run",
    "0 runs",
    "1,293 runs",
  ]);
  assertEquals(plural(2, "directory", "directories"), "2 directories");
});

Deno.test("formatTime() shows minutes in UTC, and survives times out of any calendar", () => {
  assertEquals(formatTime(1_795_402_739_999), "2026-11-23 02:58 UTC");
  assertEquals(formatTime(-1), "1969-12-31 23:59 UTC");
  assertEquals(formatTime(8.64e15), "+275760-09-13 00:00 UTC");
  assertEquals(formatTime(8.65e15), "8650000000000000 ms");
});

Deno.test("durationOf() takes milliseconds, or a text with a unit", () => {
  assertEquals(["30d", " 1d6h ", "10m", 0, 1.5].map(durationOf), [
    30 * 86_400_000,
    30 * 3_600_000,
    600_000,
    0,
    1.5,
  ]);
  for (const text of ["30", "", "soon", "-1d"]) {
    assertThrows(() => durationOf(text), RangeError, `found ${JSON.stringify(text)}`);
  }
});
