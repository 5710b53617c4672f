/**
 * Why a run stays or goes, and what would change that.
 *
 * @module
 */

import { findFlip, type Flip } from "./find_flip.ts";
import { judgeSnapshot } from "./judge_snapshot.ts";
import type { ExperimentId, NonEmpty, Run, RunId, StorePath, StoreSnapshot } from "./model.ts";
import type { ActionReason, CleanupPolicy, KeepReason, Standing } from "./plan.ts";
import { planCleanup } from "./plan_cleanup.ts";

/** Why a run stays or goes. */
export interface Explanation {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/explain/v1";
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** The run. */
  readonly runId: RunId;
  /** The experiment, or orphan, that it lies in. */
  readonly experimentId: ExperimentId;
  /** The experiment's name; `null` where that is an orphan. */
  readonly experiment: string | null;
  /** Its directory. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** What a clean-up would do with it. */
  readonly verdict: "stays" | "soft-delete" | "purge";
  /** The name of the rule that judges it; `null` where none of a policy does. */
  readonly rule: string | null;
  /** Why. */
  readonly reasons: NonEmpty<ActionReason | KeepReason>;
  /** How it stands under all that the rule asks for. */
  readonly standings: readonly Standing[];
  /** The smallest change of the policy that turns the verdict; `null` when none that is known does. */
  readonly flip: Flip | null;
}

/**
 * Finds the runs that somebody means.
 *
 * @param snapshot The store.
 * @param text An id, the beginning of one (6 letters or more), or a name.
 * @returns The runs: those of that id, else of that name, else whose id begins so.
 */
export function findRuns(snapshot: StoreSnapshot, text: string): readonly Run[] {
  const runs = [...snapshot.experiments, ...snapshot.orphans].flatMap((holder) => holder.runs);
  const choices = [
    runs.filter(({ id }) => id === text),
    runs.filter(({ name }) => name === text),
    text.length < 6 ? [] : runs.filter(({ id }) => id.startsWith(text)),
  ];
  return choices.find((found) => found.length > 0) ?? [];
}

/**
 * Explains what a clean-up would do with a run.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param options The run, and the moment, epoch ms.
 * @returns The explanation.
 * @throws {RangeError} When the store has no such run, or was not read as the policy needs it.
 */
export function explainRun(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: { readonly path: StorePath; readonly now: number },
): Explanation {
  const { path, now } = options;
  const plan = planCleanup(snapshot, policy, { now });
  const judged = judgeSnapshot(snapshot, policy, now).runs.find(({ run }) => run.path === path);
  if (judged === undefined) {
    throw new RangeError(`Cannot explain ${path}: the store has no such run`);
  }
  const { run, ruling, standings, holder } = judged;
  const action = plan.actions.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  const kept = plan.kept.find((one) => one.path === path);
  return {
    schema: "mltidy/explain/v1",
    store: snapshot.root,
    runId: run.id,
    experimentId: run.experimentId,
    experiment: snapshot.experiments.find((one) => path.startsWith(`${one.path}/`))?.name ?? null,
    path,
    name: run.name,
    verdict: action === undefined
      ? "stays"
      : action.kind === "soft-delete-run"
      ? "soft-delete"
      : "purge",
    rule: ruling?.rule.name ?? null,
    // Every run is in a plan exactly once: to stay, to go, or with what holds it.
    reasons: (kept ?? action)!.reasons,
    standings,
    flip: holder === null ? findFlip(snapshot, policy, judged, now) : null,
  };
}
