/**
 * Our directory inside a store: `.mltidy.trash/`. MLflow skips every directory whose name ends in
 * `.trash`, and it lies on the store's own file system, where a rename is atomic.
 *
 * ```
 * .mltidy.trash/
 *   README.txt        what this is
 *   lock              locked while a task changes the store
 *   journal/ID.jsonl  the write-ahead record of a change that has not been settled
 *   staging/          new files before they are renamed into place
 *   backups/ID/       manifest.json and files/: what a change took away or replaced
 * ```
 *
 * Who may write into the store may put anything there: a link to a directory of somebody else's, which we
 * would empty, or to a file, which we would write to. So nothing in it is used before it was looked at, see
 * {@linkcode refuseForeign}, and no file in it is opened through a link.
 *
 * @module
 */

import { join } from "@std/path";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free, keepingTimes, syncDirectory, writeAll } from "../../_io/durable.ts";
import { holdEntry } from "../../_io/hold.ts";
import { listSome } from "../../_io/list_directory.ts";
import { kindOf, openEntry, readEntry } from "../../_io/open_entry.ts";
import { isHalfMade, makeLikeParent, makePassage, openLikeParent } from "../../_io/permissions.ts";
import { failureText, infoOf } from "../../_io/read.ts";
import { isBeingWritten, isStaged, type OwnPaths, ownPaths } from "./own_paths.ts";

const README = `This directory belongs to mltidy. MLflow ignores it.

It may hold the only copy of runs and experiments that mltidy moved out of the store:
backups/<id>/files/ has them under their old paths. To bring them back, type

    deno task restore --last --store <the directory above this one>

Do not delete it by hand unless you want those runs gone for good.
`;

/** What stands in our directory, and what it is. */
const PLACES: Layout = {
  "README.txt": "file",
  "lock": "file",
  "experiments.lock": "file",
  "journal": "directory",
  "staging": "directory",
  "backups": "directory",
  "writing": "directory",
  "metadata": "directory",
  "damaged": "directory",
};

/**
 * Makes our directory, open to whom the root is open to, leaving the root's modification time as it was.
 * Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @returns Where things lie in it.
 * @throws {UnsupportedStoreError} When it, or something in it, is not ours; then nothing was touched.
 */
export function ensureOwnDirectory(root: string): OwnPaths {
  const paths = ownPaths(root);
  refuseForeign(paths.own, PLACES, root);
  const isMissing = (path: string) => infoOf(path) === null || isHalfMade(path);
  const isNew = isMissing(paths.own);
  if (isNew) keepingTimes(root, () => makeLikeParent(paths.own));
  try {
    sayWhoseItIs(paths.own, README);
  } catch (error) {
    // For people alone: whoever uses the directory next writes it.
    if (!isDiskFull(error)) throw error;
  }
  const missing = [paths.journals, paths.staging, paths.backups].filter(isMissing);
  for (const path of missing) (path === paths.staging ? makePassage : makeLikeParent)(path);
  // A journal and a backup are as durable as the way to them.
  if (missing.length > 0) syncDirectory(paths.own);
  if (isNew) syncDirectory(root);
  return paths;
}

/** What may stand in a directory of ours, by its name, and what it is there. */
export type Layout = Readonly<Record<string, "file" | "directory">>;

/** What every README.txt of ours begins with: by that a directory is known to be ours. */
const MARK = "This directory belongs to mltidy.";

/**
 * Refuses a directory of ours in which something is not ours: it may be somebody's only copy, and what
 * lies behind a link certainly is. Ours is a directory whose README.txt says so, or one without it that
 * holds nothing but what we put there: such is left by a process that is killed. Needs read permission.
 *
 * @param own The directory; it need not be there.
 * @param layout What may stand in it.
 * @param store The store, for the error.
 * @throws {UnsupportedStoreError} When something is not ours; the error says what to move away.
 */
export function refuseForeign(own: string, layout: Layout, store: string): void {
  const refuse = (path: string, expected: string, found: string) => {
    throw foreignError(path, { expected, found, store });
  };
  const found = infoOf(own);
  if (found === null) return;
  if (!found.isDirectory) refuse(own, "a directory", kindOf(found));
  for (const [name, kind] of Object.entries(layout)) {
    const path = join(own, name);
    const info = infoOf(path);
    const fits = kind === "file" ? info?.isFile : info?.isDirectory;
    if (info !== null && !fits) refuse(path, `a ${kind}`, kindOf(info));
  }
  const readme = join(own, "README.txt");
  const text = infoOf(readme) === null ? "" : readEntry(readme);
  if (text.startsWith(MARK)) return;
  if (!MARK.startsWith(text)) refuse(readme, "a file", "another text");
  const other = foreignName(own, layout);
  if (other !== null) refuse(own, "a directory", `${other} and no README.txt in it`);
}

