/**
 * One task at a time may change a store.
 *
 * *Locking*: an advisory lock of the operating system on `.mltidy.trash/lock`, which dies with its
 * process, so there is no stale lock to break. The file's text says who holds it; it is for people and
 * decides nothing. The file itself stays: removing it would let two processes lock two different files.
 * The lock binds mltidy alone, not MLflow.
 *
 * @module
 */

import { StoreAccessError, StoreLockedError, UnsupportedStoreError } from "../../../lib/errors.ts";
import { readEntry } from "../../_io/open_entry.ts";
import { waitForNoFile } from "../../_io/open_regular.ts";
import { failureText } from "../../_io/read.ts";
import { ensureOwnDirectory, inOwnDirectory, openOwnFile } from "./own_directory.ts";

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

/**
 * Takes a store's lock, or refuses at once. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param task Which task takes it, for the message to others.
 * @param now Epoch ms, for the same.
 * @returns The lock.
 * @throws {StoreLockedError} When another process, or another handle of this one, holds it.
 * @throws {StoreAccessError} When the store cannot be written to.
 */
export function acquireLock(root: string, task: string, now: number): Lock {
  return lockFile(openLock(root), { location: root, task, now });
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
    throw new StoreLockedError(
      `Cannot lock store ${location}: ${
        describeHolder(lock)
      } holds the lock; wait until it is done`,
      location,
    );
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
      // A program that is being started just now has a copy of the file, which closing ours leaves locked.
      file.unlockSync();
      file.close();
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
    const refused = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable || /read-only file system/i.test(String(error));
    if (!refused) throw error;
    throw new StoreAccessError(
      `Cannot change store ${root}: ${failureText(error)}; nothing was touched`,
      root,
      { cause: error },
    );
  }
}

/** It may be another name of somebody's file, and who holds the lock is written over what it holds. */
function refuseForeignText(location: string, lock: string, file: Deno.FsFile): void {
  const start = new Uint8Array(LONGEST_HOLDER);
  const size = file.readSync(start) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  const text = new TextDecoder().decode(start.subarray(0, size));
  // A holder that died may have left the beginning of its text, or a file system what it had reserved.
  if (size < LONGEST_HOLDER && /^({("pid":.*)?)?\0*\n?$/s.test(text)) return;
  throw new UnsupportedStoreError(
    `Cannot use ${lock}: expected a file of our own, found another text; move it away`,
    location,
  );
}

/** The longest text that names a holder, and more, bytes. */
const LONGEST_HOLDER = 4096;

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
