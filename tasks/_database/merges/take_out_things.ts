/**
 * Taking out what a merge has put in: each row only as it was put in, and nothing that something else has come to name.
 *
 * *Ordering*: rows go before artifacts, what came last goes first.
 *
 * *Locking*: the lock of the store is held; SQLite's own for a fraction of a second in each transaction.
 *
 * *After an interruption*: doing it again goes on; what is out already is left as it is.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { digestTree, takeOut } from "../../_artifacts/copy_in.ts";
import { isThere } from "../../_artifacts/tree_place.ts";
import { failureText } from "../../_io/read.ts";
import { type OwnedRows, ROWS_AT_ONCE } from "../rows/owned_rows.ts";
import { ADDED_TABLES } from "../log/added_tables.ts";
import { type AddedChunk, batchesOf, type LoggedAdded } from "../log/added_things.ts";
import type { ChangeLog, WritableLog } from "../log/change_log.ts";
import { inTransaction } from "../log/change_rows.ts";
import { statePaths } from "../log/state_directory.ts";
import { artifactRootsOf } from "../trees/artifact_roots.ts";
import { takeExact } from "./exact_rows.ts";
import { findLinks, findMore, findOthers, type Going, linksIn } from "./find_others.ts";

/** Where what was put in is taken out. */
export interface TakeOutPlace<Log extends ChangeLog = WritableLog> {
  readonly log: Log;
  readonly rows: OwnedRows;
  /** Absolute real path of the database's file. */
  readonly path: string;
}

/**
 * Finds what keeps rows from being taken out of things that all came to their end: other ones than were put in, or what
 * has come to name them since. Needs read permission.
 *
 * @param place Where.
 * @param all The things; those that are going already are no matter.
 * @returns Both sides of each collision, in words.
 */
export function addedCollisions(
  place: Omit<TakeOutPlace<ChangeLog>, "path">,
  all: readonly LoggedAdded[],
): readonly string[] {
  const { log, rows } = place;
  const things = all.filter(({ isLeaving }) => !isLeaving);
  const roots = rootsOf(rows);
  const found = new Map<LoggedAdded, string>();
  const counts = new Map<LoggedAdded, ReadonlyMap<string, number>>();
  for (const thing of things) {
    const own = new Map<string, number>();
    for (const chunk of log.rowsOfAdded(thing)) {
      const isSame = chunk.columns.every((name) => rows.columns.get(chunk.table)?.includes(name)) &&
        chunk.rows.every((row) => rows.words.has(rows, chunk, row));
      if (!isSame) found.set(thing, `found other rows of table ${chunk.table}`);
      own.set(chunk.table, (own.get(chunk.table) ?? 0) + chunk.rows.length);
    }
    counts.set(thing, own);
    const strange = thing.trees.find(({ root }) => !roots.has(root));
    if (strange !== undefined) found.set(thing, strangeText(strange.root));
  }
  for (const [thing, why] of inTheWay(place, all)) found.set(thing, why);
  for (const [kind, own] of Map.groupBy(things, (thing) => thing.kind)) {
    const expected = new Map(own.map((thing) => [thing.id, counts.get(thing)!]));
    const more = findMore(rows, kind, expected);
    for (const thing of own) {
      const table = more.get(thing.id);
      if (table !== undefined) found.set(thing, `found other rows of table ${table}`);
    }
  }
  return [...found].map(([thing, why]) =>
    `${nameOf(thing)}: expected it as it was copied in, ${why}`
  );
}

/** Whether a chunk is the row by which a thing is what it is, and that is here: else it has not come, or is out. */
function isItself(rows: OwnedRows, { kind, id }: LoggedAdded, chunk: AddedChunk): boolean {
  const [row] = chunk.rows;
  return chunk.table === ADDED_TABLES[kind].at(-1)!.table && chunk.owner === kind &&
    chunk.id === id && row !== undefined && rows.words.has(rows, chunk, row);
}

/**
 * Finds artifacts that are not as they were copied in. Needs read permission.
 *
 * @param things Of what.
 * @returns Both sides of each collision, in words.
 */
export async function addedTreeCollisions(
  things: readonly LoggedAdded[],
): Promise<readonly string[]> {
  const collisions: string[] = [];
  for (const thing of things) {
    for (const { root, path, digest } of thing.isLeaving ? [] : thing.trees) {
      const target = join(root, path);
      const isSame = isThere(target) && await digestOf(target) === digest;
      if (!isSame) {
        collisions.push(
          `${
            nameOf(thing)
          }: expected its artifacts as they were copied in, found other ones at ${target}`,
        );
      }
    }
  }
  return collisions;
}

