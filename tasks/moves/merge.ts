/**
 * The task `merge`: another store is copied into this one.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../lib/errors.ts";
import { MOVE_EXTRAS } from "../../lib/move/choose_runs.ts";
import type { MergePolicy } from "../../lib/plan/plan.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { planMergeAgain } from "../plan_again.ts";
import {
  decideAndApply,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "../plan_and_apply.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** What to merge, and whether to do it. */
export interface MergeOptions extends PlanAndApplyOptions {
  /** The other store, open; it is read, and never changed. */
  readonly from: Store;
  /** Names or ids of its experiments, or globs. @default {all} */
  readonly experiments?: readonly string[];
  /** Soft-deleted runs as well. @default {false} */
  readonly deleted?: boolean;
}

/**
 * Plans how another store is copied into this one and, with `apply`, carries it out. Its experiments join those of
 * their names, or are made; runs come with their artifacts, models, traces and datasets. The other store stays as it
 * is. Needs read permission for both stores; applying needs write permission for this one.
 *
 * @param store The store.
 * @param options What to merge, and whether to do it.
 * @returns The plan, and the report if it was applied. What has to stay is in `plan.kept`.
 * @throws {InvalidArgumentError} When the other store is this one, or a part of the selection fits nothing in it.
 * @throws {UnsupportedStoreError} When these kinds of store cannot be merged.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { merge, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * await using from = await openStore("./laptop/mlruns");
 * const { plan } = await merge(store, { from });
 * console.log(plan.actions.length, plan.kept.length);
 * ```
 */
export async function merge(store: Store, options: MergeOptions): Promise<PlanAndApplyResult> {
  const { from, experiments = [], deleted = false, ...applying } = options;
  refuseKinds(store, from);
  const policy: MergePolicy = {
    from: from.describe().location,
    only: { experiments, exclude: [], runs: [] },
    deleted,
  };
  const { onProgress, signal } = applying;
  return await decideAndApply(store, "merge", async (at) => {
    const reading = {
      signal,
      onProgress: (done: number, all?: number) => onProgress?.("Reading runs", done, all),
    };
    const snapshot = await at.read({
      depth: "tags",
      isPreview: at === store,
      extras: MOVE_EXTRAS,
      ...reading,
    });
    return { snapshot, plan: await planMergeAgain(at, { policy }, snapshot, at.now(), reading) };
  }, applying);
}

/** What two stores are tells whether one can be merged into the other at all. */
function refuseKinds(store: Store, from: Store): void {
  const { kind } = requireCapability(store, "merging");
  const other = requireCapability(from, "merging");
  const [here, there] = [store.describe().location, from.describe().location];
  if (other.kind !== kind) {
    const migrate = other.kind === "directory" && kind === "sqlite"
      ? `; MLflow brings a directory into a database that is empty: ${
        shellWords(["mlflow", "migrate-filestore", "--source", there, "--target", here])
      }`
      : "";
    throw new UnsupportedStoreError(
      `Cannot merge ${there} into ${here}: expected two stores of one kind, found a ${
        KINDS[other.kind]
      } and a ${KINDS[kind]}${migrate}`,
      there,
    );
  }
}

const KINDS = {
  directory: "directory",
  sqlite: "database of SQLite",
  postgresql: "database of PostgreSQL",
} as const;
