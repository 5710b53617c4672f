/**
 * What a plan says, grouped as people read it: what goes with the oldest first, what stays by reason.
 *
 * @module
 */

import type { ActionKind } from "../plan/action_kind.ts";
import type { Action, KeepReason, Kept, Plan } from "../plan/plan.ts";
import { experimentPathOf } from "../store/path.ts";
import { plural } from "../text/units.ts";
import { keptText } from "./reason.ts";

/** In place of an empty name. */
export const NO_NAME = "(no name)";

/**
 * Orders actions by the time that speaks for them.
 *
 * @param actions The actions.
 * @returns A copy, the oldest first.
 */
export function oldestFirst(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((left, right) => timeOf(left) - timeOf(right));
}

function timeOf({ reasons }: Action): number {
  // To take a list apart by names takes ten times as long, and this is asked of every pair.
  const reason = reasons[0];
  return "time" in reason ? reason.time : 0;
}

/**
 * Groups what goes by the experiment that it lies in; deleted experiments and orphans are groups of their own.
 *
 * @param plan The plan.
 * @returns Names of groups and what goes of each, the one with the most actions first.
 */
export function groupByPlace(
  { actions, experiments }: Plan,
): readonly (readonly [place: string, actions: readonly Action[]])[] {
  const placeOf = ({ kind, path }: Action) => {
    if (kind === "purge-experiment") return "deleted experiments";
    if (kind === "quarantine-orphan") return "orphans";
    const place = experimentPathOf(path);
    const name = experiments[place];
    return name === undefined ? place : `${name} (${place})`;
  };
  return [...Map.groupBy(actions, placeOf)]
    .toSorted(([, left], [, right]) => right.length - left.length);
}

/** Things of one kind that stay for the same kind of reason. */
export interface KeptForReason {
  /** What a number of them is, such as `registered`. */
  readonly words: string;
  /** A reader would want to know them by name; others are summed only. */
  readonly isNoteworthy: boolean;
  readonly kept: readonly Kept[];
}

/** Things of one kind that stay. */
export interface KeptOfKind {
  readonly kind: Kept["kind"];
  /** How many of what, such as `3 runs`. */
  readonly count: string;
  /** By reason, that of the most first. */
  readonly byReason: readonly KeptForReason[];
}

/**
 * Groups what stays by what it is, and by the reason that a reader must not miss.
 *
 * @param kept What stays.
 * @returns The groups.
 */
export function groupKept(kept: readonly Kept[]): readonly KeptOfKind[] {
  return [...Map.groupBy(kept, (one) => one.kind)].map(([kind, group]) => ({
    kind,
    count: countKept(kind, group.length),
    byReason: [...Map.groupBy(group, (one) => keptText(mainReason(one)))]
      .toSorted(([, left], [, right]) => right.length - left.length)
      .map(([words, ones]) => {
        const reason = mainReason(ones[0]!);
        return {
          words: isOfEach(reason, ones.length) ? `${words} each` : words,
          isNoteworthy: NOTEWORTHY[reason.kind],
          kept: ones,
        };
      }),
  }));
}

/**
 * Counts what stays.
 *
 * @param kind What it is.
 * @param count How many there are.
 * @returns Such as `3 runs`.
 */
export function countKept(kind: Kept["kind"], count: number): string {
  return plural(count, KEPT_WORDS[kind]);
}

const KEPT_WORDS: Readonly<Record<Kept["kind"], string>> = {
  "run": "run",
  "damaged-run": "damaged run",
  "logged-model": "logged model",
  "experiment": "deleted experiment",
  "trace": "trace",
  "registered-model": "registered model",
  "orphan": "orphan",
  "damage": "damaged thing",
};

/** The newest 3 of two experiments are 6. */
function isOfEach(reason: KeepReason, count: number): boolean {
  return (reason.kind === "keep-last" || reason.kind === "keep-best" && reason.per === null) &&
    count > reason.n;
}

/**
 * Chooses the reason by which something that stays is counted.
 *
 * @param kept What stays.
 * @returns The reason that a reader must not miss, if there is one, else the first.
 */
export function mainReason({ reasons }: Kept): KeepReason {
  return reasons.find((reason) => NOTEWORTHY[reason.kind]) ?? reasons[0];
}

/** Protections that a reader would want to know by name; the others are summed only. */
const NOTEWORTHY: Readonly<Record<KeepReason["kind"], boolean>> = {
  "keep-last": false,
  "keep-within": false,
  "keep-best": false,
  "keep-period": false,
  "keep-tag": false,
  "keep-status": false,
  "keep-named": false,
  "keep-where": false,
  "artifacts-unreadable": true,
  "database-refers": true,
  "ended-recently": false,
  "pinned": true,
  "trace-source": true,
  "assessment-source": true,
  "logged-model-in-use": true,
  "input-of-kept": true,
  "source-of-kept": true,
  "run-stays": false,
  "no-source-run": false,
  "left-recently": false,
  "used-by-run": true,
  "child-of-kept": false,
  "not-needed": false,
  "another-time": false,
  "no-rule": false,
  "artifacts-only": false,
  "not-selected": false,
  "left-out": true,
  "soft-deleted": false,
  "in-the-way": true,
  "differs-here": true,
  "twin-of": true,
  "parent-elsewhere": true,
  "not-supported": false,
  "not-finished": false,
  "younger-than": false,
  "in-the-future": true,
  "implausible-time": true,
  "deleted-recently": false,
  "no-deletion-time": false,
  "undated-recently": false,
  "registered": true,
  "parent-of-kept": true,
  "hides-copy": true,
  "holds-registered-model": true,
  "holds-kept-run": true,
  "holds-kept-model": true,
  "in-deleted-experiment": false,
  "in-orphan": false,
  "default-experiment": false,
  "newest-experiment": false,
  "row-refers": true,
  "newer-database": true,
  "needs-choice": true,
  "unreadable": true,
  "symbolic-link": true,
  "holds-readable-runs": true,
  "holds-lost-data": true,
  "changed-recently": true,
  "holds-foreign-files": true,
  "names-another-experiment": true,
};

/**
 * Says what a kind of action acts on, where several are counted.
 *
 * @param kind The kind of action.
 * @returns Such as `run`.
 */
export function nounOf(kind: ActionKind | undefined): string {
  return NOUNS[kind ?? "purge-run"] ?? "run";
}

const NOUNS: { readonly [K in ActionKind]?: string } = {
  "drop-artifact": "file",
  "thin-metric": "metric",
  "purge-logged-model": "logged model",
};
