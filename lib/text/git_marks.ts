/**
 * What git leaves in a file: the marks of a merge, and the pointer of Git LFS.
 *
 * @module
 */

/** A text with both sides of a merge in it. */
export interface MergeConflict {
  /** The text as it is on the side that was merged into: what stands above `=======`. */
  readonly ours: string;
  /** The text as it is on the side that was merged. */
  readonly theirs: string;
  /** 1-based line of the first mark. */
  readonly line: number;
}

/** Said of a record, or of a metric, that has the marks of a merge in it. */
export const MERGE_MARKS = "a merge of git left both of its sides in it";

/**
 * Takes apart what a merge of git left.
 *
 * @param text The text.
 * @returns Both sides; `null` where no mark is in it, or they do not come in the order of git's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readMergeConflict("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\nd\n"), {
 *   ours: "a\nb\nd\n",
 *   theirs: "a\nc\nd\n",
 *   line: 2,
 * });
 * ```
 */
export function readMergeConflict(text: string): MergeConflict | null {
  if (!text.includes("<<<<<<<")) return null;
  const lines = text.split(/(?<=\n)/);
  const places = mergePlaces(lines);
  if (places === null) return null;
  const side = (name: MergePlace) =>
    lines.filter((_, index) => places[index] === "both" || places[index] === name).join("");
  return { ours: side("ours"), theirs: side("theirs"), line: places.indexOf("mark") + 1 };
}

/**
 * Tells of each line of a text that a merge of git left where it stands.
 *
 * @param lines The lines, with what ends them.
 * @returns A place for each; `null` where there is no mark, or they do not come in the order of git's.
 */
export function mergePlaces(lines: readonly string[]): readonly MergePlace[] | null {
  let place: MergePlace = "both";
  const places: MergePlace[] = [];
  for (const line of lines) {
    const mark = /^(<{7}|\|{7}|={7}|>{7})(?:[ \r\n]|$)/.exec(line)?.[1]?.[0];
    if (mark === undefined) {
      places.push(place);
      continue;
    }
    const next: MergePlace | undefined = NEXT[`${place} ${mark}`];
    if (next === undefined) return null;
    place = next;
    places.push("mark");
  }
  return place === "both" && places.includes("mark") ? places : null;
}

/** On which side a line stands; `base`: what both sides have changed. */
export type MergePlace = "both" | "ours" | "base" | "theirs" | "mark";

const NEXT: Readonly<Record<string, MergePlace>> = {
  "both <": "ours",
  "ours |": "base",
  "ours =": "theirs",
  "base =": "theirs",
  "theirs >": "both",
};

/**
 * Tells whether a text is what Git LFS has in the place of a file that it has not fetched.
 *
 * @param text The text.
 * @returns Whether it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0f\nsize 12\n";
 * assertEquals([pointer, "0.1"].map(isLfsPointer), [true, false]);
 * ```
 */
export function isLfsPointer(text: string): boolean {
  return text.startsWith("version https://git-lfs.github.com/spec/");
}
