/**
 * Files of lines that may be longer than any text can be, so they are written and read piece by piece.
 *
 * @module
 */

import { writeAll } from "./durable.ts";
import { holdEntry } from "./hold.ts";
import { openRegular } from "./open_regular.ts";
import { type Access, openLikeParent, trySetAccess } from "./permissions.ts";
import { MOST } from "./read.ts";

/** How much is written or read at once, bytes. */
const BUFFER = 1 << 16;

/** How long a line may be: a record, each letter of it spelled out as an escape. */
const LONGEST = 6 * MOST.record;

/** Lines that are being written. */
export interface LineWriter extends Disposable {
  /** Adds a line behind the one before; it holds no line feed. */
  add(line: string): void;
  /** Makes all of it durable. */
  finish(): void;
}

/**
 * Begins a file of lines. Needs write permission.
 *
 * @param path Where it goes; nothing stands there.
 * @param options Who may use it, by default those who can use the directory that it is in; and what is
 *   called with all that is written, in order.
 * @returns The lines.
 */
export function writeLines(
  path: string,
  options: { readonly access?: Access; readonly onBytes?: (bytes: Uint8Array) => void } = {},
): LineWriter {
  const { access, onBytes = () => {} } = options;
  using entry = holdEntry(path);
  const file = Deno.openSync(entry.path, { write: true, createNew: true, mode: 0o600 });
  if (access === undefined) openLikeParent(entry.path);
  else trySetAccess(entry.path, access);
  const encoder = new TextEncoder();
  let pending = "";
  const flush = () => {
    const bytes = encoder.encode(pending);
    pending = "";
    onBytes(bytes);
    writeAll(file, bytes);
  };
  return {
    add(line) {
      pending += `${line}\n`;
      if (pending.length > BUFFER) flush();
    },
    finish() {
      flush();
      file.syncSync();
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/**
 * Reads a file of lines, one by one. Needs read permission.
 *
 * @param path Where it is.
 * @param onBytes Called with all that is read, in order.
 * @returns The lines; an empty one instead of a last one that was cut off.
 */
export function* readLines(
  path: string,
  onBytes: (bytes: Uint8Array) => void = () => {},
): Generator<string> {
  using file = openRegular(path, { links: "refused" });
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(BUFFER);
  let rest = "";
  for (let size = file.read(buffer); size > 0; size = file.read(buffer)) {
    const bytes = buffer.subarray(0, size);
    onBytes(bytes);
    const [end = "", ...lines] = decoder.decode(bytes, { stream: true }).split("\n");
    rest += end;
    const begun = lines.pop();
    // No line of ours is that long: what follows is none, like a line that was cut off.
    if (rest.length > LONGEST) break;
    if (begun === undefined) continue;
    yield rest;
    yield* lines;
    rest = begun;
  }
  if (rest !== "") yield "";
}
