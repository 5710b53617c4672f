/**
 * What MLflow lets a program log: keys, values and names, by the rules of its clients 2.17 and newer.
 *
 * @module
 */

import { isKeyName } from "../store/names.ts";
import type { MetricPoint } from "../store/tracking_model.ts";
import { isRecord } from "../text/json.ts";
import { pythonFloat, pythonText } from "../text/python_text.ts";

/** MLflow's limits, in characters (code points). */
export const LOGGING_LIMITS = {
  /** Of a metric's, a parameter's and a tag's key. */
  key: 250,
  /** Of a parameter's value; what is longer is cut (2.8.0). */
  param: 6000,
  /** Of a run tag's value; what is longer is cut (2.17.0). */
  tag: 8000,
  /** Of an experiment's name. */
  experimentName: 500,
  /** Of an experiment tag's value, as MLflow 2 has it. */
  experimentTag: 5000,
  /** Of an experiment's artifact location. */
  artifactLocation: 2048,
  /** Of a dataset's fields and of the values of an input's tags. */
  dataset: {
    name: 500,
    digest: 36,
    source: 65_535,
    schema: 1_048_575,
    profile: 16_777_215,
    tagKey: 255,
    tag: 500,
  },
} as const;

/**
 * Says why MLflow would refuse a key.
 *
 * @param key The key of a metric, parameter or tag.
 * @returns The reason, or `null` when the key is fine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(keyFault("val/loss"), null);
 * assertEquals(keyFault("../loss"), "expected a relative path without empty parts, . and ..");
 * ```
 */
export function keyFault(key: unknown): string | null {
  if (typeof key !== "string") return `expected text, found ${pythonTextOrType(key)}`;
  if (!/^[\p{L}\p{N}_/\-. :]+$/u.test(key)) {
    return "expected letters, digits, _ - . : / and spaces only";
  }
  if (!isKeyName(key)) return "expected a relative path without empty parts, . and ..";
  return lengthFault(key, LOGGING_LIMITS.key);
}

/**
 * Says why a path cannot be an artifact's.
 *
 * @param path The path below the run's artifacts, with `/`.
 * @returns The reason, or `null` when the path is fine.
 */
export function artifactPathFault(path: unknown): string | null {
  return typeof path !== "string" || path.includes("\0") ||
      path.split("/").some((part) => ["", ".", ".."].includes(part))
    ? "expected a relative path without empty parts, . and .."
    : null;
}

/**
 * Says why an experiment cannot have a name. MLflow itself cannot look a name up that has a single
 * quote (2.22 and 3.17), so it could neither find nor create such an experiment.
 *
 * @param name The name.
 * @returns The reason, or `null` when the name is fine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(experimentNameFault("고객 이탈 / v2"), null);
 * assertEquals(experimentNameFault(""), "expected at least one character");
 * ```
 */
export function experimentNameFault(name: string): string | null {
  if (name === "") return "expected at least one character";
  if (name.includes("'")) return "expected no single quote, with which MLflow cannot look it up";
  if (!name.isWellFormed()) return "expected no half of a surrogate pair";
  return lengthFault(name, LOGGING_LIMITS.experimentName);
}

/**
 * Says whether a text is longer than MLflow allows.
 *
 * @param text The text.
 * @param limit Characters.
 * @returns The reason, or `null` when it is short enough.
 */
export function lengthFault(text: string, limit: number): string | null {
  // A string has at least as many UTF-16 units as characters, so most need no counting.
  const length = text.length <= limit ? 0 : [...text].length;
  return length > limit ? `expected at most ${limit} characters, found ${length}` : null;
}

/**
 * Says why a dataset cannot be an input of a run.
 *
 * @param dataset What was given as one.
 * @param tags What it was to the run.
 * @returns The reason, or `null` when it is fine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const iris = { name: "iris", digest: "0123", sourceType: "local", source: "{}" };
 * assertEquals(datasetFault(iris, new Map()), null);
 * assertEquals(datasetFault({ ...iris, digest: "" }, new Map()), "expected a name and a digest");
 * ```
 */
export function datasetFault(dataset: unknown, tags: ReadonlyMap<string, unknown>): string | null {
  if (!isRecord(dataset)) return "expected a dataset with name, digest, sourceType and source";
  const limits = LOGGING_LIMITS.dataset;
  const { name, digest, sourceType, source, schema, profile } = dataset;
  if (name === "" || digest === "") return "expected a name and a digest";
  const faults = [
    ["name", textFault(name, limits.name)],
    ["digest", textFault(digest, limits.digest)],
    ["sourceType", textFault(sourceType, Infinity)],
    ["source", textFault(source, limits.source)],
    ["schema", textFault(schema ?? "", limits.schema)],
    ["profile", textFault(profile ?? "", limits.profile)],
    ...[...tags].map(([key, value]) => [
      `tag ${key}`,
      lengthFault(key, limits.tagKey) ?? textFault(value, limits.tag),
    ]),
  ];
  const [field, fault] = faults.find(([, fault]) => fault !== null) ?? [];
  return fault ? `${field}: ${fault}` : null;
}

