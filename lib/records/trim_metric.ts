/**
 * Metrics with something in them that is no point: how much of the file is sound, and what to cut out.
 *
 * @module
 */

import { mergePlaces } from "../text/git_marks.ts";
import { pythonLines, pythonLinesWithEnds, pythonStripped } from "../text/python_text.ts";
import { utf8Length } from "../text/utf8.ts";
import { checkMetricFile, type MetricOwner, tornHead } from "./check_metric_file.ts";

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
  return isRubbish(rest, sound, owner) ? utf8Length(sound) : null;
}

/** The length of all lines up to the first that cannot be read, or has no end. */
function soundLength(text: string, owner: MetricOwner): number {
  let length = 0;
  for (const line of pythonLinesWithEnds(text)) {
    if (!isPoint(line, owner)) return length;
    length += line.length;
  }
  return length;
}

function isPoint(line: string, owner: MetricOwner): boolean {
  return checkMetricFile(line, owner).every(({ damage }) => READABLE.includes(damage));
}

const READABLE: readonly string[] = [
  ...["joined-lines", "joined-time", "newer-format", "unmigrated", "wrong-type"],
];

function isRubbish(rest: string, sound: string, owner: MetricOwner): boolean {
  if (rest === "") return sound === "";
  if (/^[\0\s]*$/.test(rest)) return true;
  const torn = withoutZeros(rest);
  if (pythonLines(torn).length > 1 || isEnded(torn)) return false;
  const before = pythonLines(sound).at(-1) ?? "";
  return !isPoint(`${torn}\n`, owner) || fields(torn) < fields(before);
}

/** Whether MLflow takes its last line for a whole one. */
function isEnded(text: string): boolean {
  return pythonLines(text.slice(-1))[0] === "";
}

/** A pattern would take its time over a long file of zeros. */
function withoutZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "\0") end--;
  return text.slice(0, end);
}

function fields(line: string): number {
  return pythonStripped(line).split(" ").length;
}

/** A part of a file: bytes from the first, up to and without the second. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds what to cut out of a metric's file so that MLflow reads the rest: what proves to be rubbish, that
 * is a byte order mark, an end that was torn off, and of a merge of git the marks with the side that the
 * other one has, too. With `dropLines` every line that MLflow cannot read goes. A line ends wherever
 * Python ends one, so that all that MLflow reads stays.
 *
 * @param text The text of the file.
 * @param owner Whose metric it is.
 * @param options Whether lines that nothing proves to be rubbish may go.
 * @returns The parts, in order, not touching; `null` when nothing proves what to cut, or there is nothing.
 *
 * @example A line torn off, with the next point behind it
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = "17 0.5 0\n18 0.19 0.4 2\n20 0.3 3\n";
 * assertEquals(cutsOf(text, "run", { dropLines: false }), null);
 * assertEquals(cutsOf(text, "run", { dropLines: true }), [{ from: 9, to: 23 }]);
 * ```
 */
export function cutsOf(
  text: string,
  owner: MetricOwner,
  { dropLines }: { readonly dropLines: boolean },
): readonly Cut[] | null {
  const [, mark = "", rest = ""] = /^(\uFEFF?)(.*)$/s.exec(text)!;
  const whole = pythonLinesWithEnds(rest);
  const isWanted = withoutMerge(whole);
  const parts = whole.flatMap((text, index): readonly Part[] => {
    const stays = isWanted[index]!;
    return dropLines && stays ? readableParts(text, owner) : [{ text, stays }];
  });
  const left = parts.filter(({ stays }) => stays).map(({ text }) => text);
  const kept = left.join("");
  // A last line without an end may be whole: MLflow reads it, whatever stands before it.
  const otherwise = dropLines ? utf8Length(kept) : null;
  const sound = isSound(kept, owner) ? utf8Length(kept) : soundBytes(kept, owner) ?? otherwise;
  if (sound === null) return null;
  const cuts: Cut[] = [];
  const cut = (from: number, to: number) => {
    const last = cuts.at(-1);
    if (last?.to === from) cuts.splice(-1, 1, { from: last.from, to });
    else if (from < to) cuts.push({ from, to });
  };
  let at = utf8Length(mark);
  let taken = 0;
  cut(0, at);
  for (const { text, stays } of parts) {
    const bytes = utf8Length(text);
    const kept = stays ? Math.max(0, Math.min(bytes, sound - taken)) : 0;
    taken += kept;
    cut(at + kept, at + bytes);
    at += bytes;
  }
  return cuts.length === 0 ? null : cuts;
}

/** Of each line whether it stays: not a mark, nor what the other side of the merge has as well. */
function withoutMerge(lines: readonly string[]): readonly boolean[] {
  const places = mergePlaces(lines);
  if (places === null) return lines.map(() => true);
  const side = (name: string) =>
    lines.filter((_, index) => places[index] === "both" || places[index] === name).join("");
  const [ours, theirs] = [side("ours"), side("theirs")];
  const wanted = ours.startsWith(theirs) ? "ours" : theirs.startsWith(ours) ? "theirs" : null;
  return places.map((place) => wanted === null || place === "both" || place === wanted);
}

/** A part of a text, and whether it stays. */
interface Part {
  readonly text: string;
  readonly stays: boolean;
}

/** What was cut off goes, and the line stays that it runs into; a time beyond 64 bits its owner corrects. */
function readableParts(line: string, owner: MetricOwner): readonly Part[] {
  const damages = checkMetricFile(line, owner).map(({ damage }) => damage);
  const isUnreadable = damages.some((one) => one === "malformed-line" || one === "empty");
  const isJoined = isUnreadable || damages.some((one) => JOINED.includes(one));
  const head = isJoined ? tornHead(line, owner) : "";
  if (head === "") return [{ text: line, stays: !isUnreadable }];
  return [{ text: head, stays: false }, { text: line.slice(head.length), stays: true }];
}

/** What MLflow reads as one line, and is two. */
const JOINED: readonly string[] = ["joined-lines", "joined-time"];

function isSound(text: string, owner: MetricOwner): boolean {
  return text === "" ||
    checkMetricFile(text, owner).every(({ damage }) =>
      damage !== "malformed-line" && damage !== "torn-line"
    );
}
