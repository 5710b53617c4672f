/**
 * Every key of `mltidy.yaml`: one row each, from which the validator, the defaults, the JSON Schema and
 * the file that `config --init` writes are made.
 *
 * @module
 */

import { RUN_STATUSES } from "../store/run_status.ts";
import { PIN_TAG } from "../store/tags.ts";
import { typedDuration } from "../text/units.ts";
import {
  choice,
  duration,
  type Kind,
  listOf,
  optional,
  optionalText,
  type Row,
  type Rows,
  section,
  share,
  text,
  threshold,
  toggle,
  whole,
  withDefaults,
} from "./config_value.ts";
import { type GivenNotify, type NotifyConfig, notifyRows } from "./notify_rows.ts";
import { type ReviewConfig, reviewRows } from "./review_rows.ts";
import {
  type BestRule,
  CHILDREN_POLICIES,
  type Limits,
  type Protection,
  type ProtectPolicy,
  PURGE_AFTER,
  type RetentionRule,
} from "./policy.ts";
import type { PrimaryMetric } from "./primary_metric.ts";
import { type ScheduleConfig, scheduleRows } from "./schedule_rows.ts";

/** `backups`: where copies go, and when they may go. */
export interface BackupsConfig {
  /** Where backups lie; `null`: inside the store. */
  readonly directory: string | null;
  /** Full copies older than this may go, ms; `null`: none. */
  readonly expireAfter: number | null;
  /** How many of the newest full copies stay, whatever their age. */
  readonly keepLast: number;
}

/** `keep_best`: one of its rules as written. */
export interface BestConfig extends Omit<BestRule, "metric" | "mode"> {
  /** The metric's key; `null`: the primary metric. */
  readonly metric: BestRule["metric"] | null;
  /** Which way is better; `null`: as for the primary metric. */
  readonly mode: BestRule["mode"] | null;
}

/** `retention`: what keeps a run, for all experiments. */
export interface RetentionConfig
  extends Omit<RetentionRule, "name" | "experiments" | "tags" | "keepBest"> {
  /** The best runs by metrics. */
  readonly keepBest: readonly Partial<BestConfig>[];
}

/** `rules`: what keeps the runs of some experiments. */
export interface RuleConfig extends RetentionConfig, Pick<RetentionRule, "experiments" | "tags"> {}

/** `protect`: what no rule can let go. */
export type ProtectConfig =
  & Omit<ProtectPolicy, "unsafe">
  & { readonly [P in `unsafe_${Protection}`]: boolean };

/** `purge`: what leaves the store. */
export interface PurgeConfig {
  /** What has been soft-deleted for longer than this, ms. */
  readonly after: number;
  /** What counts for the deletion of what records no time of it. */
  readonly undated: "keep" | "last-sign-of-life";
  /** Glob of heavy files, below `artifacts/`, of runs that stay; `null`: none. */
  readonly artifactsOnly: string | null;
  /** The most points that a metric of a run that stays keeps; `null`: all of them. */
  readonly thinMetrics: number | null;
}

/** `limits`: what stops a plan. */
export type LimitsConfig = Limits;

/** A `mltidy.yaml`, with all defaults. */
export interface Config {
  /** The store, relative to the file; `null`: not said. */
  readonly store: string | null;
  /** Where copies go. */
  readonly backups: BackupsConfig;
  /** How runs are compared. */
  readonly primaryMetric: PrimaryMetric;
  /** What keeps a run. */
  readonly retention: RetentionConfig;
  /** What keeps the runs of some experiments. */
  readonly rules: readonly Partial<RuleConfig>[];
  /** What no rule can let go. */
  readonly protect: ProtectConfig;
  /** What leaves the store. */
  readonly purge: PurgeConfig;
  /** What stops a plan. */
  readonly limits: LimitsConfig;
  /** Which task runs by itself, and when. */
  readonly schedule: ScheduleConfig;
  /** Who is told what came of a task. */
  readonly notify: NotifyConfig;
  /** How the page that shows a store is served. */
  readonly review: ReviewConfig;
}

