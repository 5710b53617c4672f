/**
 * The task `explain`: why a run, a logged model, an experiment or an orphan stays or goes.
 *
 * @module
 */

import { type ExplainResult, explainSubject } from "../lib/answers/explain_subject.ts";
import { type CleanupPolicy, readingOf } from "../lib/policy/policy.ts";
import type { Abortable, Store } from "./ports/store.ts";

export type { ExplainResult };

/** What to explain. */
export interface ExplainOptions extends Abortable {
  /** The policy. */
  readonly policy: CleanupPolicy;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

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
    isPreview: true,
    ...readingOf(policy),
    onProgress,
    signal,
  });
  return explainSubject(snapshot, subject, policy, {
    now: store.now(),
    kinds: store.changes?.kinds,
  });
}
