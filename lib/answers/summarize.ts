/**
 * What a store holds, in numbers.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { judgeOrphan, QUARANTINE } from "../judge/judge_by_age.ts";
import { byEnd } from "../judge/rank_runs.ts";
import type { Selection } from "../policy/policy.ts";
import { bestRun, type PrimaryMetric } from "../policy/primary_metric.ts";
import { narrow, selectIn } from "../selection/select.ts";
import { isMeasured } from "../store/extras.ts";
import { DEFAULT_EXPERIMENT } from "../store/names.ts";
import { byPath, type ExperimentId, type RunId, type StorePath } from "../store/path.ts";
import type { MetaDamage } from "../store/problem.ts";
import { UTF_16 } from "../store/record_problem.ts";
import type {
  Depth,
  Experiment,
  LifecycleStage,
  Orphan,
  Run,
  RunStatus,
  StoreSnapshot,
} from "../store/snapshot.ts";
import {
  addParts,
  addUsage,
  type DiskUsage,
  NO_PARTS,
  NO_USAGE,
  type UsageParts,
} from "../store/usage.ts";
import { namesItsRuns } from "../verify/experiment_checks.ts";
import type { Severity } from "../verify/rules.ts";
import { verifySnapshot } from "../verify/verify_snapshot.ts";

/** How the active runs of an experiment stand by a metric. */
export interface MetricStanding {
  /** The run with the best latest value, of equals the newest; `null` when no run has a finite one. */
  readonly best: { readonly runId: RunId; readonly name: string; readonly value: number } | null;
  /** Active runs without a finite value. */
  readonly runsWithout: number;
}

/** One experiment in numbers. */
export interface ExperimentSummary {
  /** Its id. */
  readonly id: ExperimentId;
  /** Its name. */
  readonly name: string;
  /** The stage by location. */
  readonly stage: LifecycleStage;
  /** Its directory. */
  readonly path: StorePath;
  /** Readable runs, active and deleted. */
  readonly runs: number;
  /** Active runs; none in a deleted experiment. */
  readonly activeRuns: number;
  /** All other readable runs. */
  readonly deletedRuns: number;
  /** Readable runs by status. */
  readonly byStatus: Readonly<Record<RunStatus, number>>;
  /** Start of the newest readable run, epoch ms; `null` when there is none. */
  readonly newestRun: number | null;
  /** Run directories that MLflow cannot use. */
  readonly damagedRuns: number;
  /** What it takes on disk; `null` when sizes were not read. */
  readonly usage: DiskUsage | null;
  /** How its runs stand by the metric; left out when none was asked for. */
  readonly byMetric?: MetricStanding;
}

/** One orphan in numbers. */
export interface OrphanSummary {
  /** Its directory. */
  readonly path: StorePath;
  /** Why its `meta.yaml` is of no use. */
  readonly damage: MetaDamage;
  /** Runs in it that could be read. */
  readonly readableRuns: number;
  /** The cause, in words. */
  readonly message: string;
  /** Which task acts on it, or says what its owner can do. */
  readonly task: "cleanup" | "repair" | "verify";
}

/** A store in numbers. */
export interface Summary {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/summary/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Experiments with metadata by stage, and orphans of both stages. */
  readonly experiments: {
    readonly active: number;
    readonly deleted: number;
    readonly orphaned: number;
  };
  /** Readable runs of experiments with metadata. A run of a deleted experiment counts as deleted. */
  readonly runs: {
    readonly total: number;
    readonly active: number;
    readonly deleted: number;
    readonly byStatus: Readonly<Record<RunStatus, number>>;
  };
  /** How deep the store was read: at `meta` no more was looked at than `meta.yaml` and what lies where. */
  readonly depth: Depth;
  /** Number of findings by severity, in what was looked at. */
  readonly findings: Readonly<Record<Severity, number>>;
  /** What experiments, orphans and strays take, backups apart; `null` when sizes were not read. */
  readonly usage: DiskUsage | null;
  /** What takes most of that, by kind; left out when sizes were not read. */
  readonly usageParts?: UsageParts & {
    /** Soft-deleted runs and logged models, and deleted experiments: what they take of all that. */
    readonly deleted: DiskUsage;
  };
  /** The experiments, or the first of them. */
  readonly perExperiment: readonly ExperimentSummary[];
  /** The orphans. */
  readonly orphans: readonly OrphanSummary[];
  /** Registered models, and their versions that MLflow shows. */
  readonly registeredModels: { readonly models: number; readonly versions: number };
  /** The metric by which runs were compared; left out when none was asked for. */
  readonly primaryMetric?: PrimaryMetric;
  /** The part of the store that experiments, runs, findings and sizes are of; left out for all of it. */
  readonly only?: Selection;
  /** Backups of ours. */
  readonly backups: StoreSnapshot["backups"];
}

