/**
 * Kinds of values in a configuration: each reads what YAML gives and describes itself as JSON Schema,
 * so that the validator and the schema cannot disagree.
 *
 * Scalars arrive as text, as they were typed: an experiment's id of 18 digits is no number that
 * JavaScript could hold.
 *
 * @module
 */

import { nearestWord } from "./nearest_word.ts";
import { parseDuration, parseShare } from "./units.ts";

/** Where a value stands: keys as typed, and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong with a configuration. */
export interface ConfigFault {
  /** Where. */
  readonly path: ConfigPath;
  /** What, with what was expected and found. */
  readonly message: string;
}

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A kind of value. */
export interface Kind<T> {
  /** What is expected, for messages. */
  readonly expected: string;
  /** The same for editors. */
  readonly schema: JsonSchema;
  /** Reads a value; `undefined` when it is of no use, with the fault added to the list. */
  readonly read: (value: unknown, path: ConfigPath, faults: ConfigFault[]) => T | undefined;
}

/** One key of a section. */
export interface Row<T> {
  /** What its values are. */
  readonly kind: Kind<T>;
  /** What counts when it is not given. */
  readonly default: T;
  /** What it does, in one line. */
  readonly describe: string;
  /** A value as one would type it. */
  readonly example: string;
}

/** The keys of a section by their names in code; in the file `keepLast` is `keep_last`. */
export type Rows<T> = { readonly [K in keyof T]-?: Row<T[K]> };

/**
 * Names a key as it stands in the file.
 *
 * @param name Its name in code.
 * @returns Such as `keep_last` for `keepLast`.
 */
export function fileKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Names all keys of a value as they stand in the file.
 *
 * @param value Plain data with the names of code.
 * @returns A copy.
 */
export function withFileKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFileKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [fileKey(name), withFileKeys(inner)]),
  );
}

/**
 * Any text but the empty one.
 *
 * @returns The kind.
 */
export function text(): Kind<string> {
  return scalar(
    "a text",
    { type: ["string", "number"] },
    (typed) => typed === "" ? undefined : typed,
  );
}

/**
 * A text that may be left out.
 *
 * @returns The kind.
 */
export function optionalText(): Kind<string | null> {
  return text();
}

/**
 * A whole number.
 *
 * @param least The smallest that makes sense.
 * @returns The kind.
 */
export function whole(least: number): Kind<number> {
  return scalar(
    `a whole number, ${least} or more`,
    { type: "integer", minimum: least },
    (typed) => {
      const number = Number(typed);
      return /^\d+$/.test(typed) && Number.isSafeInteger(number) && number >= least
        ? number
        : undefined;
    },
  );
}

/**
 * A duration such as `30d`; a number without a unit counts in days.
 *
 * @returns The kind, in ms.
 */
export function duration(): Kind<number> {
  return scalar(
    "a duration such as 30d, 12h or 1d6h",
    { type: ["string", "number"], pattern: "^[0-9.]+ *([dhms]|min)?([ 0-9.dhmsin]*)$", minimum: 0 },
    (typed) => attempt(parseDuration, typed),
  );
}

/**
 * A share such as `50%` or `0.5`.
 *
 * @returns The kind, 0 to 1.
 */
export function share(): Kind<number> {
  return scalar(
    "a share from 0% to 100%, such as 50% or 0.5",
    { type: ["string", "number"], pattern: "^[0-9.]+%$", minimum: 0, maximum: 1 },
    (typed) => attempt(parseShare, typed),
  );
}

/**
 * `true` or `false`.
 *
 * @returns The kind.
 */
export function toggle(): Kind<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  return scalar("true or false", { type: "boolean" }, (typed) => words[typed]);
}

/**
 * One of a few words.
 *
 * @param words The words.
 * @returns The kind.
 */
export function choice<const W extends string>(words: readonly W[]): Kind<W> {
  return scalar(
    words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`,
    { enum: words },
    (typed) => words.find((word) => word === typed),
  );
}

/**
 * A list of values, or a single one without brackets.
 *
 * @param item What each of them is.
 * @returns The kind.
 */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    expected: `${item.expected}, or a list of them`,
    schema: { anyOf: [item.schema, { type: "array", items: item.schema }] },
    read(value, path, faults) {
      const values = Array.isArray(value) ? value : [value];
      const read = values.map((one, index) =>
        item.read(one, Array.isArray(value) ? [...path, index] : path, faults)
      );
      return read.every((one) => one !== undefined) ? read : undefined;
    },
  };
}

/**
 * A section: known keys only, each of its kind; what is not given is left out.
 *
 * @param rows Its keys.
 * @returns The kind.
 */
export function section<T extends object>(rows: Rows<T>): Kind<Partial<T>> {
  const known = Object.entries<Row<unknown>>(rows)
    .map(([name, row]) => ({ name, key: fileKey(name), row }));
  return {
    expected: `a section with ${known.map(({ key }) => key).join(", ")}`,
    schema: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(
        known.map(({ key, row }) => [key, { description: row.describe, ...row.kind.schema }]),
      ),
    },
    read(value, path, faults) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        faults.push({
          path,
          message: `Cannot use ${shown(value)} for ${place(path)}: expected ${this.expected}`,
        });
        return undefined;
      }
      const read: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(value)) {
        const match = known.find((one) => one.key === key);
        if (match === undefined) {
          faults.push({
            path: [...path, key],
            message: unknownKey(key, path, known.map((one) => one.key)),
          });
          continue;
        }
        // A key without a value is not given.
        if (inner === null) continue;
        const given = match.row.kind.read(inner, [...path, key], faults);
        if (given !== undefined) read[match.name] = given;
      }
      return read as Partial<T>;
    },
  };
}

/**
 * Fills in what is not given.
 *
 * @param rows The keys of the section.
 * @param given What is given.
 * @returns The whole section.
 */
export function withDefaults<T extends object>(rows: Rows<T>, given: Partial<T> | undefined): T {
  const defaults = Object.entries<Row<unknown>>(rows).map(([name, row]) => [name, row.default]);
  return { ...Object.fromEntries(defaults), ...given };
}

/**
 * Says for people where a value stands.
 *
 * @param path Keys and positions.
 * @returns Such as `rules[2].keep_last`, lists counted from 1; `the file` for the whole.
 */
export function place(path: ConfigPath): string {
  const words = path.map((part) => typeof part === "number" ? `[${part + 1}]` : `.${part}`);
  return words.join("").replace(/^\./, "") || "the file";
}

function scalar<T>(
  expected: string,
  schema: JsonSchema,
  parse: (typed: string) => T | undefined,
): Kind<T> {
  return {
    expected,
    schema,
    read(value, path, faults) {
      const parsed = typeof value === "string" ? parse(value.trim()) : undefined;
      if (parsed === undefined) {
        faults.push({
          path,
          message: `Cannot use ${shown(value)} for ${place(path)}: expected ${expected}`,
        });
      }
      return parsed;
    },
  };
}

function attempt<T>(parse: (typed: string) => T, typed: string): T | undefined {
  try {
    return parse(typed);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function unknownKey(key: string, path: ConfigPath, known: readonly string[]): string {
  const nearest = nearestWord(key, known);
  const hint = nearest === null
    ? `expected one of ${known.join(", ")}`
    : `did you mean ${nearest}?`;
  return `Unknown key ${shown(key)} in ${place(path)}: ${hint}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a section" : JSON.stringify(value);
}
