/**
 * Metric files: whether MLflow can read every line.
 *
 * @module
 */

import { NOT_FETCHED, type RecordProblem, recordProblem, SOUND } from "../store/record_problem.ts";
import {
  pythonLines,
  pythonStripped,
  readPythonFloat,
  readPythonInteger,
} from "../text/python_text.ts";
import { quoteText } from "../text/quote_text.ts";
import { isLater, type Point, pointOf } from "./metric_file.ts";
import { days } from "../text/units.ts";
import { isLfsPointer, MERGE_MARKS, readMergeConflict } from "../text/git_marks.ts";

/** Who owns a metric; each writes columns of its own. */
export type MetricOwner = "run" | "logged-model";

/**
 * Checks a metric's file as MLflow reads it: all of its lines, split wherever Python splits, trimmed,
 * then cut at single spaces. One line that it cannot read, and it reads nothing of the experiment.
 *
 * @param text The text of `metrics/<key>`.
 * @param owner Whose metric it is: a run's lines have 2, 3 or 5 fields (5 since MLflow 3.0), those of
 * a logged model 4 or 6.
 * @returns What is wrong: at most one problem of each kind, at the first line that has it.
 *
 * @example A line that was cut off
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkMetricFile("17 0.5 0\n", "run"), []);
 * const [found] = checkMetricFile("17 0.5 0\n18\n", "run");
 * assertEquals([found?.damage, found?.line], ["malformed-line", 2]);
 * ```
 */
export function checkMetricFile(text: string, owner: MetricOwner): readonly RecordProblem[] {
  if (text === "") {
    // A migration takes it for a metric without points.
    return [recordProblem("empty", "the metric has no line", null)];
  }
  if (isLfsPointer(text)) return [NOT_FETCHED];
  const { usual, check } = OWNERS[owner];
  const isSound = isUsual(text, usual);
  const lines = isSound ? text.slice(0, -1).split("\n") : pythonLines(text);
  const merge = isSound ? null : readMergeConflict(text);
  const tallies = new Map<RecordProblem["damage"], Tally>();
  if (!isSound) {
    for (const [index, line] of lines.entries()) {
      const fault = withTornHead(check(pythonStripped(line).split(" ")), line, owner);
      if (fault === null) continue;
      const tally = tallies.get(fault.damage);
      if (tally === undefined) tallies.set(fault.damage, { first: fault, index, count: 1 });
      else tally.count++;
      // The migration is as good as what it makes of the worst line.
      if (fault.migration === undefined) tallies.get(fault.damage)!.stumbles = true;
    }
  }
  const problems = LINE_FAULTS.flatMap((damage) => {
    const tally = tallies.get(damage);
    if (tally === undefined) return [];
    const { first, index, count, stumbles = false } = tally;
    const message = merge !== null
      ? MERGE_MARKS
      : index === 0 && text.startsWith("\uFEFF")
      ? "it begins with a byte order mark"
      : first.message;
    const more = count === 1 || merge !== null ? "" : `, and so have ${count - 1} more`;
    const base = { ...recordProblem(first.damage, `${message}${more}`), line: index + 1 };
    return [stumbles ? base : { ...base, migration: first.migration ?? null }];
  });
  const readable = problems.every(({ damage }) => damage !== "malformed-line");
  if (readable && pythonLines(text.slice(-1))[0] !== "") {
    problems.push({
      ...recordProblem("torn-line", "the last line has no end"),
      line: lines.length,
    });
  }
  const tooLarge = isSound ? -1 : lines.findIndex(hasTooLarge);
  if (tooLarge !== -1) {
    const damage = owner === "run" && showsTooLarge(lines) ? "wrong-type" : "unmigrated";
    const message = "a time or a step is beyond 64 bits";
    const why = tornHead(lines[tooLarge]!, owner) === "" ? "" : `: ${TORN_HEAD}`;
    problems.push({ ...recordProblem(damage, `${message}${why}`), line: tooLarge + 1 });
  }
  const mayRepeat = readable && !(isSound && haveRisingSteps(lines, owner));
  const repeated = mayRepeat ? repeatedLine(lines, owner) : null;
  if (repeated !== null) {
    const message = "the metric has the same point twice";
    problems.push({ ...recordProblem("repeated-point", message), line: repeated });
  }
  return problems.length === 0 ? SOUND : problems;
}

