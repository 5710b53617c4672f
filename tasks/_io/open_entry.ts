import { failureText, infoOf, MOST, readBytes } from "./read.ts";

/**
 * Opens a file that is itself the entry of its directory: no link, no pipe, no device, nothing that was
 * put in its place meanwhile. Deno resolves a path before it opens it, so the system cannot be asked not
 * to follow a link; what was opened is compared with the entry instead. Needs read permission, and write
 * permission if it is to be written.
 *
 * @param path The file.
 * @param options Whether it is to be written, too.
 * @returns The file.
 * @throws {Deno.errors.NotFound} When nothing is there.
 * @throws {NotRegularFile} When something else than a file is.
 */
export function openEntry(path: string, options: { readonly write?: boolean } = {}): Deno.FsFile {
  // Looked at first: to open a pipe is to wait for whoever writes into it.
  refuseOther(path, Deno.lstatSync(path));
  const file = Deno.openSync(path, { read: true, write: options.write ?? false });
  try {
    const { ino, dev } = file.statSync();
    const named = infoOf(path);
    if (named?.ino !== ino || named.dev !== dev) throw new NotRegularFile(path, "something new");
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Something stands where a file belongs. */
export class NotRegularFile extends Error {
  /**
   * @param path Where.
   * @param found What stands there.
   */
  constructor(path: string, found: string) {
    super(`Cannot use ${path}: expected a file, found ${found}; move it away`);
  }
}

function refuseOther(path: string, info: Deno.FileInfo): void {
  if (!info.isFile) throw new NotRegularFile(path, kindOf(info));
}

/**
 * Says what something is.
 *
 * @param info What was found.
 * @returns For example `a symbolic link`.
 */
export function kindOf(info: Deno.FileInfo): string {
  if (info.isSymlink) return "a symbolic link";
  if (info.isDirectory) return "a directory";
  return info.isFile ? "a file" : "a pipe, socket or device";
}

/**
 * Reads a text file that is itself the entry of its directory, see {@linkcode openEntry}. Needs read
 * permission.
 *
 * @param path The file.
 * @returns Its text.
 * @throws {Deno.errors.NotFound} When nothing is there.
 * @throws {NotRegularFile} When something else than a file is.
 */
export function readEntry(path: string): string {
  refuseOther(path, Deno.lstatSync(path));
  try {
    return new TextDecoder().decode(readBytes(path, { links: "refused", most: MOST.text }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    throw new Error(`Cannot read ${path}: ${failureText(error)}`, { cause: error });
  }
}

/**
 * Makes a file that this account alone may use, where nothing is. Needs write permission.
 *
 * @param path The file.
 * @returns The file, empty.
 * @throws {Deno.errors.AlreadyExists} When something is there.
 * @throws {NotRegularFile} When it was made elsewhere, since its directory was exchanged meanwhile.
 */
export function createEntry(path: string): Deno.FsFile {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  const { ino, dev } = file.statSync();
  const named = infoOf(path);
  if (named?.ino === ino && named.dev === dev) return file;
  file.close();
  throw new NotRegularFile(path, "another directory");
}
