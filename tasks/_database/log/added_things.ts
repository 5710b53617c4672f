/**
 * What a merge has put into a database: things with all their rows, and the copies of their artifacts, so that exactly
 * these can be taken out again.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { DamagedBackupError } from "../../../lib/errors.ts";
import { ADDED_TABLES, type AddedOwner } from "./added_tables.ts";
import { isRecord } from "../../../lib/text/json.ts";
import { inTransaction } from "./change_rows.ts";
import {
  chunksText,
  decoded,
  isRow,
  isTree,
  type LoggedTree,
  type RowChunk,
} from "./removed_rows.ts";

/** A copy of artifacts. */
export interface AddedTree extends Omit<LoggedTree, "within"> {
  /** Of all that it holds, see `digestTree`. */
  readonly digest: string;
  /** Directories that were made for it, outermost first, below the root; the empty one is the root itself. */
  readonly made: readonly string[];
}

/** What is about to be put in. */
export interface NewAdded {
  readonly kind: AddedOwner;
  /** The experiment into which; empty for a registered model. */
  readonly experiment: string;
  /** The run that it is, or with which it came; `null` where there is none. */
  readonly run: string | null;
  readonly id: string;
  readonly trees: readonly AddedTree[];
}

/** The same, as it is logged. */
export interface LoggedAdded extends NewAdded {
  readonly number: number;
  /** The change that has put it in. */
  readonly change: string;
  /** Whether it did not come whole, or has begun to go: what is left of it goes with the next lock. */
  readonly isLeaving: boolean;
}

/** Rows of one table that belong to the same thing. */
export type AddedChunk = RowChunk<AddedOwner>;

/** What the log of a database's changes knows of what was put in. */
export interface AddedLog {
  /** In the order in which it was put in. */
  addedOf(change: string): readonly LoggedAdded[];
  /** Its rows, in the order in which they were put in. */
  rowsOfAdded(thing: Pick<LoggedAdded, "number" | "kind" | "id">): Iterable<AddedChunk>;
}

/** The same, for whoever holds the lock. */
export interface WritableAddedLog extends AddedLog {
  /** Adds what is about to be put in, with its rows. */
  addAdded(
    change: string,
    things: readonly (readonly [NewAdded, readonly AddedChunk[]])[],
  ): readonly LoggedAdded[];
  /** Says of what has been put in, or not whole, that it is about to go. */
  markLeaving(things: Iterable<LoggedAdded>): void;
  /** Says anew what of its artifacts goes with a thing. */
  setTrees(thing: LoggedAdded, trees: readonly AddedTree[]): void;
  /** Forgets what has not been put in, or is out again. */
  dropAdded(things: readonly LoggedAdded[]): void;
}

/** In which what was put in is logged. */
export const ADDED_LOG: readonly string[] = [
  `CREATE TABLE added (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    kind TEXT NOT NULL,
    experiment TEXT NOT NULL,
    run TEXT,
    id TEXT NOT NULL,
    trees TEXT NOT NULL,
    is_leaving INTEGER NOT NULL
  ) STRICT`,
  "CREATE INDEX added_of_change ON added (change)",
  `CREATE TABLE added_rows (
    number INTEGER PRIMARY KEY,
    thing INTEGER NOT NULL REFERENCES added ON DELETE CASCADE,
    rows BLOB NOT NULL
  ) STRICT`,
  "CREATE INDEX rows_of_added ON added_rows (thing)",
];

/**
 * Reads what was put in.
 *
 * @param database The log's database.
 * @returns What was.
 */
export function addedLogOf(database: DatabaseSync): AddedLog {
  return {
    addedOf: (change) =>
      database.prepare("SELECT * FROM added WHERE change = ? ORDER BY number").all(change)
        .map(addedOf),
    *rowsOfAdded(thing) {
      const numbers = database.prepare(
        "SELECT number FROM added_rows WHERE thing = ? ORDER BY number",
      )
        .all(thing.number);
      const read = database.prepare("SELECT rows FROM added_rows WHERE number = ?");
      // One by one: a run may have more rows than are to be held at once.
      for (const { number } of numbers) yield* addedChunksIn(read.get(number!)?.["rows"], thing);
    },
  };
}

/**
 * Reads and writes what was put in. Needs write permission.
 *
 * @param database The log's database.
 * @returns What was.
 */
