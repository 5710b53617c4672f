import { assertEquals } from "@std/assert";
import {
  barLength,
  formatAge,
  formatMetric,
  formatMoment,
  formatSigned,
  machineTime,
} from "../../../../../tasks/_web/page/pure/formats.ts";

const HOUR = 3_600_000;

Deno.test("an age is said in the largest unit that still tells ages apart", () => {
  const ages = [-1, 0, 59_999, 60_000, 59 * 60_000, HOUR, 47 * HOUR, 48 * HOUR, 20_000 * HOUR];
  assertEquals(ages.map(formatAge), [
    "in the future",
    "just now",
    "just now",
    "1 minute",
    "59 minutes",
    "1 hour",
    "47 hours",
    "2 days",
    "833 days",
  ]);
});

Deno.test("a moment is told in the reader's zone", () => {
  const moment = Date.UTC(2026, 4, 1, 22, 30);
  assertEquals(formatMoment(moment, "UTC"), "1 May 2026, 22:30");
  assertEquals(formatMoment(moment, "Asia/Seoul"), "2 May 2026, 07:30");
  assertEquals(machineTime(moment), "2026-05-01T22:30:00.000Z");
});

Deno.test("a moment that no calendar has is said to be none, and breaks nothing", () => {
  assertEquals(formatMoment(1e17), "at no time that a calendar has");
  assertEquals(machineTime(1e17), "");
});

Deno.test("a metric has at most five digits that count, and stays readable when it is no number", () => {
  assertEquals(
    [0.123456789, 1234567, 1e-9, 0, -0.5, NaN, Infinity].map(formatMetric),
    ["0.12346", "1234600", "1e-9", "0", "-0.5", "NaN", "Infinity"],
  );
});

Deno.test("a difference has its sign", () => {
  assertEquals([67, -1234, 0].map(formatSigned), ["+67", "−1,234", "±0"]);
});

Deno.test("a bar can be seen as soon as there is something, and is never longer than the whole", () => {
  assertEquals(
    [barLength(0, 10), barLength(1, 100_000), barLength(5, 10), barLength(11, 10), barLength(1, 0)],
    ["0%", "0.50%", "50.00%", "100.00%", "0%"],
  );
});
