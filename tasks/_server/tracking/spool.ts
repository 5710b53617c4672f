/**
 * The spool of a run: a file of what was logged, in its order, until the server has it. It is the queue itself, so that
 * memory holds no more than one batch of it, and what was logged outlives the process.
 *
 * ```
 * spool/KEY.jsonl   a head, then a line for each thing logged, for what the server has by now, for what it refused
 * spool/KEY.N       the bytes of an artifact
 * ```
 *
 * *Ordering*: a line is written before the call that logs it returns, and goes to the server in the order of the file.
 * How far that has come is noted after the server's answer: what was sent and not noted is sent once more, and the same
 * twice is as once, but for a run's creation, see `create_run.ts`.
 *
 * *Locking*: an advisory lock of the operating system on the file, held by whoever logs or sends.
 *
 * *After an interruption*: whoever gets the lock goes on after what was noted last; a line that was cut off was not
 * logged.
 *
 * @module
 */

import { join } from "@std/path";
import { isRecord, isText } from "../../../lib/text/json.ts";
import { formatSize } from "../../../lib/text/units.ts";
import { removeIfThere, writeAll } from "../../_io/durable.ts";
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

/** A line of a spool. */
export interface SpoolLine {
  readonly entry: Answer;
  /** Where it ends in the file, bytes. */
  readonly end: number;
}

/** A spool that is held by this process. */
export interface Spool {
  readonly head: SpoolHead;
  /** Absolute path of the file. */
  readonly path: string;
  /** `null` while no server is known to have it. */
  readonly started: StartedRun | null;
  /** The id of its experiment, where a server had to be asked for that first; `null` until then. */
  readonly experiment: string | null;
  /** How often a server was asked to make the run, and it is not known whether it did. */
  readonly tries: number;
  /** What the server has refused for good, oldest first. */
  readonly refused: readonly string[];
  /** Where the file ends, bytes. */
  readonly size: number;
  /** Up to where the server has it, bytes. */
  readonly sent: number;
  /** Adds something that was logged; gives where it ends. */
  append(entry: Answer): number;
  /** Reads what is to be sent next. */
  next(): readonly SpoolLine[];
  /** Notes up to where the server has it. */
  acknowledge(end: number): void;
  /** Notes that the server is about to be asked to make the run, or certainly has not made it. */
  noteTry(tries: number): void;
  noteExperiment(id: string): void;
  noteStart(started: StartedRun): void;
  noteRefusal(message: string): void;
  /** A place for the bytes of an artifact, beside the file. */
  newFile(): string;
  /** Names a file that `newFile` gave, by what stands behind its last dot. */
  fileOf(name: string): string;
  /** Makes it durable. */
  sync(): void;
  /** Removes it: the server has all of it. */
  remove(): void;
  /** Leaves it to whoever sends it later. */
  close(): void;
}

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

/** More than that waits for no server, bytes: a disk has other uses, too. */
const LARGEST = 1 << 30;
/** So much is read at once, bytes, and one line at least. */
const PART = 1 << 20;
/** A file of which the server has all begins anew from here on, bytes. */
const LONG = 4 << 20;

/**
 * Makes a spool. Needs read and write permission for the directory.
 *
 * @param directory Absolute path.
 * @param head Whose it is.
 * @param started The run, where the server has it already.
 * @returns The spool, held by this process.
 */
export function createSpool(
  directory: string,
  head: SpoolHead,
  started: StartedRun | null = null,
): Spool {
  const path = join(directory, `${head.key}.jsonl`);
  const file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
  // Whoever sends what was left may be looking at it just now, and sees that it is empty.
  file.lockSync(true);
  const spool = spoolIn({ path, file, head, marks: NO_MARKS, size: 0 });
  spool.append({ spool: 1, ...head });
  spool.acknowledge(spool.size);
  if (started !== null) spool.noteStart(started);
  return spool;
}

/**
 * Opens a spool that somebody left. Needs read and write permission for it.
 *
 * @param path Absolute path of its file.
 * @returns The spool, held by this process; `null` where another one holds it, or nothing can be read in it.
 */
