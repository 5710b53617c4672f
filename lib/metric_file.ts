/**
 * Metric files → what a policy compares: the latest value and the extremes of the history.
 *
 * @module
 */

import type { MetricSummary } from "./extras.ts";

/**
 * Reads a metric's file as MLflow does: each line has 2, 3 or 5 columns, with one space between, and
 * there is at least one. MLflow refuses the whole run otherwise (up to 3.17).
 *
 * @param text The text of `metrics/<key>`.
 * @returns The summary, or what is wrong with the file, in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(summarizeMetric("17 0.5 0\n18 0.7 1\n19 0.6 2\n"), {
 *   latest: 0.6,
 *   least: 0.5,
 *   greatest: 0.7,
 * });
 * ```
 */
export function summarizeMetric(text: string): MetricSummary | string {
  let latest: Point | null = null;
  let least = Infinity;
  let greatest = -Infinity;
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [index, line] of lines.entries()) {
    const point = pointOf(line.trim().split(" "));
    if (point === null) return `line ${index + 1} is no point of a metric`;
    if (latest === null || isLater(point, latest)) latest = point;
    if (!Number.isFinite(point.value)) continue;
    least = Math.min(least, point.value);
    greatest = Math.max(greatest, point.value);
  }
  if (latest === null) return "the file is empty";
  const isKnown = least !== Infinity;
  return {
    latest: latest.value,
    least: isKnown ? least : null,
    greatest: isKnown ? greatest : null,
  };
}

interface Point {
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

function pointOf(columns: readonly string[]): Point | null {
  if (![2, 3, 5].includes(columns.length)) return null;
  const [time, value] = [wholeNumber(columns[0]!), pythonFloat(columns[1]!)];
  // With a dataset's two columns MLflow's file store takes the step for 0 (3.0 to 3.17).
  const step = columns.length === 3 ? wholeNumber(columns[2]!) : 0;
  return time === null || value === null || step === null ? null : { step, time, value };
}

/** NaN is before every other value, so that the order is total. */
function isLater(left: Point, right: Point): boolean {
  if (left.step !== right.step) return left.step > right.step;
  if (left.time !== right.time) return left.time > right.time;
  return left.value > right.value || Number.isNaN(right.value) && !Number.isNaN(left.value);
}

function wholeNumber(text: string): number | null {
  return /^[-+]?\d(?:_?\d)*$/.test(text) ? Number(text.replaceAll("_", "")) : null;
}

const DIGITS = String.raw`\d(?:_?\d)*`;
const FLOAT = new RegExp(
  `^[-+]?(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:e[-+]?${DIGITS})?$`,
  "i",
);

/** What Python's `float()` takes. */
function pythonFloat(text: string): number | null {
  if (/^[-+]?nan$/i.test(text)) return NaN;
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return FLOAT.test(text) ? Number(text.replaceAll("_", "")) : null;
}