function row<T>(kind: Kind<T>, defaultValue: T, example: string, describe: string): Row<T> {
  return { kind, default: defaultValue, example, describe };
}

/** A value that may be missing where `null` says so. */
function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return kind;
}

/** The keys of one rule of `keep_best`. */
export const bestRows: Rows<BestConfig> = {
  metric: row(optionalText(), null, "f1", "The metric; left out: the primary metric"),
  mode: row(orNull(choice(["max", "min"])), null, "max", "Which way is better"),
  n: row(whole(0), 1, "3", "How many of the best stay"),
  over: row(
    choice(["latest", "history"]),
    "latest",
    "latest",
    "Compare the latest value, or the best of the whole history",
  ),
  per: row(optionalText(), null, "model", "A parameter or tag: the best n of each of its values"),
};

/** The keys of `retention`. */
export const retentionRows: Rows<RetentionConfig> = {
  keepLast: row(whole(0), 0, "20", "The newest runs of each experiment"),
  keepWithin: row(duration(), 0, "30d", "Runs that ended within this time"),
  keepBest: row(
    listOf(section(bestRows)),
    [],
    "[{ metric: f1, mode: max, n: 3 }]",
    "The best runs by a metric; per: a parameter or tag, over: latest or history",
  ),
  keepDaily: row(whole(0), 0, "7", "The newest run of each of the last days that have runs (UTC)"),
  keepWeekly: row(whole(0), 0, "4", "The newest run of each of the last weeks that have runs"),
  keepMonthly: row(whole(0), 0, "6", "The newest run of each of the last months that have runs"),
  keepTags: row(listOf(text()), [], '[keep, "stage=prod*"]', "Runs with a tag: key, or key=glob"),
  keepStatus: row(listOf(choice(RUN_STATUSES)), [], "[FAILED]", "Runs of a status"),
  keepNamed: row(listOf(text()), [], '["baseline*"]', "Runs whose name fits a glob"),
  keepWhere: row(
    optional(listOf(threshold())),
    [],
    '["auc >= 0.9"]',
    "Runs whose latest value of a metric passes a threshold; NaN never does",
  ),
  groupBy: row(
    optionalText(),
    null,
    "team",
    "A parameter or tag: rank runs among those of the same value",
  ),
  children: row(
    choice(CHILDREN_POLICIES),
    "follow",
    "follow",
    "follow: nested runs stay with their parent; together: and go with it; own: each by itself",
  ),
  artifactsOnly: row(
    optional(toggle()),
    false,
    "true",
    "Of runs that it does not keep only artifacts go, or purge.artifacts_only; the others keep theirs",
  ),
};

/** The keys of one of the `rules`. */
export const ruleRows: Rows<RuleConfig> = {
  experiments: row(listOf(text()), [], '["churn-*"]', "Globs on the experiment's name or id"),
  tags: row(listOf(text()), [], '["team=vision"]', "Tags that a run must have: key, or key=glob"),
  ...retentionRows,
};

/** The keys of `protect`. */
export const protectRows: Rows<ProtectConfig> = {
  pinnedTags: row(
    listOf(text()),
    [],
    "[thesis]",
    `Tags that pin a run besides ${PIN_TAG}: key, or key=glob`,
  ),
  experiments: row(
    listOf(text()),
    [],
    '["churn-*"]',
    "Experiments, by name or id, that must not lose their last run",
  ),
  unsafe_running: unsafe("Let go of runs that are RUNNING or SCHEDULED"),
  unsafe_young: unsafe("Let go of runs that ended in the last 24 hours"),
  unsafe_registered: unsafe("Let go of runs that a registered model version refers to"),
  unsafe_logged_models: unsafe("Let go of runs whose logged model a trace uses"),
  unsafe_inputs: unsafe("Let go of runs whose logged model is an input of another run"),
  unsafe_traces: unsafe("Let go of runs that a trace or an assessment comes from"),
  unsafe_pinned: unsafe("Let go of pinned runs"),
  unsafe_unreadable: unsafe("Let go of runs of which a tag, metric or parameter is unreadable"),
};

function unsafe(describe: string): Row<boolean> {
  return row(toggle(), false, "false", describe);
}

