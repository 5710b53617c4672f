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

import { artifactTreeOf } from "../../../lib/snapshot/artifact_tree.ts";
import { isLocalRoot } from "../../../lib/snapshot/artifact_root.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { addUsage, type DiskUsage, type Remains } from "../../../lib/store/usage.ts";
import { formatCount } from "../../../lib/text/units.ts";
import type { ArtifactPlace, OpenPlace } from "../../_artifacts/artifact_place.ts";
import type { AskedTree, FoundTree, SetAside } from "../../_artifacts/set_aside.ts";
import { isGone } from "../../_io/read.ts";
import { atOnce, isAbort } from "../../_io/take_turns.ts";
import type { LoggedSubject, LoggedTree, Subject } from "../log/removed_rows.ts";
import { artifactRootsOf, locateTrees, rootedIn, rootOf } from "../trees/artifact_roots.ts";
import { messageOf, type ReadNamed, treeJudge } from "../rows/judge_tree.ts";
import { noteBucketCopies } from "../trees/logged_trees.ts";
import { ownersIn } from "../rows/tree_owners.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";

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
  const judge = treeJudge({
    ...{ database, rows, change, readNamed },
    lasting: () => new Set(artifactRootsOf(store, leaving).keys()),
  });
  // To look at each again before it moves takes as long as all else; what it is afterwards tells the same.
  const looked = new Map<LoggedTree, FoundTree>();
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
      const judged = await judge({ root: root!, place, path, subject });
      if (judged.kind === "failed") return judged;
      if (judged.kind === "stays") staying.push(judged.message);
      if (judged.kind !== "goes") continue;
      looked.set(judged.tree, judged.found);
      trees.push(judged.tree);
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
