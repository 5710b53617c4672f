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
 * one with the newest copy of each record whose directory is still there. `backup --expire AGE` lets old
 * copies go by the same measure. Records that not everybody may read who may use the store are in files of
 * their own, one for each circle of readers; whoever may not read such a file does without it.
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

import { dirname, join } from "@std/path";
import type { MetadataHistory } from "../../../lib/backup/backup.ts";
import { expireRecords, type RecordCopy } from "../../../lib/backup/expire_records.ts";
import { StoreAccessError } from "../../../lib/errors.ts";
import type { KeptText } from "../../../lib/plan/repair_action.ts";
import { isSoundRecord } from "../../../lib/records/check_record.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { isText } from "../../../lib/text/json.ts";
import { free, syncDirectory } from "../../_io/durable.ts";
import { moveEntry } from "../../_io/hold.ts";
import { readLines, writeLines } from "../../_io/lines.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import {
  type Access,
  accessAlong,
  accessBelow,
  accessOf,
  makeLikeParent,
  narrower,
} from "../../_io/permissions.ts";
import { infoOf, readText } from "../../_io/read.ts";
import { fileStamp } from "../scan/measure.ts";
import type { OwnPaths } from "./own_paths.ts";

/** How many files there are at most. */
const MOST_FILES = 5;

/**
 * Keeps copies of the records that changed since they were kept last: the `meta.yaml` of experiments,
 * runs with their inputs and outputs, datasets, logged models, registered models and their versions, where
 * MLflow can read it. Needs read and
 * write permission for the store.
 *
 * @param paths Our directory.
 * @param snapshot The store as it is.
 * @param now Epoch ms.
 */
export async function keepMetadata(
  paths: OwnPaths,
  snapshot: StoreSnapshot,
  now: number,
): Promise<void> {
  const files = await partFiles(paths);
  const known = new Map<string, string>();
  for (const { path, stamp } of readCopies(files)) known.set(path, stamp);
  const copy = ({ path, stamp: read, subject }: Recorded): readonly RecordCopy[] => {
    const at = join(snapshot.location, path);
    const stamp = read ?? fileStamp(at);
    if (known.get(path) === stamp) return [];
    const fact = readText(at);
    // What is being written just now may be half of it.
    const isWhole = fact.kind === "text" && fileStamp(at) === stamp &&
      (subject === undefined || isSoundRecord(fact.text, asStorePath(dirname(path)), subject));
    return isWhole ? [{ path, stamp, text: fact.text, keptAt: now }] : [];
  };
  const listed = recordsOf(snapshot).flatMap(copy);
  const changed = [...listed, ...(await furtherRecords(snapshot, listed)).flatMap(copy)];
  if (changed.length === 0) return;
  const merges = files.length >= MOST_FILES * Math.max(1, circlesOf(files));
  const copies = merges
    ? newestOf([...readCopies(files), ...changed])
      .filter(({ path }) => isHeld(snapshot.location, path))
    : changed;
  writeCopies(paths, snapshot.location, copies, now);
  if (merges) { for (const file of files) Deno.removeSync(file); }
}

/**
 * Reads the newest copy of each record. Needs read permission for the store.
 *
 * @param paths Our directory.
 * @returns Copies by their path in the store.
 */
export async function readHistory(paths: OwnPaths): Promise<ReadonlyMap<string, KeptText>> {
  const history = new Map<string, KeptText>();
  for (const { path, text, keptAt } of readCopies(await partFiles(paths))) {
    history.set(path, { text, source: "the metadata kept", keptAt });
  }
  return history;
}

/**
 * Tells what the history takes. Needs read permission for the store.
 *
 * @param paths Our directory.
 * @returns How many copies there are of how many records, and what they take.
 */
