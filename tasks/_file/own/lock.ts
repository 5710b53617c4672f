/**
 * One task at a time may change a store.
 *
 * *Locking*: two advisory locks of the operating system, on the store's root and on `.mltidy.trash/lock`. They
 * die with their process, so there is no stale lock to break. The file's text says who holds it; it is for
 * people and decides nothing. The file itself stays: removing it would let two processes lock two different
 * files. The lock binds mltidy alone, not MLflow.
 *
 * Where a directory can be locked, whoever locks the store locks its root first. So on a disk that has no room
 * for our directory, the root's lock alone keeps everybody else out, and who only makes room goes on with it.
 * Where none can be (Windows, NFS), that task is refused.
 *
 * @module
 */

import { StoreAccessError, StoreLockedError } from "../../../lib/errors.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free } from "../../_io/durable.ts";
import { openEntry, readEntry } from "../../_io/open_entry.ts";
import { waitForNoFile } from "../../_io/open_regular.ts";
import { failureText, infoOf } from "../../_io/read.ts";
import { ensureOwnDirectory, foreignError, inOwnDirectory, openOwnFile } from "./own_directory.ts";
import { leavingPlace, ownPaths } from "./own_paths.ts";

/** Who holds a lock. */
interface LockHolder {
  readonly pid: number;
  readonly host: string | null;
  readonly task: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** A lock that was taken; disposing of it, once or more often, releases it. */
export interface Lock extends Disposable {
  /** Whether it has not been released yet. */
  isHeld(): boolean;
}

/** The lock of a store. */
export interface StoreLock extends Lock {
  /**
   * Makes our directory, with all that the lock needs there, if the disk had no room for that before.
   *
   * @returns Whether it is there now.
   */
  complete(): boolean;
}

/**
 * Takes a store's lock, or refuses at once. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param task Which task takes it, for the message to others.
 * @param now Epoch ms, for the same.
 * @param makesRoom Whether to be content with the root's lock where the disk has no room for our directory.
 * @returns The lock.
 * @throws {StoreLockedError} When another process, or another handle of this one, holds it.
 * @throws {StoreAccessError} When the store cannot be written to.
 */
export function acquireLock(
  root: string,
  task: string,
  now: number,
  makesRoom = false,
): StoreLock {
  const directory = lockRoot(root);
  const complete = () => lockFile(openLock(root), { location: root, task, now });
  let whole: Lock | null = null;
  try {
    // Of a task that was killed before it could make room: our directory has no place yet to move it to.
    if (directory !== null) free(leavingPlace(root));
    whole = complete();
  } catch (error) {
    const isEnough = makesRoom && directory !== null && isDiskFull(error) &&
      infoOf(ownPaths(root).lock) === null;
    if (!isEnough) {
      if (directory !== null) release(directory);
      throw error;
    }
  }
  waitForNoFile();
  let isHeld = true;
  return {
    isHeld: () => isHeld,
    complete() {
      try {
        whole ??= complete();
        return true;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        return false;
      }
    },
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      whole?.[Symbol.dispose]();
      if (directory !== null) release(directory);
    },
  };
}

/** `null` where no directory can be locked, and so nobody locks this one. */
function lockRoot(root: string): Deno.FsFile | null {
  if (Deno.build.os === "windows") return null;
  const directory = Deno.openSync(root);
  try {
    if (directory.tryLockSync(true)) return directory;
  } catch (error) {
    directory.close();
    if (CANNOT_LOCK.test(String(error))) return null;
    throw error;
  }
  directory.close();
  throw lockedError(root, ownPaths(root).lock);
}

/** EBADF of NFS, which wants it open for writing; EINVAL, ENOLCK, ENOSYS and ENOTSUP, as systems count. */
const CANNOT_LOCK = /\(os error (9|22|37|38|45|77|78|95|102)\)/;

/** A program that is being started just now has a copy of the file, which closing ours leaves locked. */
function release(file: Deno.FsFile): void {
  file.unlockSync();
  file.close();
}

function lockedError(location: string, lock: string): StoreLockedError {
  return new StoreLockedError(
    `Cannot lock store ${location}: ${describeHolder(lock)} holds the lock; wait until it is done`,
    location,
  );
}

