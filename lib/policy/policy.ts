/**
 * The nouns of a retention policy: rules that say which runs are worth keeping, and what no rule can
 * let go. All are JSON values; durations are ms. Only what a caller gives may say `30d` instead.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { Extras } from "../store/extras.ts";
import type { RunStatus } from "../store/snapshot.ts";
import { DROPPED_TAG, PARENT_TAG, PIN_TAG } from "../store/tags.ts";
import { days, type Duration, durationOf, minutes } from "../text/units.ts";

/** Keeps the best runs by a metric. */
export interface BestRule {
  /** The metric's key. */
  readonly metric: string;
  /** `max`: more is better; `min`: less is better. */
  readonly mode: "max" | "min";
  /** How many of the best stay. */
  readonly n: number;
  /** What counts: the latest value, or the best of the whole history. */
  readonly over: "latest" | "history";
  /** A parameter, else a tag: the best `n` of each of its values stay. `null`: of all runs. */
  readonly per: string | null;
}

/** What keeps a run: any one of these rules. A number that is 0 and a list that is empty keep nothing. */
export interface KeepRules {
  /** The newest runs. */
  readonly keepLast: number;
  /** Runs that ended within this time, ms. */
  readonly keepWithin: number;
  /** The best runs. */
  readonly keepBest: readonly BestRule[];
  /** The newest run of each of the last days that have runs. */
  readonly keepDaily: number;
  /** The newest run of each of the last weeks that have runs. */
  readonly keepWeekly: number;
  /** The newest run of each of the last months that have runs. */
  readonly keepMonthly: number;
  /** Runs that have one of these tags: a key, or `key=value` with a glob as value. */
  readonly keepTags: readonly string[];
  /** Runs of these statuses. */
  readonly keepStatus: readonly RunStatus[];
  /** Runs whose name fits one of these globs. */
  readonly keepNamed: readonly string[];
  /** Runs whose latest value of a metric passes one of these thresholds, such as `auc >= 0.9`. @default {[]} */
  readonly keepWhere?: readonly string[];
}

/** What a metric's latest value must be. */
export interface Threshold {
  /** The metric's key. */
  readonly metric: string;
  /** How it is compared. */
  readonly operator: ">=" | ">" | "<=" | "<";
  /** With what; finite. */
  readonly limit: number;
}

/** A threshold as it is typed. */
export const THRESHOLD =
  /^([^=<>!]*[^=<>!\s])\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/;

/**
 * Reads a threshold.
 *
 * @param typed Such as `auc >= 0.9`.
 * @returns What it says; `null` where it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readThreshold("auc>=.9"), { metric: "auc", operator: ">=", limit: 0.9 });
 * assertEquals(readThreshold("auc = 0.9"), null);
 * ```
 */
export function readThreshold(typed: string): Threshold | null {
  const [, metric, operator, number] = THRESHOLD.exec(typed) ?? [];
  const limit = Number(number);
  if (metric === undefined || !Number.isFinite(limit)) return null;
  return { metric, operator: operator as Threshold["operator"], limit };
}

/** What keeps the runs of some experiments. */
export interface RetentionRule extends KeepRules {
  /** For people: `retention`, or `rule 2`. */
  readonly name: string;
  /** For runs of experiments whose name or id fits one of these globs; empty: of every experiment. */
  readonly experiments: readonly string[];
  /** For runs that have all of these tags: a key, or `key=value` with a glob as value. */
  readonly tags: readonly string[];
  /** A parameter, else a tag: runs are ranked among those of the same value. `null`: all together. */
  readonly groupBy: string | null;
  /** How far runs go by their parent. */
  readonly children: ChildrenPolicy;
  /** Of runs that it does not keep only heavy files go, and those that it keeps keep theirs. @default {false} */
  readonly artifactsOnly?: boolean;
}

/**
 * How far runs go by their parent: `follow`: they stay with one that stays; `together`: and go with one that
 * goes, or is soft-deleted, whatever their age; `own`: each is judged by itself. A parent always stays while
 * a child does.
 */
export type ChildrenPolicy = typeof CHILDREN_POLICIES[number];

/** All of them. */
export const CHILDREN_POLICIES = ["follow", "together", "own"] as const;

/** What protects a run from every rule; each can be switched off by its name. */
export const PROTECTIONS = [
  "running",
  "young",
  "registered",
  "logged_models",
  "inputs",
  "traces",
  "pinned",
  "unreadable",
] as const;

/** One of the protections. */
export type Protection = typeof PROTECTIONS[number];

/** What no rule can let go. */
export interface ProtectPolicy {
  /** Tags that pin a run besides `mltidy.pin`: a key, or `key=value` with a glob as value. */
  readonly pinnedTags: readonly string[];
  /** Experiments, by globs on name or id, of which each group keeps at least one run. */
  readonly experiments: readonly string[];
  /** The protections that are switched off. */
  readonly unsafe: readonly Protection[];
}

