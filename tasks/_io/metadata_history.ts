/**
 * The metadata history: copies of the store's records, so that the next one that is lost comes back as it
 * was.
 *
 * ```
 * .mltidy.trash/metadata/TIME.jsonl   first {"schema":"mltidy/metadata/v1"}, then
 *                                     [path, stamp, text, ms] for each record that had changed
 * ```
 *
 * A file holds only what had changed since the ones before it; when there are more than five, they become
 * one with the newest copy of each record whose directory is still there.
 *
 * *Ordering*: a file is written in `staging/`, synced, and renamed into place; files that it replaces go
 * after that.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: what was cut off lies in `staging/`, which the next lock empties.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { dirname, join } from "@std/path";
import type { StoreSnapshot } from "../../lib/model.ts";
import type { KeptText } from "../../lib/repair.ts";
import { fileStamp } from "./measure.ts";
import { infoOf, type OwnPaths, syncDirectory, writeAndSync } from "./own_directory.ts";
import { listDirectory, readText } from "./read.ts";

/** How many files there are at most. */
const MOST_FILES = 5;

/** A copy of one record. */
interface Copy {
  readonly path: string;
  readonly stamp: string;
  readonly text: string;
  /** Epoch ms. */
  readonly keptAt: number;
}

/**
 * Keeps copies of the records that changed since they were kept last: the `meta.yaml` of experiments,
 * runs, logged models, registered models and their versions, where MLflow can read it. Needs read and
 * write permission for the store.
 *
 * @param paths Our directory.
 * @param snapshot The store as it is.
 * @param now Epoch ms.
 */
export function keepMetadata(paths: OwnPaths, snapshot: StoreSnapshot, now: number): void {
  const files = partFiles(paths);
  const known = new Map(files.flatMap(readStamps));
  const changed = recordsOf(snapshot).flatMap(({ path, stamp: read }): readonly Copy[] => {
    const at = join(snapshot.root, path);
    const stamp = read ?? fileStamp(at);
    if (known.get(path) === stamp) return [];
    const fact = readText(at);
    // What is being written just now may be half of it.
    const isWhole = fact.kind === "text" && fileStamp(at) === stamp;
    return isWhole ? [{ path, stamp, text: fact.text, keptAt: now }] : [];
  });
  if (changed.length === 0) return;
  const merges = files.length >= MOST_FILES;
  const copies = merges
    ? newestOf([...files.flatMap(readCopies), ...changed])
      .filter(({ path }) => infoOf(join(snapshot.root, dirname(path))) !== null)
    : changed;
  writeCopies(paths, copies, now);
  if (merges) { for (const file of files) Deno.removeSync(file); }
}

/**
 * Reads the newest copy of each record. Needs read permission for the store.
 *
 * @param paths Our directory.
 * @returns Copies by their path in the store.
 */
export function readHistory(paths: OwnPaths): ReadonlyMap<string, KeptText> {
  return new Map(
    partFiles(paths).flatMap(readCopies).map(({ path, text, keptAt }) => [
      path,
      { text, source: "the metadata kept", keptAt },
    ]),
  );
}

function newestOf(copies: readonly Copy[]): readonly Copy[] {
  return [...new Map(copies.map((copy) => [copy.path, copy])).values()];
}

/** A record, with the stamp of its file where the snapshot has it. */
interface Recorded {
  readonly path: string;
  readonly stamp: string | undefined;
}

/** The records that MLflow can read, and that lie in the store itself. */
function recordsOf(snapshot: StoreSnapshot): readonly Recorded[] {
  const { experiments, orphans, registeredModels, problems } = snapshot;
  const broken = new Set<string>(problems.map(({ path }) => path));
  const holders = [...experiments, ...orphans].filter(({ link }) => !link);
  const places = [
    ...experiments.filter(({ link }) => !link),
    ...holders.flatMap(({ runs, loggedModels }) => [
      ...runs.filter(({ link }) => !link),
      ...loggedModels,
    ]),
    ...registeredModels.flatMap((model) => [
      ...(broken.has(model.path) ? [] : [model]),
      ...model.versions,
    ]),
  ];
  return places.map((each) => ({
    path: `${each.path}/meta.yaml`,
    // What is soft-deleted has one of all its files instead.
    stamp: "stamp" in each ? each.stamp.split("/")[1] : undefined,
  }));
}

function partFiles({ own }: OwnPaths): readonly string[] {
  const directory = join(own, "metadata");
  const listed = listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries.filter(({ name, isFile }) => isFile && name.endsWith(".jsonl"))
    .map(({ name }) => join(directory, name)).toSorted();
}

/** Far faster than reading the texts as well. */
function readStamps(file: string): readonly (readonly [path: string, stamp: string])[] {
  const line = /^\["((?:[^"\\]|\\.)*)","([^"\\]*)",".*",\d+\]$/gm;
  return [...textOf(file).matchAll(line)].map(([, path = "", stamp = ""]) => [
    path.includes("\\") ? String(parse(`"${path}"`)) : path,
    stamp,
  ]);
}

/** A line that is damaged is none: whatever it held is kept again. */
function readCopies(file: string): readonly Copy[] {
  return textOf(file).split("\n").slice(1, -1).flatMap((line) => {
    const fields = parse(line);
    if (!Array.isArray(fields)) return [];
    const [path, stamp, text, keptAt] = fields as readonly unknown[];
    const isWhole = typeof path === "string" && typeof stamp === "string" &&
      typeof text === "string" && typeof keptAt === "number";
    return isWhole ? [{ path, stamp, text, keptAt }] : [];
  });
}

/** Nothing of a file that another version has written. */
function textOf(file: string): string {
  const text = Deno.readTextFileSync(file);
  return text.startsWith(`${HEADER}\n`) ? text : "";
}

const HEADER = JSON.stringify({ schema: "mltidy/metadata/v1" });

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function writeCopies(paths: OwnPaths, copies: readonly Copy[], now: number): void {
  const directory = join(paths.own, "metadata");
  ensureDirSync(directory);
  const lines = copies.map(({ path, stamp, text, keptAt }) =>
    JSON.stringify([path, stamp, text, keptAt])
  );
  const staged = join(paths.staging, "metadata");
  writeAndSync(staged, [HEADER, ...lines].map((line) => `${line}\n`).join(""));
  Deno.renameSync(staged, join(directory, newName(directory, now)));
  syncDirectory(directory);
}

/** Later files come later in the alphabet. */
function newName(directory: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, "");
  for (let count = 0;; count++) {
    const name = `${time}-${String(count).padStart(3, "0")}.jsonl`;
    if (infoOf(join(directory, name)) === null) return name;
  }
}