/** The keys of `purge`. */
export const purgeRows: Rows<PurgeConfig> = {
  after: row(
    duration(),
    PURGE_AFTER,
    typedDuration(PURGE_AFTER),
    "What has been soft-deleted longer leaves the store",
  ),
  undated: row(
    choice(["keep", "last-sign-of-life"]),
    "keep",
    "keep",
    "What records no time of its deletion: keep it, or count from its last sign of life",
  ),
  artifactsOnly: row(
    optionalText(),
    null,
    '"checkpoints/**"',
    "Heavy files, below artifacts/ or in checkpoints/, of runs that stay; metrics and params stay",
  ),
  thinMetrics: row(
    orNull(whole(10)),
    null,
    "1000",
    "The most points of a metric of runs that stay: first, last, least, greatest and every so many",
  ),
};

/** The keys of `limits`. */
export const limitsRows: Rows<LimitsConfig> = {
  maxShare: row(share(), 0.5, "50%", "The largest share of an experiment's runs in one plan"),
  maxRuns: row(orNull(whole(1)), null, "1000", "The most runs in one plan"),
};

/** The keys of `backups`. */
export const backupsRows: Rows<BackupsConfig> = {
  directory: row(optionalText(), null, "../backups", "Where backups lie; left out: in the store"),
  expireAfter: row(orNull(duration()), null, "90d", "Full copies older than this may go"),
  keepLast: row(whole(1), 3, "3", "How many of the newest full copies stay, whatever their age"),
};

/** The keys of `primary_metric`. */
export const primaryMetricRows: Rows<PrimaryMetric> = {
  name: row(text(), "f1", "f1", "The metric by which runs are compared"),
  mode: row(choice(["max", "min"]), "max", "max", "Which way is better"),
};

/** The sections of the file. */
export const configRows = {
  store: row(optionalText(), null, "./mlruns", "The store, relative to this file"),
  primaryMetric: row(section(primaryMetricRows), {}, "", "How runs are compared"),
  retention: row(
    section(retentionRows),
    {},
    "",
    "What keeps a run: any one of these is enough; without any, nothing goes",
  ),
  rules: row(
    listOf(section(ruleRows)),
    [],
    '[{ experiments: "churn-*", keep_last: 50 }]',
    "Other rules for some experiments: the first that fits counts, the rest is as above",
  ),
  protect: row(section(protectRows), {}, "", "What no rule can let go"),
  purge: row(section(purgeRows), {}, "", "What leaves the store"),
  limits: row(section(limitsRows), {}, "", "What stops a plan"),
  backups: row(section(backupsRows), {}, "", "Where backups go, and when they may go"),
  schedule: row(section(scheduleRows), {}, "", "Which task runs by itself, and when"),
  notify: row(section(notifyRows), {}, "", "Who is told what came of a task, and when"),
  review: row(section(reviewRows), {}, "", "How the page is served that shows the store"),
} satisfies Rows<GivenConfig>;

/** A `mltidy.yaml` as written: only what is given. */
export interface GivenConfig {
  readonly store: string | null;
  readonly primaryMetric: Partial<PrimaryMetric>;
  readonly retention: Partial<RetentionConfig>;
  readonly rules: readonly Partial<RuleConfig>[];
  readonly protect: Partial<ProtectConfig>;
  readonly purge: Partial<PurgeConfig>;
  readonly limits: Partial<LimitsConfig>;
  readonly backups: Partial<BackupsConfig>;
  readonly schedule: Partial<ScheduleConfig>;
  readonly notify: Partial<GivenNotify>;
  readonly review: Partial<ReviewConfig>;
}

/**
 * Puts a rule of `keep_best` together.
 *
 * @param given What the file says.
 * @param primary The metric that counts where it names none.
 * @returns The whole rule.
 */
export function bestRule(given: Partial<BestConfig>, primary: PrimaryMetric): BestRule {
  const { metric, mode, n, over, per } = withDefaults(bestRows, given);
  return { metric: metric ?? primary.name, mode: mode ?? primary.mode, n, over, per };
}
