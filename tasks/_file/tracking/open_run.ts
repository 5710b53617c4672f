/**
 * Runs of a file store, written so that no file is ever half there.
 *
 * *Ordering*: a run is made aside with all its directories and its first tags, and appears by one rename.
 * Parameters, tags, artifacts and each metric's first points appear by one rename or link as well: an
 * empty file of a metric, which an ordinary append leaves if it is cut off, makes MLflow's search of the
 * whole experiment raise. Further points are appended in one write. A run's end is recorded last, after
 * everything that has to be durable is.
 *
 * *Locking*: none. Many processes may write to one run: appends do not mix, of a parameter the first value
 * stays, of a tag the last.
 *
 * *After an interruption*: the run stays RUNNING, with all that was logged.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { runMetaText } from "../../../lib/records/tracking_meta.ts";
import { codeOf } from "../../../lib/store/run_status.ts";
import type { RunRecord } from "../../../lib/store/tracking_model.ts";
import { metricLines, withLineFeeds } from "../../../lib/tracking/logging_rules.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { syncEntry, syncFile } from "../../_io/durable.ts";
import { NotRegularError } from "../../_io/open_regular.ts";
import { failureText, infoOf, MOST, readText, readTextFile } from "../../_io/read.ts";
import type { Durability, Placement, RecordedRun, TrackedRun } from "../../ports/tracking.ts";
import { makeDirectories, modelAt, placeOf } from "../own/make_new.ts";
import { placeFile, placeNewFile, type Writing } from "../own/place.ts";
import { putArtifact, putInput, type RunPlace } from "./put_files.ts";
import type { KeyKind, TwinFinder } from "./twin_keys.ts";

/** An open run, and what starting and resuming need besides. */
export interface OpenRun {
  /** The run, for the port. */
  readonly tracked: TrackedRun;
  /** Remembers a path that has to be durable by the run's end. */
  touch(path: string): void;
  /** Writes a tag. */
  setTag(key: string, text: string): Placement;
  /** Renames the run. */
  rename(runName: string): void;
  /** Changes keys of its `meta.yaml`. */
  rewriteMeta(changes: Readonly<Record<string, string | number | null>>): void;
}

/**
 * Opens a run that is there for writing. Needs read and write permission for the store.
 *
 * @param directory Absolute path of the run's directory.
 * @param writing Where things are written before they get their place.
 * @param record What its `meta.yaml` says.
 * @param options When what is written reaches the disk, and the keys that it has.
 * @returns The run.
 */
export function openRun(
  directory: string,
  writing: Writing,
  record: RunRecord,
  { durability, twins }: { readonly durability: Durability; readonly twins: TwinFinder },
): OpenRun {
  const durable = durability === "always";
  const touched = new Set<string>();
  const touch = (path: string) => {
    if (durability === "end") touched.add(path).add(dirname(path));
  };
  const keep = (path: string) => durable ? syncEntry(path) : touch(path);
  const place: RunPlace = { directory, writing, durability, keep };
  let current = record;

  /** Puts a key's file at its place; `write` is called again once its directory has been made. */
  function put(kind: KeyKind, key: string, write: (target: string) => Placement): Placement {
    const names = [kind, ...key.split("/")];
    const target = join(directory, ...names);
    const twin = twins.find(kind, key);
    if (twin !== null && twin.isSameFile) return { placed: "blocked", by: twin.key };
    try {
      const placement = withParents(() => write(target), names.slice(0, -1));
      if (placement.placed === "differs" || placement.placed === "blocked") return placement;
      twins.remember(kind, key);
      return { ...placement, twin: twin?.key ?? null };
    } catch (error) {
      const isBlocked = error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.IsADirectory;
      if (!isBlocked) throw error;
      return { placed: "blocked", by: blockerOf(directory, kind, key) };
    }
  }

  function withParents<T>(work: () => T, parents: readonly string[]): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      makeDirectories(directory, parents, writing.newPath, keep);
      return work();
    }
  }

  const setTag = (key: string, text: string): Placement =>
    put("tags", key, (target) => {
      const existing = existingText(target);
      if (existing === text) return UNCHANGED;
      // What replaces something durable is durable itself, or a power loss leaves neither.
      const isDurable = durable || existing !== null && durability !== "never";
      placeFile(writing, target, text, isDurable, (existing === null ? placeOf : modelAt)(target));
      keep(target);
      return WRITTEN;
    });

  function rewriteMeta(
    changes: Readonly<Record<string, string | number | null>>,
    otherwise: () => string = () => runMetaText(current, "RUNNING", null),
  ): void {
    const path = join(directory, "meta.yaml");
    const edited = editedMeta(path, { ...changes, run_id: record.runId, run_uuid: record.runId });
    placeFile(writing, path, edited ?? otherwise(), durability !== "never");
    keep(path);
  }

  function rename(runName: string): void {
    setTag("mlflow.runName", runName);
    current = { ...current, runName };
    rewriteMeta({ run_name: runName });
  }

  const tracked: TrackedRun = {
    get record() {
      return current;
    },
    isStarted: () => true,
    logMetric: (key, points) =>
      Promise.try(() =>
        put("metrics", key, (target) => {
          const lines = metricLines(points);
          if (!appendLines(target, lines) && !placeNewFile(writing, target, lines, durable)) {
            // Another process has just logged the metric's first point.
            appendLines(target, lines);
          }
          keep(target);
          return WRITTEN;
        })
      ),
    logParam: (key, text) =>
      Promise.try(() =>
        put("params", key, (target) => {
          if (placeNewFile(writing, target, text, durable)) {
            keep(target);
            return WRITTEN;
          }
          const existing = readTextFile(target, { most: MOST.text });
          return withLineFeeds(existing) === text
            ? UNCHANGED
            : { placed: "differs", existing, wanted: text };
        })
      ),
    setTag: (key, text) => Promise.try(() => setTag(key, text)),
    logArtifact: (path, content) => putArtifact(place, current.artifactUri, path, content),
    logInput: (dataset, tags) => Promise.try(() => putInput(place, record.runId, dataset, tags)),
    rename: (runName) => Promise.try(() => rename(runName)),
    recorded: () => Promise.try(() => recordedAt(join(directory, "meta.yaml"))),
    showLife: (now) =>
      Promise.try(() => {
        const meta = join(directory, "meta.yaml");
        if (!infoOf(meta)?.isFile) return;
        const time = new Date(now);
        Deno.utimeSync(meta, time, time);
      }),
    end: (status, endTime) =>
      Promise.try(() => {
        const failed = syncAll(touched);
        rewriteMeta(
          { status: codeOf(status), end_time: endTime },
          () => runMetaText(current, status, endTime),
        );
        if (durability !== "never") syncEntry(directory);
        touched.clear();
        if (failed !== null) throw failed;
      }),
  };
  return { tracked, touch, setTag, rename, rewriteMeta };
}