/** What may be wrong with a line, as it is reported. */
const LINE_FAULTS = ["malformed-line", "joined-lines", "joined-time", "newer-format"] as const;

type LineFault = Pick<RecordProblem, "damage" | "message" | "migration">;

/** What is wrong in one way with lines of a file, of which there may be millions. */
interface Tally {
  readonly first: LineFault;
  /** Of the line that is the first. */
  readonly index: number;
  count: number;
  /** Whether a migration stumbles over one of them. */
  stumbles?: boolean;
}

const USUAL_VALUE = String.raw`(?:-?\d+(?:\.\d+)?(?:e[-+]\d+)?|nan|-?inf)`;

/** The point at the end of a line, without a dataset and with one: the first takes that for another point. */
function lastPoints(run: string): readonly RegExp[] {
  const point = `\\d{13} ${USUAL_VALUE} -?\\d{1,18}${run}`;
  return [new RegExp(`${point}$`), new RegExp(`${point} \\S+ \\S+$`)];
}

/** `usual`: lines as MLflow itself writes them, which spares nearly every file the slow way; times have 13 digits. */
const OWNERS = {
  run: {
    usual: new RegExp(`\\d{1,13} ${USUAL_VALUE} -?\\d{1,18}\n`, "y"),
    check: checkRunLine,
    last: lastPoints(""),
  },
  "logged-model": {
    usual: new RegExp(`\\d{1,13} ${USUAL_VALUE} -?\\d{1,18} [0-9a-f]{32}\n`, "y"),
    check: checkModelLine,
    last: lastPoints(" [0-9a-f]{32}"),
  },
} as const;

function isUsual(text: string, line: RegExp): boolean {
  line.lastIndex = 0;
  while (line.lastIndex < text.length) if (!line.test(text)) return false;
  return true;
}

function checkRunLine(fields: readonly string[]): LineFault | null {
  const count = fields.length;
  const numbers = checkNumbers(fields, count === 2 ? 2 : 3);
  if (count === 2 || count === 3) return numbers;
  if (count === 5) {
    // MLflow 3 does not look at its step.
    const fault = checkNumbers(fields, 2);
    if (fault !== null) return fault;
    const message = "the line names a dataset, as MLflow writes it since 3.0";
    const line = { damage: "newer-format", message } as const;
    return numbers === null ? { ...line, migration: null } : line;
  }
  const message = `the line has ${countOf(count)}, not 2, 3 or 5`;
  // A migration looks at the first three alone.
  return count > 3 && numbers === null
    ? { damage: "malformed-line", message, migration: null }
    : { damage: "malformed-line", message };
}

const TORN_HEAD = "the remains of a line that was cut off stand before the next one's time";

/**
 * Finds what a line that was cut off has left before the next point, which was logged right behind it:
 * MLflow takes both for one line.
 *
 * @param line The line, be it with its end.
 * @param owner Whose metric it is.
 * @returns Its beginning, up to the time of the point behind it; empty where it is a line of its own, or one
 * whose time nothing tells from what stands before it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tornHead("1777593609002 0.5 21777593609003 0.6 3\n", "run"), "1777593609002 0.5 2");
 * assertEquals(tornHead("1777593609003 0.6 3 data a1b2\n", "run"), "");
 * ```
 */
export function tornHead(line: string, owner: MetricOwner): string {
  // Two points are short.
  const text = line.length > MOST_JOINED ? "" : pythonStripped(line);
  for (const point of OWNERS[owner].last) {
    const at = text.search(point);
    const head = text.slice(0, Math.max(0, at));
    if (head.includes(" ") || isBeginningOf(head, text.slice(at, at + 13))) {
      return line.slice(0, line.indexOf(text) + at);
    }
  }
  return "";
}

const MOST_JOINED = 1_000;