/** What stops a plan. */
export interface Limits {
  /** The largest share of an experiment's runs that a plan may remove, 0 to 1. */
  readonly maxShare: number;
  /** The most runs that a plan may remove; `null`: any number. */
  readonly maxRuns: number | null;
}

/** Which runs are worth keeping. */
export interface RetentionPolicy {
  /** The first rule that fits a run judges it; a run that none fits stays. */
  readonly rules: readonly RetentionRule[];
  /** What no rule can let go. */
  readonly protect: ProtectPolicy;
  /** What stops a plan. */
  readonly limits: Limits;
  /**
   * Glob, below `artifacts/`, or from `checkpoints/` beside that, of heavy files of runs that stay; `null`: they
   * stay, too, but where a rule says that only they go.
   */
  readonly artifactsOnly: string | null;
  /** The most points that a metric of a run that stays keeps. @default {all of them} */
  readonly thinMetrics?: number | undefined;
}

/** What a clean-up may do; a rule that is `null` or `false` is not given. Durations are ms. */
export interface CleanupPolicy {
  /** Soft-delete finished runs that ended longer ago than this. */
  readonly olderThan: number | null;
  /** Purge what has been soft-deleted for longer than this. */
  readonly purgeAfter: number | null;
  /**
   * Take what records no time of its deletion for deleted at its last sign of life: the newest of its times
   * and of the changes anywhere in it. Left out, it stays. @default {undefined}
   */
  readonly undated?: "last-sign-of-life";
  /** How far runs go by their parent where no `retention` judges them. @default {"own"} */
  readonly children?: ChildrenPolicy;
  /** Quarantine orphans that hold no readable run. */
  readonly quarantineOrphans: boolean;
  /** Leave an orphan alone that changed within this time: it may be in the making. */
  readonly settle: number;
  /** What keeps a run; when given, it judges active runs in place of `olderThan`. @default {undefined} */
  readonly retention?: RetentionPolicy;
  /** Take only as much of what may go as this needs. @default {undefined} */
  readonly budget?: Budget;
  /** What alone may go; the rules are still those of the whole store. @default {undefined} */
  readonly only?: Selection;
}

/** A part of a store. A list that is empty selects everything, or excludes nothing. */
export interface Selection {
  /** Experiments and orphans, by globs on names or ids. */
  readonly experiments: readonly string[];
  /** What of these is not meant, by globs on names or ids. */
  readonly exclude: readonly string[];
  /** Runs, with their logged models, by ids or the beginnings of ids. */
  readonly runs: readonly string[];
}

/** How much is to go: of what the policy lets go, the first that are enough, or as many as that. */
export type Budget =
  & (
    /** As many runs, models, experiments, orphans and heavy files, and no more. */
    | { readonly kind: "at-most"; readonly count: number }
    /** Bytes to free. */
    | { readonly kind: "free"; readonly bytes: number }
    /** The most that the store may take, bytes. */
    | { readonly kind: "max-size"; readonly bytes: number }
    /** The most files that the store may have. */
    | { readonly kind: "max-files"; readonly files: number }
  )
  & {
    /** Which go first; what leaves the store at once goes before what is soft-deleted. */
    readonly first: "oldest" | "largest";
  };

/** Nothing goes within this time after its end, ms. */
export const YOUNG = 86_400_000;

/**
 * Epoch ms before which nothing can have happened: whoever writes less has written seconds, or has lost a
 * digit of the thirteen that every time has had since 2001.
 */
export const EARLIEST = 1_000_000_000_000;

/** What ended longer ago is soft-deleted, unless it is said otherwise; ms. */
const OLDER_THAN = days(30);

/** What has been soft-deleted for longer leaves the store, unless it is said otherwise; ms. */
export const PURGE_AFTER: number = days(30);

/** Ms for which a clean-up leaves an orphan alone: an experiment may be in the making. */
export const ORPHAN_SETTLE: number = minutes(10);

/** The ages by which a clean-up goes where there are no rules. */
export interface Ages {
  /** Soft-delete finished runs that ended longer ago than this. @default {"30d"} */
  readonly olderThan?: Duration | undefined;
  /** The same in days, as the flag `--days-old` has it; one of the two. @default {30} */
  readonly daysOld?: number | undefined;
  /** Purge what has been soft-deleted for longer than this. @default {"30d"} */
  readonly purgeAfter?: Duration | undefined;
  /** Leave an orphan alone that changed within this time. @default {"10m"} */
  readonly settle?: Duration | undefined;
}

/**
 * Gives the policy of a clean-up that goes by ages alone.
 *
 * @param ages The ages.
 * @returns The policy.
 * @throws {InvalidArgumentError} When a text is no duration, or one age is given twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(policyOfAges({ olderThan: "90d" }).olderThan, 90 * 86_400_000);
 * ```
 */
