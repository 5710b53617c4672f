/**
 * The write-ahead record of one change of a store: `.mltidy.trash/journal/ID.jsonl`.
 *
 * Each line is a checksum (16 hexadecimal digits, over the JSON text), a space, a JSON record, a line
 * feed. The first record is `begin` and names *every* step that may follow, with its operation and the
 * modification times of the directories that it will touch; it is durable (file and directory synced)
 * before the first step. Then `start` and `done` around each step, for people and for finding out how
 * far a change got; they are not synced, because what a step did is found out by looking at the store
 * and the backup, never from them.
 *
 * *After an interruption*: a journal that is still there belongs to a change that was cut off. A first
 * line without its line feed means that nothing had begun. A line that does not match its checksum is
 * never guessed at: as the first line it stops everything, later it ends the reading. So does a first line
 * that says what no planner can plan, see `check_steps.ts`: nothing is touched, and the error names the
 * command that sets the journal aside.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { DamagedBackupError } from "../../../lib/errors.ts";
import type { Operation } from "../../../lib/files/operations.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import { isNewer, isRecord, isText, isTime } from "../../../lib/text/json.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { syncDirectory, writeAndSync } from "../../_io/durable.ts";
import { readEntry } from "../../_io/open_entry.ts";
import { type Access, accessAlong, narrower } from "../../_io/permissions.ts";
import { checkDirectories, checkSteps } from "./check_steps.ts";

/** One operation of one action. */
export interface Step {
  readonly action: Action["kind"];
  /** What the action acts on. */
  readonly subject: string;
  /** The run that a logged model goes and comes with; left out where there is none. */
  readonly run?: string;
  readonly operation: Operation;
}

/**
 * Names the directories whose entries steps change.
 *
 * @param steps The steps.
 * @returns Paths relative to the root; the root itself is the empty one.
 */
export function parentsOf(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(steps.flatMap(({ operation }) => entriesOf(operation).map(parentOf)));
}

/** What a step makes, or takes away. */
function entriesOf(operation: Operation): readonly string[] {
  return operation.kind === "rename-tree" ? [operation.path, operation.to] : [operation.path];
}

/**
 * Names the directory in which something lies.
 *
 * @param path Relative to the root.
 * @returns Relative to the root; the root itself is the empty path.
 */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * Names a path and all that it lies in.
 *
 * @param path Relative to the root.
 * @returns Relative to the root, which is the empty path and the first.
 */
export function waysTo(path: string): readonly string[] {
  return path === "" ? [""] : [...waysTo(parentOf(path)), path];
}

/**
 * Says who may read at most what tells of steps: some hold the text of records. Needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param steps The steps.
 * @returns Those who may read all of these records; `null` where there are none.
 */
export function readersOf(root: string, steps: readonly Step[]): Access | null {
  return steps.filter(({ operation }) =>
    operation.kind === "replace-file" && "text" in operation.content
  )
    .map(({ operation }) => accessAlong(root, operation.path))
    .reduce<Access | null>((all, one) => all === null ? one : narrower(all, one), null);
}

/** The modification time of a directory that a change touches; epoch ms. */
export interface DirectoryTime {
  readonly path: string;
  readonly before: number;
}

/** What a change sets out to do. */
export interface Begin {
  readonly type: "begin";
  readonly schema: "mltidy/journal/v1";
  /** Also the id of the backup. */
  readonly id: string;
  readonly direction: "apply" | "restore";
  readonly task: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly steps: readonly Step[];
  readonly directories: readonly DirectoryTime[];
}

type Mark = { readonly type: "start" | "done"; readonly step: number };

/** A journal that is being written. */
export interface Journal extends Disposable {
  /** Absolute path of its file. */
  readonly path: string;
  /** Adds a record; not synced. */
  mark(type: Mark["type"], step: number): void;
  /** Removes the journal, durably: the change is settled. */
  settle(): void;
}

/**
 * Starts a journal; when this returns, its intent is durable. Needs write permission for the store.
 *
 * @param journals The journals' directory.
 * @param begin What the change sets out to do.
 * @param access Who may read it at most, see {@linkcode readersOf}.
 * @returns The journal.
 * @throws {SyntaxError} When it could not be read again, since no planner plans such steps.
 */
export function openJournal(
  journals: string,
  begin: Begin,
  access: Access | null = null,
): Journal {
  checkSteps(begin.steps);
  const path = join(journals, `${begin.id}.jsonl`);
  writeAndSync(path, lineOf(begin), access);
  syncDirectory(journals);
  const file = Deno.openSync(path, { append: true });
  const encoder = new TextEncoder();
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    path,
    mark(type, step) {
      file.writeSync(encoder.encode(lineOf({ type, step })));
    },
    settle() {
      close();
      settleJournal(journals, path);
    },
    [Symbol.dispose]: close,
  };
}

/**
 * Removes a journal whose change is settled, durably. Needs write permission for the store.
 *
 * @param journals The journals' directory.
 * @param path The journal.
 */
export function settleJournal(journals: string, path: string): void {
  Deno.removeSync(path);
  syncDirectory(journals);
}

/**
 * Reads what a change set out to do.
 *
 * @param path The journal.
 * @returns The intent, or `null` when the journal was cut off before anything had begun.
 * @throws {DamagedBackupError} When the first line is whole but not one of ours; the error says how to go on.
 */
export function readBegin(path: string): Begin | null {
  const text = readEntry(path);
  const end = text.indexOf("\n");
  if (end < 0) return null;
  const line = text.slice(0, end);
  const json = line.slice(17);
  if (line[16] !== " " || fingerprintOf([json]) !== line.slice(0, 16)) {
    throw new DamagedBackupError(damagedText(path, "line 1 does not match its checksum"));
  }
  try {
    const begin = JSON.parse(json) as Begin | null;
    if (!isRecord(begin)) throw new SyntaxError("it is no object");
    checkBegin(path, begin);
    return begin;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof DamagedBackupError) throw error;
    throw new DamagedBackupError(damagedText(path, error.message), { cause: error });
  }
}

const SCHEMA = "mltidy/journal/v1";

function checkBegin(path: string, begin: Begin): void {
  const { schema }: { readonly schema: string } = begin;
  if (begin.type !== "begin" || schema !== SCHEMA) {
    const found = `expected schema "${SCHEMA}", found ${JSON.stringify(schema)}`;
    if (!isNewer(schema, SCHEMA)) throw new SyntaxError(found);
    // Whoever sets it aside, as one that is damaged, leaves the change half done.
    throw new DamagedBackupError(
      `Cannot read journal ${path}: ${found}: a newer version of mltidy wrote it; nothing was touched: settle it with that version, by its recover`,
    );
  }
  if (join(dirname(path), `${begin.id}.jsonl`) !== path) {
    throw new SyntaxError("it is the journal of another change");
  }
  if (!["apply", "restore"].includes(begin.direction)) {
    throw new SyntaxError("expected a direction");
  }
  if (!isText(begin.task) || !isTime(begin.startedAt)) {
    throw new SyntaxError("expected a task and the moment at which it began");
  }
  checkSteps(begin.steps);
  checkDirectories(begin.directories, ["before"]);
}

/** What was moved by then stays in the backup: without a manifest nothing removes that. */
function damagedText(path: string, what: string): string {
  return `Cannot read journal ${path}: ${what}; nothing was touched: restore the journal from a copy, or, to leave things as they are, set it aside: ${
    shellWords(["mv", path, `${path}.damaged`])
  }`;
}

function lineOf(record: Begin | Mark): string {
  const json = JSON.stringify(record);
  return `${fingerprintOf([json])} ${json}\n`;
}
