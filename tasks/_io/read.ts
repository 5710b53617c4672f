/**
 * Reading files so that every failure is a fact.
 *
 * @module
 */

import { errorMessage } from "../../lib/errors.ts";
import type { TextFact } from "../../lib/store/facts.ts";
import { asStorePath } from "../../lib/store/path.ts";
import type { Problem } from "../../lib/store/problem.ts";
import { UTF_16 } from "../../lib/store/record_problem.ts";
import { formatSize } from "../../lib/text/units.ts";
import {
  NotRegularError,
  type OpenOptions,
  openRegular,
  readAscii,
  waitsForNoFile,
} from "./open_regular.ts";

/**
 * How many bytes are read of a file at most: what is larger is no record of MLflow's, and would take the
 * memory that it claims to need.
 */
export const MOST = {
  /** A dataset says of itself up to 17 MB, and nothing says more. */
  record: 32 << 20,
  /** The longest text that can be: a metric grows with each step, a list of ours with the store. */
  text: 0x1fff_ffe8,
  /** What a person has written. */
  config: 1 << 20,
} as const;

/** How to read a file. */
export interface ReadOptions extends OpenOptions {
  /**
   * How many bytes it may have.
   *
   * @default MOST.record
   */
  readonly most?: number;
  /** What somebody has just found there, without following a link. @default {undefined} */
  readonly found?: Deno.FileInfo | undefined;
}

/**
 * Reads a UTF-8 text file. Needs read permission.
 *
 * @param path Where it is.
 * @param options How large it may be, and whether it may be a link.
 * @returns Its text, or why there is none.
 */
export function readText(path: string, options?: ReadOptions): TextFact {
  try {
    return { kind: "text", text: readTextFile(path, options) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
    const isContent = error instanceof NotRegularError || error instanceof NotTextError;
    return {
      kind: "failed",
      damage: isContent ? "unreadable" : "io",
      message: failureText(error),
    };
  }
}

/**
 * Reads a UTF-8 text file, as it stands. Needs read permission.
 *
 * @param path Where it is.
 * @param options How large it may be, and whether it may be a link.
 * @returns Its text.
 * @throws {Deno.errors.NotFound} When nothing is there.
 * @throws {Error} When it is no regular file, too large, no UTF-8, or cannot be read; the message says why.
 */
export function readTextFile(path: string, options: ReadOptions = {}): string {
  const text = readUsualText(path, options);
  if (text !== null) return text;
  const bytes = readShared(path, options);
  try {
    return UTF_8.decode(bytes);
  } catch (error) {
    throw new NotTextError(error, bytes);
  }
}

/**
 * Reads nearly every text, as fast as may be: there are millions.
 *
 * @returns `null` where there is more to it.
 */
function readUsualText(path: string, { links, isFile, found }: ReadOptions): string | null {
  if (links === "refused") return null;
  if (waitsForNoFile()) return readAscii(path);
  if (isFile !== true) {
    const { isFile, size } = found ?? Deno.lstatSync(path);
    if (!isFile || size > BUFFER.length) return null;
    const text = Deno.readTextFileSync(path);
    // Deno replaces what is no UTF-8; MLflow raises. Only a text with U+FFFD can have been changed.
    return text.includes("\uFFFD") ? null : text;
  }
  const file = Deno.openSync(path);
  let size: number;
  try {
    size = file.readSync(BUFFER) ?? 0;
  } finally {
    file.close();
  }
  if (size === BUFFER.length) return null;
  try {
    return UTF_8.decode(BUFFER.subarray(0, size));
  } catch (error) {
    throw new NotTextError(error, BUFFER);
  }
}

/**
 * Reads a file, as it stands. Needs read permission.
 *
 * @param path Where it is.
 * @param options How large it may be, and whether it may be a link.
 * @returns Its bytes.
 * @throws {Deno.errors.NotFound} When nothing is there.
 * @throws {Error} When it is no regular file, too large, or cannot be read; the message says why.
 */
export function readBytes(path: string, options?: ReadOptions): Uint8Array<ArrayBuffer> {
  return readShared(path, options).slice();
}

/** A byte order mark is part of the text, as it is to Python. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** One buffer serves all small files: they are used up before the next one is read. */
const BUFFER = new Uint8Array(1 << 16);

class NotTextError extends Error {
  constructor(cause: unknown, [first, second]: Uint8Array) {
    const isWide = first === 0xff && second === 0xfe || first === 0xfe && second === 0xff;
    super(isWide ? UTF_16 : "the file is not valid UTF-8", { cause });
  }
}

/**
 * Reads the beginning of a file. Needs read permission.
 *
 * @param path Where it is.
 * @param length How many bytes to read.
 * @param options Whether it may be a link, and what is known of it already.
 * @returns As many, or all that it has.
 * @throws {Deno.errors.NotFound} When nothing is there.
 * @throws {Error} When it is no regular file, or cannot be read; the message says why.
 */
export function readStart(
  path: string,
  length: number,
  options?: OpenOptions,
): Uint8Array<ArrayBuffer> {
  using file = openRegular(path, options);
  const bytes = new Uint8Array(length);
  let size = 0;
  for (let count = -1; count !== 0 && size < length; size += count) {
    count = file.read(bytes.subarray(size));
  }
  return bytes.subarray(0, size);
}

/**
 * Tells whether a file that is to be replaced is a document of ours. Needs read permission.
 *
 * @param path Where it is.
 * @param beginning How all documents of that kind begin.
 * @returns Whether it begins so, or holds nothing or no more than a part of that; not where it is a link.
 */
export function isDocument(path: string, beginning: string): boolean {
  try {
    const bytes = readStart(path, beginning.length, { links: "refused" });
    return beginning.startsWith(new TextDecoder().decode(bytes));
  } catch {
    return false;
  }
}

function readShared(
  path: string,
  { most = MOST.record, ...options }: ReadOptions = {},
): Uint8Array<ArrayBuffer> {
  using file = openRegular(path, options);
  let bytes = BUFFER;
  let size = 0;
  for (;;) {
    const count = file.read(size === 0 ? bytes : bytes.subarray(size));
    size += count;
    if (count === 0 || size < bytes.length) return bytes.subarray(0, size);
    // What grows while it is read may have no end.
    if (size > most) throw tooLarge(size, most);
    if (size < bytes.length) continue;
    const known = file.info().size;
    if (known > most) throw tooLarge(known, most);
    const larger = new Uint8Array(Math.min(most + 1, Math.max(known + 1, 2 * size)));
    larger.set(bytes);
    bytes = larger;
  }
}

function tooLarge(size: number, most: number): Error {
  return new Error(
    `the file takes ${formatSize(size)}, and more than ${formatSize(most)} are not read`,
  );
}

/**
 * Looks at what stands at a path, without following a link. Nothing lies in a file, nor behind links that lead in a
 * circle.
 *
 * @param path The path.
 * @returns What stands there, or `null`.
 */
export function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    const isNothing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.FilesystemLoop;
    if (!isNothing) throw error;
    return null;
  }
}

