/**
 * Kinds of values in a configuration: each reads what YAML gives and describes itself as JSON Schema,
 * so that the validator and the schema cannot disagree.
 *
 * Scalars arrive as text, as they were typed: an experiment's id of 18 digits is no number that
 * JavaScript could hold.
 *
 * @module
 */

import { type ConfigFault, type ConfigPath, unknownKey, unusable } from "./config_fault.ts";
import { parseDuration, parseShare, typedShare } from "../text/units.ts";
import { readThreshold, THRESHOLD } from "./policy.ts";

/** The largest number that a port has. */
export const LAST_PORT = 65_535;

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A kind of value. */
export interface Kind<T> {
  /** What is expected, for messages. */
  readonly expected: string;
  /** The same for editors. */
  readonly schema: JsonSchema;
  /** The keys of a section, as they stand in the file. @default {[]} */
  readonly keys?: readonly string[];
  /** Reads a value; `undefined` when it is of no use, with the fault added to the list. */
  readonly read: (value: unknown, path: ConfigPath, faults: ConfigFault[]) => T | undefined;
  /** Checks a value that a program made, where the names of code count; gives what is wrong with it. */
  readonly check: (value: unknown, path: ConfigPath) => readonly ConfigFault[];
  /** Gives a value as it is typed, for {@linkcode Kind.read} to read. */
  write(value: T): unknown;
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
 * Tells whether a value is none. Scalars arrive as text, and so does the word that YAML has for nothing.
 *
 * @param value What YAML gives.
 * @returns Whether nothing stands there, or a word for it.
 */
export function isNothing(value: unknown): boolean {
  return value === null ||
    typeof value === "string" && /^(?:~|null|Null|NULL)$/.test(value.trim());
}

/**
 * Any text but the empty one.
 *
 * @returns The kind.
 */
export function text(): Kind<string> {
  return scalar({
    expected: "a text",
    schema: { type: ["string", "number"] },
    parse: (typed) => typed === "" || isNothing(typed) ? undefined : typed,
    isOne: (value) => typeof value === "string" && value !== "",
  });
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
 * @param most The largest, if there is one.
 * @returns The kind.
 */
export function whole(least: number, most: number = Infinity): Kind<number> {
  const isOne = (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
  return scalar({
    expected: `a whole number, ${least} ${most === Infinity ? "or more" : `to ${most}`}`,
    schema: { type: "integer", minimum: least, ...(most === Infinity ? {} : { maximum: most }) },
    parse: (typed) => /^\d+$/.test(typed) && isOne(Number(typed)) ? Number(typed) : undefined,
    isOne,
  });
}

/**
 * A duration in days and hours such as `30d`; a number without a unit counts in days. Smaller units are
 * refused: whoever types `6m` may mean months.
 *
 * @returns The kind, in ms.
 */
export function duration(): Kind<number> {
  return scalar({
    expected: "days or hours, such as 30d, 12h or 1d6h",
    schema: {
      type: ["string", "number"],
      pattern: "^ *([0-9]+[.]?[0-9]*|[.][0-9]+) *(d *(([0-9]+[.]?[0-9]*|[.][0-9]+) *h)?|h)? *$",
      minimum: 0,
    },
    parse: (typed) => /[ms]/.test(typed) ? undefined : attempt(parseDuration, typed),
    expectedInCode: "milliseconds, 0 or more",
    isOne: (value) => typeof value === "number" && value >= 0,
    write: (ms) => ms % DAY === 0 ? `${ms / DAY}d` : `${ms / HOUR}h`,
  });
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A time of the day, without a zone. */
const TIME = /^([01]?[0-9]|2[0-3]):[0-5][0-9]$/;

/**
 * A time of the day such as `03:30`.
 *
 * @returns The kind, `HH:MM`.
 */
export function time(): Kind<string> {
  return scalar({
    expected: "a time of the day, such as 03:30",
    schema: { type: "string", pattern: TIME.source },
    parse: (typed) => TIME.test(typed) ? typed.padStart(5, "0") : undefined,
    isOne: (value) => typeof value === "string" && TIME.test(value),
  });
}

/**
 * A share such as `50%`. Without its sign it is refused: 1 might be all or one in a hundred.
 *
 * @returns The kind, 0 to 1.
 */
export function share(): Kind<number> {
  return scalar({
    expected: "a share from 0% to 100%, such as 50%",
    schema: { type: "string", pattern: "^ *(100([.]0*)?|[0-9]{1,2}([.][0-9]*)?|[.][0-9]+) *% *$" },
    parse: (typed) => typed.endsWith("%") ? attempt(parseShare, typed) : undefined,
    expectedInCode: "a share from 0 to 1",
    isOne: (value) => typeof value === "number" && value >= 0 && value <= 1,
    write: typedShare,
  });
}

/**
 * A threshold such as `auc >= 0.9`.
 *
 * @returns The kind, as it is typed.
 */
export function threshold(): Kind<string> {
  return scalar({
    expected: "a metric, >=, >, <= or <, and a number, such as auc >= 0.9",
    schema: { type: "string", pattern: THRESHOLD.source },
    parse: (typed) => readThreshold(typed) === null ? undefined : typed,
    isOne: (value) => typeof value === "string" && readThreshold(value) !== null,
  });
}

/**
 * What a policy that was saved by an earlier version need not have.
 *
 * @param kind What it is otherwise.
 * @returns The kind.
 */
export function optional<T>(kind: Kind<T>): Kind<T> {
  return { ...kind, check: (value, path) => value === undefined ? [] : kind.check(value, path) };
}

/**
 * `true` or `false`.
 *
 * @returns The kind.
 */
export function toggle(): Kind<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  return scalar({
    expected: "true or false",
    schema: { type: "boolean" },
    parse: (typed) => words[typed],
    isOne: (value) => typeof value === "boolean",
  });
}

/**
 * One of a few words.
 *
 * @param words The words.
 * @returns The kind.
 */
export function choice<const W extends string>(words: readonly W[]): Kind<W> {
  return scalar({
    expected: words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`,
    schema: { enum: words },
    words,
    parse: (typed) => words.find((word) => word === typed),
    isOne: (value) => words.some((word) => word === value),
  });
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
    check(value, path) {
      return Array.isArray(value)
        ? value.flatMap((one, index) => item.check(one, [...path, index]))
        : [{ path, message: "a list" }];
    },
    write: (values) => values.map((one) => item.write(one)),
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
    .map(([name, row]) => ({ name, key: fileKey(name), keys: row.kind.keys, row }));
  return {
    expected: `a section with ${known.map(({ key }) => key).join(", ")}`,
    keys: known.map(({ key }) => key),
    schema: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(
        known.map(({ key, row }) => [
          key,
          { description: row.describe, ...orNothing(row.kind.schema) },
        ]),
      ),
    },
    read(value, path, faults) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        faults.push(unusable(value, path, this.expected));
        return undefined;
      }
      const read: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(value)) {
        const match = known.find((one) => one.key === key);
        if (match === undefined) {
          faults.push(unknownKey(key, path, known));
          continue;
        }
        if (isNothing(inner)) {
          // A key without a value is not given, and says no where that is possible.
          if (match.row.default === null) read[match.name] = null;
          continue;
        }
        const given = match.row.kind.read(inner, [...path, key], faults);
        if (given !== undefined) read[match.name] = given;
      }
      return read as Partial<T>;
    },
    check(value, path) {
      if (typeof value !== "object" || value === null) return [{ path, message: "an object" }];
      const found = value as Readonly<Record<string, unknown>>;
      return known.flatMap(({ name, row }) =>
        found[name] === null && row.default === null
          ? []
          : row.kind.check(found[name], [...path, name])
      );
    },
    write(value) {
      const found = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        known.filter(({ name }) => (found[name] ?? null) !== null)
          .map(({ name, key, row }) => [key, row.kind.write(found[name])]),
      );
    },
  };
}

/** Any key may be left without a value. */
function orNothing({ type, enum: words, anyOf, ...rest }: JsonSchema): JsonSchema {
  const list = (one: unknown) => Array.isArray(one) ? one : [one];
  return {
    ...rest,
    ...(type === undefined ? {} : { type: [...list(type), "null"] }),
    ...(words === undefined ? {} : { enum: [...list(words), null] }),
    ...(anyOf === undefined ? {} : { anyOf: [...list(anyOf), { type: "null" }] }),
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

interface Scalar<T> extends Pick<Kind<T>, "expected" | "schema"> {
  readonly parse: (typed: string) => T | undefined;
  /** Tells whether what a program gives is such a value. */
  readonly isOne: (value: unknown) => boolean;
  /** All that there are. @default {[]} */
  readonly words?: readonly string[];
  /** What is expected of a program. @default {expected} */
  readonly expectedInCode?: string;
  /** @default {(value) => value} */
  readonly write?: (value: T) => unknown;
}

function scalar<T>({ expected, schema, words, parse, isOne, ...inCode }: Scalar<T>): Kind<T> {
  const { expectedInCode = expected, write = (value) => value } = inCode;
  return {
    expected,
    schema,
    read(value, path, faults) {
      const parsed = typeof value === "string" ? parse(value.trim()) : undefined;
      if (parsed === undefined) {
        faults.push(unusable(value, path, expected, words));
      }
      return parsed;
    },
    check: (value, path) => isOne(value) ? [] : [{ path, message: expectedInCode }],
    write,
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
