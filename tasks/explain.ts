/**
 * The task `explain`: why a run, or a logged model, stays or goes.
 *
 * @module
 */

import { explainModel, type Explanation, findModels } from "../lib/answers/explain_model.ts";
import { explainRun, findRuns } from "../lib/answers/explain_run.ts";
import { type CleanupPolicy, readingOf } from "../lib/policy/policy.ts";
import type { LoggedModel, Run } from "../lib/store/snapshot.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** What to explain. */
export interface ExplainOptions extends Abortable {
  /** The policy. */
  readonly policy: CleanupPolicy;
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: ((runs: number) => void) | undefined;
}

/** What came of looking for a run, or a logged model. */
export interface ExplainResult {
  /** One for each that was meant: none, one, or all those of the same name; models where no run is meant. */
  readonly explanations: readonly Explanation[];
  /** Those that were meant, when they are too many to explain. */
  readonly candidates: readonly (Run | LoggedModel)[];
}

const MOST = 5;

/**
 * Explains what a clean-up would do with a run, and what would change that, or with a logged model. Needs
 * read permission for the store.
 *
 * @param store The store.
 * @param subject The id of a run or logged model, 6 or more of its first letters, `7/3a7bb818…` as plans print
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
  if (runs.length + models.length > MOST) {
    return { explanations: [], candidates: [...runs, ...models] };
  }
  const now = store.now();
  const kinds = store.changes?.kinds;
  return {
    explanations: [
      ...runs.map(({ path }) => explainRun(snapshot, policy, { path, now, kinds })),
      ...models.map(({ path }) => explainModel(snapshot, policy, { path, now, kinds })),
    ],
    candidates: [],
  };
}
