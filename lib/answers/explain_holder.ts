/**
 * Why an experiment, or an orphan, stays or goes.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { ActionReason, KeepReason } from "../plan/plan.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import { type Holder, holdersOf } from "../store/holders.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { findNamed } from "../text/find_named.ts";
import { everyReason } from "./every_reason.ts";
import { decide, type RunExplanation, type SubjectOptions } from "./explain_run.ts";
import { findLimits, judgedAt, leaves } from "./find_limits.ts";

/** Why an experiment, or an orphan, stays or goes. */
export interface HolderExplanation extends
  Pick<
    RunExplanation,
    | "schema"
    | "store"
    | "experimentId"
    | "experiment"
    | "path"
    | "name"
    | "goesBy"
    | "flip"
    | "stops"
  > {
  /** What is explained. */
  readonly subject: "experiment" | "orphan";
  /** What a clean-up would do with it. */
  readonly verdict: "stays" | "purge" | "quarantine";
  /** Why; empty for an active experiment, which no clean-up takes. */
  readonly reasons: readonly (ActionReason | KeepReason)[];
  /** What a clean-up would do with its runs. */
  readonly runs: { readonly stay: number; readonly softDelete: number; readonly purge: number };
}

/**
 * Finds the experiments and orphans that somebody means.
 *
 * @param snapshot The store.
 * @param text An id, the beginning of one (6 letters or more), or the name of an experiment; as plans print it.
 * @returns Those of that id, else of that name, else whose id begins so.
 */
export function findHolders(snapshot: StoreSnapshot, text: string): readonly Holder[] {
  const [, id = ""] = /^(?:\.trash\/)?(.*?)(?:…|\.{3})?$/s.exec(text) ?? [];
  return findNamed(holdersOf(snapshot), id, text);
}

/**
 * Explains what a clean-up would do with an experiment, or an orphan.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param options Its path, the moment, epoch ms, and what the store can carry out.
 * @returns The explanation.
 * @throws {InvalidArgumentError} When the store has none there, or was not read as the policy needs it.
 */
export function explainHolder(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: SubjectOptions,
): HolderExplanation {
  const { path, now, kinds } = options;
  const { plan, judged: all } = options.decided ?? decide(snapshot, policy, options);
  const holder = holdersOf(snapshot).find((one) => one.path === path);
  if (holder === undefined) {
    throw new InvalidArgumentError(
      `Cannot explain ${path}: the store has no such experiment, or orphan`,
    );
  }
  const isOrphan = !("name" in holder);
  const isActive = !isOrphan && holder.lifecycleStage === "active";
  const action = plan.actions.find((one) => one.path === path);
  const goes = !isActive && leaves(judgedAt(all, path));
  const kept = plan.kept.find((one) => one.path === path && one.kind !== "damaged-run");
  const within = plan.actions.filter((one) => one.path.startsWith(`${path}/`));
  const count = (kind: string) => within.filter((one) => one.kind === kind).length;
  const [softDelete, purge] = [count("soft-delete-run"), count("purge-run")];
  const gone = action === undefined ? softDelete + purge : holder.runs.length;
  const goesBy = isOrphan ? "quarantine-orphan" : "purge-experiment";
  const canGo = kinds?.has(goesBy) ?? true;
  return {
    schema: "mltidy/explain/v1",
    subject: isOrphan ? "orphan" : "experiment",
    store: snapshot.location,
    experimentId: holder.id as HolderExplanation["experimentId"],
    experiment: isOrphan ? null : holder.name,
    path,
    name: isOrphan ? holder.id : holder.name,
    verdict: action === undefined
      ? "stays"
      : action.kind === "quarantine-orphan"
      ? "quarantine"
      : "purge",
    goesBy,
    reasons: action?.reasons ??
      (isActive ? [] : goes ? kept?.reasons ?? [] : everyReason(snapshot, policy, path, now)),
    runs: { stay: holder.runs.length - gone, softDelete, purge: gone - softDelete },
    flip: isActive || !canGo ? null : findLimits(snapshot, policy, all, path, now),
    stops: plan.stops ?? [],
  };
}