async function digestOf(target: string): Promise<string | null> {
  try {
    return await digestTree(target);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return null;
  }
}

/** What else names things, or belongs to them, than what goes with them. */
function inTheWay(
  { log, rows }: Omit<TakeOutPlace<ChangeLog>, "path">,
  things: readonly LoggedAdded[],
): ReadonlyMap<LoggedAdded, string> {
  const [going, links] = [new Set<string>(), new Set<string>()];
  const datasets = new Map<string, LoggedAdded>();
  const there = new Set<LoggedAdded>();
  for (const thing of things) {
    going.add(keyOf(thing));
    for (const chunk of log.rowsOfAdded(thing)) {
      if (isItself(rows, thing, chunk)) there.add(thing);
      for (const link of linksIn(chunk)) links.add(link);
      if (chunk.table !== "datasets") continue;
      const at = chunk.columns.indexOf("dataset_uuid") + 1;
      for (const row of chunk.rows) {
        going.add(`dataset ${row[at]}`);
        datasets.set(`${row[at]}`, thing);
      }
    }
  }
  const found = new Map<LoggedAdded, string>();
  for (const [kind, own] of Map.groupBy(there, (thing) => thing.kind)) {
    const ids = own.map(({ id }) => id);
    const others = findOthers(rows, kind, ids, going);
    const more = findLinks(rows, kind, ids, links);
    for (const thing of own) {
      const [other, link] = [others.get(thing.id), more.get(thing.id)];
      if (other !== undefined) found.set(thing, `found that ${other} has come to name it`);
      else if (link !== undefined) found.set(thing, `found other rows of table ${link}`);
    }
  }
  for (const [id, other] of findOthers(rows, "dataset", [...datasets.keys()], going)) {
    found.set(datasets.get(id)!, `found that ${other} has come to name dataset ${id}`);
  }
  return found;
}

/** What came of things that were to be taken out. */
export interface TakenOut {
  /** What is in the way of those that stay, whole. */
  readonly stays: ReadonlyMap<LoggedAdded, string>;
  /** Why something of others takes its place all the same: doing it again goes on. */
  readonly failed: ReadonlyMap<LoggedAdded, string>;
}

/**
 * Takes things out as far as nothing is in the way. Needs write permission for the database and its artifacts.
 *
 * @param place Where.
 * @param things The things, in the order in which they came.
 * @param turn Awaited between two transactions. @default {nothing is}
 * @returns What came of those that are not out.
 */
export async function takeOutThings(
  place: TakeOutPlace,
  things: readonly LoggedAdded[],
  turn: () => Promise<void> = () => Promise.resolve(),
): Promise<TakenOut> {
  const stays = new Map<LoggedAdded, string>();
  const leaving = () => things.filter((thing) => !stays.has(thing));
  const settleStays = () => {
    // What names what stays, or is named by it, stays as well.
    for (let before = -1; before !== stays.size;) {
      before = stays.size;
      for (const [thing, why] of inTheWay(place, leaving())) {
        stays.set(thing, `${nameOf(thing)}: ${why}, and it stays`);
      }
    }
  };
  settleStays();
  const take = (some: readonly Loaded[]) => {
    const wanted = some.filter(({ thing }) => !stays.has(thing));
    if (wanted.length === 0 || takeRows(place, wanted, new Set(leaving().map(keyOf)))) return;
    // What is in the way of one is not in that of the others.
    if (wanted.length > 1) return wanted.forEach((one) => take([one]));
    const [{ thing }] = wanted as [Loaded];
    stays.set(thing, `${nameOf(thing)}: it has been changed since, and stays as it is`);
    settleStays();
  };
  for (const some of loadedTogether(place, leaving().toReversed())) {
    await turn();
    take(some);
  }
  const failed = new Map<LoggedAdded, string>();
  const roots = rootsOf(place.rows);
  for (const thing of leaving().toReversed()) {
    await turn();
    const why = await takeTrees(place, thing, roots);
    if (why !== null) failed.set(thing, `${nameOf(thing)}: ${why}`);
  }
  handDown(place.log, leaving().filter((thing) => !failed.has(thing)));
  return { stays, failed };
}

