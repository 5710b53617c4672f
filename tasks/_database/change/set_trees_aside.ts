/**
 * Setting aside artifact trees that no row names, and some artifacts of runs that stay.
 *
 * *Ordering*: the log names a tree before it leaves its place.
 *
 * *Locking*: the lock of the store is held. That no row names the tree is asked again first, and it is still what the
 * plan saw when it has left its place, else it is put back.
 *
 * *After an interruption*: whoever takes the lock next brings back what is not in its place.
 *
 * @module
 */

import type { Action, DropArtifact, QuarantineOrphan } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { holdersOfTrees, type TreeHolders } from "../../../lib/snapshot/tree_holders.ts";
import { isRunId } from "../../../lib/store/names.ts";
import { experimentPathOf } from "../../../lib/store/path.ts";
import type { DatabaseRow } from "../../../lib/store/snapshot.ts";
import { DROPPED_TAG } from "../../../lib/store/tags.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { ArtifactPlace } from "../../_artifacts/artifact_place.ts";
import type { AskedTree } from "../../_artifacts/set_aside.ts";
import { isAbort } from "../../_io/take_turns.ts";
import { droppedTag, makeChanges } from "../log/change_rows.ts";
import { isArtifact, isTree, type LoggedTree, type NewSubject } from "../log/removed_rows.ts";
import { type LocatedRoot, locateTrees, rootedIn } from "../trees/artifact_roots.ts";
import { bringTreesOf } from "../trees/logged_trees.ts";
import { messageOf, type ReadNamed } from "../rows/judge_tree.ts";
import { statementOf } from "../rows/owned_rows.ts";
import type { RemovalPlace } from "./remove_rows.ts";
import { type Standing, standingsOfRuns, standsAs } from "./standing_facts.ts";

