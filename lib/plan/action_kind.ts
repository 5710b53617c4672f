/**
 * The kinds of action, as values, and what tells kinds of plan apart.
 *
 * @module
 */

import type { Action, CleanupPlan, Plan, PrunePlan } from "./plan.ts";

/** What tells the kinds of action apart. */
export type ActionKind = Action["kind"];

const KINDS: Readonly<Record<ActionKind, true>> = {
  "soft-delete-run": true,
  "drop-artifact": true,
  "thin-metric": true,
  "purge-run": true,
  "purge-experiment": true,
  "purge-logged-model": true,
  "quarantine-orphan": true,
  "move-run": true,
  "copy-in": true,
  "write-meta": true,
  "create-experiment": true,
  "finish-stale-run": true,
  "set-stage": true,
  "release-name": true,
  "complete-meta": true,
  "quote-value": true,
  "rewrite-location": true,
  "rewrite-tag": true,
  "create-dirs": true,
  "trim-metric-file": true,
  "cut-metric-file": true,
  "purge-dangling-rows": true,
  "quarantine-stray": true,
};

/** All kinds of action, in the order in which a plan shows them. */
export const ACTION_KINDS: readonly ActionKind[] = Object.keys(KINDS) as ActionKind[];

/**
 * Tells whether a word is a kind of action.
 *
 * @param kind The word.
 * @returns Whether it is.
 */
export function isActionKind(kind: unknown): kind is ActionKind {
  return typeof kind === "string" && Object.hasOwn(KINDS, kind);
}

/**
 * Tells whether a plan takes away what is no longer wanted, by a policy of what is worth keeping.
 *
 * @param plan The plan.
 * @returns Whether it is one of `cleanup` or `prune`.
 */
export function isRemoval(plan: Plan): plan is CleanupPlan | PrunePlan {
  return plan.task === "cleanup" || plan.task === "prune";
}