/** How to order and cut `perExperiment`. */
export interface SummarizeOptions {
  /** How many experiments to give; the totals count all of them. @default {Infinity} */
  readonly top?: number | undefined;
  /** What comes first: most runs, or most bytes. Ties are ordered by path. @default {"runs"} */
  readonly by?: "size" | "runs" | undefined;
  /** Compare the runs of each experiment by this metric; the snapshot must have it. */
  readonly metric?: PrimaryMetric | undefined;
  /** Count this part of the store alone. @default {all of it} */
  readonly only?: Selection | undefined;
}

/**
 * Counts what a store holds.
 *
 * @param whole The store.
 * @param options Order and length of `perExperiment`, and what alone is counted.
 * @returns The numbers; sizes in bytes, times in epoch ms.
 * @throws {InvalidArgumentError} When `top` is no whole number, `by` is `size` without sizes in the snapshot, or
 *   the metric was not read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { summarize } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const { runs } = summarize(await store.read({ depth: "meta" }));
 * assertEquals(runs.total, runs.active + runs.deleted);
 * ```
 */
export function summarize(whole: StoreSnapshot, options: SummarizeOptions = {}): Summary {
  const { top = Infinity, by = "runs", metric, only } = options;
  const isPart = only === undefined ? null : selectIn(whole, only);
  const snapshot = isPart === null ? whole : narrow(whole, isPart);
  if (!(top >= 0 && (top === Infinity || Number.isInteger(top)))) {
    throw new InvalidArgumentError(
      `Cannot give the top ${top} experiments: expected a whole number`,
    );
  }
  if (by === "size" && !snapshot.sizes) {
    throw new InvalidArgumentError("Cannot order experiments by size: read the store with sizes");
  }
  if (metric !== undefined && !snapshot.extras?.metrics.includes(metric.name)) {
    throw new InvalidArgumentError(
      `Cannot compare runs by ${metric.name}: read the store with this metric`,
    );
  }
  const { orphans, strays, registeredModels, backups } = snapshot;
  const experiments = snapshot.experiments.map((each) => ({
    ...summarizeExperiment(each, snapshot.sizes),
    ...(metric === undefined ? {} : { byMetric: standingOf(each, metric) }),
  }));
  const active = experiments.filter((each) => each.stage === "active").length;
  const total = sum(experiments, (each) => each.runs);
  const activeRuns = sum(experiments, (each) => each.activeRuns);
  // What is elsewhere may be what a part of it refers to.
  const findings = Map.groupBy(
    verifySnapshot(whole).filter(({ path }) => isPart?.(path) ?? true),
    (finding) => finding.severity,
  );
  return {
    schema: "mltidy/summary/v1",
    store: snapshot.location,
    experiments: { active, deleted: experiments.length - active, orphaned: orphans.length },
    runs: {
      total,
      active: activeRuns,
      deleted: total - activeRuns,
      byStatus: addStatuses(experiments.map((each) => each.byStatus)),
    },
    depth: snapshot.depth,
    findings: {
      error: findings.get("error")?.length ?? 0,
      warning: findings.get("warning")?.length ?? 0,
      info: findings.get("info")?.length ?? 0,
    },
    usage: snapshot.sizes
      ? addUsage(
        [...snapshot.experiments, ...orphans, ...strays].map(({ usage }) => usage ?? NO_USAGE),
      )
      : null,
    ...(snapshot.sizes ? { usageParts: partsOf(snapshot) } : {}),
    perExperiment: experiments.toSorted(by === "size" ? bySize : byRuns).slice(0, top),
    orphans: orphans.map((orphan) => ({
      path: orphan.path,
      damage: orphan.damage,
      readableRuns: orphan.runs.length,
      message: orphan.message,
      task: taskFor(orphan, snapshot.readAt),
    })),
    registeredModels: {
      models: registeredModels.length,
      versions: sum(
        registeredModels,
        // MLflow never removes a version: it hides the deleted ones.
        ({ versions }) => versions.filter(({ stage }) => stage !== "Deleted_Internal").length,
      ),
    },
    ...(metric === undefined ? {} : { primaryMetric: metric }),
    ...(only === undefined ? {} : { only }),
    backups,
  };
}

