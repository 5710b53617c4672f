/**
 * The task `move`: runs go into another experiment, with all that MLflow looks for there.
 *
 * @module
 */

import { MOVE_EXTRAS } from "../../lib/move/choose_runs.ts";
import type { MovePolicy } from "../../lib/plan/plan.ts";
import { planMoveAgain } from "../plan_again.ts";
import {
  decideAndApply,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "../plan_and_apply.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** What to move, and whether to do it. */
export interface MoveOptions extends PlanAndApplyOptions {
  /** Id or name of the active experiment into which. */
  readonly to: string;
  /** Ids of runs, or their beginnings; with them come the runs nested in them. @default {all of `experiments`} */
  readonly runs?: readonly string[];
  /** Names or ids of the experiments whose runs move, or globs. @default {any} */
  readonly experiments?: readonly string[];
  /** Soft-deleted runs as well. @default {false} */
  readonly deleted?: boolean;
}

/**
 * Plans the move of runs into another experiment and, with `apply`, carries it out. Logged models, traces and
 * nested runs go with them; datasets that they name are copied; versions of registered models name the new place.
 * Needs read permission for the store; applying needs write permission, too.
 *
 * @param store The store.
 * @param options What to move, and whether to do it.
 * @returns The plan, and the report if it was applied. What has to stay is in `plan.kept`.
 * @throws {InvalidArgumentError} When no experiment is meant, or several, or a part of the selection fits nothing.
 * @throws {UnsupportedStoreError} When this kind of store cannot do that.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { move, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await move(store, { experiments: ["1"], to: "keepers" });
 * console.log(plan.actions.length, plan.kept.length);
 * ```
 */
export async function move(store: Store, options: MoveOptions): Promise<PlanAndApplyResult> {
  const { to, runs = [], experiments = [], deleted = false, ...applying } = options;
  const policy: MovePolicy = { only: { experiments, exclude: [], runs }, to, deleted };
  requireCapability(store, "moving");
  const { onProgress, signal } = applying;
  return await decideAndApply(store, "move", async (from) => {
    const snapshot = await from.read({
      depth: "tags",
      isPreview: from === store,
      extras: MOVE_EXTRAS,
      signal,
      onProgress: (done, all) => onProgress?.("Reading runs", done, all),
    });
    return { snapshot, plan: await planMoveAgain(from, { policy }, snapshot, from.now()) };
  }, applying);
}
