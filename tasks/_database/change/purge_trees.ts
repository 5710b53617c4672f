/**
 * Which artifacts go with rows, and what happens to them around the rows' own going.
 *
 * *Ordering*: what must be copied to another file system is copied before any row goes, so that a disk that is full,
 * or what cannot be read, costs nothing. A tree is set aside when all of its rows are gone: at no moment does MLflow
 * show a run without its artifacts.
 *
 * *Locking*: the lock of the store is held. A tree in which another row has files stays, whatever row came to name
 * it meanwhile: it is asked with the rows as they are.
 *
 * *After an interruption*: the log names the trees of what goes before any of it goes, and where each is by then is
 * found by looking, see `tree_place.ts`.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { artifactTreeOf } from "../../../lib/snapshot/artifact_tree.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import {
  holdersOfTrees,
  type NamedRows,
  type TreeHolders,
} from "../../../lib/snapshot/tree_holders.ts";
import type { DatabaseRow } from "../../../lib/store/snapshot.ts";
import { addUsage, type DiskUsage, type Remains } from "../../../lib/store/usage.ts";
import { formatCount } from "../../../lib/text/units.ts";
import { isLocalRoot, servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import type { ArtifactPlace, OpenPlace } from "../../_artifacts/artifact_place.ts";
import type { Within } from "../../_artifacts/look_within.ts";
import type { AskedTree, FoundTree, SetAside, Stays } from "../../_artifacts/set_aside.ts";
import { infoOf, isGone } from "../../_io/read.ts";
import { atOnce, isAbort } from "../../_io/take_turns.ts";
import { isTree, type LoggedSubject, type LoggedTree, type Subject } from "../log/removed_rows.ts";
import { artifactRootsOf, locateTrees, rootedIn, rootOf } from "../trees/artifact_roots.ts";
import { noteBucketCopies } from "../trees/logged_trees.ts";
import { type OwnedRows, statementOf } from "./owned_rows.ts";

/** Reads what rows name; of orphans also those of whoever else may have its artifacts there. */
export type ReadNamed = (root: string, of?: "orphans") => Promise<NamedRows>;

/** Of which change the trees are. */
export interface PurgeTreesOptions {
  /** Absolute real path of the database's file. */
  readonly database: string;
  /** Opens where its trees lie. */
  readonly places: OpenPlace;
  readonly rows: OwnedRows;
  readonly change: string;
  readonly keepBackup: boolean;
  readonly readNamed: ReadNamed;
  /** Experiments that the change takes away. */
  readonly leaving: ReadonlySet<string>;
}

/** What is known of the artifacts of something before it goes. */
export type Prepared =
  | {
    readonly kind: "ready";
    /** The trees that go with it. */
    readonly trees: readonly LoggedTree[];
    /** What stays of it, and why; `null` for nothing. */
    readonly stays: string | null;
  }
  /** It must not go. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "interrupted" };

/** What came of the artifacts of something whose rows are gone. */
export type Followed =
  | { readonly kind: "gone"; readonly usage: DiskUsage; readonly remains: readonly Remains[] }
  /** They are all in their place. */
  | { readonly kind: "failed"; readonly message: string };

/** The artifacts of what a change takes away. */
export interface PurgeTrees {
  /** Tells whether copies may be left in a bucket of which no original has left its place. */
  mayHaveLeft(): boolean;
  /**
   * Looks at the artifacts of what is about to go, many at once, and then copies what has to be copied, one after the
   * other. Needs read permission for them, and write permission for our directory.
   */
  prepare(subjects: readonly Subject[], signal?: AbortSignal): Promise<readonly Prepared[]>;
  /** Sets aside the artifacts of what is gone. Needs read and write permission for both. */
  follow(subjects: readonly LoggedSubject[]): Promise<readonly Followed[]>;
}

/**
 * Begins to look after the artifacts of what a change takes away. Needs read permission for the database.
 *
 * @param options Of which change.
 * @returns What to do before rows go, and after.
 */
