/**
 * Copying a database as it is at one moment, while a server may be at work.
 *
 * *Locking*: in WAL mode nobody waits for anybody. In another mode whoever wants to write waits while it is read: a
 * few seconds of the twenty that MLflow waits. One that would take longer is read a few pages at a time, between which
 * others may write, and is read once more when somebody did.
 *
 * *After an interruption*: what was written of the copy is no one's yet, see `make_copy.ts`.
 *
 * @module
 */

import { backup, DatabaseSync } from "node:sqlite";
import { StoreLockedError, UnsupportedStoreError } from "../../../lib/errors.ts";
import { sqliteUri } from "../../../lib/store/store_uri.ts";
import { formatSize } from "../../../lib/text/units.ts";
import { syncFile } from "../../_io/durable.ts";
import { accessOf, trySetAccess } from "../../_io/permissions.ts";
import { openDatabase, orStoreError } from "../scan/open_database.ts";

/** Bytes that are read at one go however many wait: that takes a few seconds. */
const MOST_AT_ONCE = 1 << 30;

/** How many pages are read before others may write, and how often all is read again since one did. */
const [PAGES, ATTEMPTS] = [2_000, 3] as const;

/** What was copied. */
export interface CopiedDatabase {
  /** How many rows it has, in all tables. */
  readonly rows: number;
}

/** How many rows each table has. */
type Counts = ReadonlyMap<string, number>;

/**
 * Copies a database to a new file. When this returns, the copy is durable, and was read back: it is whole, and each
 * of its tables has as many rows as that of the database. Needs read permission for the database and write
 * permission for the copy.
 *
 * @param path Absolute real path of the database's file.
 * @param target Absolute path of the copy; nothing stands there.
 * @param options Bytes up to which it is read at one go.
 * @returns What was copied.
 * @throws {StoreLockedError} When it is large, and others keep writing to it.
 * @throws {UnsupportedStoreError} When it is damaged.
 */
export async function copyDatabase(
  path: string,
  target: string,
  { mostAtOnce = MOST_AT_ONCE }: { readonly mostAtOnce?: number } = {},
): Promise<CopiedDatabase> {
  // What is in the making is for this account alone.
  Deno.openSync(target, { write: true, createNew: true, mode: 0o600 }).close();
  const { mtime } = Deno.statSync(path);
  using source = orStoreError(path, () => openDatabase(path));
  const size = ask(source, "page_count") * ask(source, "page_size");
  const isAtOnce = size <= mostAtOnce || text(source, "journal_mode") === "wal";
  const counts = isAtOnce
    ? await copyAtOnce(source, target, path)
    : await copyWhileUnchanged(source, target, path, size);
  checkCopy(target, counts, path);
  trySetAccess(target, accessOf(Deno.statSync(path)));
  Deno.utimeSync(target, mtime ?? 0, mtime ?? 0);
  syncFile(target);
  return { rows: [...counts.values()].reduce((sum, count) => sum + count, 0) };
}

async function copyAtOnce(source: DatabaseSync, target: string, path: string): Promise<Counts> {
  const counts = orStoreError(path, () => (source.exec("BEGIN"), countRows(source)));
  try {
    await copyPages(source, target, path);
    return counts;
  } finally {
    source.exec("COMMIT");
  }
}

async function copyWhileUnchanged(
  source: DatabaseSync,
  target: string,
  path: string,
  size: number,
): Promise<Counts> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = ask(source, "data_version");
    const counts = orStoreError(path, () => countRows(source));
    await copyPages(source, target, path);
    if (ask(source, "data_version") === before) return counts;
  }
  const location = sqliteUri(path);
  throw new StoreLockedError(
    `Cannot copy store ${location}: other programs keep writing to it, and with ${
      formatSize(size)
    } it is too large to let them wait; try again while they are idle`,
    location,
  );
}

/** What SQLite says of the database, and not of the copy: busy, locked, damaged, none. */
const OF_SOURCE: ReadonlySet<number> = new Set([5, 6, 11, 26]);

async function copyPages(source: DatabaseSync, target: string, path: string): Promise<void> {
  try {
    await backup(source, target, { rate: PAGES });
  } catch (error) {
    const { errcode } = error as { readonly errcode?: unknown };
    if (typeof errcode !== "number" || !OF_SOURCE.has(errcode & 0xff)) throw error;
    orStoreError(path, () => {
      throw error;
    });
  }
}

/** Whoever opens a database in WAL mode leaves files beside it, so a copy is in none. */
function checkCopy(target: string, expected: Counts, path: string): void {
  using copy = new DatabaseSync(target, { enableForeignKeyConstraints: false });
  copy.exec("PRAGMA journal_mode = DELETE");
  const location = sqliteUri(path);
  const fail = (what: string) => {
    throw new UnsupportedStoreError(
      `Cannot copy store ${location}: ${what}; \`deno task verify\` tells more, and nothing was kept`,
      location,
    );
  };
  const found = text(copy, "integrity_check");
  if (found !== "ok") fail(`it is damaged (${found})`);
  const counts = countRows(copy);
  for (const [table, count] of expected) {
    if (counts.get(table) === count) continue;
    fail(`expected ${count} rows in table ${table} of the copy, found ${counts.get(table) ?? 0}`);
  }
}

function countRows(database: DatabaseSync): Counts {
  const tables = database.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
  ).all().map(({ name }) => String(name));
  return new Map(tables.map((table) => {
    const count = `SELECT COUNT(*) AS count FROM "${table.replaceAll('"', '""')}"`;
    return [table, Number(database.prepare(count).get()?.["count"])];
  }));
}

function text(database: DatabaseSync, pragma: string): string {
  return String(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

function ask(database: DatabaseSync, pragma: string): number {
  return Number(text(database, pragma));
}