/**
 * Whether digits begin a time that was not long before another one: what is logged grows in order of time.
 * With three and six digits more it may be one time, of microseconds or nanoseconds.
 */
function isBeginningOf(digits: string, time: string): boolean {
  if (!/^\d{1,12}$/.test(digits) || digits.length === 3 || digits.length === 6) return false;
  const since = Number(time) - Number(digits.padEnd(time.length, "0"));
  return since >= 0 && since < 10 ** (time.length - digits.length) + days(365);
}

/** What MLflow reads, and as one line, is two; what it cannot read has that for its cause. */
function withTornHead(fault: LineFault | null, line: string, owner: MetricOwner): LineFault | null {
  if (fault?.damage !== "malformed-line" && hasTooLarge(line)) return fault;
  const head = tornHead(line, owner);
  if (head === "") return fault;
  if (fault?.damage === "malformed-line") return { ...fault, message: TORN_HEAD };
  return { damage: head.includes(" ") ? "joined-lines" : "joined-time", message: TORN_HEAD };
}

function checkModelLine(fields: readonly string[]): LineFault | null {
  if (fields.length === 4 || fields.length === 6) return checkNumbers(fields, 3);
  const message = `the line has ${countOf(fields.length)}, not 4 or 6`;
  return { damage: "malformed-line", message, migration: "skips" };
}

function checkNumbers(fields: readonly string[], count: number): LineFault | null {
  const expected = ["an integer as time", "a number as value", "an integer as step"] as const;
  for (const index of [0, 1, 2].slice(0, count)) {
    const field = fields[index] ?? "";
    if ((index === 1 ? readPythonFloat(field) : readPythonInteger(field)) !== null) continue;
    const message = `expected ${expected[index]}, found ${quoteText(field)}`;
    return { damage: "malformed-line", message };
  }
  return null;
}

/** A database keeps times and steps in 64 bits, Python in as many as it takes. */
function hasTooLarge(line: string): boolean {
  const [time = "", , step = ""] = pythonStripped(line).split(" ");
  return [time, step].some((field) => {
    const number = readPythonInteger(field) ?? 0;
    if (Math.abs(number) !== 2 ** 63) return Math.abs(number) > 2 ** 63;
    const exact = BigInt(field.replace(/[^-\d]/g, ""));
    return BigInt.asIntN(64, exact) !== exact;
  });
}

/** Whether it is in the point that MLflow shows with a run, and so in what its server sends for one. */
function showsTooLarge(lines: readonly string[]): boolean {
  let latest: { readonly point: Point; readonly line: string } | null = null;
  for (const line of lines) {
    const point = pointOf(pythonStripped(line).split(" "));
    if (point !== null && (latest === null || isLater(point, latest.point))) {
      latest = { point, line };
    }
  }
  return latest !== null && hasTooLarge(latest.line);
}

function countOf(fields: number): string {
  return fields === 1 ? "1 field" : `${fields} fields`;
}

/** Steps that rise, as those of nearly every metric, are those of points that differ. */
function haveRisingSteps(lines: readonly string[], owner: MetricOwner): boolean {
  if (owner !== "run") return false;
  let last = -Infinity;
  return lines.every((line) => {
    const step = Number(line.slice(line.lastIndexOf(" ")));
    const rises = step > last;
    last = step;
    return rises;
  });
}

/** The table of a database takes no point twice: not even one of two datasets. */
function repeatedLine(lines: readonly string[], owner: MetricOwner): number | null {
  if (lines.length < 2) return null;
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const key = owner === "run" ? runPoint(line) : modelPoint(line);
    if (seen.has(key)) return index + 1;
    seen.add(key);
  }
  return null;
}

function runPoint(line: string): string {
  const end = nthSpace(line, 3);
  return end === -1 ? line : line.slice(0, end);
}

function modelPoint(line: string): string {
  const [time, , step, run] = line.split(" ");
  return `${time} ${step} ${run}`;
}

function nthSpace(line: string, count: number): number {
  let at = -1;
  for (let found = 0; found < count; found++) {
    at = line.indexOf(" ", at + 1);
    if (at === -1) return -1;
  }
  return at;
}