export async function purgeTrees(options: PurgeTreesOptions): Promise<PurgeTrees> {
  const { database, places, rows, change, keepBackup, readNamed, leaving } = options;
  const store = rootedIn(places, rows);
  const located = await locateTrees(store);
  const local = located.find(({ root }) => isLocalRoot(root))?.root ?? null;
  let named: ReadonlySet<string> | null = null;
  // To look at each again before it moves takes as long as all else; what it is afterwards tells the same.
  const looked = new Map<LoggedTree, FoundTree>();
  const holdersOf = new Map<string, Promise<TreeHolders>>();
  const lookAtTree = async (
    root: string,
    place: ArtifactPlace,
    subject: Subject,
    path: LoggedTree["path"],
  ): Promise<Prepared> => {
    const tree = { root: place.root, path };
    const stays = (message: string): Prepared => ({ kind: "ready", trees: [], stays: message });
    const asked = { change, path };
    const found = await place.check(asked);
    if (found.kind === "absent") return { kind: "ready", trees: [], stays: null };
    // Rows are not to go while nobody can tell what goes with them.
    if (found.kind === "stays" && found.because === "unreachable") {
      return { kind: "failed", message: messageOf(found, place) };
    }
    if (found.kind === "stays") return stays(`its artifacts stay: ${found.message}`);
    if (!isTree(tree)) {
      return stays(
        `its artifacts stay in ${root}/${path}: expected them called by an id of MLflow's`,
      );
    }
    // What is brought back goes nowhere that no row names.
    named ??= new Set(artifactRootsOf(store, leaving).keys());
    if (!named.has(place.root)) {
      return stays(
        `its artifacts stay in ${root}/${path}: no experiment that stays has its artifacts in ${root}, so that nothing would tell where they belong`,
      );
    }
    const copy = join(dirname(database), basename(root), path);
    if (isLocalRoot(place.root) && isOther(copy, `${place.root}/${path}`)) {
      return stays(
        `its artifacts stay in ${root}/${path}: ${copy} is there as well, so that this may be the copy of another database`,
      );
    }
    const holders = await holdersOf.getOrInsertComputed(
      root,
      () => readNamed(root).then(holdersOfTrees),
    );
    if (holders.problem !== null) {
      return stays(`its artifacts stay in ${root}/${path}: ${holders.problem}`);
    }
    const isGone = (row: DatabaseRow) => holders.own.has(row) && isGoneWith(rows, subject, row);
    const within = await place.look(path);
    const holder = holders.find(`${root}/${path}`, isGone) ?? holderWithin(holders, within, isGone);
    if (holder !== null) {
      return stays(
        `its artifacts stay in ${root}/${path}: ${holders.nameOf(holder)} has files there`,
      );
    }
    if (within.meta !== null) {
      return stays(`its artifacts stay in ${root}/${path}: ${within.meta} is of a store of files`);
    }
    const stranger = strangerWithin(holders, within);
    if (stranger !== null) {
      return stays(
        `its artifacts stay in ${root}/${path}: no row names ${stranger}, so that it may be of another database`,
      );
    }
    looked.set(tree, found);
    return { kind: "ready", trees: [tree], stays: null };
  };
  const copyTree = async (
    { root, path }: LoggedTree,
    signal: AbortSignal | undefined,
  ): Promise<Exclude<Prepared, { readonly kind: "ready" }> | null> => {
    const place = await places(root);
    if (!isLocalRoot(place.root)) noteBucketCopies({ path: database, change });
    try {
      const failed = await place.copyAhead({ change, path }, { signal });
      return failed === null ? null : { kind: "failed", message: messageOf(failed, place) };
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
      return { kind: "interrupted" };
    }
  };
  const byRoot = async (
    trees: readonly LoggedTree[],
    work: (place: ArtifactPlace, trees: readonly LoggedTree[]) => Promise<void>,
  ) => {
    for (const [root, own] of Map.groupBy(trees, ({ root }) => root)) {
      await work(await places(root), own);
    }
  };
  const look = async (subject: Subject): Promise<Prepared> => {
    const trees: LoggedTree[] = [];
    const staying: string[] = [];
    const seen = new Set<string>();
    for (const owner of ownersIn(rows, subject)) {
      const { root, place } = rootOf(located, owner) ?? { root: local, place: null };
      const tree = artifactTreeOf(root, owner);
      if (tree.kind === "elsewhere") {
        const local = localPathOf(owner.location);
        // MLflow makes a directory with the first artifact.
        const isNothing = owner.location === "" || local !== null && isGone(local);
        if (!isNothing) staying.push(tree.message);
        continue;
      }
      const { path } = tree;
      const own = `${root}/${path}`;
      if (seen.values().some((one) => `${own}/`.startsWith(`${one}/`))) continue;
      if (place === null) {
        // Otherwise there are none.
        if (rows.words.isRemote) {
          staying.push(`its artifacts stay in ${root}/${path}, which is not on this machine`);
        }
        continue;
      }
      seen.add(own);
      const found = await lookAtTree(root!, place, subject, path);
      if (found.kind !== "ready") return found;
      trees.push(...found.trees);
      if (found.stays !== null) staying.push(found.stays);
    }
    const [first = null] = staying;
    const more = staying.length > 1 ? `; and ${formatCount(staying.length - 1)} more` : "";
    return { kind: "ready", trees, stays: first === null ? null : `${first}${more}` };
  };
  let hasFailed = false;
  const copy = async (
    found: Extract<Prepared, { readonly kind: "ready" }>,
    signal: AbortSignal | undefined,
  ): Promise<Prepared> => {
    for (const [count, tree] of found.trees.entries()) {
      const failed = await copyTree(tree, signal);
      if (failed === null) continue;
      // Copies that were made already are of no use.
      await byRoot(found.trees.slice(0, count), async (place, own) => {
        await place.bringBack(own.map(({ path }) => ({ change, path })));
      });
      return failed;
    }
    return found;
  };
  return {
    mayHaveLeft: () => hasFailed,
    async prepare(subjects, signal) {
      const found = await atOnce(AT_ONCE, subjects, look);
      const prepared: Prepared[] = [];
      for (const one of found) {
        const isToCopy = one.kind === "ready" && keepBackup;
        const isLate = isToCopy && signal?.aborted;
        const ended = isLate ? INTERRUPTED : isToCopy ? await copy(one, signal) : one;
        if (ended.kind !== "ready") hasFailed = true;
        prepared.push(ended);
      }
      return prepared;
    },
    async follow(subjects) {
      const results = new Map<LoggedTree, SetAside>();
      await byRoot(subjects.flatMap(({ trees }) => trees), async (place, trees) => {
        const asked = trees.map((tree): AskedTree => {
          const { path } = tree;
          const found = looked.get(tree);
          return found === undefined ? { change, path } : { change, path, found };
        });
        const done = await place.setAside(asked, { keepBackup });
        for (const [index, one] of done.entries()) results.set(trees[index]!, one);
      });
      return await Promise.all(subjects.map(async ({ trees }): Promise<Followed> => {
        const own = trees.map((tree) => ({ tree, one: results.get(tree)! }));
        for (const { tree, one } of own) {
          if (one.kind !== "stays") continue;
          return { kind: "failed", message: messageOf(one, await places(tree.root)) };
        }
        const gone = own.flatMap(({ one }) => one.kind === "set-aside" ? [one] : []);
        return {
          kind: "gone",
          usage: addUsage(gone.map(({ usage }) => usage)),
          remains: gone.flatMap(({ remains }) => remains ?? []),
        };
      }));
    },
  };
}

