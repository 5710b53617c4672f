/**
 * The task `repair`: mends what is provable from what is there.
 *
 * @module
 */

import { InvalidArgumentError } from "../lib/errors.ts";
import { DEFAULT_REPAIR, type RepairPolicy } from "../lib/plan/repair_action.ts";
import { type Duration, durationOf } from "../lib/text/units.ts";
import { planRepair } from "../lib/repair/plan_repair.ts";
import {
  decideAndApply,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "./plan_and_apply.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Store } from "./ports/store.ts";

/** What to repair. */
export interface RepairRules {
  /** Leave damage alone that is younger than this: MLflow may be writing. @default {"1m"} */
  readonly settle?: Duration;
  /** A run that has not ended is stale when it is silent for longer. @default {"7d"} */
  readonly staleAfter?: Duration;
  /** The status that a stale run gets. @default {"FAILED"} */
  readonly finishAs?: "FAILED" | "KILLED";
  /** Take every line that MLflow cannot read out of metrics, into the backup. @default {false} */
  readonly dropLines?: boolean;
  /** Rewrite the places that records name, in a store that was moved or copied. @default {false} */
  readonly relocate?: boolean;
  /** Where the store was: with `relocate`, only places below it are rewritten. @default {anywhere} */
  readonly from?: string;
}

/** What to repair, and whether to do it. */
export interface RepairOptions extends PlanAndApplyOptions, RepairRules {}

/**
 * Plans repairs and, with `apply`, carries them out: records that were lost, missing folders, torn
 * metrics, litter, stages, stale runs, names; with `relocate` the places that records name. Needs read
 * permission for the store; applying needs write permission, too.
 *
 * @param store The store.
 * @param options What to repair, and whether to do it.
 * @returns The plan, and the report if it was applied. What is ambiguous is in `plan.kept`.
 * @throws {InvalidArgumentError} When a duration is negative, or none, or `from` is given without `relocate`.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { openStore, repair } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan, report } = await repair(store, { apply: true });
 * console.log(`${report?.totals.applied ?? 0} repaired, ${plan.kept.length} left to you`);
 * ```
 */
export async function repair(
  store: Store,
  options: RepairOptions = {},
): Promise<PlanAndApplyResult> {
  const policy = repairPolicyOf(options);
  const { onProgress, signal } = options;
  return await decideAndApply(store, "repair", async (source) => {
    const snapshot = await source.read({
      depth: "full",
      signal,
      onProgress: (runs, all) => onProgress?.("Reading runs", runs, all),
    });
    const evidence = await requireCapability(source, "mending").evidence(snapshot, policy);
    const { changes } = source;
    return {
      snapshot,
      plan: planRepair(snapshot, evidence, policy, { now: source.now(), kinds: changes?.kinds }),
    };
  }, options);
}

/**
 * Completes rules by their defaults.
 *
 * @param rules What to repair.
 * @returns The policy.
 * @throws {InvalidArgumentError} When a text is no duration, or `from` is given without `relocate`.
 */
export function repairPolicyOf(rules: RepairRules): RepairPolicy {
  const {
    settle = DEFAULT_REPAIR.settle,
    staleAfter = DEFAULT_REPAIR.staleAfter,
    finishAs = DEFAULT_REPAIR.finishAs,
    relocate = false,
    dropLines = false,
    from,
  } = rules;
  if (from !== undefined && !relocate) {
    throw new InvalidArgumentError(
      "Cannot repair places from a former root: expected relocate, too",
    );
  }
  return {
    settle: durationOf(settle),
    staleAfter: durationOf(staleAfter),
    finishAs,
    relocate: relocate ? { from: from ?? null } : null,
    ...(dropLines ? { dropLines } : {}),
  };
}
