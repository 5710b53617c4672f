/**
 * The nouns of what is wrong with a store: problems, and what names what.
 *
 * @module
 */

import { quoteText } from "../text/quote_text.ts";
import { asStorePath, type StorePath, withoutTrash } from "./path.ts";

/**
 * Why a `meta.yaml` is of no use. `io`: the operating system refused to give it; `lfs-pointer`: Git LFS
 * has not fetched it.
 */
export type MetaDamage =
  | "missing"
  | "empty"
  | "unreadable"
  | "incomplete"
  | "id-mismatch"
  | "io"
  | "lfs-pointer";

/**
 * Which kind of wrong a problem is; what no `meta.yaml` has is found at depth `full`. Each says what a
 * file, a folder or a record is to MLflow; which of them MLflow minds depends on where they are met.
 */
export type Damage =
  | MetaDamage
  /** A directory where MLflow has none, and that is nothing of MLflow's. */
  | "foreign"
  /** A run that lies beside the one it was copied from. */
  | "copied"
  /** A run below a directory that is no experiment of its own. */
  | "copied-outside"
  /** A run of another experiment. */
  | "wrong-experiment"
  /** A folder that MLflow cannot do without is missing, or is no directory. */
  | "missing-folder"
  /** A file stands where a folder should be. */
  | "not-a-directory"
  /** A key is missing, or null, without which some reader stumbles. */
  | "no-run-id"
  | "no-artifact-uri"
  | "no-name"
  | "no-deleted-time"
  | "no-update-time"
  /** A value that MLflow reads, and cannot send: text that YAML takes for a number, a date, a boolean. */
  | "wrong-type"
  /** A location that leads to another place with each directory in which MLflow is started. */
  | "no-place"
  /** A boolean where a time belongs: 0 or 1 to Python, and nothing that the server of MLflow 3 sends. */
  | "boolean-time"
  /** A name that MLflow refuses when it reads it. */
  | "illegal-name"
  /** A file that an editor or operating system left behind, whose name MLflow takes for a key. */
  | "stray-file"
  /** A param without a value, in a run that may go on. */
  | "no-value"
  /** Keys that some file systems take for one. */
  | "lookalike"
  /** A line of a metric that MLflow cannot read. */
  | "malformed-line"
  /** A line that ends without its line feed, cut off but readable. */
  | "torn-line"
  /** Two lines in one, which MLflow 3 reads as one: what a line that was cut off has left, and the next. */
  | "joined-lines"
  /** The same, where but the beginning of a time is left, which MLflow takes for a part of the next one. */
  | "joined-time"
  /** The same point of a metric twice. */
  | "repeated-point"
  /** Nothing but zeros, as a loss of power leaves behind. */
  | "zeros"
  /** A value with both sides of a merge of git in it. */
  | "merge-marks"
  /** A value with Windows line ends. */
  | "carriage-return"
  /** Written as MLflow 2 cannot read it. */
  | "newer-format"
  /** Sound, and of a kind that a migration does not know. */
  | "unmigrated"
  /** A value that MLflow reads, and no database takes. */
  | "unstorable"
  /** A record that MLflow can read, and that lacks an end that MLflow always writes. */
  | "cut-off"
  /** Names a place where nothing is, while what it names is here. */
  | "moved"
  /** Names a place that depends on where MLflow is started. */
  | "relative"
  /** Names a place of its own elsewhere that MLflow can only reach as a server, or over a network. */
  | "remote"
  /** A directory without a record that holds the artifacts of a run which lies elsewhere. */
  | "borrowed"
  /** Names something that is nowhere. */
  | "dangling"
  /** Nothing refers to it. */
  | "unused"
  /** Still RUNNING or SCHEDULED, without a sign of life. */
  | "stale";

/** What cutting lines, or parts of them, out of a metric's file mends. */
export const LINE_DAMAGES: readonly Damage[] = [
  ...["malformed-line", "joined-lines", "joined-time", "torn-line"] as const,
];

/**
 * What `mlflow migrate-filestore` makes of something: ends, leaves it behind, changes it, or takes it in place
 * of the store.
 */
export type Migration = "aborts" | "skips" | "alters" | "diverts";

/** Something unreadable or contradictory met while reading: data, never an exception. */
export interface Problem {
  /** What could not be read, or is wrong. */
  readonly path: StorePath;
  /**
   * Which kind of thing the path is; a value is a file that holds a metric, a param or a tag. Of a database
   * it is a table's name.
   */
  readonly subject:
    | "experiment"
    | "experiment-tag"
    | "run"
    | "tags"
    | "metric"
    | "param"
    | "input"
    | "output"
    | "dataset"
    | "trace"
    | "trace-value"
    | "assessment"
    | "logged-model"
    | "logged-model-value"
    | "registry"
    | "registry-value"
    | "model-version"
    | "directory"
    | "database";
  /** What is wrong with it. */
  readonly damage: Damage;
  /** The cause, in words. */
  readonly message: string;
  /** 1-based line in the file, where there is one. */
  readonly line: number | null;
  /** 1-based column in the file, where there is one. */
  readonly column: number | null;
  /** What a migration makes of it, where that differs from what it makes of most of its kind. */
  readonly migration?: Migration | null;
  /** Nothing there proves how to mend it, though a repair mends others of its kind. */
  readonly mendable?: false;
}

