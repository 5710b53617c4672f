/**
 * Taking runs, logged models and experiments away, with all rows that belong to them.
 *
 * *Ordering*: in each transaction what is to go is looked at again, its rows are read and written to the log,
 * durably, and only then deleted, children first; the row that makes it what it is goes last.
 *
 * *Locking*: SQLite's own, for a fraction of a second in each transaction: what has more rows goes in slices.
 *
 * *After an interruption*: all that a change has taken is put back by whoever takes the lock next.
 *
 * @module
 */

import { type OwnedTable, type Owner, ownTableOf } from "../../../lib/snapshot/owned_tables.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { goneRuns } from "../scan/dangling_rows.ts";
import type { Tables } from "../scan/tables.ts";
import type { WritableLog } from "../log/change_log.ts";
import { inTransaction } from "../log/change_rows.ts";
import {
  countRows,
  type OwnedRows,
  ROWS_AT_ONCE,
  statementOf,
  tablesOf,
  type Taken,
  type Taking,
} from "../rows/owned_rows.ts";
import type { LoggedSubject, Subject } from "../log/removed_rows.ts";
import { rootedIn } from "../trees/artifact_roots.ts";
import { bringTreesOf } from "../trees/logged_trees.ts";
import type { Followed, PurgeTrees } from "./purge_trees.ts";
import { undoSubjects, withTurns } from "./undo_removals.ts";

/** What the rows of a change are taken from, and where they are logged. */
export interface RemovalPlace {
  /** Opens where the database's artifact trees lie. */
  readonly places: OpenPlace;
  readonly tables: Tables;
  readonly rows: OwnedRows;
  readonly log: WritableLog;
  /** The change's id. */
  readonly change: string;
}

/**
 * Asked within each transaction of all that is about to go in it.
 *
 * @param owner What it is.
 * @param parts The ids, by that with what they go.
 * @returns Why something stays, and nothing of it goes.
 */
export type Refuse<Why> = (
  owner: Owner,
  parts: ReadonlyMap<Subject, readonly string[]>,
) => ReadonlyMap<Subject, Why>;

/** What came of it: it is gone, it stays, or something went wrong; then some of it may only be in the log. */
export type Removed<Why> =
  | Extract<Followed, { readonly kind: "gone" }> & { readonly outcome: "gone" }
  | { readonly outcome: "stays"; readonly because: Why }
  | { readonly outcome: "failed"; readonly error: unknown; readonly isLogged?: true };

/** In which order what belongs to a thing goes. */
const ORDER: Readonly<Record<Subject["kind"], readonly Owner[]>> = {
  "run": ["run"],
  "logged-model": ["logged-model"],
  "experiment": ["run", "logged-model", "trace", "experiment"],
  "metric-points": ["run"],
  "dangling-rows": ["run"],
};

/** What is to go, with its artifacts. */
export type GoingSubject = Subject & Pick<LoggedSubject, "trees">;

/** A thing that goes at once, and with what. */
interface Part<Why> {
  readonly id: string;
  readonly going: Going<Why>;
}

interface Going<Why> {
  readonly subject: Subject;
  readonly logged: LoggedSubject;
  end: Exclude<Removed<Why>, { readonly outcome: "gone" }> | null;
}

/**
 * Takes things of one kind away. Needs write permission.
 *
 * @param place From where.
 * @param subjects What is to go.
 * @param options What is asked before each transaction, what is awaited, and what follows once all rows are gone.
 * @returns What came of each; of what stays nothing has gone.
 */
