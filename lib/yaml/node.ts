/**
 * The nouns of a `meta.yaml`: documents of nodes, whose scalars are text with the type that Python
 * would give them.
 *
 * PyYAML, with which MLflow writes and reads these files, follows YAML 1.1: `1e5` and `0899` are
 * strings to it, `yes`, `1:30` and `0123` are not. No schema of a YAML 1.2 parser agrees, so scalars
 * stay text here, with a mark on those that Python takes for something else than a string.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";

/** What PyYAML makes of a scalar. `other`: `=` and `<<`, which its safe loaders refuse as values. */
export type PythonType = "str" | "int" | "float" | "bool" | "null" | "date" | "other";

/** A scalar: its text, and whether Python takes it for something else than that text. */
export interface MetaScalar {
  /** Tells it from the other nodes. */
  readonly kind: "scalar";
  /** The text, unfolded and unescaped; `""` also for a key without a value, which is a null. */
  readonly text: string;
  /**
   * It stands unquoted and PyYAML resolves it to another type than a string: a null, a number, a
   * date. In words that are strings either way quotes mean nothing, so there this is `false`.
   */
  readonly plain: boolean;
}

/** A value in a document. */
export type MetaNode =
  | MetaScalar
  | { readonly kind: "sequence"; readonly items: readonly MetaNode[] }
  | { readonly kind: "mapping"; readonly entries: MetaDocument };

/** A document: key → value. Keys are text, whatever Python would make of them. */
export type MetaDocument = ReadonlyMap<string, MetaNode>;

/** PyYAML's implicit resolvers (version 6.0, `resolver.py`), in its order. */
const RESOLVERS: readonly (readonly [PythonType, RegExp])[] = [
  ["bool", /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    "float",
    /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  [
    "int",
    /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][\d_]*|0x[\da-fA-F_]+|[1-9][\d_]*(?::[0-5]?\d)+)$/,
  ],
  ["other", /^(?:<<|=)$/],
  ["null", /^(?:~|null|Null|NULL|)$/],
  [
    "date",
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
];

/** First characters of everything that the resolvers above know; spares them most words. */
const RESOLVABLE = /^(?:[-+.\d~=<nNyYtTfFoO]|$)/;

function resolve(text: string): PythonType {
  if (!RESOLVABLE.test(text)) return "str";
  return RESOLVERS.find(([, pattern]) => pattern.test(text))?.[0] ?? "str";
}

/**
 * Tells what PyYAML makes of a scalar.
 *
 * @param scalar A scalar of a document.
 * @returns The Python type.
 *
 * @example An id is a string only where Python says so
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pythonType({ kind: "scalar", text: "0123", plain: true }), "int");
 * assertEquals(pythonType({ kind: "scalar", text: "0123", plain: false }), "str");
 * assertEquals(pythonType({ kind: "scalar", text: "1e5", plain: true }), "str");
 * ```
 */
export function pythonType(scalar: MetaScalar): PythonType {
  return scalar.plain ? resolve(scalar.text) : "str";
}

/**
 * Builds a scalar.
 *
 * @param value A string stays a string for Python, whatever it looks like; a number is an integer.
 * @returns The scalar.
 * @throws {InvalidArgumentError} When a number is not a safe integer.
 */
export function scalar(value: string | number | null): MetaScalar {
  if (typeof value === "string") return { kind: "scalar", text: value, plain: false };
  if (value !== null && !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(`Cannot write ${value} to meta.yaml: expected a safe integer`);
  }
  return { kind: "scalar", text: String(value), plain: true };
}

/**
 * Builds the scalar that an unquoted word is.
 *
 * @param text The word; `""` where nothing is written, which is a null.
 * @returns The scalar, marked as plain where Python takes the word for something else than a string.
 */
export function unquoted(text: string): MetaScalar {
  return { kind: "scalar", text, plain: resolve(text) !== "str" };
}

/**
 * Gives the text of a scalar.
 *
 * @param node A value of a document.
 * @returns The text; `null` for a null, and for what is no scalar.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textOf(scalar("churn")), "churn");
 * assertEquals(textOf(scalar(null)), null);
 * assertEquals(textOf(undefined), null);
 * ```
 */
export function textOf(node: MetaNode | undefined): string | null {
  return node?.kind === "scalar" && pythonType(node) !== "null" ? node.text : null;
}

/**
 * Tells whether nothing is written where a value belongs, as PyYAML never writes it: for none it writes `null`.
 *
 * @param node A value of a document.
 * @returns Whether the value was lost.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isBare(unquoted("")), isBare(scalar(null)), isBare(scalar(""))], [true, false, false]);
 * ```
 */
export function isBare(node: MetaNode | undefined): boolean {
  return node?.kind === "scalar" && node.plain && node.text === "";
}

/**
 * Gives the integer that a scalar is for Python.
 *
 * @param node A value of a document.
 * @returns The integer; `null` for anything else, and for one too large to count with.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(integerOf(scalar(3)), 3);
 * assertEquals(integerOf(scalar("3")), null);
 * ```
 */
