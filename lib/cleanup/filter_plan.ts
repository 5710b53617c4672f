/**
 * A part of a plan.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { Action, CopyIn, MergePlan, MovePlan, Plan, RepairPlan } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import { addUsage } from "../store/usage.ts";
import { withoutActions } from "./without_actions.ts";

/**
 * Leaves out of a plan what a program does not want; what that would take is listed among what stays, and all sums
 * are made anew. Whoever leaves something out leaves out as well what would go only with it: a parent, where a
 * child of its stays.
 *
 * @param plan The plan.
 * @param isWanted Tells of an action whether it is to be done.
 * @returns The plan of those alone; the very same where all are.
 * @throws {InvalidArgumentError} When it tells anything but true or false.
 *
 * @example Only what is of one experiment
 * ```ts
 * import { cleanup, filterPlan, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store);
 * const part = filterPlan(plan, ({ path }) => path.startsWith("1/"));
 * console.log(part.actions.length, part.totals.softDeleteRuns);
 * ```
 */
export function filterPlan<P extends Plan>(
  plan: P,
  isWanted: (action: P["actions"][number]) => boolean,
): P {
  // The kinds of plan are told apart by their task, which leaves each what it is.
  const whole: Plan = plan;
  const isLeft = (action: Action) => answerOf(isWanted(action), action);
  return (isRemoval(whole)
    ? withoutActions(whole, (action) => isLeft(action) ? null : { kind: "left-out" })
    : whole.task === "move"
    ? filterMoves(whole, isLeft)
    : whole.task === "merge"
    ? filterCopies(whole, isLeft)
    : filterRepairs(whole, isLeft)) as P;
}

/** Whoever is not checked by a compiler must not have all of it carried out for a promise, which is no answer. */
function answerOf(answer: unknown, { kind, path }: Action): boolean {
  if (typeof answer === "boolean") return answer;
  throw new InvalidArgumentError(
    `Cannot tell whether ${kind} ${path} is wanted: expected true or false, found ${typeof answer}`,
  );
}

/** A run stays with those that it is nested in, and that are nested in it. */
function filterMoves(plan: MovePlan, isWanted: (action: Action) => boolean): MovePlan {
  const left = new Set<string>(
    plan.actions.flatMap((action) => isWanted(action) ? [] : [action.runId]),
  );
  if (left.size === 0) return plan;
  addRelatives(left, plan.actions.map(({ runId, parent }) => ({ id: runId, parent })));
  const actions = plan.actions.filter(({ runId }) => !left.has(runId));
  const kept = [
    ...plan.kept,
    ...plan.actions.filter(({ runId }) => left.has(runId)).map(({ path, name }) => ({
      kind: "run" as const,
      path,
      name,
      reasons: [{ kind: "left-out" }] as const,
    })),
  ];
  const totals = { ...plan.totals, keptRuns: kept.length, moveRuns: actions.length };
  return { ...plan, actions, kept, totals };
}

function addRelatives(
  left: Set<string>,
  runs: readonly { readonly id: string; readonly parent: string | null }[],
): void {
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const { id, parent } of runs) {
      if (parent === null) continue;
      if (left.has(parent)) left.add(id);
      if (left.has(id)) left.add(parent);
    }
  }
}

/** With an experiment that is not made stays all that would be in it. */
function filterCopies(plan: MergePlan, isWanted: (action: Action) => boolean): MergePlan {
  const { actions } = plan;
  const unwanted = new Set(actions.filter((action) => !isWanted(action)));
  if (unwanted.size === 0) return plan;
  const unmade = new Set<string>(
    [...unwanted].flatMap(({ what, id }) => what === "experiment" ? [id] : []),
  );
  const isLeft = (action: CopyIn) => unwanted.has(action) || unmade.has(action.experimentId ?? "");
  const isRun = ({ what }: CopyIn) => what === "run";
  const runs = new Set<string>(actions.filter(isRun).filter(isLeft).map(({ id }) => id));
  addRelatives(runs, actions.filter(isRun));
  const isOut = (action: CopyIn) => isLeft(action) || isRun(action) && runs.has(action.id);
  const kept = [
    ...plan.kept,
    ...actions.filter(isOut).map(({ what: kind, path, name }) => ({
      kind,
      path,
      name,
      reasons: [{ kind: "left-out" }] as const,
    })),
  ];
  const left = actions.filter((action) => !isOut(action));
  const copied = addUsage(left.map((action) => action.copied));
  const keptRuns = kept.filter(({ kind }) => kind === "run").length;
  return { ...plan, actions: left, kept, totals: { ...plan.totals, keptRuns, copied } };
}

/** What is damaged and not mended is told by whoever plans, and again by `verify`. */
function filterRepairs(plan: RepairPlan, isWanted: (action: Action) => boolean): RepairPlan {
  const actions = plan.actions.filter(isWanted);
  if (actions.length === plan.actions.length) return plan;
  const usage = addUsage(actions.map(({ usage }) => usage));
  return { ...plan, actions, totals: { ...plan.totals, repairs: actions.length, usage } };
}