export async function removeAll<Why>(
  place: RemovalPlace,
  subjects: readonly GoingSubject[],
  { refuse, turn, follow, tables }: RemovalOptions<Why>,
): Promise<readonly Removed<Why>[]> {
  const { log, change } = place;
  const kind = subjects[0]?.kind;
  if (kind === undefined) return [];
  const logged = log.addSubjects(change, subjects);
  const all = subjects.map((subject, index): Going<Why> => ({
    subject,
    logged: logged[index]!,
    end: null,
  }));
  try {
    for (const owner of ORDER[kind]) await takeOwned(place, owner, all, { refuse, turn, tables });
  } catch (error) {
    for (const going of all) going.end ??= { outcome: "failed", error };
  }
  const gone = all.filter(({ end }) => end === null);
  const followed = new Map<Going<Why>, Extract<Followed, { readonly kind: "gone" }>>();
  try {
    const results = await follow(gone.map(({ logged }) => logged));
    for (const [index, one] of results.entries()) {
      const going = gone[index]!;
      if (one.kind === "gone") followed.set(going, one);
      else going.end = { outcome: "failed", error: new Error(one.message) };
    }
  } catch (error) {
    for (const going of gone) going.end = { outcome: "failed", error };
  }
  await bringBack(place, all.filter(({ end }) => end !== null), turn);
  return all.map((going) => going.end ?? { outcome: "gone", ...followed.get(going)! });
}

interface RemovalOptions<Why> {
  readonly refuse: Refuse<Why>;
  readonly turn: () => Promise<void>;
  readonly follow: PurgeTrees["follow"];
  /** Which rows go. @default {all that belong to it} */
  readonly tables?: readonly OwnedTable[] | undefined;
}

async function takeOwned<Why>(
  place: RemovalPlace,
  owner: Owner,
  all: readonly Going<Why>[],
  { refuse, turn, ...how }: Omit<RemovalOptions<Why>, "follow">,
): Promise<void> {
  const { rows } = place;
  const tables = how.tables ?? tablesFor(rows, owner, all);
  const parts = all.filter(({ end }) => end === null).flatMap((going) =>
    partsOf(place, going.logged, owner).map((id) => ({ id, going }))
  );
  for (const { parts: some, slices } of batchesOf(rows, tables, owner, parts)) {
    await turn();
    const takeSome = (wanted: readonly Pick<Taking, "table" | "limit">[]) =>
      take(place, { owner, parts: some, wanted, refuse });
    for (const table of slices) {
      while (takeSome([{ table, limit: ROWS_AT_ONCE }]) === ROWS_AT_ONCE) await turn();
    }
    takeSome(tables.map((table) => ({ table })));
  }
}

/** Of what stays nothing is to be gone. */
async function bringBack<Why>(
  { places, change, log, rows }: RemovalPlace,
  staying: readonly Going<Why>[],
  turn: () => Promise<void>,
): Promise<void> {
  const refuse = (error: unknown) => {
    for (const going of staying) going.end = { outcome: "failed", error, isLogged: true };
  };
  try {
    const all = staying.map(({ logged }) => logged);
    // Where this cannot be done now, the next task that locks the store does it.
    if (all.length > 0) log.markGoingBack(all);
    const without = await bringTreesOf({ ...rootedIn(places, rows), change, subjects: all });
    const subjects = all.filter((one) => !without.has(one));
    if (without.size > 0) refuse(new Error([...without.values()].join("; ")));
    const collisions = await withTurns(undoSubjects(log, rows, subjects), turn);
    if (collisions.length > 0) refuse(new Error(collisions.join("; ")));
  } catch (error) {
    refuse(error);
  }
}

/** Of runs that are gone only the rows of one table go at once. */
function tablesFor<Why>(
  rows: OwnedRows,
  owner: Owner,
  all: readonly Going<Why>[],
): readonly OwnedTable[] {
  const names = new Set(all.map(({ subject }) => subject.id));
  return tablesOf(rows, owner).filter(({ table }) =>
    all[0]?.subject.kind !== "dangling-rows" || names.has(table)
  );
}

/** The ids of what of one owner goes with a subject. */
function partsOf(
  { rows, tables }: RemovalPlace,
  { kind, id, run }: LoggedSubject,
  owner: Owner,
): readonly string[] {
  if (owner === kind) return [id];
  if (kind === "metric-points") return [run!];
  if (kind === "dangling-rows") return goneRuns(tables, id);
  const own = ownTableOf(owner);
  if (!rows.columns.has(own.table)) return [];
  return statementOf(
    rows,
    `SELECT CAST("${own.owner}" AS TEXT) AS id FROM "${own.table}" WHERE experiment_id = ?`,
  ).all(id).map((row) => String(row["id"]));
}

