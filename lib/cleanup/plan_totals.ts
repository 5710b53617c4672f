/**
 * Sums over a plan.
 *
 * @module
 */

import { addUsage, type DiskUsage, NO_USAGE } from "../store/usage.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { Action, Kept, PlanTotals } from "../plan/plan.ts";

/**
 * Sums up what goes and what stays.
 *
 * @param actions What goes.
 * @param kept What stays.
 * @param measured Whether it is known what everything takes on disk.
 * @returns The sums.
 */
export function totalsOf(
  actions: readonly Action[],
  kept: readonly Kept[],
  measured: boolean,
): PlanTotals {
  const counts = new Map<ActionKind, number>();
  for (const { kind } of actions) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const count = (kind: ActionKind) => counts.get(kind) ?? 0;
  const dropped = count("drop-artifact");
  const thinned = count("thin-metric");
  const purged = count("purge-logged-model");
  return {
    softDeleteRuns: count("soft-delete-run"),
    purgeRuns: count("purge-run"),
    purgeExperiments: count("purge-experiment"),
    ...(purged === 0 ? {} : { purgeLoggedModels: purged }),
    quarantineOrphans: count("quarantine-orphan"),
    keptRuns: kept.reduce((total, { kind }) => kind === "run" ? total + 1 : total, 0),
    usage: addUsage(actions.map(({ usage }) => usage)),
    ...(dropped === 0 ? {} : { dropArtifacts: dropped }),
    ...(thinned === 0 ? {} : { thinMetrics: thinned }),
    ...(measured ? { later: addUsage(actions.map(laterOf)) } : {}),
  };
}

function laterOf(action: Action): DiskUsage {
  return action.kind === "soft-delete-run" && action.later || NO_USAGE;
}

/**
 * Says what it is that leaves by an action.
 *
 * @param kind The kind of action.
 * @returns What it is; `undefined` where nothing leaves but a part: a run that loses an artifact stays anyhow.
 */
export function subjectKindOf(kind: ActionKind): Kept["kind"] | undefined {
  return SUBJECTS[kind];
}

const SUBJECTS: { readonly [K in ActionKind]?: Kept["kind"] } = {
  "soft-delete-run": "run",
  "purge-run": "run",
  "purge-experiment": "experiment",
  "purge-logged-model": "logged-model",
  "quarantine-orphan": "orphan",
};