export async function describeHistory(paths: OwnPaths): Promise<MetadataHistory> {
  const files = await partFiles(paths);
  const records = new Set<string>();
  let copies = 0;
  let newest: number | null = null;
  for (const { path, keptAt } of readCopies(files)) {
    records.add(path);
    copies++;
    newest = Math.max(newest ?? 0, keptAt);
  }
  const bytes = files.reduce((sum, file) => sum + (infoOf(file)?.size ?? 0), 0);
  return { records: records.size, copies, bytes, newest };
}

/**
 * Counts the copies that are old and that no repair can need. Needs read permission for the store.
 *
 * @param paths Our directory.
 * @param root Absolute real path of the store's root.
 * @param age What is old, ms, and the moment, epoch ms.
 * @returns How many would go.
 */
export async function countExpired(paths: OwnPaths, root: string, age: Age): Promise<number> {
  return expire([...readCopies(await partFiles(paths))], root, age).size;
}

/**
 * Lets go of the copies that are old and that no repair can need. Needs read and write permission for the
 * store.
 *
 * @param paths Our directory.
 * @param root Absolute real path of the store's root.
 * @param age What is old, ms, and the moment, epoch ms.
 * @returns How many have gone.
 */
export async function expireHistory(paths: OwnPaths, root: string, age: Age): Promise<number> {
  const files = await partFiles(paths);
  const copies = [...readCopies(files)];
  const gone = expire(copies, root, age);
  if (gone.size === 0) return 0;
  const staying = copies.filter((copy) => !gone.has(copy));
  writeCopies(paths, root, staying, age.now);
  for (const file of files) Deno.removeSync(file);
  return gone.size;
}

/** What is old. */
interface Age {
  /** Ms. */
  readonly olderThan: number;
  /** Epoch ms. */
  readonly now: number;
}

function expire(copies: readonly RecordCopy[], root: string, age: Age): ReadonlySet<RecordCopy> {
  return expireRecords(copies, { ...age, isThere: (path) => isHeld(root, path) });
}

/** Whether the directory of a record is in the store: without it there is nothing to bring back. */
function isHeld(root: string, path: string): boolean {
  return infoOf(join(root, dirname(path))) !== null;
}

function newestOf(copies: readonly Kept[]): readonly Kept[] {
  return [...new Map(copies.map((copy) => [copy.path, copy])).values()];
}

/** A record, with the stamp of its file where the snapshot has it. */
interface Recorded {
  readonly path: string;
  readonly stamp: string | undefined;
  /** What it is of, where the snapshot does not say that MLflow can read it. */
  readonly subject?: Problem["subject"];
}

/**
 * Records that a snapshot does not list: datasets, and inputs and outputs of the runs that have changed
 * themselves, as each does when it ends. To look into all runs would take too long.
 */
async function furtherRecords(
  { location: root, experiments }: StoreSnapshot,
  changed: readonly RecordCopy[],
): Promise<readonly Recorded[]> {
  const own = experiments.filter(({ link }) => !link);
  const runs = new Set<string>(own.flatMap((each) => each.runs).map(({ path }) => path));
  const directoriesIn = async (folder: string): Promise<readonly string[]> => {
    const listed = await listDirectory(join(root, folder));
    if (listed.kind === "failed") return [];
    return listed.entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  };
  const found: Recorded[] = [];
  const add = async (folder: string, subject: Problem["subject"]) => {
    for (const name of await directoriesIn(folder)) {
      found.push({ path: `${folder}/${name}/meta.yaml`, stamp: undefined, subject });
    }
  };
  for (const { path } of own) await add(`${path}/datasets`, "dataset");
  for (const path of changed.map(({ path }) => dirname(path)).filter((path) => runs.has(path))) {
    // To list a run is faster than to fail at folders that it does not have.
    const folders = new Set(await directoriesIn(path));
    for (const [folder, subject] of NAMED_BY_RUNS) {
      if (folders.has(folder)) await add(`${path}/${folder}`, subject);
    }
  }
  return found;
}

const NAMED_BY_RUNS = [["inputs", "input"], ["outputs", "output"]] as const;

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