/** What goes in one transaction, but for the slices that go before, each in one of its own. */
interface Batch<Why> {
  readonly parts: readonly Part<Why>[];
  readonly slices: readonly Taking["table"][];
}

/** No more rows in one transaction than take a fraction of a second. */
function* batchesOf<Why>(
  rows: OwnedRows,
  tables: readonly OwnedTable[],
  owner: Owner,
  parts: readonly Part<Why>[],
): Iterable<Batch<Why>> {
  for (let at = 0; at < parts.length; at += PARTS_AT_ONCE) {
    const some = parts.slice(at, at + PARTS_AT_ONCE);
    const ids = some.map(({ id }) => id);
    const counts = tables
      .map((table) => ({ table, count: countRows(rows, { owner, table, ids }) }));
    let [batch, size]: [Part<Why>[], number] = [[], 0];
    for (const part of some) {
      const own = counts.reduce((sum, { count }) => sum + (count.get(part.id) ?? 0), 0);
      if (own > ROWS_AT_ONCE) {
        const slices = counts
          .filter(({ table, count }) =>
            table.through === undefined && (count.get(part.id) ?? 0) > ROWS_AT_ONCE / 4
          )
          .map(({ table }) => table);
        yield { parts: [part], slices };
        continue;
      }
      if (size + own > ROWS_AT_ONCE) {
        yield { parts: batch, slices: [] };
        [batch, size] = [[], 0];
      }
      batch.push(part);
      size += own;
    }
    if (batch.length > 0) yield { parts: batch, slices: [] };
  }
}

/** How many things are counted at once, and go in one transaction. */
const PARTS_AT_ONCE = 500;

/** What is to go in one transaction. */
interface Step<Why> {
  readonly owner: Owner;
  readonly parts: readonly Part<Why>[];
  readonly wanted: readonly Pick<Taking, "table" | "limit">[];
  readonly refuse: Refuse<Why>;
}

/** How many rows have gone; none where something went wrong. */
function take<Why>(place: RemovalPlace, { owner, parts, wanted, refuse }: Step<Why>): number {
  const asked = parts.filter(({ going }) => going.end === null);
  if (asked.length === 0) return 0;
  const { rows, log } = place;
  try {
    return inTransaction(rows.database, () => {
      const own = Map.groupBy(asked, ({ going }) => going);
      const reasons = refuse(
        owner,
        new Map([...own].map(([{ subject }, some]) => [subject, some.map(({ id }) => id)])),
      );
      for (const going of own.keys()) {
        const because = reasons.get(going.subject);
        if (because !== undefined) going.end = { outcome: "stays", because };
      }
      const left = asked.filter(({ going }) => going.end === null);
      const ids = left.map(({ id }) => id);
      const subjects = new Map(left.map(({ id, going }) => [id, going.logged]));
      const taken = wanted.map((one): readonly [Taking, Taken] => {
        const taking: Taking = { owner, ids, ...one };
        return [taking, rows.words.read(rows, taking)];
      });
      log.addChunks(
        taken.flatMap(([, { chunks }]) =>
          chunks.map((chunk) => ({ subject: subjects.get(chunk.id)!, chunk }))
        ),
      );
      return taken.reduce((sum, [taking, one]) => sum + deleteTaken(rows, taking, one), 0);
    });
  } catch (error) {
    for (const { going } of asked) going.end ??= { outcome: "failed", error };
    return 0;
  }
}

function deleteTaken(rows: OwnedRows, taking: Taking, taken: Taken): number {
  const gone = taken.count === 0 ? 0 : rows.words.remove(rows, taking, taken);
  if (gone === taken.count) return gone;
  throw new Error(
    `expected ${taken.count} rows of table ${taking.table.table} to go, found ${gone}`,
  );
}
