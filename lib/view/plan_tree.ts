/**
 * A plan as a tree: what goes by experiment and reason, and how much stays for which reason.
 *
 * @module
 */

import type { ActionKind } from "../plan/action_kind.ts";
import type { Action, ActionReason, Kept, Plan } from "../plan/plan.ts";
import type { RepairAction } from "../plan/repair_action.ts";
import { experimentPathOf } from "../store/path.ts";
import { formatDuration } from "../text/units.ts";
import { countKept, mainReason, NO_NAME } from "../words/groups.ts";
import { keptText, reasonText } from "../words/reason.ts";
import { shownText } from "./shown_text.ts";
import type { Count, PlanBranch, ReasonCount, Verb } from "./view.ts";

/**
 * Says what an action does.
 *
 * @param kind The kind of action.
 * @returns The verb.
 */
export function verbOf(kind: ActionKind): Verb {
  return VERBS[kind] ?? "repair";
}

/** Whoever adds a kind of action that is no repair has to say what it does. */
type Verbs =
  & Readonly<Record<Exclude<ActionKind, RepairAction["kind"]>, Verb>>
  & { readonly [K in RepairAction["kind"]]?: Verb };

const VERBS: Verbs = {
  "soft-delete-run": "soft-delete",
  "purge-run": "purge",
  "purge-experiment": "purge",
  "purge-logged-model": "purge",
  "quarantine-orphan": "quarantine",
  "quarantine-stray": "quarantine",
  "drop-artifact": "drop",
  "thin-metric": "thin",
  "move-run": "move",
  "copy-in": "copy",
};

/**
 * Names the group of actions of one kind and for one reason.
 *
 * @param action The action.
 * @returns What all of the group have and no other.
 */
export function groupOfAction({ kind, reasons: [reason] }: Action): string {
  const which = "rule" in reason ? ` ${reason.rule}` : "glob" in reason ? ` ${reason.glob}` : "";
  return `${kind} ${reason.kind}${which}`;
}

/**
 * Names the group of things of one kind that stay for one reason.
 *
 * @param kept What stays.
 * @returns What all of the group have and no other.
 */
export function groupOfKept(kept: Kept): string {
  return `${kept.kind} ${keptText(mainReason(kept))}`;
}

/**
 * Groups what goes by the experiment that it lies in, and by what is done and why.
 *
 * @param plan The plan.
 * @returns Those of the most actions first.
 */
export function planTree(plan: Plan): readonly PlanBranch[] {
  return [...Map.groupBy(plan.actions, experimentFinder())]
    .map(([path, actions]) => ({
      path,
      name: shownText(nameOf(path, actions, plan)) || NO_NAME,
      count: actions.length,
      bytes: bytesOf(actions),
      reasons: [...Map.groupBy(actions, groupOfAction)].map(([key, group]) => ({
        key,
        verb: verbOf(group[0]!.kind),
        label: shownText(actionText(group[0]!)),
        count: group.length,
        bytes: bytesOf(group),
      })).toSorted(byCount) as readonly ReasonCount[],
    }))
    .toSorted(byCount);
}

/** To cut its path out of each of very many takes long, and those of one mostly come one after the other. */
function experimentFinder(): (action: Action) => string {
  let [experiment, below] = ["", "/"];
  return ({ path }) => {
    if (path.startsWith(below)) return experiment;
    experiment = experimentPathOf(path);
    below = `${experiment}/`;
    return experiment;
  };
}

/** An experiment that goes as a whole, or an orphan, is named by what is done with it. */
function nameOf(path: string, actions: readonly Action[], { experiments }: Plan): string {
  return experiments[path] ?? actions.find((action) => action.path === path)?.name ?? path;
}

/**
 * Counts what stays by what it is and why.
 *
 * @param plan The plan.
 * @returns Those of the most first.
 */
export function planStays({ kept }: Plan): readonly Count[] {
  return [...Map.groupBy(kept, groupOfKept)]
    .map(([key, group]) => {
      const [first] = group;
      const words = keptText(mainReason(first!));
      // The number is told beside it.
      const what = countKept(first!.kind, group.length).replace(/^\S+ /, "");
      return { key, label: shownText(`${what} ${words}`), count: group.length };
    })
    .toSorted(byCount);
}

function byCount(left: { readonly count: number }, right: { readonly count: number }): number {
  return right.count - left.count;
}

function bytesOf(actions: readonly Action[]): number {
  return actions.reduce((sum, { usage }) => sum + usage.bytes, 0);
}

/** Says why all of a group go: the limits, and not the age of each. */
function actionText({ kind, reasons: [reason] }: Action): string {
  const what = WHAT[kind] ?? "";
  return `${what}${groupText(reason)}`;
}

const WHAT: { readonly [K in ActionKind]?: string } = {
  "purge-experiment": "experiment ",
  "purge-logged-model": "logged model ",
};

function groupText(reason: ActionReason): string {
  switch (reason.kind) {
    case "older-than":
      return `ended more than ${formatDuration(reason.limit)} ago`;
    case "deleted-longer-than":
      return `deleted more than ${formatDuration(reason.limit)} ago`;
    case "undated-longer-than":
      return `deleted at an unknown time, silent for more than ${formatDuration(reason.limit)}`;
    case "without-run":
      return "without its run";
    case "child-of-gone":
      return "with a parent that goes";
    case "orphan":
      return "without a meta.yaml that MLflow can use";
    case "not-kept":
      return `kept by nothing in ${reason.rule}`;
    case "heavy-files":
      return `${reason.glob}, ended more than ${formatDuration(reason.limit)} ago`;
    default:
      return reasonText(reason);
  }
}
