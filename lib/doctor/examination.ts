/**
 * What mltidy sees of a machine and a store, part by part, and how that is shown. Nothing of it is a secret, or
 * the name of a run or an experiment.
 *
 * @module
 */

import { foldLines } from "../text/fold.ts";
import { renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { formatCount, formatSize, formatTime } from "../text/units.ts";

/** One thing that was seen: `null` is none; what ends in `Bytes` is a size, in `At` a moment in epoch ms. */
export type Fact = string | number | boolean | null | readonly string[];

/** One part of what was looked at. */
export interface ExaminedPart {
  /** What it is about, such as `store`. */
  readonly part: string;
  /** What was seen, by names in camel case. */
  readonly facts: Readonly<Record<string, Fact>>;
  /** Why it could not be looked at, or not wholly; `null` where it could. */
  readonly problem: string | null;
}

/** What mltidy sees of a machine and a store. */
export interface Examination {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/doctor/v1";
  /** Part by part. */
  readonly parts: readonly ExaminedPart[];
}

/**
 * Renders for people what was seen.
 *
 * @param examination What was seen.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const part = { part: "disk", facts: { freeBytes: 2048, isLocal: true }, problem: null };
 * assertEquals(
 *   renderExamination({ schema: "mltidy/doctor/v1", parts: [part] }),
 *   "Disk\n  free      2.0 KiB\n  is local  yes\n",
 * );
 * ```
 */
export function renderExamination({ parts }: Examination, options: RenderOptions = {}): string {
  const style = styleOf(options);
  const { width = Infinity } = options;
  const sections = parts.map(({ part, facts, problem }) => {
    const shown = Object.entries(facts).flatMap(([name, fact]) => factRows(name, fact));
    const rows = [...shown, ...(problem === null ? [] : [[PROBLEM, problem] as const])];
    const lines = renderRows(
      [{ align: "left" }, { align: "left", prose: true }],
      rows,
      width - INDENT.length,
    ).flat();
    return [
      style.bold(capital(words(part))),
      ...lines.map((line) =>
        INDENT + (line.startsWith(PROBLEM) ? line.replace(PROBLEM, style.red(PROBLEM)) : line)
      ),
    ];
  });
  return foldLines(
    sections.flatMap((lines, index) => index === 0 ? lines : ["", ...lines]),
    options,
  );
}

const INDENT = "  ";
const PROBLEM = "PROBLEM";

function factRows(name: string, fact: Fact): readonly (readonly [string, string])[] {
  const label = words(name.replace(/(?:Bytes|At)$/, ""));
  if (!Array.isArray(fact)) {
    return [[label, factText(name, fact as Exclude<Fact, readonly string[]>)]];
  }
  return fact.length === 0
    ? [[label, NONE]]
    : fact.map((one, index) => [index === 0 ? label : "", one] as const);
}

const NONE = "none";

function factText(name: string, fact: string | number | boolean | null): string {
  if (fact === null || fact === "") return NONE;
  if (typeof fact === "boolean") return fact ? "yes" : "no";
  if (typeof fact === "string") return fact;
  if (name.endsWith("Bytes")) return formatSize(fact);
  return name.endsWith("At") ? formatTime(fact) : formatCount(fact);
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
