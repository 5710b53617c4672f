/**
 * Writing a tree so that it is durable, and read back before it counts.
 *
 * *Ordering*: a file is written, gets its owner, mode and time, is synced, and is then read again from its
 * first byte; a directory gets its own when the last thing in it has been written. Syncing many at once lets
 * the file system commit them together, which is what makes it affordable.
 *
 * Kept are contents with their holes, names of one file, owners and groups where this account may give them,
 * modes, and modification times to the millisecond; not access lists and extended attributes, of which Deno
 * tells nothing. See `permissions.ts` for what is not kept under another owner.
 *
 * *After an interruption*: what was written is no one's yet: the caller writes into a staging directory
 * and renames.
 *
 * @module
 */

import { join } from "@std/path";
import { writeAll } from "../durable.ts";
import { type HeldEntry, hold, holdEntry } from "../hold.ts";
import {
  type Access,
  accessOf,
  beginDirectory,
  isNoLooser,
  setAccess,
  setLinkOwner,
} from "../permissions.ts";
import { infoOf, timeOf } from "../read.ts";
import type { Digest } from "./digest.ts";

/** What a tree's files and directories keep besides their content. */
export interface Attributes extends Access {
  /** Modification time, epoch ms: Deno tells and sets no finer ones. */
  readonly mtime: number;
}

/**
 * Tells what a copy of something keeps.
 *
 * @param info What is copied.
 * @returns Its attributes.
 */
export function attributesOf(info: Deno.FileInfo): Attributes {
  return { ...accessOf(info), mtime: timeOf(info) ?? 0 };
}