function textFault(value: unknown, limit: number): string | null {
  if (typeof value === "string") return lengthFault(value, limit);
  return `expected text, found ${pythonTextOrType(value)}`;
}

/**
 * Gives the entries of an object with keys and values.
 *
 * @param values The object.
 * @returns Its entries, in order.
 * @throws {TypeError} When a program without types gives something else.
 */
export function entriesOf<T>(
  values: Readonly<Record<string, T>>,
): readonly (readonly [key: string, value: T])[] {
  if (isRecord(values)) return Object.entries(values);
  throw new TypeError(`expected an object of keys and values, found ${pythonTextOrType(values)}`);
}

/** A value as it is stored, and why that is not all of it. */
export interface StoredText {
  /** What goes into the file. */
  readonly text: string;
  /** Why the text was cut; `null` when it is whole. */
  readonly cut: string | null;
}

/**
 * Writes a parameter's or a tag's value as it is stored: as Python spells it, with the line ends that MLflow
 * reads, and cut to its limit.
 *
 * @param value The value, see {@linkcode pythonText}; in lists and objects numbers that JSON has not become
 *   text, such as `"nan"`.
 * @param limit Characters.
 * @returns The text; `null` for a value that has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(storedText(0.1, 10), { text: "0.1", cut: null });
 * assertEquals(storedText("abc", 2), {
 *   text: "ab",
 *   cut: "expected at most 2 characters, found 3",
 * });
 * ```
 */
export function storedText(value: unknown, limit: number): StoredText | null {
  const text = typeof value === "object" && value !== null ? jsonText(value) : pythonText(value);
  if (text === null) return null;
  const whole = withLineFeeds(text);
  const cut = lengthFault(whole, limit);
  return { text: cut === null ? whole : [...whole].slice(0, limit).join(""), cut };
}

/**
 * Gives a text the line ends that Python, and so MLflow, reads in its place.
 *
 * @param text A value of a parameter or tag.
 * @returns The same with a line feed for each line end of Windows or the old Macintosh.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withLineFeeds("a\r\nb\rc\n"), "a\nb\nc\n");
 * ```
 */
export function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function jsonText(value: object): string | null {
  const spell = (_key: string, inner: unknown) =>
    typeof inner === "number" && !Number.isFinite(inner) ? pythonFloat(inner) : inner;
  try {
    const json: string | undefined = JSON.stringify(value, spell);
    return json?.toWellFormed() ?? null;
  } catch {
    return null;
  }
}

/** A point as it is stored, or why it cannot be. */
export type StoredPoint =
  | { readonly ok: true; readonly point: MetricPoint; readonly rounded: string | null }
  | { readonly ok: false; readonly fault: string };

/**
 * Checks a point of a metric. A fraction in a step or time is cut off: MLflow's Python client would
 * write it, and then could not read the run any more.
 *
 * @param value The value.
 * @param timestamp Epoch ms.
 * @param step The step.
 * @returns The point, or what is wrong with it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(storedPoint(0.5, 1, -1), {
 *   ok: true,
 *   point: { value: 0.5, timestamp: 1, step: -1 },
 *   rounded: null,
 * });
 * assertEquals(storedPoint(true, 1, 0), {
 *   ok: false,
 *   fault: "expected a number, found true",
 * });
 * ```
 */
export function storedPoint(value: unknown, timestamp: unknown, step: unknown): StoredPoint {
  if (typeof value !== "number") return { ok: false, fault: expectedNumber(value) };
  if (typeof timestamp !== "number" || typeof step !== "number") {
    const wrong = typeof timestamp !== "number" ? timestamp : step;
    return { ok: false, fault: `${expectedNumber(wrong)} as time or step` };
  }
  const point = { value, timestamp: Math.trunc(timestamp) + 0, step: Math.trunc(step) + 0 };
  if (!Number.isSafeInteger(point.timestamp) || !Number.isSafeInteger(point.step)) {
    return {
      ok: false,
      fault: `expected whole numbers as time and step, found ${timestamp} and ${step}`,
    };
  }
  if (timestamp < 0) return { ok: false, fault: `expected a time after 1970, found ${timestamp}` };
  const rounded = point.timestamp !== timestamp || point.step !== step
    ? `expected whole numbers as time and step, found ${timestamp} and ${step}; cut off the fraction`
    : null;
  return { ok: true, point, rounded };
}

function expectedNumber(found: unknown): string {
  return `expected a number, found ${pythonTextOrType(found)}`;
}

function pythonTextOrType(value: unknown): string {
  return typeof value === "object" || typeof value === "function" ? typeof value : String(value);
}

/**
 * Writes points as the lines of a metric's file.
 *
 * @param points The points.
 * @returns One line for each, as MLflow 1.0 and newer write them: time, value, step.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metricLines([{ value: 1, timestamp: 17, step: 0 }]), "17 1.0 0\n");
 * ```
 */
export function metricLines(points: readonly MetricPoint[]): string {
  return points.map(({ value, timestamp, step }) => `${timestamp} ${pythonFloat(value)} ${step}\n`)
    .join("");
}
