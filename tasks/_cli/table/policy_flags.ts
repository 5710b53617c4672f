/**
 * The flags of the tasks that plan: ages, the policy, and targets. What is `null` was not given.
 *
 * @module
 */

import { parseCount, parseShare, parseSize } from "../../../lib/text/units.ts";
import {
  type Flags,
  parseChoice,
  parseDays,
  parseOr,
  parseSpan,
  parseText,
  parseWholeNumber,
  toggle,
  type Valued,
} from "./flags.ts";

/** `--days-old`, in days. */
export const daysOld = {
  name: "days-old",
  value: "N",
  describe: "Soft-delete finished runs that ended more than N days ago",
  default: null,
  defaultText: "30",
  parse: parseDays,
} satisfies Valued<number | null>;

/** `--children`. */
export const children = {
  name: "children",
  value: "follow|together|own",
  describe:
    "Nested runs stay with their parent (follow), also go with it whatever their age (together), " +
    "or are judged by themselves (own)",
  default: null,
  defaultText: "children of mltidy.yaml, else own",
  parse: parseChoice("follow", "together", "own"),
} satisfies Valued<"follow" | "together" | "own" | null>;

/** `--purge-after`, ms. */
export const purgeAfter = {
  name: "purge-after",
  value: "DURATION",
  describe: "Purge what has been soft-deleted for longer than this",
  default: null,
  defaultText: "30d",
  parse: parseSpan("d"),
} satisfies Valued<number | null>;

/** `--undated`. */
export const undated = {
  name: "undated",
  value: "keep|last-sign-of-life",
  describe: "What to take for the deletion of what records no time of it",
  default: null,
  defaultText: "undated of purge in mltidy.yaml, else keep",
  parse: parseChoice("keep", "last-sign-of-life"),
} satisfies Valued<"keep" | "last-sign-of-life" | null>;

/** `--settle`, ms. */
export const settle = {
  name: "settle",
  value: "DURATION",
  describe: "Leave an orphan alone that changed within this time: it may be in the making",
  default: null,
  defaultText: "10m",
  parse: parseSpan("m"),
} satisfies Valued<number | null>;

/** `--config`. */
export const config = {
  name: "config",
  value: "FILE",
  describe: "The policy to go by",
  default: null,
  defaultText: "mltidy.yaml beside the store, else in this directory",
  parse: parseText,
} satisfies Valued<string | null>;

/** Flags that select a part of a store. */
export const selectionFlags = {
  experiment: {
    name: "experiment",
    value: "NAME|ID",
    describe: "Only of this experiment; * for any letters, several with commas between them",
    default: null,
    parse: parseList,
  } satisfies Valued<readonly string[] | null>,
  exclude: {
    name: "exclude",
    value: "NAME|ID",
    describe: "Not of this experiment; * for any letters, several with commas between them",
    default: null,
    parse: parseList,
  } satisfies Valued<readonly string[] | null>,
  run: {
    name: "run",
    value: "NAME|ID",
    describe: "Only this run; the beginning of its ID will do, several with commas between them",
    default: null,
    parse: parseList,
  } satisfies Valued<readonly string[] | null>,
} satisfies Flags;

/** Flags of the tasks that plan by a policy. */
export const policyFlags = {
  config,
  compare: {
    name: "compare",
    value: "FILE",
    describe: "Show what changes sides under another policy",
    default: null,
    parse: parseText,
  } satisfies Valued<string | null>,
  maxShare: {
    name: "max-share",
    value: "SHARE",
    describe: "Allow a plan to remove this share of an experiment's runs",
    default: null,
    defaultText: "max_share of mltidy.yaml",
    parse: parseOr("a share such as 80%", parsePercent),
  } satisfies Valued<number | null>,
  maxRuns: {
    name: "max-runs",
    value: "N",
    describe: "Allow a plan to remove this many runs",
    default: null,
    defaultText: "max_runs of mltidy.yaml",
    parse: parseWholeNumber(1),
  } satisfies Valued<number | null>,
  atMost: {
    name: "at-most",
    value: "N",
    describe: "Take only this many of what may go; the rest another time",
    default: null,
    parse: parseWholeNumber(1),
  } satisfies Valued<number | null>,
  free: {
    name: "free",
    value: "SIZE",
    describe: "Take only as much as frees this, such as 20GB",
    default: null,
    parse: parseOr("a size such as 20GB", parseSize),
  } satisfies Valued<number | null>,
  maxSize: {
    name: "max-size",
    value: "SIZE",
    describe: "Take only as much as brings the store down to this",
    default: null,
    parse: parseOr("a size such as 100GB", parseSize),
  } satisfies Valued<number | null>,
  maxFiles: {
    name: "max-files",
    value: "N",
    describe: "Take only as much as brings the store down to this many files, such as 900k",
    default: null,
    parse: parseOr("a number such as 900k", parseCount),
  } satisfies Valued<number | null>,
  first: {
    name: "first",
    value: "oldest|largest",
    describe: "What such a target takes first",
    default: "oldest",
    defaultText: "oldest",
    parse: parseChoice("oldest", "largest"),
  } satisfies Valued<"oldest" | "largest">,
  sizes: toggle("sizes", "Measure what soft-deleted runs will free once they are purged"),
  format: {
    name: "format",
    value: "text|markdown",
    describe: "How to show the plan",
    default: "text",
    defaultText: "text",
    parse: parseChoice("text", "markdown"),
  } satisfies Valued<"text" | "markdown">,
} satisfies Flags;

/** Whether a comma stands between two, or belongs to a name, the store tells. */
function parseList(text: string): readonly string[] {
  if (text.split(",").some((part) => part.trim() === "")) {
    throw new RangeError("expected names or ids with commas between them");
  }
  return [text.trim()];
}

/** As in `mltidy.yaml`: without its sign 1 might be all or one in a hundred. */
function parsePercent(text: string): number {
  if (!text.trim().endsWith("%")) throw new RangeError("a share needs its sign");
  return parseShare(text);
}
