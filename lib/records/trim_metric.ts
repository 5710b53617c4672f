/**
 * Metrics whose end was torn off: how much of the file is sound.
 *
 * @module
 */

import { checkMetricFile, type MetricOwner } from "./check_metric_file.ts";

/**
 * Finds how much of a metric's file stays when only what proves to be rubbish is cut off its end: a line
 * without its line feed that MLflow cannot read, or that has fewer fields than the line before it; zeros
 * and blank lines, as a loss of power leaves behind.
 *
 * @param text The text of the file.
 * @param owner Whose metric it is.
 * @returns How many bytes stay, 0 when the file holds no point at all; `null` when nothing proves what
 * to cut.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(soundBytes("17 0.5 0\n18 0.", "run"), 9);
 * assertEquals(soundBytes("17 0.5 0\nbroken\n19 0.6 2\n", "run"), null);
 * ```
 */
export function soundBytes(text: string, owner: MetricOwner): number | null {
  const sound = text.slice(0, soundLength(text, owner));
  const rest = text.slice(sound.length);
  return isRubbish(rest, sound, owner) ? byteLength(sound) : null;
}

/** The length of all lines up to the first that cannot be read, or has no end. */
function soundLength(text: string, owner: MetricOwner): number {
  let length = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", length)) {
    if (!isPoint(text.slice(length, end + 1), owner)) return length;
    length = end + 1;
  }
  return length;
}

function isPoint(line: string, owner: MetricOwner): boolean {
  return checkMetricFile(line, owner).every(({ damage }) => READABLE.includes(damage));
}

const READABLE: readonly string[] = ["newer-format", "unmigrated"];

function isRubbish(rest: string, sound: string, owner: MetricOwner): boolean {
  if (rest === "") return sound === "";
  if (/^[\0\s]*$/.test(rest)) return true;
  const torn = withoutZeros(rest);
  if (torn.includes("\n")) return false;
  const before = /([^\n]*)\n$/.exec(sound)?.[1] ?? "";
  return !isPoint(`${torn}\n`, owner) || fields(torn) < fields(before);
}

/** A pattern would take its time over a long file of zeros. */
function withoutZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "\0") end--;
  return text.slice(0, end);
}

function fields(line: string): number {
  return line.trim().split(" ").length;
}

/** In UTF-8. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
