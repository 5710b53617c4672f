/**
 * Reading the file of a spool, see `spool.ts`.
 *
 * @module
 */

import { join } from "@std/path";
import { isRecord, isText } from "../../../lib/text/json.ts";
import { openEntry } from "../../_io/open_entry.ts";
import type { Answer } from "../client/read_answer.ts";

/** Whose spool it is. */
export interface SpoolHead {
  /** 32 hexadecimal digits: the run's tag `mltidy.run_key`, and its id as long as no server has given it one. */
  readonly key: string;
  readonly experimentId: string;
  /** What `runs/create` is asked; `null` for a run that was there before. */
  readonly create: Answer | null;
  /** The key of its parent, where no server had given that an id when the run was begun. @default {null} */
  readonly parent?: string | null;
}

/** The run that the server has made, or had. */
export interface StartedRun {
  readonly runId: string;
  readonly artifactUri: string;
}

/** Something that was logged, and that a server fails at: it stands in the way of nothing else. */
export interface Aside {
  readonly id: number;
  readonly entry: Answer;
  /** What it is, and why it is there. */
  readonly why: string;
}

/** A line of a spool. */
export interface SpoolLine {
  readonly entry: Answer;
  /** Where it ends in the file, bytes. */
  readonly end: number;
}

/** What is noted of a spool. */
export interface Marks {
  readonly experiment: string | null;
  readonly started: StartedRun | null;
  readonly tries: number;
  readonly refused: readonly string[];
  readonly isBare: boolean;
  readonly isProbed: boolean;
  readonly sent: number;
}

/** Nothing is noted yet. */
export const NO_MARKS: Marks = {
  experiment: null,
  started: null,
  tries: 0,
  refused: [],
  isBare: false,
  isProbed: false,
  sent: 0,
};

/**
 * Tells which run the server has made of a spool, whoever holds that. Needs read permission for it.
 *
 * @param directory Absolute path of the spools.
 * @param key The run's key.
 * @returns The run; `null` while no server is known to have it; `undefined` where there is no such spool.
 */
export function startedIn(directory: string, key: string): StartedRun | null | undefined {
  try {
    using file = openEntry(join(directory, `${key}.jsonl`));
    return readMarks(file).marks.started;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** So much is read at once, bytes, and one line at least. */
const PART = 1 << 20;

/**
 * Reads lines from a place in the file; one at least, however long.
 *
 * @param file The file, open for reading.
 * @param from From where on, bytes.
 * @param to Where it ends, bytes.
 * @returns The lines.
 */
export function readPart(file: Deno.FsFile, from: number, to: number): readonly SpoolLine[] {
  let bytes = readBytes(file, from, Math.min(PART, to - from));
  while (from + bytes.length < to && bytes.lastIndexOf(LINE_FEED) < 0) {
    bytes = readBytes(file, from, Math.min(bytes.length * 4, to - from));
  }
  const lines: SpoolLine[] = [];
  const decoder = new TextDecoder();
  for (let at = 0;;) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end < 0) break;
    lines.push({ entry: parsed(decoder.decode(bytes.subarray(at, end))), end: from + end + 1 });
    at = end + 1;
  }
  return lines;
}

const LINE_FEED = 10;

function readBytes(file: Deno.FsFile, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(from, Deno.SeekMode.Start);
  let read = 0;
  while (read < length) {
    const count = file.readSync(bytes.subarray(read));
    if (count === null) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/** Nobody else writes there; what is no record all the same is passed over. */
function parsed(line: string): Answer {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** What a spool's file holds, but for what was logged. */
export interface Noted {
  readonly marks: Marks;
  readonly aside: readonly Aside[];
  /** Where its last whole line ends, bytes. */
  readonly size: number;
}

/**
 * Reads what is noted of a spool.
 *
 * @param file The file, open for reading.
 * @returns What is noted, and whose it is; `null` for one that is none of ours.
 */
export function readMarks(
  file: Deno.FsFile,
): Noted & { readonly head: SpoolHead | null } {
  const all = file.statSync().size;
  const aside = new Map<unknown, Aside>();
  let [head, marks, size]: [SpoolHead | null, Marks, number] = [null, NO_MARKS, 0];
  while (size < all) {
    const lines = readPart(file, size, all);
    if (lines.length === 0) break;
    for (const { entry, end } of lines) {
      size = end;
      head ??= headOf(entry);
      if (isRecord(entry["marks"])) marks = { ...marks, ...entry["marks"] as Partial<Marks> };
      if (isRecord(entry["aside"])) {
        aside.set(entry["aside"]["id"], entry["aside"] as unknown as Aside);
      }
      if ("settled" in entry) aside.delete(entry["settled"]);
    }
    if (head === null) break;
  }
  return { head, marks, aside: [...aside.values()], size };
}

function headOf(entry: Answer): SpoolHead | null {
  const { spool, key, experimentId, create = null, parent = null } = entry;
  const isOurs = spool === 1 && isText(key) && isText(experimentId) &&
    (create === null || isRecord(create)) && (parent === null || isText(parent));
  if (!isOurs) return null;
  return { key, experimentId, create, ...(parent === null ? {} : { parent }) };
}
