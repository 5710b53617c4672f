/**
 * Why a logged model (MLflow 3) stays or goes.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { type JudgedModel, subjectOf } from "../judge/judged.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import { holdersOf } from "../store/holders.ts";
import type { StorePath } from "../store/path.ts";
import { isNonEmpty, type LoggedModel, type StoreSnapshot } from "../store/snapshot.ts";
import { everyReason } from "./every_reason.ts";
import type { HolderExplanation } from "./explain_holder.ts";
import { decide, type RunExplanation, type SubjectOptions } from "./explain_run.ts";
import { findLimits, leaves } from "./find_limits.ts";
import { findPlaced } from "./find_placed.ts";

/** Why a logged model stays or goes. */
export interface ModelExplanation extends
  Pick<
    RunExplanation,
    | "schema"
    | "store"
    | "experimentId"
    | "experiment"
    | "path"
    | "name"
    | "reasons"
    | "goesBy"
    | "flip"
    | "stops"
  > {
  /** What is explained. */
  readonly subject: "logged-model";
  /** The logged model. */
  readonly modelId: string;
  /** The run that logged it; `null` when it names none. */
  readonly sourceRunId: string | null;
  /** What a clean-up would do with it. */
  readonly verdict: "stays" | "purge";
}

/** Why something stays or goes. */
export type Explanation = RunExplanation | ModelExplanation | HolderExplanation;

/**
 * Finds the logged models that somebody means.
 *
 * @param snapshot The store.
 * @param text As `findRuns` takes it.
 * @returns The models: those of that id, else of that name, else whose id begins so.
 */
export function findModels(snapshot: StoreSnapshot, text: string): readonly LoggedModel[] {
  return findPlaced(holdersOf(snapshot).flatMap(({ loggedModels }) => loggedModels), text);
}

/**
 * Explains what a clean-up would do with a logged model.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param options The model, the moment, epoch ms, and what the store can carry out.
 * @returns The explanation.
 * @throws {InvalidArgumentError} When the store has no such model, or was not read as the policy needs it.
 */
export function explainModel(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: SubjectOptions,
): ModelExplanation {
  const { path, now, kinds } = options;
  const { plan, judged: all } = options.decided ?? decide(snapshot, policy, options);
  const judged = all.models.find(({ model }) => model.path === path);
  if (judged === undefined) {
    throw new InvalidArgumentError(`Cannot explain ${path}: the store has no such logged model`);
  }
  const { model, experimentId, holder, verdict } = judged;
  const action = plan.actions.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  const keptAt = (at: StorePath) => plan.kept.find((one) => one.path === at)?.reasons ?? [];
  // It stays with its deleted experiment, or orphan, and so for the reasons of that.
  const reasons = leaves(judged)
    ? keptAt(holder === null ? path : subjectOf(holder).path)
    : everyReason(snapshot, policy, path, now);
  const goesBy = kindOf(judged);
  const canGo = kinds?.has(goesBy) ?? true;
  return {
    schema: "mltidy/explain/v1",
    subject: "logged-model",
    store: snapshot.location,
    modelId: model.id,
    sourceRunId: model.sourceRunId,
    experimentId,
    experiment: snapshot.experiments.find((one) => path.startsWith(`${one.path}/`))?.name ?? null,
    path,
    name: model.name,
    verdict: action === undefined ? "stays" : "purge",
    goesBy,
    reasons: action?.reasons ?? (isNonEmpty(reasons) ? reasons : verdict.reasons),
    flip: canGo ? findLimits(snapshot, policy, all, path, now) : null,
    stops: plan.stops ?? [],
  };
}

/** By what a logged model would go. */
function kindOf({ holder }: JudgedModel): ActionKind {
  if (holder === null) return "purge-logged-model";
  return "experiment" in holder ? "purge-experiment" : "quarantine-orphan";
}
