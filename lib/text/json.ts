/**
 * What a value is that came from JSON, or from a program without types: nothing is known of it yet.
 *
 * @module
 */

import { MAXIMUM_TIME } from "./units.ts";

/**
 * Tells whether a value has keys and values: no list, no map, and not `null`.
 *
 * @param value Any value.
 * @returns Whether it is an object, of any class of the caller's.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isRecord({ a: 1 }) && !isRecord([1]) && !isRecord(new Map()) && !isRecord(null));
 * ```
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/**
 * Tells whether a value is text.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/**
 * Tells whether a value is `true` or `false`.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/**
 * Tells whether a value counts something.
 *
 * @param value Any value.
 * @returns Whether it is a whole number, 0 or more.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isCount(0) && !isCount(-1) && !isCount(0.5) && !isCount("1"));
 * ```
 */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * Tells whether a value is the time of a file, which may be of before 1970.
 *
 * @param value Any value.
 * @returns Whether it is a number of epoch milliseconds that a date can have.
 */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= MAXIMUM_TIME;
}

/**
 * Tells whether a value is a moment at which something was done.
 *
 * @param value Any value.
 * @returns Whether it is epoch ms, from 1970 to the last day that a date can have.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isMoment(1_700_000_000_000) && !isMoment(1e300) && !isMoment("today"));
 * ```
 */
export function isMoment(value: unknown): value is number {
  return isTime(value) && value >= 0;
}

/**
 * Tells whether a document is of a later version of a schema.
 *
 * @param schema What it says of itself.
 * @param known The schema, such as `mltidy/backup/v1`.
 * @returns Whether a newer program wrote it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const schemas = ["mltidy/backup/v12", "mltidy/backup/v1", "mltidy/plan/v2", null];
 * assertEquals(schemas.map((one) => isNewer(one, "mltidy/backup/v1")), [true, false, false, false]);
 * ```
 */
export function isNewer(schema: unknown, known: string): boolean {
  const versionOf = (text: string) => {
    const at = text.lastIndexOf("/v");
    const version = text.slice(at + 2);
    return { name: text.slice(0, at), version: /^\d+$/.test(version) ? Number(version) : NaN };
  };
  if (typeof schema !== "string") return false;
  const [found, own] = [versionOf(schema), versionOf(known)];
  return found.name === own.name && found.version > own.version;
}