export function openSpool(path: string): Spool | null {
  const file = openEntry(path, { write: true });
  if (!file.tryLockSync(true)) {
    file.close();
    return null;
  }
  const found = readMarks(file);
  if (found.head === null) {
    file.unlockSync();
    file.close();
    return null;
  }
  // What was cut off in the middle of a line was not logged.
  file.truncateSync(found.size);
  return spoolIn({ path, file, head: found.head, marks: found.marks, size: found.size });
}

interface Marks {
  readonly experiment: string | null;
  readonly started: StartedRun | null;
  readonly tries: number;
  readonly refused: readonly string[];
  readonly sent: number;
}

const NO_MARKS: Marks = {
  experiment: null,
  started: null,
  tries: 0,
  refused: [],
  sent: 0,
};

interface Opened {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly head: SpoolHead;
  readonly marks: Marks;
  readonly size: number;
}

function spoolIn({ path, file, head, ...opened }: Opened): Spool {
  let { marks, size } = opened;
  let isOpen = true;
  let files = 0;
  const encoder = new TextEncoder();

  function write(line: Answer): number {
    const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
    file.seekSync(size, Deno.SeekMode.Start);
    try {
      writeAll(file, bytes);
    } catch (error) {
      // Half a line on a full disk would be taken for one that was cut off, and all behind it as well.
      file.truncateSync(size);
      throw error;
    }
    size += bytes.length;
    return size;
  }
  function mark(change: Partial<Marks>): void {
    marks = { ...marks, ...change };
    write({ marks: change });
  }
  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    file.unlockSync();
    file.close();
  }
  const fileOf = (name: string) => path.replace(/jsonl$/, name);
  return {
    head,
    path,
    get started() {
      return marks.started;
    },
    get experiment() {
      return marks.experiment;
    },
    get tries() {
      return marks.tries;
    },
    get refused() {
      return marks.refused;
    },
    get size() {
      return size;
    },
    get sent() {
      return marks.sent;
    },
    append(entry) {
      if (size - marks.sent > LARGEST) {
        throw new Error(
          `the server does not take what is logged, and ${path} holds ${
            formatSize(size)
          } of it, which is the most that is kept`,
        );
      }
      return write(entry);
    },
    next: () => readPart(file, marks.sent, size),
    acknowledge(end) {
      const isAll = end === size;
      // Marks alone need not be sent.
      if (isAll && size > LONG) {
        file.truncateSync(0);
        size = 0;
        write({ spool: 1, ...head });
        mark({ ...marks, sent: size });
      } else {
        mark({ sent: end });
      }
      if (isAll) marks = { ...marks, sent: size };
    },
    noteTry: (tries) => mark({ tries }),
    noteExperiment: (experiment) => mark({ experiment }),
    noteStart: (started) => mark({ started }),
    noteRefusal: (message) => mark({ refused: [...marks.refused, message].slice(-MOST_REFUSED) }),
    newFile: () => fileOf(`${size}-${files++}`),
    fileOf,
    sync: () => file.syncSync(),
    remove() {
      if (!isOpen) return;
      removeIfThere(path);
      leave();
    },
    close: leave,
  };
}

/** So many refusals are kept, for people. */
const MOST_REFUSED = 20;

/** Reads lines from a place in the file; one at least, however long. */
function readPart(file: Deno.FsFile, from: number, to: number): readonly SpoolLine[] {
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

function readMarks(
  file: Deno.FsFile,
): { readonly head: SpoolHead | null; readonly marks: Marks; readonly size: number } {
  const all = file.statSync().size;
  let [head, marks, size]: [SpoolHead | null, Marks, number] = [null, NO_MARKS, 0];
  while (size < all) {
    const lines = readPart(file, size, all);
    if (lines.length === 0) break;
    for (const { entry, end } of lines) {
      size = end;
      head ??= headOf(entry);
      if (isRecord(entry["marks"])) marks = { ...marks, ...entry["marks"] as Partial<Marks> };
    }
    if (head === null) break;
  }
  return { head, marks, size };
}

function headOf(entry: Answer): SpoolHead | null {
  const { spool, key, experimentId, create = null, parent = null } = entry;
  const isOurs = spool === 1 && isText(key) && isText(experimentId) &&
    (create === null || isRecord(create)) && (parent === null || isText(parent));
  if (!isOurs) return null;
  return { key, experimentId, create, ...(parent === null ? {} : { parent }) };
}
