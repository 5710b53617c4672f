/**
 * How a plan ends: its sums, how far its budget is met, and what it asks for in vain.
 *
 * @module
 */

import type { Plan, PlanBase } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import { isEmptyRule } from "../policy/policy.ts";
import type { BucketKeeps } from "../store/artifact_uri.ts";
import type { DiskUsage } from "../store/usage.ts";
import { formatCount, formatSize, plural } from "../text/units.ts";
import { mergeTotalsText } from "./merge.ts";
import { misfitText } from "./misfit.ts";
import { keptText } from "./reason.ts";

/**
 * Sums a plan up in one line: how much of what, what leaves the store now and what later.
 *
 * @param plan The plan.
 * @returns The line.
 */
export function totalsText(plan: Plan): string {
  if (plan.task === "repair") {
    const { repairs, usage } = plan.totals;
    return `Plan: ${plural(repairs, "repair")}; ${formatSize(usage.bytes)} leave the store.`;
  }
  if (plan.task === "move") {
    return `Plan: ${plural(plan.actions.length, "run")} to move; nothing leaves the store.`;
  }
  if (plan.task === "merge") return mergeTotalsText(plan);
  const { totals } = plan;
  const purges = totals.purgeRuns + totals.purgeExperiments + (totals.purgeLoggedModels ?? 0);
  const dropped = totals.dropArtifacts === undefined
    ? ""
    : `${plural(totals.dropArtifacts, "heavy file")} to drop, `;
  const thinned = totals.thinMetrics === undefined
    ? ""
    : `${plural(totals.thinMetrics, "metric")} to thin, `;
  const later = totals.later === undefined || totals.softDeleteRuns === 0
    ? ""
    : ` now, ${formatSize(totals.later.bytes)} once what is soft-deleted is purged`;
  return `Plan: ${formatCount(totals.softDeleteRuns)} to soft-delete, ${dropped}${thinned}` +
    `${formatCount(purges)} to purge, ${formatCount(totals.quarantineOrphans)} to quarantine; ` +
    `${formatSize(totals.usage.bytes)} leave the store${later}.`;
}

/**
 * Tells whether a policy has no rule at all, so that it cannot do anything.
 *
 * @param plan The plan that was made by it.
 * @returns Whether it has none.
 */
export function isWithoutRules(plan: Plan): boolean {
  if (!isRemoval(plan)) return false;
  const { olderThan, purgeAfter, quarantineOrphans, retention } = plan.policy;
  const keepsNothing = retention?.rules.every(isEmptyRule) ?? true;
  return olderThan === null && purgeAfter === null && !quarantineOrphans && keepsNothing;
}

/**
 * Says of a policy that judges by rules whether none of them keeps anything, so that none removes any.
 *
 * @param plan The plan that was made by it.
 * @returns A line, or none.
 */
export function emptyPolicyLines(plan: Plan): readonly string[] {
  const retention = isRemoval(plan) ? plan.policy.retention : undefined;
  return retention !== undefined && retention.rules.every(isEmptyRule)
    ? ["The policy says of no run that it is worth keeping, so it lets no run go."]
    : [];
}

/**
 * Says how far a budget is met and, where it is not, what holds the most. Sizes are in the units in which
 * the budget was given, as far as can be told.
 *
 * @param plan The plan.
 * @returns Lines.
 */
export function budgetLines(plan: Plan): readonly string[] {
  if (!isRemoval(plan) || plan.budget === undefined) return [];
  const { kind, wanted, reached, met, heldBy: [most] } = plan.budget;
  if (kind === "at-most") {
    const rest = wanted - reached;
    return rest === 0 ? [] : [
      `${formatCount(reached)} of ${formatCount(wanted)} that may go are taken; ${
        formatCount(rest)
      } may go another time.`,
    ];
  }
  const given = plan.policy.budget;
  const isDecimal = given !== undefined && "bytes" in given && countsInThousands(given.bytes);
  const size = isDecimal ? decimalSize : formatSize;
  const amount = (usage: DiskUsage) =>
    kind === "max-files" ? plural(usage.files, "file") : size(usage.bytes);
  const all = (count: number) => amount({ bytes: count, files: count });
  if (met) return [`The target is met: ${all(reached)} of ${all(wanted)} wanted.`];
  return [
    `The target cannot be met without breaking the policy: ${all(reached)} of ${
      all(wanted)
    } wanted.`,
    ...(most === undefined ? [] : [
      `Most is held by ${plural(most.runs, "run")} ${keptText(most.reason)}: ${
        amount(most.usage)
      }.`,
    ]),
  ];
}