/**
 * Follows the links on the way to something. Needs read permission.
 *
 * @param path Its path.
 * @returns Its absolute path without links; `null` where that cannot be told.
 */
export function realPathOrNull(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}

/**
 * Tells whether two names are of one file. Needs read permission.
 *
 * @param left A path.
 * @param right Another path.
 * @returns Whether they are.
 */
export function isOneFile(left: string, right: string): boolean {
  const [one, other] = [infoOf(left), infoOf(right)];
  return one !== null && other !== null && sameFile(one, other);
}

/**
 * Tells whether two looks were at one file.
 *
 * @param left What the system said of a file.
 * @param right What it said of another, or of the same.
 * @returns Whether it is the same.
 */
export function sameFile(left: Deno.FileInfo, right: Deno.FileInfo): boolean {
  return left.ino === right.ino && left.dev === right.dev;
}

/**
 * Counts what the system gives to a file.
 *
 * @param info What it says of the file.
 * @returns Bytes, which may be fewer or more than the file has.
 */
export function allocated({ blocks, size }: Deno.FileInfo): number {
  return (blocks ?? Math.ceil(size / 512)) * 512;
}

/**
 * Tells whether there is certainly nothing at a path.
 *
 * @param path The path.
 * @returns Whether there is; not where that cannot be told.
 */
export function isGone(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    // Nothing lies in a file.
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  }
}

/**
 * Tells when something was modified last.
 *
 * @param info What stands somewhere.
 * @returns Epoch ms; `null` where the system does not tell, or a date cannot say it (after the year 275760).
 */
export function timeOf(info: Deno.FileInfo | null): number | null {
  const time = info?.mtime?.getTime() ?? NaN;
  return Number.isNaN(time) ? null : time;
}

/**
 * Makes a problem of what went wrong at a place that has no lines.
 *
 * @param subject Which kind of thing it is.
 * @param path Where, relative to the store's root.
 * @param damage What is wrong.
 * @param message The cause, in words.
 * @returns The problem.
 */
export function problemAt(
  subject: Problem["subject"],
  path: string,
  damage: Problem["damage"],
  message: string,
): Problem {
  return { path: asStorePath(path), subject, damage, message, line: null, column: null };
}

/**
 * Says why a file operation failed, in the operating system's words, without the call and its paths.
 *
 * @param error What was thrown.
 * @returns For example `Permission denied`.
 */
export function failureText(error: unknown): string {
  // Deno says which permission to give, and that no place in a store needs.
  if (error instanceof Deno.errors.NotCapable) return "it is not open to this task";
  const text = errorMessage(error);
  return text.replace(/ \(os error \d+\).*$/s, "");
}