export function integerOf(node: MetaNode | undefined): number | null {
  const integer = node?.kind === "scalar" ? pythonInteger(node) : null;
  return integer !== null && Number.isSafeInteger(Number(integer)) ? Number(integer) : null;
}

/**
 * Gives the integer that a scalar is equal to for Python, which finds `3.0` where it looks for 3, and for a
 * boolean 0 or 1.
 *
 * @param node A value of a document.
 * @returns The integer; `null` for anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["3", "3.0", "true", "3.5", "x"].map((text) => equalInteger(unquoted(text))), [
 *   ...[3, 3, 1],
 *   ...[null, null],
 * ]);
 * ```
 */
export function equalInteger(node: MetaNode | undefined): number | null {
  if (node?.kind !== "scalar") return null;
  switch (pythonType(node)) {
    case "bool":
      return /^(?:y|t|on)/i.test(node.text) ? 1 : 0;
    case "float": {
      const number = Number(node.text.replaceAll("_", ""));
      return Number.isSafeInteger(number) ? number : null;
    }
    default:
      return integerOf(node);
  }
}

/**
 * Gives the boolean that Python makes of a value.
 *
 * @param node A value of a document.
 * @returns The boolean; `null` for anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([booleanOf(unquoted("on")), booleanOf(unquoted("1"))], [true, null]);
 * ```
 */
export function booleanOf(node: MetaNode | undefined): boolean | null {
  return node?.kind === "scalar" && pythonType(node) === "bool"
    ? /^(?:y|yes|true|on)$/i.test(node.text)
    : null;
}

/**
 * Tells whether Python takes a value for nothing where it looks for text or a time: none, no text, an empty list.
 *
 * @param node A value of a document.
 * @returns Whether it does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isNothing(scalar("")), isNothing(scalar(0))], [true, false]);
 * ```
 */
export function isNothing(node: MetaNode | undefined): boolean {
  if (isAbsent(node)) return true;
  if (node?.kind === "sequence") return node.items.length === 0;
  if (node?.kind === "mapping") return node.entries.size === 0;
  return node?.text === "";
}

/**
 * Tells whether a key says nothing.
 *
 * @param node A value of a document.
 * @returns Whether it is missing, or null.
 */
export function isAbsent(node: MetaNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && pythonType(node) === "null");
}

/**
 * Reads the integer that an unquoted scalar is for Python.
 *
 * @param scalar A scalar of type `int`.
 * @returns The integer, or `null` for anything else.
 *
 * @example Integers of YAML 1.1
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pythonInteger({ kind: "scalar", text: "0123", plain: true }), 83n);
 * assertEquals(pythonInteger({ kind: "scalar", text: "1:30", plain: true }), 90n);
 * ```
 */
export function pythonInteger(scalar: MetaScalar): bigint | null {
  if (pythonType(scalar) !== "int") return null;
  const [, sign, digits = ""] = /^([-+]?)(.*)$/.exec(scalar.text.replaceAll("_", "")) ?? [];
  // `0b_` and `0x_` resolve to integers without a digit, on which PyYAML raises.
  if (/^0[bx]$/.test(digits)) return null;
  const [first = "", ...sixtieths] = digits.replace(/^0(?=\d)/, "0o").split(":");
  if (first.length > MOST_DIGITS && !/^0[box]/.test(first)) return null;
  // The first is not 0, so that of thousands the rest does not matter, and would take the square of its time.
  const magnitude = sixtieths
    .slice(0, MOST_SIXTIETHS)
    .reduce((total, part) => total * 60n + BigInt(part), BigInt(first));
  return sign === "-" ? -magnitude : magnitude;
}

/**
 * Tells whether Python can make the value that an unquoted scalar looks like.
 *
 * @param scalar A scalar of a document.
 * @returns Whether PyYAML's safe loaders do: `2024-02-30` and `0x_` they refuse.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isConstructible(unquoted("2024-02-29")));
 * assert(!isConstructible(unquoted("2024-02-30")));
 * ```
 */
export function isConstructible(scalar: MetaScalar): boolean {
  switch (pythonType(scalar)) {
    case "int":
      return pythonInteger(scalar) !== null;
    case "date":
      return isDate(scalar.text);
    default:
      return true;
  }
}

/** Of more decimal digits Python makes no integer (since 3.11, and in corrections of those before). */
const MOST_DIGITS = 4_300;
/** More than any number of 64 bits has. */
const MOST_SIXTIETHS = 1_000;

/** The last numbers are those of the zone: Python takes none that is off by a day. */
function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text
    .replace(/\.\d*/, "").split(/\D+/).map(Number);
  const [, zone = "0", minutes = "0"] =
    /:\d\d(?:\.\d*)?[ \t]*[-+](\d\d?)(?::(\d\d))?$/.exec(text) ?? [];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 &&
    minute < 60 && second < 60 && Number(zone) * 60 + Number(minutes) < 24 * 60;
}
