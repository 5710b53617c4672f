/**
 * Which words of a YAML text stand unquoted: its parser does not say.
 *
 * But where an unquoted word stands, a sequence may stand as well, and only there it is one: so a
 * sequence takes the word's place, and where it is read then, the word stood unquoted.
 *
 * @module
 */

import { loadYaml, MetaYamlError } from "./load_yaml.ts";

/** Tells whether the scalar at a path of keys and indexes stands unquoted. */
export type IsUnquoted = (path: readonly string[]) => boolean;

interface Place {
  readonly start: number;
  readonly end: number;
}

/** What takes the place of a word. */
const PROBE = "[in place of a word]";

/** Letters to read again and again; far more than any file of MLflow's takes. */
const MAXIMUM_PROBED = 2_000_000;

/**
 * Finds which of some words stand unquoted.
 *
 * @param source The text.
 * @param root What {@linkcode loadYaml} read from it; of finite size.
 * @param words The words that are asked for: values, not keys, and not empty.
 * @returns Tells it of a value that is one of the words.
 * @throws {MetaYamlError} When the words occur so often, within keys or longer text, that looking
 *   them up would take seconds.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { loadYaml } from "./load_yaml.ts";
 *
 * const source = "first: no\nsecond: 'no'\n";
 * const isUnquoted = findUnquoted(source, loadYaml(source), new Set(["no"]));
 * assert(isUnquoted(["first"]) && !isUnquoted(["second"]));
 * ```
 */
export function findUnquoted(
  source: string,
  root: unknown,
  words: ReadonlySet<string>,
): IsUnquoted {
  let probed = 0;

  function probe(places: readonly Place[]): readonly unknown[] {
    if (places.length === 0) return [];
    if (probed > MAXIMUM_PROBED) throw new MetaYamlError("too many words to tell apart", 1, 1);
    probed += source.length;
    const document = loadWithProbes(source, places);
    if (hasSameKeys(document, root)) return [document];
    // Some of them are keys, or the beginnings of longer text.
    const half = Math.ceil(places.length / 2);
    return places.length === 1
      ? []
      : [...probe(places.slice(0, half)), ...probe(places.slice(half))];
  }

  const places = [...words].flatMap((word) => placesOf(word, source));
  const documents = probe(places.sort((a, b) => a.start - b.start));
  return (path) => documents.some((document) => Array.isArray(path.reduce(child, document)));
}

/** Places of a word between spaces and what separates words; its own spaces may be line breaks. */
function placesOf(word: string, source: string): readonly Place[] {
  const parts = word.split(/ +/).map((part) => RegExp.escape(part));
  const whole = new RegExp(`(?<![^\\s[{,:])${parts.join("\\s+")}(?![^\\s\\]},:])`, "g");
  return Array.from(source.matchAll(whole), ({ 0: { length }, index }) => ({
    start: index,
    end: index + length,
  }));
}

function loadWithProbes(source: string, places: readonly Place[]): unknown {
  const between = places.map(({ end }, index) => source.slice(end, places[index + 1]?.start));
  try {
    return loadYaml([source.slice(0, places[0]?.start), ...between].join(PROBE));
  } catch {
    return undefined;
  }
}

/** Whether what was read is the same but for its scalars. */
function hasSameKeys(document: unknown, root: unknown): boolean {
  if (typeof root !== "object" || root === null) return true;
  if (typeof document !== "object" || document === null) return false;
  const keys = Object.keys(root);
  const others = Object.keys(document);
  return keys.length === others.length &&
    keys.every((key, index) =>
      key === others[index] && hasSameKeys(child(document, key), child(root, key))
    );
}

function child(parent: unknown, key: string): unknown {
  if (typeof parent !== "object" || parent === null || !Object.hasOwn(parent, key)) {
    return undefined;
  }
  return (parent as Readonly<Record<string, unknown>>)[key];
}