/** How many things are looked at together. */
const AT_ONCE = 16;

const INTERRUPTED: Prepared = { kind: "interrupted" };

/**
 * Another database may name the same directory by another path: through a link, or as a container sees it. Whatever
 * the path, an id is that of one run alone, unless its files are at that path, and others.
 */
function holderWithin(
  { byId }: TreeHolders,
  { owners }: Within,
  isGone: (row: DatabaseRow) => boolean,
): DatabaseRow | null {
  for (const { id, path } of owners) {
    const holder = (byId.get(id) ?? []).find((row) => {
      const local = localPathOf(row.location);
      return !(local !== null && isOther(local, `${path}/artifacts`)) && !isGone(row);
    });
    if (holder !== undefined) return holder;
  }
  return null;
}

/** A database that lies elsewhere is not known, and may have its artifacts below the same root. */
function strangerWithin({ byId }: TreeHolders, { owners }: Within): string | null {
  return owners.find(({ id }) => !id.startsWith("tr-") && !byId.has(id))?.path ?? null;
}

/**
 * Says why a tree could not be set aside.
 *
 * @param stays What was found.
 * @param place Where trees lie.
 * @returns For people.
 */
export function messageOf({ message, because }: Stays, { root, kept }: ArtifactPlace): string {
  switch (because) {
    case "disk-full":
      return `no space is left to keep its artifacts in ${kept}; make room there, or do without a backup`;
    case "unreachable":
      return `its artifacts in ${root}: ${message}`;
    case "changed":
    case "other":
      return message;
  }
}