/** Whose lock it is, and who takes it. */
export interface LockPurpose {
  /** The store's location. */
  readonly location: string;
  /** Which task takes it, for the message to others. */
  readonly task: string;
  /** Epoch ms, for the same. */
  readonly now: number;
}

/**
 * Locks a file of ours, or refuses at once, and then closes it. Needs read and write permission for it.
 *
 * @param opened Absolute path of the file, and the file itself.
 * @param purpose Whose lock it is.
 * @returns The lock.
 * @throws {StoreLockedError} When another process, or another handle of this one, holds it.
 * @throws {UnsupportedStoreError} When the file holds what we would not have written.
 */
export function lockFile(
  { lock, file }: { readonly lock: string; readonly file: Deno.FsFile },
  { location, task, now }: LockPurpose,
): Lock {
  if (!file.tryLockSync(true)) {
    file.close();
    throw lockedError(location, lock);
  }
  try {
    refuseForeignText(location, lock, file);
  } catch (error) {
    file.close();
    throw error;
  }
  waitForNoFile();
  const holder: LockHolder = {
    pid: Deno.pid,
    host: hostname(),
    task,
    since: new Date(now).toISOString(),
  };
  sayWho(file, JSON.stringify(holder) + "\n");
  let isHeld = true;
  return {
    isHeld: () => isHeld,
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      sayWho(file, "");
      release(file);
    },
  };
}

/** For people alone: a disk that is full must not keep anybody from recovering. */
function sayWho(file: Deno.FsFile, text: string): void {
  try {
    file.truncateSync();
    file.writeSync(new TextEncoder().encode(text));
  } catch {
    // The lock holds without it.
  }
}

function openLock(root: string): { readonly lock: string; readonly file: Deno.FsFile } {
  try {
    return inOwnDirectory(root, () => {
      const { lock } = ensureOwnDirectory(root);
      return { lock, file: openOwnFile(lock) };
    });
  } catch (error) {
    throw refusalOf(error, root) ?? error;
  }
}

/**
 * Says that a store may not be changed, where nothing could be written.
 *
 * @param error What was thrown.
 * @param location The store's location.
 * @returns The error; `null` where something else has failed.
 */
export function refusalOf(error: unknown, location: string): StoreAccessError | null {
  const isRefused = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable || /read-only file system/i.test(String(error));
  if (!isRefused) return null;
  return new StoreAccessError(
    `Cannot change store ${location}: ${failureText(error)}; nothing was touched`,
    location,
    { cause: error },
  );
}

/** It may be another name of somebody's file, and who holds the lock is written over what it holds. */
function refuseForeignText(location: string, lock: string, file: Deno.FsFile): void {
  const start = new Uint8Array(LONGEST_HOLDER);
  const size = file.readSync(start) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  const text = new TextDecoder().decode(start.subarray(0, size));
  // A holder that died may have left the beginning of its text, or a file system what it had reserved.
  if (size < LONGEST_HOLDER && /^({("pid":.*)?)?\0*\n?$/s.test(text)) return;
  throw foreignError(lock, { expected: "a file", found: "another text", store: location });
}

/** The longest text that names a holder, and more, bytes. */
const LONGEST_HOLDER = 4096;

/**
 * Tells who holds a lock just now. Takes nothing, but for a moment what another reader may take, too: who locks the
 * store in that very moment is refused, so it is asked only where a change is not finished. Needs read permission.
 *
 * @param lock Absolute path of its file; it need not be there.
 * @returns The task, with its process; `null` when nobody does, or that cannot be told.
 */
export function holderOf(lock: string): string | null {
  try {
    using file = openEntry(lock);
    return file.tryLockSync(false) ? null : describeHolder(lock);
  } catch {
    return null;
  }
}

function describeHolder(lock: string): string {
  try {
    const { pid, host, task, since } = JSON.parse(readEntry(lock)) as LockHolder;
    return `${task} (pid ${pid}${host === null ? "" : ` on ${host}`}, since ${since})`;
  } catch {
    return "another process";
  }
}

function hostname(): string | null {
  try {
    const granted = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
    return granted.state === "granted" ? Deno.hostname() : null;
  } catch {
    return null;
  }
}