export function policyOfAges(ages: Ages = {}): CleanupPolicy {
  const { daysOld, purgeAfter = PURGE_AFTER, settle = ORPHAN_SETTLE } = ages;
  if (daysOld !== undefined && ages.olderThan !== undefined) {
    throw new InvalidArgumentError(
      `Cannot plan with olderThan ${ages.olderThan} and daysOld ${daysOld}: expected one of the two`,
    );
  }
  const { olderThan = daysOld === undefined ? OLDER_THAN : days(daysOld) } = ages;
  return {
    olderThan: durationOf(olderThan),
    purgeAfter: durationOf(purgeAfter),
    quarantineOrphans: true,
    settle: durationOf(settle),
  };
}

/**
 * Tells whether a rule keeps anything at all. One that does not removes nothing either.
 *
 * @param rule The rule.
 * @returns Whether nothing in it keeps a run.
 */
export function isEmptyRule(rule: KeepRules): boolean {
  const { keepLast, keepWithin, keepDaily, keepWeekly, keepMonthly } = rule;
  return [keepLast, keepWithin, keepDaily, keepWeekly, keepMonthly].every((count) => count === 0) &&
    rule.keepBest.every(({ n }) => n === 0) &&
    [rule.keepTags, rule.keepStatus, rule.keepNamed, rule.keepWhere ?? []]
      .every((list) => list.length === 0);
}

/**
 * Names the tags that pin a run.
 *
 * @param protect What is protected, where a policy says.
 * @returns Keys, or `key=value` with a glob as value; `mltidy.pin` is always one.
 */
export function pinsOf(protect: ProtectPolicy | undefined): readonly string[] {
  return [PIN_TAG, ...protect?.pinnedTags ?? []];
}

/**
 * Tells which files count as heavy.
 *
 * @param policy The policy.
 * @returns A glob: every artifact where it names none, and a rule lets only artifacts go; `null` where none go.
 */
export function heavyGlobOf({ artifactsOnly, rules }: RetentionPolicy): string | null {
  return artifactsOnly ?? (rules.some((rule) => rule.artifactsOnly) ? "**" : null);
}

/**
 * Names the files that a policy needs; no others need be read. Of a run that records no name the tag
 * with its name is read as well.
 *
 * @param policy The policy.
 * @returns What to read besides metadata and tags, in alphabetical order.
 */
export function extrasOf(policy: RetentionPolicy): Extras {
  const rules = policy.rules.filter((rule) => !isEmptyRule(rule));
  const best = rules.flatMap((rule) => rule.keepBest).filter(({ n }) => n > 0);
  const histories = best.filter(({ over }) => over === "history").map(({ metric }) => metric);
  const thresholds = rules.flatMap(({ keepWhere = [] }) =>
    keepWhere.flatMap((typed) => readThreshold(typed)?.metric ?? [])
  );
  const facets = [...rules.map((rule) => rule.groupBy), ...best.map(({ per }) => per)]
    .filter((facet) => facet !== null);
  const tags = [
    ...pinsOf(policy.protect),
    ...policy.rules.flatMap((rule) => [...rule.tags, ...rule.keepTags]),
    ...(heavyGlobOf(policy) === null ? [] : [DROPPED_TAG]),
  ];
  return {
    tags: [
      // A key may hold an equals sign itself.
      ...new Set([PARENT_TAG, ...facets, ...tags, ...tags.map((tag) => tag.split("=")[0] ?? "")]),
    ].toSorted(),
    metrics: [...new Set([...best.map(({ metric }) => metric), ...thresholds])].toSorted(),
    params: [...new Set(facets)].toSorted(),
    uses: true,
    artifacts: heavyGlobOf(policy),
    ...(histories.length === 0 ? {} : { histories: [...new Set(histories)].toSorted() }),
    ...(policy.thinMetrics === undefined ? {} : { points: policy.thinMetrics }),
  };
}

/**
 * Says how deep a store must be read for a policy.
 *
 * @param policy The policy.
 * @returns What alone to read besides metadata, and whether to measure everything.
 */
export function readingOf(
  policy: Pick<CleanupPolicy, "retention" | "budget">,
): { readonly sizes: boolean; readonly extras: Extras } {
  const { retention, budget } = policy;
  // How many there are is told without measuring them.
  const sizes = budget !== undefined && !(budget.kind === "at-most" && budget.first === "oldest");
  return { sizes, extras: retention ? extrasOf(retention) : BY_AGE };
}

/** All that is to be known of a run besides its record where it is judged by its age. */
const BY_AGE: Extras = {
  tags: [PARENT_TAG, PIN_TAG],
  metrics: [],
  params: [],
  uses: false,
  artifacts: null,
};
