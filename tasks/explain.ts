/**
 * The task `explain`: why a run, a logged model, an experiment or an orphan stays or goes.
 *
 * @module
 */

import { explainHolder, findHolders } from "../lib/answers/explain_holder.ts";
import { explainModel, type Explanation, findModels } from "../lib/answers/explain_model.ts";
import { explainRun, findRuns } from "../lib/answers/explain_run.ts";
import { type CleanupPolicy, readingOf } from "../lib/policy/policy.ts";
import type { Holder } from "../lib/store/holders.ts";
import type { LoggedModel, Run } from "../lib/store/snapshot.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** What to explain. */
export interface ExplainOptions extends Abortable {
  /** The policy. */
  readonly policy: CleanupPolicy;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

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
 * Explains what a clean-up would do with a run, a logged model, an experiment or an orphan, and what
 * would change that. Needs read permission for the store.
 *
 * @param store The store.
 * @param subject The id of one, 6 or more of its first letters, `7/3a7bb818…` as plans print
 * it, or its name.
 * @param options The policy.
 * @returns The explanations.
 * @throws {InvalidArgumentError} When a value of the policy makes no sense.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 *
 * @example
 * ```ts
 * import { explain, openStore, policyOf, readConfig } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const policy = policyOf(readConfig("retention: { keep_last: 20 }", "mltidy.yaml"));
 * const { explanations } = await explain(store, "baseline", { policy });
 * console.log(explanations[0]?.verdict);
 * ```
 */
export async function explain(
  store: Store,
  subject: string,
  options: ExplainOptions,
): Promise<ExplainResult> {
  const { policy, onProgress, signal } = options;
  const snapshot = await store.read({
    depth: "tags",
    ...readingOf(policy),
    onProgress,
    signal,
  });
  const runs = findRuns(snapshot, subject);
  const models = runs.length > 0 ? [] : findModels(snapshot, subject);
  const holders = runs.length + models.length > 0 ? [] : findHolders(snapshot, subject);
  const candidates = [...runs, ...models, ...holders];
  if (candidates.length > MOST) return { explanations: [], candidates };
  const now = store.now();
  const kinds = store.changes?.kinds;
  return {
    explanations: [
      ...runs.map(({ path }) => explainRun(snapshot, policy, { path, now, kinds })),
      ...models.map(({ path }) => explainModel(snapshot, policy, { path, now, kinds })),
      ...holders.map(({ path }) => explainHolder(snapshot, policy, { path, now, kinds })),
    ],
    candidates: [],
  };
}
