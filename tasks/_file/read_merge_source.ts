/**
 * The other store of a merge.
 *
 * @module
 */

import { InvalidArgumentError } from "../../lib/errors.ts";
import { MOVE_EXTRAS } from "../../lib/move/choose_runs.ts";
import type { MergePolicy } from "../../lib/plan/plan.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { Abortable, MergeSource, ReadOptions, Store } from "../ports/store.ts";
import { readMergeEvidence } from "./read_merge_evidence.ts";

/**
 * Reads the other store, and what merging must know of both. Needs read permission for both.
 *
 * @param snapshot This store.
 * @param policy What is asked for.
 * @param work The signal, who is told of progress, and how to open a store.
 * @returns The other store, and the evidence.
 * @throws {InvalidArgumentError} When the stores are one, or one lies in the other, or a part of the selection fits
 * nothing there.
 */
export async function readMergeSource(
  snapshot: StoreSnapshot,
  policy: MergePolicy,
  work: Abortable & Pick<ReadOptions<"tags">, "onProgress"> & {
    readonly open: (from: string) => Promise<Store>;
  },
): Promise<MergeSource> {
  const { open, signal, onProgress } = work;
  await using store = await open(policy.from);
  const { location: there } = store.describe();
  const { location: here } = snapshot;
  if (here === there) {
    throw new InvalidArgumentError(`Cannot merge ${there} into itself: name another store`);
  }
  if (here.startsWith(`${there}/`) || there.startsWith(`${here}/`)) {
    throw new InvalidArgumentError(
      `Cannot merge ${there} into ${here}: one lies in the other; move it out first`,
    );
  }
  const other = await store.read({ depth: "tags", extras: MOVE_EXTRAS, signal, onProgress });
  return { other, evidence: await readMergeEvidence(snapshot, other, policy, { signal }) };
}