/** What has one decimal in thousands and more in 1024s was typed in thousands: 20GB, not 18.6 GiB. */
function countsInThousands(bytes: number): boolean {
  const isRound = (base: number) => {
    let value = bytes;
    while (value >= base) value /= base;
    return Number.isInteger(value * 10);
  };
  return isRound(1000) && !isRound(1024);
}

function decimalSize(bytes: number): string {
  const power = DECIMAL_UNITS.findLastIndex((_, index) => bytes >= 1000 ** (index + 1));
  if (power === -1) return `${bytes} B`;
  return `${(bytes / 1000 ** (power + 1)).toFixed(1)} ${DECIMAL_UNITS[power]}`;
}

const DECIMAL_UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;

/**
 * Says what the policy asks for in vain, and what undoing the plan does not give back.
 *
 * @param plan The plan.
 * @returns Lines.
 */
export function noteLines(plan: Plan): readonly string[] {
  const notes = isRemoval(plan) ? plan.notes ?? [] : [];
  return [
    ...remoteLines(plan),
    ...notes.map((note) => `Note: ${misfitText(note)}`),
    ...agelessLines(plan),
    ...lostTimesLines(plan),
    ...linkedLines(plan),
  ];
}

/** Without a configuration runs are kept by their age, so whoever writes one may take that for granted. */
function agelessLines(plan: Plan): readonly string[] {
  if (!isRemoval(plan) || plan.policy.retention === undefined) return [];
  const rules = plan.policy.retention.rules.filter((rule) => !isEmptyRule(rule));
  return rules.every(({ keepWithin }) => keepWithin === 0) &&
      plan.actions.some(({ kind }) => kind === "soft-delete-run")
    ? ["Note: no rule has keep_within, so a run that ended two days ago may go as well"]
    : [];
}

/** Where artifacts lie that are not on this machine, and what comes of that. */
function remoteLines(plan: Plan): readonly string[] {
  if (!isRemoval(plan) || plan.remote === undefined) return [];
  const { buckets, elsewhere } = plan.remote;
  const schemes = Object.entries(elsewhere).map(([scheme, count]) =>
    `${formatCount(count)} in ${scheme}:`
  );
  return [
    ...buckets.flatMap(({ root, problem, keeps }) => [
      problem === null
        ? `Artifacts lie in ${root}; what is taken away is kept in ${root}/.mltidy.trash.`
        : `Artifacts in ${root} were not looked at, so what would be purged with them stays: ${problem}`,
      ...KEPT_BY_BUCKET[keeps] === null ? [] : [`${bucketOf(root)} ${KEPT_BY_BUCKET[keeps]}`],
    ]),
    ...schemes.length === 0 ? [] : [
      `Where mltidy cannot look, artifacts stay of what is purged: ${schemes.join(", ")}.`,
    ],
  ];
}

const KEPT_BY_BUCKET: Readonly<Record<BucketKeeps, string | null>> = {
  "nothing": null,
  "unknown": null,
  "versions":
    "keeps versions of what is deleted: its bytes are free once these go, too, which mltidy leaves to you.",
  "locked versions":
    "keeps and locks versions of what is deleted: its bytes are free once these may go, too, which mltidy leaves to you.",
};

function bucketOf(root: string): string {
  return root.split("/").slice(0, 3).join("/");
}

/** How many are named of directories whose times are lost, and of places that links lead to. */
const NAMED = 3;

/**
 * Says whose modification time no undoing gives back.
 *
 * @param plan The plan, or its report.
 * @returns A line, or none.
 */
export function lostTimesLines({ lostTimes }: Pick<PlanBase, "lostTimes">): readonly string[] {
  if (lostTimes === undefined) return [];
  const named = lostTimes.slice(0, NAMED).map((path) => path || "the store itself");
  const more = lostTimes.length - named.length;
  const places = [...named, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(", ");
  return [
    `Note: undoing this gives back everything but the modification time of ${places}, which is after the year 275760`,
  ];
}

/**
 * Says what stays since but a symbolic link to it leaves the store.
 *
 * @param plan The plan, or its report.
 * @returns A line, or none.
 */
export function linkedLines({ linked }: Pick<PlanBase, "linked">): readonly string[] {
  if (linked === undefined) return [];
  const targets = [...Map.groupBy(linked, ({ target }) => target)];
  const named = targets.slice(0, NAMED).map(([target, [link]]) => `${target} (${link!.path})`);
  const more = targets.length - named.length;
  const places = [...named, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(", ");
  return [
    `Note: of a symbolic link the link alone leaves; what it leads to stays, and no size here counts it: ${places}`,
  ];
}
