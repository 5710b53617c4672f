/**
 * Why a run stays or goes, and what would change that.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { planCleanup, type PlanOptions } from "../cleanup/plan_cleanup.ts";
import { type JudgedRun, type JudgedSnapshot, subjectOf } from "../judge/judged.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { ActionReason, CleanupPlan, DropArtifact, KeepReason } from "../plan/plan.ts";
import type { Stop } from "../plan/plan.ts";
import type { Standing } from "../plan/standing.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import type { ExperimentId, RunId, StorePath } from "../store/path.ts";
import { holdersOf } from "../store/holders.ts";
import { isNonEmpty, type NonEmpty, type Run } from "../store/snapshot.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { everyReason } from "./every_reason.ts";
import { findFlip, type Flip, goesAnyhow, judgeAsPlanned } from "./find_flip.ts";
import { findLimits } from "./find_limits.ts";
import { findPlaced } from "./find_placed.ts";

/** What a rule asks for and a run has nothing of. */
export interface Lack {
  /** The key of the rule. */
  readonly key: "keep_tags" | "keep_named" | "keep_status" | "keep_best";
  /** Tags, globs or statuses, any one of which would keep it; metrics that it never logged. */
  readonly wanted: NonEmpty<string>;
}

/** Why a run stays or goes. */
export interface RunExplanation {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/explain/v1";
  /** What is explained. */
  readonly subject: "run";
  /** The store's location: an absolute path, or a URI without credentials. */
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
  /** Epoch ms; `null` where it recorded none, so that its age counts from its start. */
  readonly endTime: number | null;
  /** What a clean-up would do with it. */
  readonly verdict: "stays" | "soft-delete" | "purge";
  /** By what a clean-up would take it, were it to go. */
  readonly goesBy: ActionKind;
  /** The name of the rule that judges it; `null` where none of a policy does. */
  readonly rule: string | null;
  /** Among which runs the rule ranks it: `group_by` and its value; `null` where it ranks all together. */
  readonly group: { readonly key: string; readonly value: string } | null;
  /** Why. */
  readonly reasons: NonEmpty<ActionReason | KeepReason>;
  /** How it stands under all that the rule asks for. */
  readonly standings: readonly Standing[];
  /** All that the rule asks for and that it has nothing of. */
  readonly lacks: readonly Lack[];
  /** Its heavy files that would go, though it stays. */
  readonly drops: readonly DropArtifact[];
  /** The change that turns the verdict and moves the fewest others; `null` when none that was tried does. */
  readonly flip: Flip | null;
  /** Whether it stays once it has the tag `mltidy.pin`. */
  readonly staysIfPinned: boolean;
  /** Why the plan as a whole must not be applied; empty where nothing is against it. */
  readonly stops: readonly Stop[];
}

/** What a policy decides about a store. */
export interface Decided {
  /** What it plans. */
  readonly plan: CleanupPlan;
  /** The verdicts behind that. */
  readonly judged: JudgedSnapshot;
}

/** What is explained, and what a planner needs. */
export interface SubjectOptions extends PlanOptions {
  /** The path of what is explained. */
  readonly path: StorePath;
  /** What the policy decides, of the same store and moment. @default {it is decided here} */
  readonly decided?: Decided;
}

/**
 * Decides about a store, once for all that is to be explained.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param options The moment, and what the store can carry out.
 * @param plan What is planned so, where that is known. @default {it is planned here}
 * @returns What is decided.
 */
export function decide(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  { now, kinds }: PlanOptions,
  plan: CleanupPlan = planCleanup(snapshot, policy, { now, kinds }),
): Decided {
  return { plan, judged: judgeAsPlanned(snapshot, policy, now) };
}

/**
 * Finds the runs that somebody means.
 *
 * @param snapshot The store.
 * @param text An id, the beginning of one (6 letters or more), or a name; before an id, the experiment's
 * id and `/` may stand, and behind it `…`, as plans print them.
 * @returns The runs: those of that id, else of that name, else whose id begins so.
 */
