/**
 * Setting aside artifact trees that no row names.
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

import type { QuarantineOrphan } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { holdersOfTrees, type TreeHolders } from "../../../lib/snapshot/tree_holders.ts";
import { isRunId } from "../../../lib/store/names.ts";
import { experimentPathOf } from "../../../lib/store/path.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { ArtifactPlace } from "../../_artifacts/artifact_place.ts";
import type { AskedTree } from "../../_artifacts/set_aside.ts";
import { isAbort } from "../../_io/take_turns.ts";
import { isTree, type LoggedTree, type NewSubject } from "../log/removed_rows.ts";
import { type LocatedRoot, locateTrees, rootedIn } from "../trees/artifact_roots.ts";
import { bringTreesOf } from "../trees/logged_trees.ts";
import { messageOf, type ReadNamed } from "./purge_trees.ts";
import type { RemovalPlace } from "./remove_rows.ts";

/** How to set orphans aside. */
export interface QuarantineOptions {
  readonly keepBackup: boolean;
  readonly readNamed: ReadNamed;
  /** Looked at between two orphans, and while one is copied. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sets aside what is still as it was planned. Needs read and write permission for the artifacts and our directory.
 *
 * @param place Where they are logged.
 * @param actions The orphans.
 * @param options How to.
 * @returns One outcome for each, and what of them could not be freed though a whole copy is kept.
 */
export async function quarantineOrphans(
  place: RemovalPlace,
  actions: readonly QuarantineOrphan[],
  { keepBackup, readNamed, signal }: QuarantineOptions,
): Promise<{ readonly outcomes: readonly ActionOutcome[]; readonly remains: readonly Remains[] }> {
  const { log, change, places, rows } = place;
  const store = rootedIn(places, rows);
  const located = await locateTrees(store);
  const outcomes: ActionOutcome[] = [];
  const remains: Remains[] = [];
  const holdersOf = new Map<string, Promise<TreeHolders>>();
  for (const { kind, path, stamp } of actions) {
    const end = (outcome: Ending) => void outcomes.push({ kind, path, ...outcome });
    if (signal?.aborted) {
      end(INTERRUPTED);
      continue;
    }
    const found = await findOrphan(located, { change, path, stamp });
    const tree = { root: found?.at.root ?? "", path };
    if (found === null || !isTree(tree)) {
      end({ outcome: "skipped", because: "gone" });
      continue;
    }
    const { root, at } = found;
    const holders = await holdersOf.getOrInsertComputed(
      root,
      () => readNamed(root, "orphans").then(holdersOfTrees),
    );
    const holder = holders.find(`${root}/${path}`, () => false);
    if (holder !== null || holders.problem !== null) end(CHANGED);
    else {
      const [subject] = log.addSubjects(change, [subjectOf(tree)]);
      try {
        const asked = { change, path, stamp };
        const [one] = await at.setAside([asked], { keepBackup, signal });
        if (one!.kind === "set-aside") {
          if (one!.remains !== null) remains.push(one!.remains);
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
      // A copy that was made of it is of no use.
      const inTheWay = await bringTreesOf({ ...store, change, subjects: [subject!] });
      if (inTheWay.size === 0) log.dropSubjects([subject!]);
    }
  }
  return { outcomes, remains };
}

/** Below several roots there may be trees of one name: that is meant which is as it was planned. */
async function findOrphan(
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

function subjectOf(tree: LoggedTree): NewSubject {
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
