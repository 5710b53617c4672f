/**
 * Durations, sizes, counts and times, as people type and read them.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";

/** A unit of time that {@linkcode parseDuration} knows: days, hours, minutes, seconds. */
export type DurationUnit = "d" | "h" | "m" | "s";

/** Options of {@linkcode parseDuration}. */
export interface ParseDurationOptions {
  /**
   * The unit of a number that has none.
   *
   * @default {"d"}
   */
  readonly bareUnit?: DurationUnit;
}

const UNIT_MS: Readonly<Record<DurationUnit, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};

/**
 * Gives a number of days as milliseconds.
 *
 * @param count How many days.
 * @returns Milliseconds.
 */
export function days(count: number): number {
  return count * UNIT_MS.d;
}

/**
 * Gives a number of minutes as milliseconds.
 *
 * @param count How many minutes.
 * @returns Milliseconds.
 */
export function minutes(count: number): number {
  return count * UNIT_MS.m;
}

const NUMBER = String.raw`(\d+(?:\.\d+)?|\.\d+)`;
const BARE_NUMBER = new RegExp(`^${NUMBER}$`);
const DURATION = new RegExp(
  `^(?:${NUMBER} *d)?(?: *${NUMBER} *h)?(?: *${NUMBER} *m(?:in)?)?(?: *${NUMBER} *s)?$`,
);
const THOUSANDS_OF_DAYS = /^\d{1,3}(?:,\d{3})+(?= *d)/;
const SIZE = new RegExp(`^${NUMBER} *([a-z]*)$`, "i");

/**
 * Reads a duration: `30d`, `1d2h3m4s`, `1.5h`, as `mlflow gc --older-than` takes them, or as
 * {@linkcode formatDuration} writes them.
 *
 * @param text The duration, its units in falling order.
 * @param options The unit of a bare number.
 * @returns Milliseconds, a whole number.
 * @throws {InvalidArgumentError} When the text is no duration, or one too long to count in milliseconds.
 *
 * @example With and without a unit
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseDuration } from "./units.ts";
 *
 * assertEquals(parseDuration("1h30m"), 5_400_000);
 * assertEquals(parseDuration("30"), parseDuration("30d"));
 * assertEquals(parseDuration("10", { bareUnit: "m" }), 600_000);
 * ```
 */
export function parseDuration(text: string, options: ParseDurationOptions = {}): number {
  const plain = text.trim().replace(THOUSANDS_OF_DAYS, (count) => count.replaceAll(",", ""));
  const bare = BARE_NUMBER.test(plain) ? options.bareUnit ?? "d" : "";
  const counts = DURATION.exec(plain + bare)?.slice(1) ?? [];
  const sum = [UNIT_MS.d, UNIT_MS.h, UNIT_MS.m, UNIT_MS.s]
    .reduce((total, unit, index) => total + Number(counts[index] ?? 0) * unit, 0);
  const ms = Math.round(sum);
  if (counts.every((count) => count === undefined) || !Number.isSafeInteger(ms)) {
    throw noDuration(text);
  }
  return ms;
}

/** A duration: milliseconds, or a text such as `30d`, `12h` or `1d2h30m`. */
export type Duration = number | string;

/**
 * Gives a duration as milliseconds.
 *
 * @param duration Milliseconds, or a text with a unit.
 * @returns Milliseconds.
 * @throws {InvalidArgumentError} When a text is no duration, or has no unit: a number counts in
 *   milliseconds, and a number that is typed in days.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { days, durationOf } from "./units.ts";
 *
 * assertEquals(durationOf("30d"), days(30));
 * assertEquals(durationOf(600_000), 600_000);
 * assertThrows(() => durationOf("30"), RangeError, "expected a form like 30d");
 * ```
 */
export function durationOf(duration: Duration): number {
  if (typeof duration !== "string") return duration;
  if (BARE_NUMBER.test(duration.trim())) throw noDuration(duration);
  return parseDuration(duration);
}

