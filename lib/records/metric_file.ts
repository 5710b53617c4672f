/**
 * Metric files → what a policy compares: the latest value and the extremes of the history.
 *
 * @module
 */

import { isMeasured, type MetricSummary } from "../store/extras.ts";
import {
  pythonLines,
  pythonLinesWithEnds,
  pythonStripped,
  readPythonFloat,
  readPythonInteger,
} from "../text/python_text.ts";
import { utf8Length } from "../text/utf8.ts";

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
  const points = usualPoints(text) ?? pointsOf(text);
  if (typeof points === "string") return points;
  let latest: Point | null = null;
  let least = Infinity;
  let greatest = -Infinity;
  for (const point of points) {
    if (latest === null || isLater(point, latest)) latest = point;
    if (!isMeasured(point.value)) continue;
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

/** One line of a metric. */
export interface Point {
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

/** What MLflow's file store takes for the step also where a dataset's two columns follow it (3.0 to 3.17). */
const NO_STEP = 0;

/** Lines as MLflow itself writes them, which spares nearly every file the slow way. */
const USUAL = /(\d+) (-?\d+(?:\.\d+)?(?:e[-+]\d+)?|nan) (-?\d+)( [!-~]+ [!-~]+)?\n/y;

/** `null` where a line is another one. */
function usualPoints(text: string): readonly Point[] | null {
  const points: Point[] = [];
  USUAL.lastIndex = 0;
  while (USUAL.lastIndex < text.length) {
    const found = USUAL.exec(text);
    if (found === null) return null;
    const [, time, value, step, dataset] = found;
    points.push({
      time: Number(time),
      value: Number(value),
      step: dataset === undefined ? Number(step) : NO_STEP,
    });
  }
  return points;
}

function pointsOf(text: string): readonly Point[] | string {
  const points: Point[] = [];
  for (const [index, line] of pythonLines(text).entries()) {
    const point = pointOf(pythonStripped(line).split(" "));
    if (point === null) return `line ${index + 1} is no point of a metric`;
    points.push(point);
  }
  return points;
}

/**
 * Takes a line of a run's metric apart.
 *
 * @param columns What stands between its single spaces.
 * @returns The point; `null` where MLflow cannot read it.
 */
export function pointOf(columns: readonly string[]): Point | null {
  if (![2, 3, 5].includes(columns.length)) return null;
  const [time, value] = [readPythonInteger(columns[0]!), readPythonFloat(columns[1]!)];
  const step = columns.length === 3 ? readPythonInteger(columns[2]!) : NO_STEP;
  return time === null || value === null || step === null ? null : { step, time, value };
}

/**
 * Orders points as MLflow does, which shows the latest. NaN is before every other value, so that the order is
 * total.
 *
 * @param left One point.
 * @param right Another one.
 * @returns Whether the left one is later.
 */
export function isLater(left: Point, right: Point): boolean {
  if (left.step !== right.step) return left.step > right.step;
  if (left.time !== right.time) return left.time > right.time;
  return left.value > right.value || Number.isNaN(right.value) && !Number.isNaN(left.value);
}

/**
 * Chooses which points of a long metric stay: the first, the last as MLflow shows it, the least and the greatest, and
 * of the others every so many, so that no more stay than are asked for.
 *
 * @param points All of them.
 * @param most How many may stay, 10 or more.
 * @returns Their places; all of them where there are no more.
 */
export function pointsToStay(points: readonly Point[], most: number): ReadonlySet<number> {
  if (points.length <= most) return new Set(points.keys());
  const order = [...points.keys()].toSorted((left, right) => {
    const [one, other] = [points[left]!, points[right]!];
    return isLater(one, other) ? 1 : isLater(other, one) ? -1 : left - right;
  });
  const staying = new Set([order[0]!, order.at(-1)!]);
  const measured = order.filter((place) => isMeasured(points[place]!.value));
  const byValue = (isBetter: (left: number, right: number) => boolean) =>
    measured.reduce(
      (best, place) => isBetter(points[place]!.value, points[best]!.value) ? place : best,
      measured[0]!,
    );
  if (measured.length > 0) {
    staying.add(byValue((left, right) => left < right)).add(byValue((left, right) => left > right));
  }
  const step = Math.ceil(points.length / (most - ALWAYS));
  for (let at = 0; at < order.length; at += step) staying.add(order[at]!);
  return staying;
}

/** The first, the last, the least and the greatest point. */
const ALWAYS = 4;

/** What a long metric's file would lose. */
export interface Thinning {
  readonly points: number;
  readonly stays: number;
  /** Parts of the file: bytes from the first, up to and without the second. */
  readonly cuts: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Finds what to cut out of a long metric's file.
 *
 * @param text The text of `metrics/<key>`.
 * @param most How many points may stay, 10 or more.
 * @returns The parts; `null` where it is not too long, or a line of it is no point that MLflow can read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = Array.from({ length: 12 }, (_, step) => `1700000000000 0.${step} ${step}\n`).join("");
 * assertEquals(thinningOf(text, 10), {
 *   points: 12,
 *   stays: 8,
 *   cuts: [20, 60, 100, 140].map((from) => ({ from, to: from + 20 })),
 * });
 * assertEquals(thinningOf(text, 12), null);
 * ```
 */
export function thinningOf(text: string, most: number): Thinning | null {
  const lines = pythonLinesWithEnds(text);
  if (lines.length <= most || !text.endsWith("\n")) return null;
  const points: Point[] = [];
  for (const line of lines) {
    const point = pointOf(pythonStripped(line).split(" "));
    if (point === null) return null;
    points.push(point);
  }
  const staying = pointsToStay(points, most);
  const cuts: { from: number; to: number }[] = [];
  let at = 0;
  for (const [index, line] of lines.entries()) {
    const to = at + utf8Length(line);
    const last = cuts.at(-1);
    if (staying.has(index)) at = to;
    else if (last?.to === at) last.to = to;
    else cuts.push({ from: at, to });
    at = to;
  }
  return { points: points.length, stays: staying.size, cuts };
}