/** A directory that was made for several things goes with the last one. */
function handDown(log: WritableLog, out: readonly LoggedAdded[]): void {
  const [first] = out;
  if (first === undefined) return;
  const gone = new Set(out.map(({ number }) => number));
  const left = new Set(
    out.flatMap(({ trees }) =>
      trees.flatMap(({ root, made }) => made.map((path) => join(root, path)))
    )
      .filter(isThere),
  );
  if (left.size === 0) return;
  for (const heir of log.addedOf(first.change).filter(({ number }) => !gone.has(number))) {
    const trees = heir.trees.map((tree) => {
      const names = dirname(tree.path).split("/");
      const way = ["", ...names.map((_, at) => names.slice(0, at + 1).join("/"))];
      const made = way.filter((path) =>
        tree.made.includes(path) || left.has(join(tree.root, path))
      );
      return { ...tree, made };
    });
    if (trees.some(({ made }, at) => made.length > heir.trees[at]!.made.length)) {
      log.setTrees(heir, trees);
    }
  }
}

/** A thing with all of its rows. */
interface Loaded {
  readonly thing: LoggedAdded;
  readonly chunks: readonly AddedChunk[];
}

/** No more rows together than go in one transaction, but for what has more by itself. */
function* loadedTogether(
  { log }: TakeOutPlace,
  things: readonly LoggedAdded[],
): Iterable<readonly Loaded[]> {
  let [some, count]: [Loaded[], number] = [[], 0];
  for (const thing of things) {
    const chunks = [...log.rowsOfAdded(thing)];
    const own = chunks.reduce((sum, { rows }) => sum + rows.length, 0);
    if (count > 0 && count + own > ROWS_AT_ONCE) {
      yield some;
      [some, count] = [[], 0];
    }
    some.push({ thing, chunks });
    count += own;
  }
  if (some.length > 0) yield some;
}

/** Whether all of their rows are gone; else none is. */
function takeRows({ rows }: TakeOutPlace, all: readonly Loaded[], going: Going): boolean {
  const batches = [...batchesOf(all.flatMap(({ chunks }) => chunks), ROWS_AT_ONCE)];
  const things = all.filter(({ thing, chunks }) =>
    chunks.some((chunk) => isItself(rows, thing, chunk))
  ).map(({ thing }) => thing);
  const gone: AddedChunk[] = [];
  for (const [at, batch] of batches.entries()) {
    const isLast = at === batches.length - 1;
    const isDone = tryInTransaction(rows, () => {
      for (const chunk of batch) takeExact(rows, chunk);
      return !isLast || areGone(rows, things, going);
    });
    if (isDone) {
      gone.push(...batch);
      continue;
    }
    for (const some of batchesOf(gone, ROWS_AT_ONCE)) {
      inTransaction(rows.database, () => {
        for (const chunk of some) rows.words.insert(rows, chunk);
      });
    }
    return false;
  }
  return true;
}

/** Nothing of them is there any more, and nothing names them but what goes as well. */
function areGone(rows: OwnedRows, things: readonly LoggedAdded[], going: Going): boolean {
  return [...Map.groupBy(things, ({ kind }) => kind)].every(([kind, own]) => {
    const ids = own.map(({ id }) => id);
    return findMore(rows, kind, new Map(ids.map((id) => [id, new Map()]))).size === 0 &&
      findOthers(rows, kind, ids, going).size === 0;
  });
}

class Otherwise extends Error {}

function tryInTransaction({ database }: OwnedRows, work: () => boolean): boolean {
  try {
    inTransaction(database, () => {
      if (!work()) throw new Otherwise();
    });
    return true;
  } catch (error) {
    if (!(error instanceof Otherwise)) throw error;
    return false;
  }
}

/** Why something of its artifacts is left, in words. */
async function takeTrees(
  { path: database }: TakeOutPlace,
  { change, trees: all }: LoggedAdded,
  roots: ReadonlySet<string>,
): Promise<string | null> {
  const { trees, staging } = statePaths(database);
  for (const { root, path, digest, made } of all) {
    if (!roots.has(root)) return strangeText(root);
    const target = join(root, path);
    try {
      if (isThere(target) && await digestTree(target) !== digest) {
        return `artifacts at ${target} have been changed since, and stay until they are moved away`;
      }
      const left = await takeOut({ root, trees, staging }, { change, path }, made);
      if (left !== null) return `${left.path} cannot be freed: ${left.message}`;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return `artifacts at ${target} cannot be freed: ${failureText(error)}`;
    }
  }
  return null;
}

function rootsOf(rows: OwnedRows): ReadonlySet<string> {
  return new Set(artifactRootsOf(rows).values());
}

function strangeText(root: string): string {
  return `${root}: expected a directory in which an experiment of this database has its artifacts, found none whose row says so`;
}

function keyOf({ kind, id }: LoggedAdded): string {
  return `${kind} ${id}`;
}

function nameOf({ kind, id }: LoggedAdded): string {
  return `${kind.replaceAll("-", " ")} ${id}`;
}