const WRITTEN: Placement = { placed: "logged", twin: null };
const UNCHANGED: Placement = { placed: "unchanged", twin: null };

function existingText(path: string): string | null {
  try {
    return readTextFile(path, { most: MOST.text });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function recordedAt(path: string): RecordedRun | null {
  const text = readText(path);
  const read = text.kind === "text" ? readRunMeta(text.text) : null;
  if (!read?.ok) return null;
  const { name, status, endTime } = read.meta;
  return { runName: name, status, endTime };
}

/** The new text, with what others have changed meanwhile; `null` when the old one is of no use. */
function editedMeta(
  path: string,
  changes: Readonly<Record<string, string | number | null>>,
): string | null {
  const text = readText(path);
  if (text.kind !== "text" || !readRunMeta(text.text).ok) return null;
  return editMetaYaml(text.text, changes);
}

/**
 * Appends to a file that is there.
 *
 * @returns Whether it is there.
 * @throws {NotRegularError} When something else is there, such as a link or a pipe.
 */
function appendLines(target: string, lines: string): boolean {
  const found = infoOf(target);
  if (found === null) return false;
  // Who may write into the store could lead to a file elsewhere, or let a training wait for a pipe.
  if (!found.isFile && !found.isDirectory) throw new NotRegularError();
  try {
    Deno.writeTextFileSync(target, lines, { append: true, create: false });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    dropTornLine(target, lines);
    throw error;
  }
}

/** A full disk may take the beginning of a line, on which MLflow would raise. */
function dropTornLine(target: string, lines: string): void {
  try {
    const text = readTextFile(target, { most: MOST.text });
    const torn = text.slice(text.lastIndexOf("\n") + 1);
    const isOurs = lines.split("\n").some((line) => line.startsWith(torn));
    // A whole file that is torn would become an empty one.
    if (torn !== "" && torn !== text && isOurs) {
      Deno.truncateSync(target, Deno.statSync(target).size - torn.length);
    }
  } catch {
    // What made the append fail is worth more to the caller than this.
  }
}

/** The key that keeps another from being a file: its beginning, or one that goes on from it. */
function blockerOf(directory: string, kind: KeyKind, key: string): string {
  const names = key.split("/");
  const beginnings = names.map((_, index) => names.slice(0, index + 1));
  const file = beginnings.find((parts) => infoOf(join(directory, kind, ...parts))?.isFile);
  return file ? file.join("/") : `${key}/…`;
}

function syncAll(paths: ReadonlySet<string>): Error | null {
  let failed: Error | null = null;
  for (const path of paths) {
    try {
      syncFile(path);
    } catch (error) {
      // What was deleted meanwhile need not be durable.
      if (error instanceof Deno.errors.NotFound) continue;
      failed = new Error(`Cannot make ${path} durable: ${failureText(error)}`, { cause: error });
    }
  }
  return failed;
}