/** Something that names a run or a logged model by its id. */
export interface Reference {
  /** What names it. */
  readonly path: StorePath;
  /** What it names. */
  readonly to: "run" | "logged-model";
  /** The id. */
  readonly id: string;
}

/** What a `meta.yaml`, or a trace's `trace_info.yaml`, describes. */
export const RECORD_SUBJECTS: readonly Problem["subject"][] = [
  "experiment",
  "run",
  "input",
  "output",
  "dataset",
  "trace",
  "logged-model",
  "registry",
];

/** Rows of one table of a database that belong to runs which are gone. */
export interface DanglingRows {
  /** The table. */
  readonly table: StorePath;
  /** How many rows. */
  readonly rows: number;
  /** Tells which rows these are. */
  readonly stamp: string;
}

/** The kinds of records. */
export type RecordKind =
  | "input"
  | "output"
  | "dataset"
  | "trace"
  | "assessment"
  | "logged-model"
  | "registered-model"
  | "model-version";

/**
 * Tells what a file is the record of, by where it lies.
 *
 * @param file A path below the root.
 * @returns What it is of; `null` for what is no record, be it a `meta.yaml` among artifacts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(recordSubjectOf(".trash/1/meta.yaml"), "experiment");
 * assertEquals(recordSubjectOf("1/ab/meta.yaml"), "run");
 * assertEquals(recordSubjectOf("1/ab/artifacts/meta.yaml"), null);
 * ```
 */
export function recordSubjectOf(file: string): Problem["subject"] | null {
  const path = withoutTrash(file);
  return RECORD_PLACES.find(([place]) => place.test(path))?.[1] ?? null;
}

/** The first that fits. */
const RECORD_PLACES: readonly (readonly [RegExp, Problem["subject"]])[] = [
  [/^models\/[^/]+(?:\/[^/]+)?\/meta\.yaml$/, "registry"],
  [/^[^/]+\/meta\.yaml$/, "experiment"],
  [/^[^/]+\/models\/[^/]+\/meta\.yaml$/, "logged-model"],
  [/^[^/]+\/datasets\/[^/]+\/meta\.yaml$/, "dataset"],
  [/^[^/]+\/traces\/[^/]+\/trace_info\.yaml$/, "trace"],
  [/^[^/]+\/[^/]+\/inputs\/[^/]+\/meta\.yaml$/, "input"],
  [/^[^/]+\/[^/]+\/outputs\/[^/]+\/meta\.yaml$/, "output"],
  [/^[^/]+\/[^/]+\/meta\.yaml$/, "run"],
];

/**
 * Tells what lies, or would lie, in a directory.
 *
 * @param path The directory.
 * @param subject What it is of.
 * @returns The kind of record; `null` for what is none of the small ones.
 */
export function recordKindOf(path: StorePath, subject: Problem["subject"]): RecordKind | null {
  return subject === "registry" ? registryKind(path) : KINDS_OF_SUBJECTS[subject] ?? null;
}

function registryKind(path: StorePath): RecordKind | null {
  switch (path.split("/").length) {
    case 2:
      return "registered-model";
    case 3:
      return "model-version";
    default:
      return null;
  }
}

const KINDS_OF_SUBJECTS: Readonly<Partial<Record<Problem["subject"], RecordKind>>> = {
  input: "input",
  output: "output",
  dataset: "dataset",
  trace: "trace",
  "logged-model": "logged-model",
};

/** How many of them are named. */
const NAMED = 3;

/**
 * Says that rows are not whole: nobody can tell what they name, so it may be anything, as with a file that was cut
 * off.
 *
 * @param table Their table.
 * @param count How many they are.
 * @param ids What is known of them: what stands for the id of what they are about.
 * @returns The problem.
 */
export function cutRows(table: string, count: number, ids: readonly string[] = []): Problem {
  const named = ids.toSorted().slice(0, NAMED).map(quoteText);
  const which = ids.length > NAMED
    ? `: ${named.join(", ")} and ${ids.length - NAMED} more`
    : named.length > 0
    ? `: ${named.join(", ")}`
    : "";
  const message = `${count} of its rows ${count === 1 ? "is" : "are"} not whole${which}`;
  const path = asStorePath(table);
  return { path, subject: "database", damage: "cut-off", message, line: null, column: null };
}