function partsOf({ experiments, orphans }: StoreSnapshot): Required<Summary>["usageParts"] {
  const deleted = [...experiments, ...orphans].flatMap((one) =>
    one.lifecycleStage === "deleted" ? [one.usage] : [...one.runs, ...one.loggedModels]
      .filter(({ lifecycleStage }) => lifecycleStage === "deleted").map(({ usage }) => usage)
  );
  return {
    ...addParts([...experiments, ...orphans].map(({ parts }) => parts ?? NO_PARTS)),
    deleted: addUsage(deleted.map((usage) => usage ?? NO_USAGE)),
  };
}

/** What a clean-up keeps, a repair may bring back by its runs, or by what is left of its record. */
function taskFor(orphan: Orphan, now: number): OrphanSummary["task"] {
  // At depth meta it has no stamp, on which no plan is based.
  const { goes } = judgeOrphan({ ...orphan, stamp: orphan.stamp || "none" }, QUARANTINE, now);
  if (goes) return "cleanup";
  const { id, damage, message, link, runs } = orphan;
  const isLost = damage === "id-mismatch"
    ? namesItsRuns(orphan)
    : damage !== "io" && damage !== "lfs-pointer" && message !== UTF_16;
  const isProven = runs.length > 0 || id === DEFAULT_EXPERIMENT || HAS_TEXT.includes(damage);
  return isLost && !link && isProven ? "repair" : "verify";
}

/** What is left of a record says most of what was in it. */
const HAS_TEXT: readonly Orphan["damage"][] = ["unreadable", "incomplete"];

function standingOf({ runs }: Experiment, metric: PrimaryMetric): MetricStanding {
  const values = runs.filter((run) => run.lifecycleStage === "active").toSorted(byEnd)
    .map(({ id, name, extras }) => ({
      runId: id,
      name,
      value: extras?.metrics.get(metric.name)?.latest ?? NaN,
    }));
  return {
    best: bestRun(values, metric),
    runsWithout: values.filter(({ value }) => !isMeasured(value)).length,
  };
}

function summarizeExperiment(experiment: Experiment, sizes: boolean): ExperimentSummary {
  const { id, name, lifecycleStage: stage, path, runs, damagedRuns, usage } = experiment;
  const activeRuns = stage === "active"
    ? runs.filter((run) => run.lifecycleStage === "active").length
    : 0;
  return {
    id,
    name,
    stage,
    path,
    runs: runs.length,
    activeRuns,
    deletedRuns: runs.length - activeRuns,
    byStatus: countStatuses(runs),
    newestRun: runs.reduce<number | null>(
      (newest, { startTime }) => newest === null ? startTime : Math.max(newest, startTime),
      null,
    ),
    damagedRuns: damagedRuns.length,
    usage: sizes ? usage : null,
  };
}

function countStatuses(runs: readonly Run[]): Readonly<Record<RunStatus, number>> {
  const counts = { RUNNING: 0, SCHEDULED: 0, FINISHED: 0, FAILED: 0, KILLED: 0 };
  for (const run of runs) counts[run.status]++;
  return counts;
}

function addStatuses(
  counts: readonly Readonly<Record<RunStatus, number>>[],
): Readonly<Record<RunStatus, number>> {
  return {
    RUNNING: sum(counts, (each) => each.RUNNING),
    SCHEDULED: sum(counts, (each) => each.SCHEDULED),
    FINISHED: sum(counts, (each) => each.FINISHED),
    FAILED: sum(counts, (each) => each.FAILED),
    KILLED: sum(counts, (each) => each.KILLED),
  };
}

function sum<T>(all: readonly T[], numberOf: (one: T) => number): number {
  return all.reduce((total, one) => total + numberOf(one), 0);
}

function byRuns(left: ExperimentSummary, right: ExperimentSummary): number {
  return right.runs - left.runs || byPath(left, right);
}

function bySize(left: ExperimentSummary, right: ExperimentSummary): number {
  return (right.usage?.bytes ?? 0) - (left.usage?.bytes ?? 0) || byPath(left, right);
}
