import type { PlanOptions } from "../cleanup/plan_cleanup.ts";
import type { CleanupPlan } from "../plan/plan.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import type { Holder } from "../store/holders.ts";
import type { LoggedModel, Run, StoreSnapshot } from "../store/snapshot.ts";
import { explainHolder, findHolders } from "./explain_holder.ts";
import { explainModel, type Explanation, findModels } from "./explain_model.ts";
import { decide, explainRun, findRuns } from "./explain_run.ts";

/** What came of looking for what is to be explained. */
export interface ExplainResult {
  /**
   * One for each that was meant: none, one, or all those of the same name; logged models where no run is meant,
   * experiments and orphans where no model is.
   */
  readonly explanations: readonly Explanation[];
  /** Those that were meant, when they are too many to explain. */
  readonly candidates: readonly (Run | LoggedModel | Holder)[];
}

const MOST = 5;

/**
 * Finds what somebody means, and explains what a clean-up would do with it.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param subject An id, 6 or more of its first letters, `7/3a7bb818…` as plans print it, or a name.
 * @param policy The policy.
 * @param options The moment, and what the store can carry out.
 * @param plan What is planned so, where that is known. @default {it is planned here}
 * @returns The explanations.
 */
export function explainSubject(
  snapshot: StoreSnapshot<"tags">,
  subject: string,
  policy: CleanupPolicy,
  options: PlanOptions,
  plan?: CleanupPlan,
): ExplainResult {
  const runs = findRuns(snapshot, subject);
  const models = runs.length > 0 ? [] : findModels(snapshot, subject);
  const holders = runs.length + models.length > 0 ? [] : findHolders(snapshot, subject);
  const candidates = [...runs, ...models, ...holders];
  if (candidates.length === 0 || candidates.length > MOST) return { explanations: [], candidates };
  const decided = decide(snapshot, policy, options, plan);
  return {
    explanations: [
      ...runs.map(({ path }) => explainRun(snapshot, policy, { ...options, path, decided })),
      ...models.map(({ path }) => explainModel(snapshot, policy, { ...options, path, decided })),
      ...holders.map(({ path }) => explainHolder(snapshot, policy, { ...options, path, decided })),
    ],
    candidates: [],
  };
}