/**
 * Says that something is not ours that stands where something of ours would.
 *
 * @param path Where it is.
 * @param what What was expected and what was found there, and the store.
 * @returns The error, which says to move it away.
 */
export function foreignError(
  path: string,
  what: { readonly expected: string; readonly found: string; readonly store: string },
): UnsupportedStoreError {
  const { expected, found, store } = what;
  return new UnsupportedStoreError(
    `Cannot use ${path}: expected ${expected} of our own, found ${found}; move it away`,
    store,
  );
}

/** What stands in it that we would not have put there; `null` for nothing. */
function foreignName(own: string, layout: Layout): string | null {
  const names = listSome(own).map(({ name }) => name);
  // What is staged, and what was being written, goes when the directory is used.
  const within = (place: string, isOurs: (name: string) => boolean) =>
    infoOf(join(own, place)) === null
      ? []
      : listSome(join(own, place)).flatMap(({ name }) => isOurs(name) ? [] : [`${place}/${name}`]);
  return names.find((name) => !Object.hasOwn(layout, name)) ??
    [...within("staging", isStaged), ...within("writing", isBeingWritten)][0] ?? null;
}

/**
 * Frees what was left in a staging directory. What has none of our names is not ours, however our directory
 * came to be taken for ours: a listing that is short may have hidden it. Needs read and write permission.
 *
 * @param staging The staging directory.
 * @returns What could not be freed.
 */
export function emptyStaging(staging: string): readonly Remains[] {
  return listSome(staging).flatMap(({ name }) => {
    const path = join(staging, name);
    const message = isStaged(name) ? free(path) : null;
    return message === null ? [] : [{ path, message }];
  });
}

/**
 * Names a place in a staging directory at which nothing is: what could not be freed earlier may still be
 * there. Needs read permission.
 *
 * @param staging The staging directory.
 * @param id The backup that leaves.
 * @returns An absolute path.
 */
export function freeName(staging: string, id: string): string {
  for (let count = 1;; count++) {
    const path = join(staging, count === 1 ? id : `${id}-${count}`);
    if (infoOf(path) === null) return path;
  }
}

/**
 * Writes a README.txt into a directory of ours, which marks it as such. Nothing happens when it is there
 * and whole. Several processes may do so at once: none takes away what another one writes, and all write the
 * same. Needs write permission.
 *
 * @param own The directory.
 * @param text What it says, beginning with the mark.
 */
export function sayWhoseItIs(own: string, text: string): void {
  const readme = join(own, "README.txt");
  const info = infoOf(readme);
  if (info?.size === text.length) return;
  // What is cut off is ours to complete, but no other name of somebody's file.
  if (info !== null && ((info.nlink ?? 1) !== 1 || !text.startsWith(readEntry(readme)))) return;
  using entry = holdEntry(readme);
  using file = openOwnFile(entry.path);
  writeAll(file, new TextEncoder().encode(text));
  file.syncSync();
}

/**
 * Opens a file of ours that several processes may make at once. Needs write permission for its directory.
 *
 * @param path Where it is, or is made, for those who can use its directory.
 * @returns The file, at its beginning.
 * @throws {NotRegularFile} When something else stands there, such as a link.
 */
export function openOwnFile(path: string): Deno.FsFile {
  if (infoOf(path) === null) {
    try {
      const file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
      openLikeParent(path);
      return file;
    } catch (error) {
      // Another process that wants the same was faster.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  return openEntry(path, { write: true });
}

/**
 * Does something in our directory. Where another account keeps it closed, the error says how to open it.
 *
 * @param root Absolute real path of the store's root.
 * @param work What to do.
 * @returns What it gives.
 * @throws {Deno.errors.PermissionDenied} When the operating system refuses.
 */
export function inOwnDirectory<T>(root: string, work: () => T): T {
  try {
    return whenOpen(work);
  } catch (error) {
    const { own } = ownPaths(root);
    const info = error instanceof Deno.errors.PermissionDenied ? infoOf(own) : null;
    if (info === null) throw error;
    const { gid } = Deno.statSync(root);
    // Not what lies deeper: of an experiment that is closed to others, that is closed, too.
    const places = `${shellWords([own])} ${shellWords([own])}/*`;
    const open = `chmod g+rwX ${places}`;
    const give = gid === info.gid ? "" : `chgrp ${gid} ${places} && `;
    throw new Deno.errors.PermissionDenied(
      `${
        failureText(error)
      }: ${own} is closed to this account; as its owner, user ${info.uid}, type ${give}${open}`,
      { cause: error },
    );
  }
}

/** Another account makes something there, and opens it to others in the next moment. */
function whenOpen<T>(work: () => T): T {
  for (let attempt = 1;; attempt++) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied) || attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MOMENT);
    }
  }
}

/** How often something is tried, and how long is waited in between, ms. */
const [ATTEMPTS, MOMENT] = [4, 50] as const;
