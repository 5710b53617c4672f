/**
 * Opening files to read them, without ever waiting for one to be written.
 *
 * Who can write a store can put a pipe in the place of a record, and to open that is to wait for whoever
 * writes into it. Deno opens faster than anything else but cannot be told not to wait, so what stands at
 * a path is looked at first. Between the two somebody may exchange it; whoever holds a lock would then
 * keep all others out, and answer no signal. So from the moment that a lock is taken, files are opened
 * by Node, which takes a fortieth of a second to load, and does not wait. Then nobody has to look first: for
 * many files that is faster, too.
 *
 * @module
 */

import { NO_FILE } from "../../lib/store/record_problem.ts";

/** Something stands there that is no regular file, and no directory: a pipe, a socket, a device. */
export class NotRegularError extends Error {
  /** The name of the class. */
  override readonly name = "NotRegularError";

  /** Makes the error. */
  constructor() {
    super(NO_FILE);
  }
}

/** A file that is open to be read. */
export interface RegularFile extends Disposable {
  /**
   * Reads on.
   *
   * @param buffer Where to.
   * @returns How many bytes were read; 0 at the end.
   */
  read(buffer: Uint8Array): number;
  /**
   * Says what it is.
   *
   * @returns Its device, its number there, and its size in bytes.
   */
  info(): FileIdentity;
}

/** What tells one file from another. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number | null;
  readonly size: number;
}

/** What to do with a path whose last name is a link. */
export type Links = "followed" | "refused";

/** How to open. */
export interface OpenOptions {
  /** @default "followed" */
  readonly links?: Links;
  /**
   * Somebody has looked already, and found a file.
   *
   * @default false
   */
  readonly isFile?: boolean;
}

/** Opens what may be anything by now, but waits for nothing. */
type Opener = (path: string) => RegularFile;

/** What is done by Node. */
interface NodeFiles {
  readonly open: Opener;
  readonly readAscii: (path: string) => string | null;
}

let byNode: NodeFiles | null = null;

/** Says that from here on no file that is exchanged while it is opened may be waited for. */
export function waitForNoFile(): void {
  byNode ??= nodeFiles();
}

/**
 * Tells whether {@linkcode waitForNoFile} was called, for another thread that should do so, too.
 *
 * @returns Whether it was.
 */
export function waitsForNoFile(): boolean {
  return byNode !== null;
}

/**
 * Reads a short text of plain ASCII, as nearly all are, in the fastest way there is. Needs read permission, and
 * {@linkcode waitForNoFile} to have been called.
 *
 * @param path Where it is; a link is followed.
 * @returns The text; `null` where it may be more than that, or nothing.
 * @throws {NotRegularError} When it is a pipe or a socket.
 * @throws {Error} When it cannot be opened or read, as Deno says it.
 */
export function readAscii(path: string): string | null {
  return byNode === null ? null : byNode.readAscii(path);
}

/**
 * Opens a regular file to read it. Needs read permission.
 *
 * @param path Where it is.
 * @param options What to do with a link, and what is known already.
 * @returns The file.
 * @throws {NotRegularError} When it is a pipe, a socket or a device, or a link where none may be.
 * @throws {Error} When it cannot be opened, as Deno says it.
 */
export function openRegular(
  path: string,
  { links = "followed", isFile = false }: OpenOptions = {},
): RegularFile {
  const open = byNode?.open ?? openByDeno;
  if (links === "followed") {
    if (byNode === null && !isFile) refuseOther(Deno.statSync(path));
    return open(path);
  }
  // Deno resolves a path before it opens it, so the system cannot be asked to follow no link.
  const seen = Deno.lstatSync(path);
  refuseOther(seen);
  const file = open(path);
  const { dev, ino } = file.info();
  if (dev === seen.dev && ino === seen.ino) return file;
  file[Symbol.dispose]();
  throw new NotRegularError();
}

function refuseOther({ isFile, isDirectory }: Deno.FileInfo): void {
  if (isDirectory) throw directoryError();
  if (!isFile) throw new NotRegularError();
}

function openByDeno(path: string): RegularFile {
  const file = Deno.openSync(path);
  return {
    read: (buffer) => file.readSync(buffer) ?? 0,
    info: () => file.statSync(),
    [Symbol.dispose]: () => file.close(),
  };
}

/** An import would cost all that start. */
function nodeFiles(): NodeFiles {
  // deno-lint-ignore no-process-global
  const { getBuiltinModule } = process;
  const { openSync, readSync, fstatSync, closeSync, constants } = getBuiltinModule("node:fs");
  const { Buffer } = getBuiltinModule("node:buffer");
  // Windows has no pipes among its files.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const open: Opener = (path) => {
    const file = asDenoSays(() => openSync(path, flags));
    let at = 0;
    let isRegular = false;
    const info = () => {
      const found = fstatSync(file);
      if (found.isDirectory()) throw directoryError();
      if (!found.isFile()) throw new NotRegularError();
      isRegular = true;
      return found;
    };
    return {
      info,
      read(buffer) {
        // Reading at a place fails for pipes and sockets, and a device may say that it is empty or fill
        // any buffer; to look at each file would take as long as to read it.
        const count = asDenoSays(() => readSync(file, buffer, 0, buffer.length, at));
        if (!isRegular && (count === 0 && at === 0 || count === buffer.length)) info();
        at += count;
        return count;
      },
      [Symbol.dispose]: () => closeSync(file),
    };
  };
  const buffer = Buffer.allocUnsafeSlow(SHORT);
  const readAscii = (path: string) => {
    let size: number;
    const file = openSync(path, flags);
    try {
      size = readSync(file, buffer, 0, SHORT, 0);
    } finally {
      closeSync(file);
    }
    // A device may say that it is empty, or fill any buffer.
    if (size === 0 || size === SHORT) return null;
    const text = buffer.toString("latin1", 0, size);
    return BEYOND_ASCII.test(text) ? null : text;
  };
  return { open, readAscii: (path) => asDenoSays(() => readAscii(path)) };
}

/** Bytes that are more than any short text has. */
const SHORT = 1 << 16;

const BEYOND_ASCII = /[^\0-\x7f]/;

/** Node words its errors in its own way, and in other classes. */
function asDenoSays<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    // A pipe, or a socket; EAGAIN: something that has nothing to say now.
    if (code === "ESPIPE" || code === "ENXIO" || code === "EAGAIN" || code === "EOPNOTSUPP") {
      throw new NotRegularError();
    }
    if (code === "EISDIR") throw directoryError();
    const known = typeof code === "string" ? WORDS[code] : undefined;
    if (known === undefined) throw error;
    throw new known[0](known[1], { cause: error });
  }
}

const WORDS: Readonly<
  Record<string, readonly [new (message: string, options?: ErrorOptions) => Error, string]>
> = {
  ENOENT: [Deno.errors.NotFound, "No such file or directory"],
  ENOTDIR: [Deno.errors.NotADirectory, "Not a directory"],
  EACCES: [Deno.errors.PermissionDenied, "Permission denied"],
  EPERM: [Deno.errors.PermissionDenied, "Operation not permitted"],
  ELOOP: [Deno.errors.FilesystemLoop, "Too many levels of symbolic links"],
  ENAMETOOLONG: [Error, "File name too long"],
  EIO: [Error, "Input/output error"],
  EMFILE: [Error, "Too many open files"],
};

function directoryError(): Error {
  return new Deno.errors.IsADirectory("Is a directory");
}