export function findRuns(snapshot: StoreSnapshot, text: string): readonly Run[] {
  return findPlaced(holdersOf(snapshot).flatMap(({ runs }) => runs), text);
}

/**
 * Explains what a clean-up would do with a run.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param options The run, the moment, epoch ms, and what the store can carry out.
 * @returns The explanation.
 * @throws {InvalidArgumentError} When the store has no such run, or was not read as the policy needs it.
 */
export function explainRun(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: SubjectOptions,
): RunExplanation {
  const { path, now, kinds } = options;
  const { plan, judged: all } = options.decided ?? decide(snapshot, policy, options);
  const judged = all.runs.find(({ run }) => run.path === path);
  if (judged === undefined) {
    throw new InvalidArgumentError(`Cannot explain ${path}: the store has no such run`);
  }
  const { run, ruling, standings } = judged;
  const { groupBy = null } = ruling?.rule ?? {};
  const actions = plan.actions.filter(({ kind }) => kind !== "drop-artifact");
  const action = actions.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  // What cannot be carried out is said of the experiment or orphan that would go.
  const held = judged.holder === null ? path : subjectOf(judged.holder).path;
  const kept = [path, held].flatMap((at) => plan.kept.find((one) => one.path === at) ?? [])[0];
  const goesBy = kindOf(judged);
  const canGo = kinds?.has(goesBy) ?? true;
  const flip = () =>
    ruling === null
      ? findLimits(snapshot, policy, all, path, now)
      : findFlip(snapshot, policy, all, judged, now);
  const every = ruling === null && !goesAnyhow(judged)
    ? everyReason(snapshot, policy, path, now)
    : [];
  return {
    schema: "mltidy/explain/v1",
    subject: "run",
    store: snapshot.location,
    runId: run.id,
    experimentId: run.experimentId,
    experiment: snapshot.experiments.find((one) => path.startsWith(`${one.path}/`))?.name ?? null,
    path,
    name: run.name,
    endTime: run.endTime,
    verdict: action === undefined
      ? "stays"
      : action.kind === "soft-delete-run"
      ? "soft-delete"
      : "purge",
    goesBy,
    rule: ruling?.rule.name ?? null,
    group: groupBy === null ? null : { key: groupBy, value: ruling?.group ?? "" },
    // Every run is in a plan exactly once: to stay, to go, or with what holds it.
    reasons: isNonEmpty(every) ? every : (kept ?? action)!.reasons,
    standings,
    lacks: lacksOf(judged),
    drops: plan.actions.filter((one) => one.kind === "drop-artifact")
      .filter((one) => one.path.startsWith(`${path}/`)),
    flip: canGo ? flip() : null,
    staysIfPinned: ruling === null || !policy.retention?.protect.unsafe.includes("pinned"),
    stops: plan.stops ?? [],
  };
}

/** By what a run would go. */
function kindOf({ run, holder }: JudgedRun): ActionKind {
  if (holder !== null) return "experiment" in holder ? "purge-experiment" : "quarantine-orphan";
  return run.lifecycleStage === "active" ? "soft-delete-run" : "purge-run";
}

function lacksOf({ run, ruling, standings }: JudgedRun): readonly Lack[] {
  if (ruling === null) return [];
  const { keepTags, keepNamed, keepStatus, keepBest } = ruling.rule;
  const has = (kind: Standing["kind"]) => standings.some((standing) => standing.kind === kind);
  const metrics = keepBest.filter(({ n }) => n > 0).map(({ metric }) => metric);
  const wanted: readonly (readonly [Lack["key"], readonly string[]])[] = [
    ["keep_tags", has("keep-tag") ? [] : keepTags],
    ["keep_named", has("keep-named") ? [] : keepNamed],
    ["keep_status", has("keep-status") ? [] : keepStatus],
    ["keep_best", [...new Set(metrics)].filter((metric) => !run.extras?.metrics.has(metric))],
  ];
  return wanted.flatMap(([key, each]) => isNonEmpty(each) ? [{ key, wanted: each }] : []);
}
