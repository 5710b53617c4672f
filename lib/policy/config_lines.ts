/**
 * Where in a text of YAML a value stands: its parser tells of no positions but those of its own errors.
 *
 * @module
 */

import type { ConfigPath } from "./config_value.ts";

/**
 * Finds the line of a value, or of the last key on the way to it that the text has.
 *
 * @param text YAML.
 * @param path Keys and positions that lead to the value.
 * @returns The line, from 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lineOf("# limits: 3\nlimits:\n  max_runs: x\n", ["limits", "max_runs"]), 3);
 * ```
 */
export function lineOf(text: string, path: ConfigPath): number {
  const lines = text.split("\n").map(withoutComment);
  let place: Place | null = { line: 0, column: 0, end: lines.length };
  let line = 0;
  for (const part of path) {
    place = typeof part === "number" ? findItem(lines, place, part) : findKey(lines, place, part);
    if (place === null) break;
    line = place.line;
  }
  return line + 1;
}

/** Finds out which key of a line stands there for the second time. */
export function repeatedKey(line: string): string {
  const keys = [...withoutComment(line).matchAll(/([^\s"'{},:[\]]+)["']?\s*:/g)]
    .map(([, key = ""]) => key);
  return keys.find((key, index) => keys.indexOf(key) < index) ?? keys[0] ?? "";
}

/**
 * Finds the first line that is indented with a tab. YAML knows no such indentation: what stands on
 * such a line may belong to another key than it seems to.
 *
 * @param text YAML.
 * @returns The line, from 1; `null` when there is none.
 */
export function tabbedLine(text: string): number | null {
  const index = text.split("\n").findIndex((line) => /^ *\t\s*[^\s#]/.test(line));
  return index === -1 ? null : index + 1;
}

/** Where a value begins, and the line, from 0, before which it ends. */
interface Place {
  readonly line: number;
  readonly column: number;
  readonly end: number;
}

/** The key that is indented least; those of what it holds are further in. */
function findKey(lines: readonly string[], place: Place, key: string): Place | null {
  const name = RegExp.escape(key);
  const pattern = new RegExp(`(?<=^|[\\s{,[])(["']?)${name}\\1\\s*:`);
  const found = lines.slice(place.line, place.end).flatMap((each, index) => {
    const start = index === 0 ? place.column : 0;
    const match = pattern.exec(each.slice(start));
    if (match === null) return [];
    return [{ line: place.line + index, start: start + match.index, length: match[0].length }];
  });
  const [first] = found.toSorted((left, right) => left.start - right.start);
  if (first === undefined) return null;
  const { line, start, length } = first;
  const isNext = (each: string) => {
    const indent = each.search(/\S/);
    return indent !== -1 && (indent < start || indent === start && !/^\s*-(?=\s|$)/.test(each));
  };
  return { line, column: start + length, end: endOf(lines, line, place.end, isNext) };
}

function findItem(lines: readonly string[], place: Place, number: number): Place | null {
  const rest = lines[place.line]?.slice(place.column).trim() ?? "";
  // What stands on the line of its key, in brackets or braces, is found there.
  if (rest !== "") return rest.startsWith("[") && !rest.includes("]") ? null : place;
  const marks = lines.slice(place.line + 1, place.end).flatMap((each, index) => {
    const indent = /^\s*-(?=\s|$)/.exec(each)?.[0].length;
    return indent === undefined ? [] : [{ line: place.line + 1 + index, column: indent }];
  });
  // A single value needs no list.
  if (marks.length === 0) return number === 0 ? place : null;
  const siblings = marks.filter(({ column }) => column === marks[0]?.column);
  const item = siblings[number];
  return item === undefined ? null : { ...item, end: siblings[number + 1]?.line ?? place.end };
}

function endOf(
  lines: readonly string[],
  line: number,
  end: number,
  isNext: (line: string) => boolean,
): number {
  const length = lines.slice(line + 1, end).findIndex(isNext);
  return length === -1 ? end : line + 1 + length;
}

/** A number sign in quotes begins no comment, nor does one within a word. */
function withoutComment(line: string): string {
  return line.replace(
    /((?:^|[\s[{,:])(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'))|(?:^|\s)#.*$/g,
    (_match, quoted: string | undefined) => quoted ?? "",
  );
}
