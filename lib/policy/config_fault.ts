/**
 * What is wrong with a configuration, in words: what was found, and what was expected or may be meant.
 *
 * @module
 */

import { nearestWord } from "../text/nearest_word.ts";

/** Where a value stands: keys as typed, and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong with a configuration. */
export interface ConfigFault {
  /** Where. */
  readonly path: ConfigPath;
  /** What, with what was expected and found; of a value that a program made, what was expected. */
  readonly message: string;
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

/** A key that a section has, and those of the section that is its value. */
interface KnownKey {
  readonly key: string;
  readonly keys?: readonly string[] | undefined;
}

/**
 * Tells of a key that a section does not have.
 *
 * @param key The key.
 * @param path Where the section stands.
 * @param known What it has.
 * @returns The fault, with the key that may be meant, or where it belongs.
 */
export function unknownKey(
  key: string,
  path: ConfigPath,
  known: readonly KnownKey[],
): ConfigFault {
  const keys = known.map((one) => one.key);
  const homes = known.filter((one) => one.keys?.includes(key)).map((one) => one.key);
  const hint = homes.length > 0
    ? `it belongs into ${homes.join(" or ")}`
    : meant(key, keys) ?? `expected one of ${keys.join(", ")}`;
  return {
    path: [...path, key],
    message: `Unknown key ${shown(key)} in ${place(path)}: ${hint}`,
  };
}

/**
 * Tells of a value that is of no use.
 *
 * @param value The value.
 * @param path Where it stands.
 * @param expected What is expected there.
 * @param words The words that there are, where it is to be one of them.
 * @returns The fault, with the word that may be meant.
 */
export function unusable(
  value: unknown,
  path: ConfigPath,
  expected: string,
  words: readonly string[] = [],
): ConfigFault {
  const hint = typeof value === "string" ? meant(value.trim(), words) : null;
  const fault = `Cannot use ${shown(value)} for ${place(path)}: expected ${expected}`;
  return { path, message: hint === null ? fault : `${fault}; ${hint}` };
}

/** Small letters and capitals are one here. */
function meant(typed: string, words: readonly string[]): string | null {
  if (typed === "") return null;
  const nearest = nearestWord(typed.toLowerCase(), words.map((word) => word.toLowerCase()));
  const word = words.find((word) => word.toLowerCase() === nearest);
  return word === undefined ? null : `did you mean ${word}?`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a section" : JSON.stringify(value);
}
