/**
 * Finding out what a backup alone holds.
 *
 * What is to take the place of an older copy is read before it is believed: a newer copy that lists a file
 * may have lost it, and so may the store.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { BackupEntry, BackupProgress, CopyManifest } from "../../../lib/backup/backup.ts";
import { comparePaths } from "../../../lib/backup/plan_backup.ts";
import type { OnlyCopies } from "../../../lib/backup/plan_expiry.ts";
import { isSoundRecord } from "../../../lib/records/check_record.ts";
import { recordSubjectOf } from "../../../lib/store/problem.ts";
import { asStorePath, withoutTrash } from "../../../lib/store/path.ts";
import { failureText, infoOf, readText } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { type Digest, loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { readEntries } from "./entries.ts";

/** Which store, which backups. */
export interface OnlyCopiesOptions {
  /** Absolute real path of the store's root. */
  readonly root: string;
  /** Copy backups of the store, newest first, and where each lies. */
  readonly copies: readonly (CopyManifest & { readonly directory: string })[];
  /** Which of them are asked about. */
  readonly candidates: readonly string[];
  /** Paths that are in every copy, and never the same. @default {none} */
  readonly except?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

type FileEntry = Extract<BackupEntry, { readonly kind: "file" }>;
type LinkEntry = Extract<BackupEntry, { readonly kind: "link" }>;

/** A list of entries and where its reading has come to. */
interface Cursor {
  readonly id: string;
  /** Where the files lie that it lists. */
  readonly files: string;
  readonly entries: Generator<BackupEntry>;
  current: BackupEntry | null;
}

/** A file or a link, and a copy backup that lists it. */
interface CopyHolder<T = FileEntry | LinkEntry> extends Pick<Cursor, "id" | "files"> {
  readonly entry: T;
}

/** What reading files needs. */
interface Reading {
  readonly digest: Digest;
  readonly turn: () => Promise<void>;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Finds the files and links that neither the store, active or in `.trash/`, nor a newer copy backup has at their
 * path, sound: all lists of entries are read side by side, each once, and where an older copy depends on
 * it, so is the file. Needs read permission for the store and the backups.
 *
 * @param options Which store, which backups.
 * @returns By candidate; one that holds nothing by itself is not in it.
 * @throws {DamagedBackupError} When a list of entries is damaged.
 */
export async function findOnlyCopies(
  options: OnlyCopiesOptions,
): Promise<ReadonlyMap<string, OnlyCopies>> {
  const { root, copies, candidates, except, signal, onProgress } = options;
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  const asked = new Set(candidates);
  const only = new Map<string, OnlyCopies>();
  let [files, bytes] = [0, 0];
  const tell = () => onProgress?.({ step: "Comparing", files, bytes, total: null });
  const onBytes = (more: number) => {
    bytes += more;
    tell();
  };
  const reading: Reading = { digest, turn, onBytes };
  using lists = new DisposableStack();
  const cursors = copies.map(({ id, directory, entries }): Cursor => {
    const list = lists.use(readEntries(join(directory, "entries.jsonl"), entries, digest));
    return { id, files: join(directory, "files"), entries: list, current: next(list) };
  });
  for (;;) {
    await turn();
    const path = firstPath(cursors);
    if (path === null) return only;
    const holders = copyHoldersOf(path, cursors);
    if (holders.length === 0 || except?.has(path)) continue;
    files++;
    tell();
    for (const [index, holder] of holders.entries()) {
      if (!asked.has(holder.id)) continue;
      const newer = holders.slice(0, index);
      if (newer.some((one) => isSameFile(one, holder))) continue;
      const standIn = await findStandIn(root, holder, newer, reading);
      if (!standIn.found) only.set(holder.id, added(only.get(holder.id), holder, standIn.unsound));
    }
  }
}

function firstPath(cursors: readonly Cursor[]): string | null {
  let first: string | null = null;
  for (const { current } of cursors) {
    if (current === null) continue;
    if (first === null || comparePaths(current.path, first) < 0) first = current.path;
  }
  return first;
}

/** Which copies list a file or a link at a path, newest first; all lists go on behind it. */
function copyHoldersOf(path: string, cursors: readonly Cursor[]): readonly CopyHolder[] {
  const holders: CopyHolder[] = [];
  for (const cursor of cursors) {
    const entry = cursor.current;
    if (entry?.path !== path) continue;
    if (entry.kind !== "directory") holders.push({ id: cursor.id, files: cursor.files, entry });
    cursor.current = next(cursor.entries);
  }
  return holders;
}

function added(
  sum: OnlyCopies | undefined,
  { entry }: CopyHolder,
  unsound: OnlyCopies["unsound"],
): OnlyCopies {
  return {
    files: (sum?.files ?? 0) + 1,
    bytes: (sum?.bytes ?? 0) + (entry.kind === "file" ? entry.size : 0),
    example: sum?.example ?? entry.path,
    unsound: sum?.unsound ?? unsound,
  };
}

type Unsound = NonNullable<OnlyCopies["unsound"]>;

type StandIn =
  | { readonly found: true }
  /** `unsound`: the newest that should have been one. */
  | { readonly found: false; readonly unsound: Unsound | null };

/** Looks for what holds a file or a link once a copy of it has gone. */
async function findStandIn(
  root: string,
  { id, files, entry }: CopyHolder,
  newer: readonly CopyHolder[],
  reading: Reading,
): Promise<StandIn> {
  return entry.kind === "link"
    ? findLink(root, entry, newer)
    : await findFile(root, { id, files, entry }, newer.filter(isOfFile), reading);
}

function isOfFile(holder: CopyHolder): holder is CopyHolder<FileEntry> {
  return holder.entry.kind === "file";
}

/** A link is nothing but its target: one that leads elsewhere is no version of it. */
function findLink(
  root: string,
  { path, target }: LinkEntry,
  newer: readonly CopyHolder[],
): StandIn {
  if (placesOf(path).some((place) => targetOf(join(root, place)) === target)) {
    return { found: true };
  }
  let unsound: Unsound | null = null;
  for (const { id, files, entry } of newer) {
    if (entry.kind !== "link" || entry.target !== target) continue;
    if (targetOf(join(files, path)) === target) return { found: true };
    unsound ??= { id, message: `expected a link to ${target}` };
  }
  return { found: false, unsound };
}

function targetOf(path: string): string | null {
  return infoOf(path)?.isSymlink ? Deno.readLinkSync(path) : null;
}

/**
 * Another version that has lost nothing, in the store or in a newer copy, or the same one, which has been
 * read.
 */
async function findFile(
  root: string,
  holder: CopyHolder<FileEntry>,
  newer: readonly CopyHolder<FileEntry>[],
  reading: Reading,
): Promise<StandIn> {
  const { entry } = holder;
  const inStore = placesOf(entry.path).filter((path) => infoOf(join(root, path))?.isFile);
  const isVersion = (path: string) =>
    isOtherVersion(infoOf(join(root, path)), entry) && lossOf(join(root, path), holder) === null;
  if (inStore.some(isVersion)) return { found: true };
  let unsound: Unsound | null = null;
  for (const { id, files, entry: other } of newer) {
    const message = await faultOf(files, other.path, other, reading) ??
      (other.sha256 === entry.sha256 ? null : lossOf(join(files, other.path), holder));
    if (message === null) return { found: true };
    unsound ??= { id, message };
  }
  for (const path of inStore) {
    if (await faultOf(root, path, entry, reading) === null) return { found: true };
  }
  return { found: false, unsound };
}

/** A run, and so its files, may be active or in `.trash/`. */
function placesOf(path: string): readonly string[] {
  return [path, path.startsWith(".trash/") ? path.slice(".trash/".length) : `.trash/${path}`];
}

function isOtherVersion(info: Deno.FileInfo | null, { size, mtime }: FileEntry): boolean {
  return info !== null && (info.size !== size || info.mtime?.getTime() !== mtime);
}

/** What a later version has lost, in words: its content, or what makes it a record that MLflow can read. */
function lossOf(place: string, { files, entry }: CopyHolder<FileEntry>): string | null {
  if (infoOf(place)?.size === 0) return `expected ${entry.size} bytes, found 0`;
  const subject = recordSubjectOf(entry.path);
  if (subject === null) return null;
  const directory = asStorePath(dirname(withoutTrash(entry.path)));
  const isSound = (at: string) => {
    const fact = readText(at, { links: "refused" });
    return fact.kind === "text" && isSoundRecord(fact.text, directory, subject);
  };
  return isSound(place) || !isSound(join(files, entry.path))
    ? null
    : "expected a record that MLflow can read, found none";
}

/** One file with two names: what becomes of it becomes of both. */
function isSameFile(left: CopyHolder, right: CopyHolder): boolean {
  const [one, other] = [left, right].map(({ files, entry }) => infoOf(join(files, entry.path)));
  return one !== null && one !== undefined && one.ino !== null && one.ino === other?.ino &&
    one.dev === other.dev;
}

/** What is wrong with a file, in words; nothing if it is as the entry says. */
async function faultOf(
  base: string,
  path: string,
  entry: FileEntry,
  reading: Reading,
): Promise<string | null> {
  try {
    const { size, sha256 } = await hashFile(base, path, reading);
    if (size !== entry.size) return `expected ${entry.size} bytes, found ${size}`;
    return sha256 === entry.sha256 ? null : `expected SHA-256 ${entry.sha256}, found ${sha256}`;
  } catch (error) {
    // Throws again what was no fault of the file but an abort.
    await reading.turn();
    return failureText(error);
  }
}

function next(entries: Generator<BackupEntry>): BackupEntry | null {
  const step = entries.next();
  return step.done ? null : step.value;
}
