/**
 * What is left of a `meta.yaml` that was cut off.
 *
 * @module
 */

import {
  type MetaDocument,
  MetaYamlError,
  parseMetaYaml,
  scalar,
  stringifyMetaYaml,
} from "../yaml/meta_yaml.ts";
import { TEXT_KEYS } from "./value_types.ts";

/** PyYAML folds no line that ends before this column, so what stands on a shorter one is whole. */
const FOLDED = 80;

/**
 * Reads the complete lines of a damaged `meta.yaml`. MLflow writes one key a line and ends each with a
 * line feed; what follows the last one may be half a value, and so may a last line that is long enough
 * to be folded. Where YAML cannot read a text that wants quotes, as in `name: lr: high`, it is taken as it
 * is written.
 *
 * @param text What is left, as text.
 * @returns The keys that are there, whole; none is guessed at.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const document = salvageMeta("experiment_id: '7'\nlifecycle_stage: active\nname: chu");
 * assertEquals([...document.keys()], ["experiment_id", "lifecycle_stage"]);
 * ```
 */
export function salvageMeta(text: string): MetaDocument {
  const whole = wholeLines(text, true);
  return withoutFoldedEnd(parse(whole) ?? parseEachLine(whole), whole);
}

/**
 * Tells whether a damaged `meta.yaml` was only cut off: what stands before the cut is as it was written.
 *
 * @param text What is left, as text.
 * @returns Whether its complete lines are YAML, and give no key two values.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isCutOff("lifecycle_stage: active\nname: chu"));
 * assert(!isCutOff("<<<<<<< HEAD\nstatus: 3\n=======\nstatus: 4\n"));
 * ```
 */
export function isCutOff(text: string): boolean {
  const left = parse(wholeLines(text));
  const isText = (key: string) => !TEXT_KEYS.has(key) || left?.get(key)?.kind === "scalar";
  return left !== null && [...left.keys()].every(isText) && !contradictsItself(text);
}

/**
 * Tells whether a damaged `meta.yaml` gives a key two values, as a merge of git leaves it.
 *
 * @param text What is left, as text.
 * @returns Whether it does.
 */
export function contradictsItself(text: string): boolean {
  const values = new Map<string, string>();
  return [...text.matchAll(/^([A-Za-z_]\w*):[ \t]*(.*)\r?\n/gm)].some(([, key, value]) => {
    const other = values.get(key!);
    values.set(key!, value!.trim());
    return other !== undefined && other !== value!.trim();
  });
}

/** The lines that end, with quotes around the texts that want them. */
function wholeLines(text: string, quotesLists = false): string {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.map((line, index) =>
    /^\s+\S/.test(lines[index + 1] ?? "") ? line : quoted(line, quotesLists)
  )
    .join("\n");
}

/** A line whose text YAML does not read as one, with quotes around what is written. */
function quoted(line: string, quotesLists: boolean): string {
  const [, key = "", written = ""] = /^([A-Za-z_]\w*):[ \t]+(\S.*?)[ \t\r]*$/.exec(line) ?? [];
  if (!TEXT_KEYS.has(key) || written.includes("\uFFFD")) return line;
  const node = parse(`${line}\n`)?.get(key);
  const isText = node?.kind === "scalar" ? !/^[#&!]/.test(written) : node && !quotesLists;
  if (isText) return line;
  const [, , inner] = /^(['"])(.*)\1$/.exec(written) ?? [];
  // Half a pair of quotes may be half a text.
  if (inner === undefined && /^['"]/.test(written)) return line;
  return stringifyMetaYaml(new Map([[key, scalar(inner ?? written)]])).trimEnd();
}

function withoutFoldedEnd(document: MetaDocument, whole: string): MetaDocument {
  const last = whole.trimEnd().split("\n").at(-1) ?? "";
  if (last.length <= FOLDED) return document;
  const [lastKey] = [...document.keys()].slice(-1);
  return new Map([...document].filter(([key]) => key !== lastKey));
}

function parseEachLine(text: string): MetaDocument {
  const lines = text.split("\n").filter((line) => !line.includes("\uFFFD"));
  // A line that begins with a space goes on with the value of the one before.
  return new Map(
    lines.flatMap((line, index) =>
      /^[A-Za-z_]\w*:/.test(line) && !/^\s+\S/.test(lines[index + 1] ?? "")
        ? [...parse(`${line}\n`) ?? []]
        : []
    ),
  );
}

function parse(text: string): MetaDocument | null {
  if (text.includes("\uFFFD")) return null;
  try {
    return parseMetaYaml(text);
  } catch (error) {
    if (error instanceof MetaYamlError) return null;
    throw error;
  }
}