function noDuration(text: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot read a duration: expected a form like 30d, 12h or 1d2h30m, found ${
      JSON.stringify(text)
    }`,
  );
}

const SHOWN_UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["d", UNIT_MS.d],
  ["h", UNIT_MS.h],
  ["min", UNIT_MS.m],
  ["s", UNIT_MS.s],
];

/**
 * Writes a duration for people, cut to its two largest neighbouring units.
 *
 * @param ms Milliseconds, zero or more.
 * @returns Such as `45 d`, `1,389 d`, `3 h 20 min` or `0 s`.
 *
 * @example Seconds do not matter after three hours
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDuration } from "./units.ts";
 *
 * assertEquals(formatDuration(3 * 3_600_000 + 20 * 60_000 + 7_000), "3 h 20 min");
 * ```
 */
export function formatDuration(ms: number): string {
  const first = SHOWN_UNITS.findIndex(([, unit]) => ms >= unit);
  if (first === -1) return "0 s";
  let rest = ms;
  return SHOWN_UNITS.slice(first, first + 2)
    .map(([name, unit]) => {
      const count = Math.floor(rest / unit);
      rest -= count * unit;
      return count === 0 ? "" : `${formatCount(count)} ${name}`;
    })
    .join(" ")
    .trimEnd();
}

const SIZE_UNITS: ReadonlyMap<string, number> = new Map(
  ["", "k", "m", "g", "t", "p"].flatMap((prefix, power) => [
    [`${prefix}b`, 1000 ** power],
    [prefix === "" ? "" : `${prefix}ib`, 1024 ** power],
  ]),
);

/**
 * Reads a size: `20GB` counts in thousands, `20GiB` in 1024s, a number without a unit in bytes.
 *
 * @param text The size; upper and lower case mean the same.
 * @returns Bytes, a whole number.
 * @throws {InvalidArgumentError} When the text is no size, or one too large to count.
 *
 * @example Decimal and binary
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseSize } from "./units.ts";
 *
 * assertEquals(parseSize("1.5kB"), 1500);
 * assertEquals(parseSize("1.5 KiB"), 1536);
 * ```
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text.trim());
  const unit = SIZE_UNITS.get(match?.[2]?.toLowerCase() ?? "?");
  const bytes = Math.round(Number(match?.[1]) * (unit ?? NaN));
  if (!Number.isSafeInteger(bytes)) {
    throw new InvalidArgumentError(
      `Cannot read a size: expected a form like 500MB or 20GiB, found ${JSON.stringify(text)}`,
    );
  }
  return bytes;
}

/**
 * Writes a size for people.
 *
 * @param bytes Bytes, zero or more.
 * @returns Such as `512 B` or `4.1 GiB`.
 *
 * @example One decimal is enough
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatSize } from "./units.ts";
 *
 * assertEquals(formatSize(4_402_341_478), "4.1 GiB");
 * ```
 */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB", "PiB"]) {
    // What one decimal would round up to 1024.0 belongs to the next unit already.
    if (value < (unit === "B" ? 1024 : 1023.95)) break;
    value /= 1024;
    unit = next;
  }
  return `${unit === "B" ? value : value.toFixed(1)} ${unit}`;
}

/**
 * Writes a duration as one types it, in whole minutes.
 *
 * @param ms Milliseconds; a rest of less than a minute is cut.
 * @returns Such as `30d` or `1d6h30m`, which {@linkcode parseDuration} reads.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseDuration, typedDuration } from "./units.ts";
 *
 * assertEquals(typedDuration(parseDuration("1d6h30m")), "1d6h30m");
 * ```
 */
export function typedDuration(ms: number): string {
  const minutes = Math.floor(ms / UNIT_MS.m);
  const counts = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  return counts.map((count, index) => count === 0 ? "" : `${count}${"dhm"[index]}`).join("") ||
    "0d";
}

/**
 * Reads a share: `50%`, or a number from 0 to 1.
 *
 * @param text The share.
 * @returns 0 to 1.
 * @throws {InvalidArgumentError} When the text is no share.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseShare } from "./units.ts";
 *
 * assertEquals(parseShare("50%"), 0.5);
 * ```
 */
export function parseShare(text: string): number {
  const [, digits = "", percent = ""] = /^(\d+\.?\d*|\.\d+) *(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (percent === "%" ? 100 : 1);
  if (digits === "" || value > 1) {
    throw new InvalidArgumentError(
      `Cannot read a share: expected a form like 50% or 0.5, found ${JSON.stringify(text)}`,
    );
  }
  return value;
}

/**
 * Writes a share the way it is typed, without what binary fractions add to it.
 *
 * @param share 0 to 1.
 * @returns Percent, which {@link parseShare} reads.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { typedShare } from "./units.ts";
 *
 * assertEquals(typedShare(0.07), "7%");
 * ```
 */
export function typedShare(share: number): string {
  return `${Number((100 * share).toPrecision(12))}%`;
}

/**
 * Reads a count: `900k` and `1.5M` count in thousands.
 *
 * @param text The count.
 * @returns A whole number.
 * @throws {InvalidArgumentError} When the text is no count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseCount } from "./units.ts";
 *
 * assertEquals(parseCount("900k"), 900_000);
 * ```
 */
export function parseCount(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+\.?\d*|\.\d+) *([km]?)$/i.exec(text.trim()) ?? [];
  const count = Number(digits) * (unit === "" ? 1 : unit.toLowerCase() === "k" ? 1e3 : 1e6);
  if (digits === "" || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(
      `Cannot read a count: expected a form like 900k or 1.5M, found ${JSON.stringify(text)}`,
    );
  }
  return count;
}

/**
 * Writes a count with a comma between thousands.
 *
 * @param count A whole number.
 * @returns Such as `1,293`.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/**
 * Writes a count with its noun.
 *
 * @param count A whole number.
 * @param one The noun in the singular.
 * @param many The noun in the plural.
 * @returns Such as `1 run`, `1,293 runs`.
 *
 * @example An irregular noun
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { plural } from "./units.ts";
 *
 * assertEquals(plural(2, "directory", "directories"), "2 directories");
 * ```
 */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The last moment that `Date` can hold, either way from 1970. */
export const MAXIMUM_TIME = 8.64e15;

/**
 * Writes a moment for people.
 *
 * @param ms Epoch milliseconds.
 * @returns Such as `2026-11-23 02:45 UTC`; the bare number of ms where no calendar reaches.
 *
 * @example Always UTC
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatTime } from "./units.ts";
 *
 * assertEquals(formatTime(0), "1970-01-01 00:00 UTC");
 * ```
 */
export function formatTime(ms: number): string {
  if (!(Math.abs(ms) <= MAXIMUM_TIME)) return `${ms} ms`;
  return new Date(ms).toISOString().replace(/T(\d\d:\d\d).*$/, " $1 UTC");
}
