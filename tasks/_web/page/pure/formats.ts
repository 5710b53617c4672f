/**
 * Numbers, ages and moments as the page shows them. Sizes and counts are written as on the command line.
 *
 * @module
 */

import { formatCount, plural } from "../../../../lib/text/units.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Says how long something is ago, in the largest unit that still tells ages apart.
 *
 * @param ms The age; below zero: it lies in the future.
 * @returns Such as `3 days`.
 */
export function formatAge(ms: number): string {
  if (ms < 0) return "in the future";
  if (ms < MINUTE) return "just now";
  if (ms < HOUR) return plural(Math.floor(ms / MINUTE), "minute");
  if (ms < 2 * DAY) return plural(Math.floor(ms / HOUR), "hour");
  return plural(Math.floor(ms / DAY), "day");
}

/**
 * Says when something was, in the reader's zone.
 *
 * @param ms The moment, epoch ms.
 * @param timeZone The zone, if not the reader's.
 * @returns Such as `1 May 2026, 09:30`.
 */
export function formatMoment(ms: number, timeZone?: string): string {
  if (Number.isNaN(new Date(ms).getTime())) return "at no time that a calendar has";
  return new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(ms);
}

/**
 * Writes a moment as a machine reads it.
 *
 * @param ms The moment, epoch ms.
 * @returns An ISO date, or nothing where no calendar has the moment.
 */
export function machineTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/**
 * Writes the value of a metric with as many digits as tell runs apart.
 *
 * @param value The value.
 * @returns At most five significant digits.
 */
export function formatMetric(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value);
}

/**
 * Writes a difference with its sign.
 *
 * @param difference The difference of two counts.
 * @returns Such as `+67`, `−3` or `±0`.
 */
export function formatSigned(difference: number): string {
  const digits = formatCount(Math.abs(difference));
  return difference === 0 ? "±0" : `${difference > 0 ? "+" : "−"}${digits}`;
}

/**
 * Gives a part of a whole as a length of a bar. What is there at all can be seen.
 *
 * @param part The part.
 * @param whole The whole.
 * @returns Percent, for a style.
 */
export function barLength(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return "0%";
  return `${Math.max(0.5, Math.min(100, 100 * part / whole)).toFixed(2)}%`;
}
