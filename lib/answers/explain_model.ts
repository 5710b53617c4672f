/**
 * Why a logged model (MLflow 3) stays or goes.
 *
 * @module
 */

import { planCleanup, type PlanOptions } from "../cleanup/plan_cleanup.ts";
import { InvalidArgumentError } from "../errors.ts";
import { subjectOf } from "../judge/judged.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import { holdersOf } from "../store/holders.ts";
import type { StorePath } from "../store/path.ts";
import { isNonEmpty, type LoggedModel, type StoreSnapshot } from "../store/snapshot.ts";
import type { RunExplanation } from "./explain_run.ts";
import { judgeAsPlanned } from "./find_flip.ts";
import { findPlaced } from "./find_placed.ts";

/** Why a logged model stays or goes. */
export interface ModelExplanation extends
  Pick<
    RunExplanation,
    "schema" | "store" | "experimentId" | "experiment" | "path" | "name" | "reasons" | "stops"
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
export type Explanation = RunExplanation | ModelExplanation;

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
  options: PlanOptions & { readonly path: StorePath },
): ModelExplanation {
  const { path, now, kinds } = options;
  const plan = planCleanup(snapshot, policy, { now, kinds });
  const judged = judgeAsPlanned(snapshot, policy, now).models
    .find(({ model }) => model.path === path);
  if (judged === undefined) {
    throw new InvalidArgumentError(`Cannot explain ${path}: the store has no such logged model`);
  }
  const { model, experimentId, holder, verdict } = judged;
  const action = plan.actions.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  const keptAt = (at: StorePath) => plan.kept.find((one) => one.path === at)?.reasons ?? [];
  // It stays with its deleted experiment, or orphan, and so for the reasons of that.
  const reasons = holder === null
    ? keptAt(path)
    : [...verdict.reasons, ...keptAt(subjectOf(holder).path)];
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
    reasons: action?.reasons ?? (isNonEmpty(reasons) ? reasons : verdict.reasons),
    stops: plan.stops ?? [],
  };
}