/** Whether something is there, and something else than at another place. */
function isOther(path: string, other: string): boolean {
  if (path === other) return false;
  const [one, two] = [infoOf(path), infoOf(other)];
  return one !== null && (one.ino !== two?.ino || one.dev !== two.dev);
}

/** Where things of each kind stand: table, id and location. */
const PLACES = {
  "experiment": ["experiments", "experiment_id", "artifact_location"],
  "run": ["runs", "run_uuid", "artifact_uri"],
  "logged-model": ["logged_models", "model_id", "artifact_location"],
} as const;

interface Owner {
  readonly kind: keyof typeof PLACES;
  readonly id: string;
  readonly location: string;
}

/** What goes with a subject and has artifacts: the experiment itself before what lies in it. */
function* ownersIn(rows: OwnedRows, { kind, id }: Subject): Iterable<Owner> {
  if (kind === "metric-points" || kind === "dangling-rows") return;
  yield* ownersWhere(rows, kind, PLACES[kind][1], id);
  if (kind !== "experiment") return;
  yield* ownersWhere(rows, "run", "experiment_id", id);
  yield* ownersWhere(rows, "logged-model", "experiment_id", id);
}

function* ownersWhere(
  rows: OwnedRows,
  kind: keyof typeof PLACES,
  column: string,
  value: string,
): Iterable<Owner> {
  const [table, id, location] = PLACES[kind];
  if (!rows.columns.get(table)?.includes(location)) return;
  const served = rows.served?.isProven ? rows.served.root : null;
  const statement = statementOf(
    rows,
    `SELECT CAST(${id} AS TEXT) AS id, ${location} AS location FROM ${table} WHERE ${column} = ?`,
  );
  for (const { id, location } of statement.all(value)) {
    const place = typeof location === "string" ? location : "";
    yield { kind, id: `${id}`, location: servedPlaceOf(place, served) };
  }
}

/** Whether a row goes with a subject, or has gone since. */
function isGoneWith(rows: OwnedRows, subject: Subject, { kind, id }: DatabaseRow): boolean {
  if (kind === "model-version") return false;
  if (kind === subject.kind && id === subject.id) return true;
  const [table, column] = kind === "trace" ? ["trace_info", "request_id"] : PLACES[kind];
  if (!rows.columns.has(table)) return true;
  const found = statementOf(
    rows,
    `SELECT CAST(experiment_id AS TEXT) AS experiment FROM ${table} WHERE ${column} = ?`,
  ).get(id);
  return found === undefined ||
    subject.kind === "experiment" && found["experiment"] === subject.id;
}