/** What was copied of a file. */
export interface Filled {
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** A source that cannot be read, as opposed to a target that cannot be written. */
export class UnreadableSource extends Error {
  /**
   * @param cause What reading threw.
   */
  constructor(cause: unknown) {
    super("Cannot read the source", { cause });
  }
}

/** The names that a file system refuses, and what lies in a directory of such a name. */
const REFUSED = /^(ENAMETOOLONG|EINVAL|EILSEQ|EEXIST|ENOENT|ENOTDIR)$/;

/**
 * Tells whether a failure concerns one path alone, as a full disk does not.
 *
 * @param error What was thrown while something was copied.
 * @returns Whether the rest can be copied all the same.
 */
export function isOfPath(error: unknown): boolean {
  if (error instanceof UnreadableSource) return true;
  return error instanceof Error && "code" in error && REFUSED.test(String(error.code));
}

/** A file that is being written. */
export interface Draft {
  /**
   * Writes what the source holds, in place of what was written before.
   *
   * @param source Open for reading, at its beginning.
   * @param limit Bytes to read at most, so that a file that grows comes to an end.
   * @throws {UnreadableSource} When the source cannot be read.
   */
  fill(source: Deno.FsFile, limit: number): Promise<Filled>;
  /** Writes these bytes, in place of what was written before. */
  write(bytes: Uint8Array): Filled;
  /** Gives the file its attributes; it is synced and read back later. */
  settle(attributes: Attributes): Promise<void>;
  /** Gives the file up. */
  drop(): void;
}

/** A tree that is being written, in the order of its paths. */
export interface TreeWriter extends Disposable {
  directory(path: string, attributes: Attributes): Promise<void>;
  link(path: string, target: string, attributes: Attributes): Promise<void>;
  /** Makes another name of a file of this tree; `false` where that cannot be. */
  again(path: string, earlier: string): Promise<boolean>;
  /**
   * Makes another name of a file of another tree; `false` where that cannot be, and where a copy would be of
   * other attributes.
   */
  share(path: string, existing: string, attributes: Attributes): Promise<boolean>;
  file(path: string): Promise<Draft>;
  /** Makes all of it durable and reads back what was written. */
  finish(): Promise<void>;
}

const CHUNK = 1 << 20;
/** How large a hole is at least: to look for smaller ones takes longer than they save. */
const BLOCK = 1 << 16;
/** How much waits to be synced together. */
const BATCH = { files: 64, bytes: 64 << 20 } as const;

interface Unsynced {
  readonly handle: Deno.FsFile;
  readonly path: string;
  /** What must be read back; `null` for a directory. */
  readonly filled: Filled | null;
}

/**
 * Begins to write a tree. Needs read and write permission.
 *
 * @param base Where it goes: an empty directory, or one without anything at the paths to come.
 * @param options SHA-256, and what is awaited between two pieces of work; `onBytes` is told of progress.
 * @returns The writer.
 */
export async function writeTree(
  base: string,
  options: {
    readonly digest: Digest;
    readonly turn: () => Promise<void>;
    readonly onBytes?: (bytes: number) => void;
  },
): Promise<TreeWriter> {
  const { digest, turn, onBytes } = options;
  const { lutimesSync } = await import("node:fs");
  const buffer = new Uint8Array(CHUNK);
  const filling: (Attributes & { readonly path: string })[] = [];
  const unsynced: Unsynced[] = [];
  const handles = new Set<Deno.FsFile>();
  let waiting = 0;
  /** Whether this account may give files away; not known before it has tried. */
  let givesAway: boolean | null = null;

  const open = (place: string, options?: Deno.OpenOptions): Deno.FsFile => {
    const handle = Deno.openSync(place, options);
    handles.add(handle);
    return handle;
  };
  const close = (handle: Deno.FsFile) => {
    handles.delete(handle);
    handle.close();
  };
  const enter = async (path: string) => {
    while (filling.length > 0 && !path.startsWith(`${filling.at(-1)?.path}/`)) await leave();
  };
  const leave = async () => {
    const directory = filling.pop();
    if (directory === undefined) return;
    const place = join(base, directory.path);
    using held = hold(place);
    // Opened first: a mode may well forbid its owner to.
    const handle = open(held.path);
    setAttributes(place, handle, directory);
    await settle({ handle, path: place, filled: null });
  };
  const settle = async (one: Unsynced) => {
    unsynced.push(one);
    waiting += one.filled?.size ?? 0;
    if (unsynced.length >= BATCH.files || waiting >= BATCH.bytes) await flush();
  };
  const flush = async () => {
    await Promise.all(unsynced.map(({ handle }) => handle.sync()));
    for (const { handle, path, filled } of unsynced) {
      if (filled !== null) await readBack(handle, path, filled);
      close(handle);
    }
    unsynced.length = 0;
    waiting = 0;
  };
  const readBack = async (handle: Deno.FsFile, path: string, filled: Filled) => {
    const hash = digest();
    handle.seekSync(0, Deno.SeekMode.Start);
    for (let size = handle.readSync(buffer); size !== null; size = handle.readSync(buffer)) {
      hash.update(buffer.subarray(0, size));
      await turn();
    }
    if (hash.finish() !== filled.sha256) {
      throw new Error(`${path} reads back differently from what was written`);
    }
  };

  return {
    async directory(path, attributes) {
      await enter(path);
      using made = holdNew(join(base, path));
      beginDirectory(made.path, attributes);
      filling.push({ path, ...attributes });
    },
    async link(path, target, attributes) {
      await enter(path);
      using made = holdNew(join(base, path));
      Deno.symlinkSync(target, made.path);
      setLinkOwner(made.path, attributes);
      const time = new Date(attributes.mtime);
      lutimesSync(made.path, time, time);
    },
    async again(path, earlier) {
      await enter(path);
      return tryLink(join(base, earlier), join(base, path));
    },
    async share(path, existing, attributes) {
      await enter(path);
      const { uid, gid, mode } = accessOf(Deno.lstatSync(existing));
      const isSame = uid === attributes.uid && gid === attributes.gid && mode === attributes.mode;
      // What this account copies is its own, whoever may have copied it before.
      const isAsGood = isSame || givesAway === false && isNoLooser(mode, attributes.mode);
      return isAsGood && tryLink(existing, join(base, path));
    },
    async file(path) {
      await enter(path);
      const place = join(base, path);
      using made = holdNew(place);
      const handle = open(made.path, { read: true, write: true, createNew: true, mode: 0o600 });
      let filled: Filled | null = null;
      return {
        async fill(source, limit) {
          const hash = digest();
          let size = 0;
          if (filled !== null) {
            handle.truncateSync();
            handle.seekSync(0, Deno.SeekMode.Start);
          }
          const { blocks } = source.statSync();
          const isSparse = blocks !== null && blocks * 512 < limit;
          while (size < limit) {
            const bytes = buffer.subarray(0, readChunk(source, buffer, limit - size));
            if (bytes.length === 0) break;
            hash.update(bytes);
            if (isSparse) writeSparsely(handle, bytes);
            else writeAll(handle, bytes);
            size += bytes.length;
            onBytes?.(bytes.length);
            await turn();
          }
          if (isSparse) handle.truncateSync(size);
          return filled = { size, sha256: hash.finish() };
        },
        write(bytes) {
          handle.truncateSync();
          handle.seekSync(0, Deno.SeekMode.Start);
          writeAll(handle, bytes);
          onBytes?.(bytes.length);
          const hash = digest();
          hash.update(bytes);
          return filled = { size: bytes.length, sha256: hash.finish() };
        },
        async settle(attributes) {
          const hasOwner = setAttributes(place, handle, attributes);
          if (!hasOwner) givesAway = false;
          await settle({ handle, path: place, filled });
        },
        drop() {
          close(handle);
          using dropped = holdEntry(place);
          Deno.removeSync(dropped.path);
        },
      };
    },
    async finish() {
      while (filling.length > 0) await leave();
      await flush();
    },
    [Symbol.dispose]() {
      for (const handle of handles) handle.close();
    },
  };
}

/** What is held has a short name, but a path that is too long must be refused: nobody would find it by that. */
function holdNew(place: string): HeldEntry {
  infoOf(place);
  return holdEntry(place);
}

function readChunk(source: Deno.FsFile, buffer: Uint8Array, most: number): number {
  try {
    return source.readSync(most < buffer.length ? buffer.subarray(0, most) : buffer) ?? 0;
  } catch (error) {
    throw new UnreadableSource(error);
  }
}

/** What is passed over is a hole, and reads as zeros. */
function writeSparsely(handle: Deno.FsFile, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const block = bytes.subarray(start, start + BLOCK);
    if (isZeros(block)) handle.seekSync(block.length, Deno.SeekMode.Current);
    else writeAll(handle, block);
  }
}

function isZeros(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/** Too many links to one file, or a file system without any: a copy serves. */
function tryLink(existing: string, path: string): boolean {
  try {
    using source = holdEntry(existing);
    using target = holdEntry(path);
    Deno.linkSync(source.path, target.path);
    return true;
  } catch {
    return false;
  }
}

/** @returns Whether the owner and the group were kept. */
function setAttributes(place: string, handle: Deno.FsFile, attributes: Attributes): boolean {
  const hasOwner = setAccess(place, attributes, handle.statSync());
  const time = new Date(attributes.mtime);
  handle.utimeSync(time, time);
  return hasOwner;
}
