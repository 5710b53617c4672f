/**
 * The spool of a run: a file of what was logged, in its order, until the server has it. It is the queue itself, so that
 * memory holds no more than one batch of it, and what was logged outlives the process.
 *
 * ```
 * spool/KEY.jsonl   a head, then a line for each thing logged, for what the server has by now, for what it refused, and
 *                   for what it fails at, which is set aside until it takes that, too
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
import { formatSize } from "../../../lib/text/units.ts";
import { removeIfThere, writeAll } from "../../_io/durable.ts";
import { openEntry } from "../../_io/open_entry.ts";
import type { Answer } from "../client/read_answer.ts";
import {
  type Aside,
  type Marks,
  NO_MARKS,
  type Noted,
  readMarks,
  readPart,
  type SpoolHead,
  type SpoolLine,
  type StartedRun,
} from "./read_spool.ts";

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
  /** What the server fails at, oldest first. */
  readonly aside: readonly Aside[];
  /** Whether the run was made without the tags that it was to begin with. */
  readonly isBare: boolean;
  /** Whether the run may have the tag that names what the server fails at, and is not to have it for good. */
  readonly isProbed: boolean;
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
  noteBare(isBare: boolean): void;
  noteProbe(isProbed: boolean): void;
  /** Notes that the server fails at something. */
  setAside(entry: Answer, why: string): void;
  /** Notes that something of it is settled. */
  settle(aside: Aside): void;
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

/** More than that waits for no server, bytes: a disk has other uses, too. */
const LARGEST = 1 << 30;
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
  const spool = spoolIn({ path, file, head, marks: NO_MARKS, aside: [], size: 0 });
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
  return spoolIn({ path, file, ...found, head: found.head });
}

interface Opened extends Noted {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly head: SpoolHead;
}

function spoolIn({ path, file, head, ...opened }: Opened): Spool {
  let { marks, aside, size } = opened;
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
    get aside() {
      return aside;
    },
    get isBare() {
      return marks.isBare;
    },
    get isProbed() {
      return marks.isProbed;
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
      if (isAll && size > LONG && aside.length === 0) {
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
    noteBare: (isBare) => mark({ isBare }),
    noteProbe: (isProbed) => mark({ isProbed }),
    setAside(entry, why) {
      const text = JSON.stringify(entry);
      // Whoever was killed before the server's answer was noted sends the same once more.
      if (aside.some((one) => JSON.stringify(one.entry) === text)) return;
      const one: Aside = { id: size, entry, why };
      write({ aside: one });
      aside = [...aside, one];
    },
    settle({ id }) {
      write({ settled: id });
      aside = aside.filter((one) => one.id !== id);
    },
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