async function partFiles({ own }: OwnPaths): Promise<readonly string[]> {
  const directory = join(own, "metadata");
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") {
    if (infoOf(directory) === null) return [];
    throw new StoreAccessError(
      `Cannot list the metadata kept in ${directory}: ${listed.message}; check that disk and the permissions of the directory`,
      directory,
    );
  }
  return listed.entries.filter(({ name, isFile }) => isFile && name.endsWith(".jsonl"))
    .map(({ name }) => join(directory, name)).filter(isReadable).toSorted();
}

function isReadable(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return false;
  }
}

/** How many circles of readers files have. */
function circlesOf(files: readonly string[]): number {
  return new Set(files.map((file) => keyOf(accessOf(Deno.lstatSync(file))))).size;
}

function keyOf({ uid, gid, mode }: Access): string {
  return `${uid}:${gid}:${mode}`;
}

/** A line that is damaged is none: whatever it held is kept again. */
function* readCopies(files: readonly string[]): Generator<Kept> {
  for (const file of files) yield* copiesIn(file, accessOf(Deno.lstatSync(file)));
}

function* copiesIn(file: string, access: Access): Generator<Kept> {
  for (const line of linesOf(file)) {
    const fields = parse(line);
    if (!Array.isArray(fields)) continue;
    const [path, stamp, text, keptAt] = fields as readonly unknown[];
    const isWhole = isText(path) && isText(stamp) && isText(text) && typeof keptAt === "number";
    if (isWhole) yield { path, stamp, text, keptAt, access };
  }
}

/** Nothing of a file that another version has written. */
function* linesOf(file: string): Generator<string> {
  let isOurs = false;
  for (const line of readLines(file)) {
    if (isOurs) yield line;
    else if (line === HEADER) isOurs = true;
    else break;
  }
}

const HEADER = JSON.stringify({ schema: "mltidy/metadata/v1" });

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function writeCopies(
  paths: OwnPaths,
  root: string,
  copies: readonly Kept[],
  now: number,
): void {
  if (copies.length === 0) return;
  const directory = join(paths.own, "metadata");
  makeLikeParent(directory);
  for (const { access, copies: own } of byCircle(directory, root, copies)) {
    const staged = join(paths.staging, "metadata");
    try {
      using lines = writeLines(staged, { access });
      lines.add(HEADER);
      for (const { path, stamp, text, keptAt } of own) {
        lines.add(JSON.stringify([path, stamp, text, keptAt]));
      }
      lines.finish();
    } catch (error) {
      free(staged);
      throw error;
    }
    moveEntry(staged, join(directory, newName(directory, now)));
  }
  syncDirectory(directory);
}

/** A copy, with who may read the file that it comes from. */
type Kept = RecordCopy & { readonly access?: Access };

interface Circle {
  readonly access: Access;
  readonly copies: Kept[];
}

/** A record that has gone tells no more who may read it, so its copy stays as closed as it was. */
function byCircle(directory: string, root: string, copies: readonly Kept[]): Iterable<Circle> {
  const usual = accessBelow(directory, "file");
  const circles = new Map<string, Circle>();
  const seen = new Map<string, Deno.FileInfo | null>();
  const look = (path: string) => {
    if (!seen.has(path)) seen.set(path, infoOf(path));
    return seen.get(path) ?? null;
  };
  for (const copy of copies) {
    const along = narrower(usual, accessAlong(root, copy.path, look));
    const access = copy.access === undefined ? along : narrower(along, copy.access);
    const key = keyOf(access);
    const circle = circles.get(key) ?? { access, copies: [] };
    circle.copies.push(copy);
    circles.set(key, circle);
  }
  return circles.values();
}

/** Later files come later in the alphabet. */
function newName(directory: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, "");
  for (let count = 0;; count++) {
    const name = `${time}-${String(count).padStart(3, "0")}.jsonl`;
    if (infoOf(join(directory, name)) === null) return name;
  }
}
