/**
 * Part of a backup: the steps that concern one experiment or one run.
 *
 * @module
 */

import type { Step } from "../own/journal.ts";

/** What to take from a backup; neither is everything. */
export interface Selection {
  /** An experiment's id, with all its runs. */
  readonly experiment?: string;
  /** A run's id; with it come the logged models that went with it. */
  readonly run?: string;
}

/**
 * Selects the steps of a change that concern an experiment or a run.
 *
 * @param steps All steps of the change.
 * @param selection What is wanted.
 * @param moved Ids of the runs that the change moved in one tree with the run. @default {none}
 * @returns The steps, in their order; none when the change has nothing to do with it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asStorePath } from "../../../lib/store/path.ts";
 * import type { Step } from "../own/journal.ts";
 * import { selectSteps } from "./select_steps.ts";
 *
 * const path = asStorePath(".trash/7");
 * const step: Step = {
 *   action: "purge-experiment",
 *   subject: path,
 *   operation: { kind: "move-tree", path },
 * };
 * assertEquals(selectSteps([step], { experiment: "7" }), [step]);
 * assertEquals(selectSteps([step], { experiment: "8" }), []);
 * ```
 */
export function selectSteps(
  steps: readonly Step[],
  { experiment, run }: Selection,
  moved: ReadonlySet<string> = new Set(),
): readonly Step[] {
  return steps.filter((step) => {
    const [first, second] = step.subject.replace(/^\.trash\//, "").split("/");
    return (experiment === undefined || first === experiment) &&
      (run === undefined || second === run || step.run === run || moved.has(second ?? ""));
  });
}