export function writableAddedLogOf(database: DatabaseSync): WritableAddedLog {
  return {
    ...addedLogOf(database),
    addAdded: (change, things) =>
      inTransaction(database, () => {
        const insert = database.prepare("INSERT INTO added VALUES (NULL, ?, ?, ?, ?, ?, ?, 0)");
        const insertRows = database.prepare("INSERT INTO added_rows VALUES (NULL, ?, ?)");
        return things.map(([thing, chunks]) => {
          const { kind, experiment, run, id, trees } = thing;
          const { lastInsertRowid } = insert
            .run(change, kind, experiment, run, id, JSON.stringify(trees));
          const number = Number(lastInsertRowid);
          for (const some of batchesOf(chunks, ROWS_TOGETHER)) {
            insertRows.run(number, chunksText(some));
          }
          return { ...thing, number, change, isLeaving: false };
        });
      }),
    setTrees: ({ number }, trees) =>
      void database.prepare("UPDATE added SET trees = ? WHERE number = ?")
        .run(JSON.stringify(trees), number),
    markLeaving: (things) =>
      inTransaction(database, () => {
        const mark = database.prepare("UPDATE added SET is_leaving = 1 WHERE number = ?");
        for (const { number } of things) mark.run(number);
      }),
    dropAdded: (things) =>
      inTransaction(database, () => {
        const drop = database.prepare("DELETE FROM added WHERE number = ?");
        for (const { number } of things) drop.run(number);
      }),
  };
}

/** How many rows are held at once when they are read. */
const ROWS_TOGETHER = 5_000;

/**
 * Splits rows into parts of a bounded size.
 *
 * @param chunks The rows.
 * @param most How many rows are together at most.
 * @returns The same rows, in order.
 */
export function* batchesOf(
  chunks: Iterable<AddedChunk>,
  most: number,
): Generator<readonly AddedChunk[]> {
  let [batch, count]: [AddedChunk[], number] = [[], 0];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.rows.length; at += most) {
      const rows = chunk.rows.slice(at, at + most);
      if (count > 0 && count + rows.length > most) {
        yield batch;
        [batch, count] = [[], 0];
      }
      batch.push({ ...chunk, rows });
      count += rows.length;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Who may write there may have put anything into it: nothing else is taken out than what a merge puts in. */
function addedOf(row: Readonly<Record<string, unknown>>): LoggedAdded {
  const { number, change, kind, experiment, run, id } = row;
  const known = KINDS.find((each) => each === kind);
  const trees = parsed(String(row["trees"]));
  const isSound = known !== undefined && typeof id === "string" && typeof experiment === "string" &&
    (known === "run" ? run === id : run === null || typeof run === "string") &&
    Array.isArray(trees) &&
    trees.every(isAddedTree);
  if (!isSound) {
    throw new DamagedBackupError(
      `Cannot read ${number} of change ${change}: expected what a merge has put in`,
    );
  }
  return {
    number: Number(number),
    change: `${change}`,
    kind: known,
    experiment,
    run: run as string | null,
    id,
    trees,
    isLeaving: row["is_leaving"] === 1,
  };
}

const KINDS = Object.keys(ADDED_TABLES) as AddedOwner[];

function isAddedTree(value: unknown): value is AddedTree {
  if (!isTree(value) || !isRecord(value) || value["within"] !== undefined) return false;
  const { digest, made, path } = value as LoggedTree & {
    readonly digest?: unknown;
    readonly made?: unknown;
  };
  return typeof digest === "string" && /^[\da-f]{64}$/.test(digest) && path.includes("/") &&
    Array.isArray(made) &&
    made.every((one) => typeof one === "string" && (one === "" || path.startsWith(`${one}/`)));
}

function addedChunksIn(
  rows: unknown,
  { number, kind, id }: Pick<LoggedAdded, "number" | "kind" | "id">,
): readonly AddedChunk[] {
  const chunks = parsed(decoded(rows));
  const areSound = Array.isArray(chunks) &&
    chunks.every((chunk) =>
      isRecord(chunk) && KINDS.some((owner) =>
        owner === chunk["owner"] &&
        ADDED_TABLES[owner].some(({ table }) => table === chunk["table"])
      ) && typeof chunk["id"] === "string" && isColumns(chunk["columns"]) &&
      Array.isArray(chunk["rows"]) &&
      chunk["rows"].every((row) => isRow(row, (chunk["columns"] as readonly string[]).length))
    );
  if (areSound) return chunks as readonly AddedChunk[];
  throw new DamagedBackupError(`Cannot read rows of ${kind} ${id} (${number}): expected rows`);
}

function isColumns(value: unknown): value is readonly string[] {
  return Array.isArray(value) && new Set(value).size === value.length &&
    value.every((name) => typeof name === "string" && /^\w+$/.test(name));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
