/**
 * Merging another store in words.
 *
 * @module
 */

import type { CopiedThing, MergeKeepReason, MergePlan, MergeReason, Plan } from "../plan/plan.ts";
import { formatCount, formatSize, plural } from "../text/units.ts";

/**
 * Says what is copied from where, what is here already, and what stays otherwise than there.
 *
 * @param plan The plan.
 * @returns Lines; none for a plan of another task.
 */
export function mergeLines(plan: Plan): readonly string[] {
  if (plan.task !== "merge") return [];
  const { actions, policy, store } = plan;
  const copied = actions.length === 0 ? [] : [
    `${
      countsText(countOf(actions))
    } of ${policy.from} are copied into ${store} (${policy.from} is not changed)${joinText(plan)}.`,
  ];
  const already = countsText(plan.already);
  return [
    ...copied,
    ...(already === "" ? [] : [`Here already: ${already}.`]),
    ...tagLines(plan),
    ...placeLines(plan),
  ];
}

const NOUNS: Readonly<Record<CopiedThing, string>> = {
  "run": "run",
  "experiment": "experiment",
  "logged-model": "logged model",
  "trace": "trace",
  "registered-model": "registered model",
};

const THINGS = Object.keys(NOUNS) as readonly CopiedThing[];

/**
 * Names something that is copied for people.
 *
 * @param thing What it is.
 * @returns Such as `logged model`.
 */
export function thingText(thing: CopiedThing): string {
  return NOUNS[thing];
}

/** With the models and traces of runs. */
function countOf(actions: MergePlan["actions"]): Readonly<Record<CopiedThing, number>> {
  const parts = actions.flatMap(({ what, trees }) => [
    what,
    ...trees.slice(1).map(({ to }): CopiedThing =>
      to.split("/")[1] === "models" ? "logged-model" : "trace"
    ),
  ]);
  return Object.fromEntries(
    THINGS.map((thing) => [thing, parts.filter((one) => one === thing).length]),
  ) as Record<CopiedThing, number>;
}

function countsText(counts: Readonly<Record<CopiedThing, number>>): string {
  const listed = THINGS.flatMap((thing) =>
    counts[thing] === 0 ? [] : [plural(counts[thing], NOUNS[thing])]
  );
  const last = listed.at(-1) ?? "";
  return listed.length < 2 ? last : `${listed.slice(0, -1).join(", ")} and ${last}`;
}

/** Which runs go into experiments that are here: nobody should miss that. */
function joinText({ actions, experiments }: MergePlan): string {
  const made = new Set<string>(
    actions.flatMap(({ what, path }) => what === "experiment" ? [path] : []),
  );
  const joined = new Set(
    actions.flatMap(({ what, path }) => what === "run" ? [path.split("/")[0] ?? ""] : [])
      .filter((path) => !made.has(path)),
  );
  const names = [...joined].map((path) => `${experiments[path] ?? "experiment"} (${path})`);
  return names.length === 0
    ? ""
    : `; runs join ${listText(names)}, which ${names.length === 1 ? "is" : "are"} here`;
}

/** Some of many. */
function listText(all: readonly string[]): string {
  const rest = all.length - SAMPLE;
  return [...all.slice(0, SAMPLE), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

const SAMPLE = 3;

function tagLines({ tags }: MergePlan): readonly string[] {
  if (tags === undefined) return [];
  const named = tags.map(({ experiment, key, here, there }) =>
    `${key} of ${experiment} (here ${here === null ? "none" : JSON.stringify(here)}, there ${
      JSON.stringify(there)
    })`
  );
  return [`Tags of experiments stay as they are here: ${listText(named)}.`];
}

function placeLines({ actions }: MergePlan): readonly string[] {
  const staying = actions.filter(({ reasons }) =>
    reasons.some(({ kind }) => kind === "place-stays")
  );
  return staying.length === 0 ? [] : [
    `${formatCount(staying.length)} of them ${
      staying.length === 1 ? "names a place" : "name places"
    } elsewhere, such as a bucket: what is there is not copied, and stays there.`,
  ];
}

/**
 * Sums a plan up.
 *
 * @param plan The plan.
 * @returns A line.
 */
export function mergeTotalsText({ actions, totals }: MergePlan): string {
  const counts = countsText(countOf(actions));
  return `Plan: ${counts === "" ? "nothing" : counts} to copy, ${
    formatSize(totals.copied?.bytes ?? 0)
  }; nothing leaves the store.`;
}

/**
 * Says why something is copied, or stays.
 *
 * @param reason The reason.
 * @returns A clause about its subject.
 */
export function mergeReasonText(reason: MergeReason | MergeKeepReason): string {
  switch (reason.kind) {
    case "lacking-here":
      return "lacking here";
    case "copied-into":
      return `copied into ${reason.name}`;
    case "id-taken":
      return `with a new id, since ${reason.id} is taken here`;
    case "place-stays":
      return `what is at ${reason.uri} stays there`;
    case "differs-here":
      return `${reason.path} is here already, and is not the same`;
    case "twin-of":
      return `${reason.path} of the same store has its id or name`;
    case "parent-elsewhere":
      return `nested in run ${reason.parent}, which is in another experiment: ${reason.path}`;
  }
}

/**
 * Says of several things why they are not copied.
 *
 * @param reason The reason.
 * @returns A clause about them all.
 */
export function notCopiedText(reason: MergeKeepReason): string {
  switch (reason.kind) {
    case "differs-here":
      return "whose id or name something else has here";
    case "twin-of":
      return "whose id or name something else has there";
    case "parent-elsewhere":
      return "whose parent is in another experiment";
  }
}