/** How to set trees aside. */
export interface AsideOptions {
  readonly keepBackup: boolean;
  readonly readNamed: ReadNamed;
  /** Looked at between two trees, and while one is copied. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it: one outcome for each, and what could not be freed though a whole copy is kept. */
export interface TreesAside {
  readonly outcomes: readonly ActionOutcome[];
  readonly remains: readonly Remains[];
}

/**
 * Sets orphans aside that are still as they were planned. Needs read and write permission for the artifacts and our
 * directory.
 *
 * @param place Where they are logged.
 * @param actions The orphans.
 * @param options How to.
 * @returns What came of it.
 */
export function quarantineOrphans(
  place: RemovalPlace,
  actions: readonly QuarantineOrphan[],
  options: AsideOptions,
): Promise<TreesAside> {
  return setTreesAside(place, actions, options, {
    of: "orphans",
    isMovable: isTree,
    subjectOf: (_action, tree) => orphanOf(tree),
    isOwn: () => false,
    mayGo: () => true,
  });
}

/** How to drop artifacts of runs. */
export interface DropOptions extends AsideOptions {
  /** How the runs stood when the change began; kept up to date with what it makes of them. */
  readonly known: Map<string, Standing>;
  /** Epoch ms, for the tag that says when. */
  readonly now: number;
}

/**
 * Sets artifacts aside of runs that stay, and tags these. Needs read and write permission for the artifacts and our
 * directory, and write permission for the database.
 *
 * @param place Where they are logged.
 * @param actions The artifacts.
 * @param options How to, how the runs stood, and the moment.
 * @returns What came of it.
 */
export function dropArtifacts(
  place: RemovalPlace,
  actions: readonly DropArtifact[],
  { known, now, ...options }: DropOptions,
): Promise<TreesAside> {
  const { tables } = place;
  return setTreesAside(place, actions, options, {
    isMovable: isArtifact,
    subjectOf: ({ path, runId: run, experimentId: experiment }, tree) => ({
      ...{ kind: "artifact", experiment, run, id: path, trees: [tree] },
    }),
    // The run is around it, and stays.
    isOwn: ({ runId }, { kind, id }) => kind === "experiment" || kind === "run" && id === runId,
    mayGo: ({ runId }) => standsAs(standingsOfRuns(tables, [runId]).get(runId), known.get(runId)),
    before: ({ runId, experimentId }) => tagRun(place, runId, experimentId, now),
    after: ({ runId }) => void known.set(runId, standingsOfRuns(tables, [runId]).get(runId)!),
  });
}

/** The log says what becomes of the tag before anything goes, and the tag says so once it has gone. */
function tagRun(
  { log, change, rows }: RemovalPlace,
  run: string,
  experiment: string,
  now: number,
): (hasGone: boolean) => void {
  const found = statementOf(rows, "SELECT value FROM tags WHERE run_uuid = ? AND key = ?")
    .get(run, DROPPED_TAG);
  const before = found === undefined ? null : `${found["value"]}`;
  const tag = droppedTag(run, before, now);
  if (before === tag.after["value"]) return () => {};
  const logged = log.add(change, [{ experiment, run, ...tag }]);
  return (hasGone) => {
    const changed = new Set(hasGone ? makeChanges(rows.database, logged) : []);
    log.drop(logged.filter((row) => !changed.has(row)));
  };
}

/** What differs between the kinds of action. */
interface Aside<A extends Action> {
  /** Of orphans, rows of whoever else may have artifacts there count as well. */
  readonly of?: "orphans";
  readonly isMovable: (tree: unknown) => tree is LoggedTree;
  readonly subjectOf: (action: A, tree: LoggedTree) => NewSubject;
  /** Which rows keep nothing: those of what it is of. */
  readonly isOwn: (action: A, row: DatabaseRow) => boolean;
  readonly mayGo: (action: A) => boolean;
  /** Prepares what is to be done once it has gone, or has not. */
  readonly before?: (action: A) => (hasGone: boolean) => void;
  /** Told of what has gone. */
  readonly after?: (action: A) => void;
}

async function setTreesAside<A extends Action>(
  place: RemovalPlace,
  actions: readonly A[],
  { keepBackup, readNamed, signal }: AsideOptions,
  { of, isMovable, subjectOf, isOwn, mayGo, before, after }: Aside<A>,
): Promise<TreesAside> {
  const { log, change, places, rows } = place;
  const store = rootedIn(places, rows);
  const located = await locateTrees(store);
  const outcomes: ActionOutcome[] = [];
  const remains: Remains[] = [];
  const holdersOf = new Map<string, Promise<TreeHolders>>();
  for (const action of actions) {
    const { kind, path, stamp } = action;
    const end = (outcome: Ending) => void outcomes.push({ kind, path, ...outcome });
    if (signal?.aborted) {
      end(INTERRUPTED);
      continue;
    }
    const found = await findAsPlanned(located, { change, path, stamp });
    const tree: unknown = { root: found?.at.root ?? "", path };
    if (found === null || !isMovable(tree)) {
      end({ outcome: "skipped", because: "gone" });
      continue;
    }
    const { root, at } = found;
    const holders = await holdersOf.getOrInsertComputed(
      root,
      () => readNamed(root, of).then(holdersOfTrees),
    );
    const holder = holders.find(
      `${root}/${path}`,
      (row) => holders.own.has(row) && isOwn(action, row),
    );
    if (holder !== null || holders.problem !== null || !mayGo(action)) end(CHANGED);
    else {
      const [subject] = log.addSubjects(change, [subjectOf(action, tree)]);
      const tell = before?.(action);
      try {
        const asked = { change, path, stamp };
        const [one] = await at.setAside([asked], { keepBackup, signal });
        if (one!.kind === "set-aside") {
          if (one!.remains !== null) remains.push(one!.remains);
          tell?.(true);
          after?.(action);
          end({ outcome: "applied", usage: one!.usage });
          continue;
        }
        if (one!.kind === "absent") end({ outcome: "skipped", because: "gone" });
        else if (one!.because === "changed") end(CHANGED);
        else end({ outcome: "failed", message: messageOf(one!, at) });
      } catch (error) {
        if (!isAbort(error, signal)) throw error;
        end(INTERRUPTED);
      }
      tell?.(false);
      // A copy that was made of it is of no use.
      const inTheWay = await bringTreesOf({ ...store, change, subjects: [subject!] });
      if (inTheWay.size === 0) log.dropSubjects([subject!]);
    }
  }
  return { outcomes, remains };
}

/** Below several roots there may be trees of one name: that is meant which is as it was planned. */
async function findAsPlanned(
  located: readonly LocatedRoot[],
  tree: AskedTree,
): Promise<{ readonly root: string; readonly at: ArtifactPlace } | null> {
  const there: { readonly root: string; readonly at: ArtifactPlace }[] = [];
  for (const { root, place: at } of located) {
    const found = await at?.check(tree);
    if (found === undefined || found.kind === "absent") continue;
    if (found.kind === "found" && found.stamp === tree.stamp) return { root, at: at! };
    there.push({ root, at: at! });
  }
  return there[0] ?? null;
}

type Ending = ActionOutcome extends infer One
  ? One extends ActionOutcome ? Omit<One, "kind" | "path"> : never
  : never;

const INTERRUPTED = { outcome: "not-run", because: "interrupted" } as const;
const CHANGED = { outcome: "skipped", because: "changed-since-plan" } as const;

function orphanOf(tree: LoggedTree): NewSubject {
  const { path } = tree;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    kind: "orphan",
    experiment: experimentPathOf(path),
    run: name !== path && isRunId(name) ? name : null,
    id: path,
    trees: [tree],
  };
}
