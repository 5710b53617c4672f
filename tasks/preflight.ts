/**
 * The task `preflight`: makes a store ready before an experiment starts.
 *
 * *Ordering*: what is provable is repaired first, so that no orphan is quarantined that could be mended;
 * the experiment is set up last, in a store that MLflow can list.
 *
 * *Locking*: the store's lock is held from the reading to the last repair. Where another process holds
 * it, or that of the backups' place, the store is only looked at, and the experiment set up.
 *
 * *After an interruption*: each of the two changes is done whole or not at all.
 *
 * @module
 */

import type {
  AwaitedExperiment,
  PreflightReport,
  UnnamedExperiment,
} from "../lib/answers/preflight_report.ts";
import { summarize } from "../lib/answers/summarize.ts";
import { planCleanup } from "../lib/cleanup/plan_cleanup.ts";
import { StoreLockedError } from "../lib/errors.ts";
import type { Kept, Plan } from "../lib/plan/plan.ts";
import type { ApplyReport } from "../lib/plan/report.ts";
import { NO_EVIDENCE } from "../lib/plan/repair_action.ts";
import { simulatePlan } from "../lib/plan/simulate_plan.ts";
import { ORPHAN_SETTLE } from "../lib/policy/policy.ts";
import { planRepair } from "../lib/repair/plan_repair.ts";
import { recoveredName } from "../lib/repair/rebuild_experiment_meta.ts";
import { asMlflowChooses } from "../lib/store/holders.ts";
import { DEFAULT_EXPERIMENT } from "../lib/store/names.ts";
import type { Experiment, StoreSnapshot } from "../lib/store/snapshot.ts";
import type { Remains } from "../lib/store/usage.ts";
import { shellWords } from "../lib/text/shell_words.ts";
import { durationOf } from "../lib/text/units.ts";
import type { Severity } from "../lib/verify/rules.ts";
import { rulesAbout, verifySnapshot } from "../lib/verify/verify_snapshot.ts";
import { applyPlan } from "./apply_plan.ts";
import type { BackupWork } from "./ports/backups.ts";
import { lockStore } from "./ports/lock_store.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Abortable, LockedStore, SettledChange, Store } from "./ports/store.ts";
import { repairPolicyOf, type RepairRules } from "./repair.ts";
import { setupExperiment, type SetupExperimentOptions } from "./training/experiment.ts";

export type { PreflightReport, UnnamedExperiment };

/** How to get ready. */
export interface PreflightOptions extends Abortable, Pick<RepairRules, "settle" | "staleAfter"> {
  /** Only look: nothing is repaired, quarantined or set up. @default {false} */
  readonly check?: boolean;
  /** Where backups go in the end. @default {our own directory inside the store} */
  readonly backups?: string | undefined;
  /** How to set the experiment up. @default {{}} */
  readonly experiment?: SetupExperimentOptions;
  /** Called with what is about to be done, before it is. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
  /** Called as work goes on. */
  readonly onProgress?:
    | ((label: "Reading runs" | "Applying", done: number, total?: number) => void)
    | undefined;
  /** Called while files are copied to where backups lie. */
  readonly onFiles?: BackupWork["onProgress"];
}

/**
 * Makes a store ready before an experiment starts: counts, verifies, repairs what is provable,
 * quarantines orphans that hold nothing to miss, keeps copies of the records, and sets the experiment up. Needs
 * read and write permission for the store; with `check` only read permission.
 *
 * @param store The store.
 * @param name The experiment to set up; left out for none.
 * @param options How.
 * @returns Whether the store is ready, and what was done.
 * @throws {InvalidArgumentError} When MLflow allows no such name, or a duration is negative, or none.
 * @throws {UnsupportedStoreError} When a deleted experiment is to be replaced where that cannot be.
 *
 * @example
 * ```ts
 * import { openStore, preflight } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { ready, errors } = await preflight(store, "churn");
 * if (!ready) throw new Error(errors.map(({ message }) => message).join("\n"));
 * ```
 */
export async function preflight(
  store: Store,
  name?: string,
  options: PreflightOptions = {},
): Promise<PreflightReport> {
  const { check = false, experiment = {}, ...rules } = options;
  // Before anything is mended.
  if (name !== undefined) requireCapability(store, "tracking", withoutName);
  const outcome = check || store.mending === null
    ? await look(store, rules)
    : await lookAndMend(store, rules);
  const { snapshot, plan, orphans, settled, remains } = outcome;
  const findings = verifySnapshot(snapshot);
  const errors = findings.filter(({ severity }) => severity === "error");
  const unnamed = name === undefined ? [] : findUnnamed(snapshot, name);
  const ready = errors.length === 0 && unnamed.length === 0;
  const stood = name === undefined || !(check || ready)
    ? null
    : stoodBefore(store, snapshot, name, experiment);
  const setUp = check || name === undefined || !ready
    ? null
    : await setupExperiment(store, name, experiment);
  const isDefaultBack = setUp?.outcome === "restored" && setUp.experimentId === DEFAULT_EXPERIMENT;
  const count = (severity: Severity) =>
    findings.filter((one) =>
      one.severity === severity && !(isDefaultBack && one.rule === "default-experiment-deleted")
    ).length;
  const { experiments, runs } = summarize(snapshot);
  const quarantined = new Set(orphans.actions.map(({ path }) => path));
  return {
    schema: "mltidy/preflight/v1",
    store: store.describe().location,
    ready,
    checked: outcome.done === null,
    looked: { rules: rulesAbout(snapshot).length, mending: store.mending !== null },
    summary: { experiments, runs },
    done: outcome.done ?? { repair: null, quarantine: null },
    pending: outcome.done === null
      ? { repairs: plan.actions.length, quarantines: orphans.actions.length }
      : { repairs: 0, quarantines: 0 },
    left: plan.kept.filter((one) =>
      !quarantined.has(one.path) && !(isDefaultBack && asksToRestore(one))
    ),
    errors,
    findings: { error: errors.length, warning: count("warning"), info: count("info") },
    experiment: setUp,
    awaited: check ? stood : null,
    stood: check ? null : stood,
    unnamed,
    settled,
    remains,
    ...(outcome.done === null && plan.stops !== undefined ? { stops: plan.stops } : {}),
  };
}

/** What helps where only MLflow sets experiments up. */
function withoutName(location: string): string {
  const command = shellWords(["deno", "task", "preflight", "--store", location]);
  return `without a name, \`${command}\` makes it ready, and MLflow sets the experiment up`;
}

/** As setting it up chooses: an active one before a deleted one. */
function stoodBefore(
  { tracking }: Store,
  { experiments }: StoreSnapshot,
  name: string,
  { onDeleted = "restore" }: SetupExperimentOptions,
): AwaitedExperiment {
  const stageOf = ({ lifecycleStage }: Experiment) => lifecycleStage === "active" ? 0 : 1;
  const namesakes = experiments.filter((one) => one.name === name).toSorted((one, other) =>
    stageOf(one) - stageOf(other) || asMlflowChooses(one, other)
  );
  const [found] = namesakes;
  const replaceable = tracking?.refuseReplacing === undefined;
  if (found === undefined) {
    return { name, experimentId: null, would: "create", replaced: [], runs: 0, replaceable };
  }
  const { id, lifecycleStage, runs: { length: runs } } = found;
  const would = lifecycleStage === "active" ? "reuse" : onDeleted;
  if (would === "replace") tracking?.refuseReplacing?.(found);
  const replaced = would === "replace" ? namesakes.map((one) => one.id) : [];
  return { name, experimentId: id, would, replaced, runs, replaceable };
}

/** Of the default experiment alone. */
function asksToRestore({ reasons }: Kept): boolean {
  return reasons.some((one) => one.kind === "needs-choice" && one.by === "restoration");
}

/** A repair gave them names by their ids, where nothing told how they were called. */
function findUnnamed(snapshot: StoreSnapshot, wanted: string): readonly UnnamedExperiment[] {
  const { experiments } = snapshot;
  if (experiments.some(({ name }) => name === wanted)) return [];
  return experiments
    .filter(({ id, name, lifecycleStage }) =>
      lifecycleStage === "active" && name === recoveredName(id)
    )
    .map(({ id, name }) => ({ experimentId: id, name, wanted }));
}

type Rules = Omit<PreflightOptions, "check" | "experiment">;

/** How the store stands in the end, and what was planned on the way. */
interface Outcome {
  readonly snapshot: StoreSnapshot<"full">;
  /** Repairs. */
  readonly plan: Plan;
  /** Quarantines. */
  readonly orphans: Plan;
  /** `null` when nothing was to be changed, or could be. */
  readonly done: PreflightReport["done"] | null;
  readonly settled: readonly SettledChange[];
  readonly remains: readonly Remains[];
}

async function look(store: Store, rules: Rules): Promise<Outcome> {
  const snapshot = await read(store, rules);
  return lookAt(store, snapshot, await planRepairs(store, snapshot, rules), rules);
}

function lookAt(store: Store, snapshot: StoreSnapshot<"full">, plan: Plan, rules: Rules): Outcome {
  const mended = simulatePlan(snapshot, plan, { now: store.now() });
  // Whatever is not mended is not set aside either.
  const orphans = planQuarantine(store, mended, rules, store.mending !== null);
  return { snapshot, plan, orphans, done: null, settled: [], remains: [] };
}

/** Where another process is changing the store, or the backups, this only looks: many may start at once. */
async function lookAndMend(store: Store, rules: Rules): Promise<Outcome> {
  try {
    return await mend(store, rules);
  } catch (error) {
    if (error instanceof StoreLockedError) return await look(store, rules);
    throw error;
  }
}

async function mend(store: Store, rules: Rules): Promise<Outcome> {
  await using locked = await lockStore(store, { task: "preflight" });
  const before = await read(locked, rules);
  const plan = await planRepairs(locked, before, rules);
  const { settled, remains } = locked;
  // Who sees but a part of a store mends nothing of it, and trains there all the same.
  if (plan.stops?.some(({ kind }) => kind === "partial-view")) {
    return { ...lookAt(locked, before, plan, rules), settled, remains };
  }
  const repair = await applyIfAny(locked, plan, before, rules);
  // What is written anew may show more damage; all else is foreseen.
  const isForeseen = repair?.complete !== false &&
    plan.actions.every(({ kind }) => kind !== "write-meta");
  const mended = isForeseen
    ? simulatePlan(before, plan, { now: store.now() })
    : await read(locked, rules);
  const orphans = planQuarantine(locked, mended, rules, repair?.complete !== false);
  const quarantine = await applyIfAny(locked, orphans, mended, rules);
  // What is moved away whole needs no second look.
  const snapshot = quarantine?.complete === false
    ? await read(locked, rules)
    : simulatePlan(mended, orphans, { now: store.now() });
  if (repair === null && quarantine === null) await keepMetadata(locked, before);
  return { snapshot, plan, orphans, done: { repair, quarantine }, settled, remains };
}

function read(store: Store, { signal, onProgress }: Rules): Promise<StoreSnapshot<"full">> {
  return store.read({
    depth: "full",
    signal,
    onProgress: (runs, all) => onProgress?.("Reading runs", runs, all),
  });
}

async function planRepairs(
  store: Store,
  snapshot: StoreSnapshot<"full">,
  rules: Rules,
): Promise<Plan> {
  const policy = repairPolicyOf(rules);
  const options = { now: store.now(), kinds: store.changes?.kinds };
  if (store.mending === null) {
    // Of what cannot be mended nothing is to be planned either.
    const sound = { ...snapshot, experiments: [], registeredModels: [], problems: [] };
    return planRepair(sound, NO_EVIDENCE, policy, options);
  }
  const evidence = await store.mending.evidence(snapshot, policy);
  return planRepair(snapshot, evidence, policy, options);
}

async function applyIfAny(
  store: LockedStore,
  plan: Plan,
  since: StoreSnapshot<"full">,
  { backups, signal, onPlan, onProgress, onFiles }: Rules,
): Promise<ApplyReport | null> {
  const { length } = plan.actions;
  if (length === 0) return null;
  onPlan?.(plan);
  return await applyPlan(store, plan, {
    backups,
    onFiles,
    signal,
    since,
    onProgress: (done) => onProgress?.("Applying", done, length),
  });
}

/** Where a repair has failed, no orphan goes: it may be the one that was to be mended. */
function planQuarantine(
  store: Store,
  snapshot: StoreSnapshot<"full">,
  { settle }: Rules,
  quarantineOrphans: boolean,
): Plan {
  const policy = {
    olderThan: null,
    purgeAfter: null,
    quarantineOrphans,
    settle: durationOf(settle ?? ORPHAN_SETTLE),
  };
  // Whatever depth `full` has besides, planning does without.
  const options = { now: store.now(), kinds: store.changes?.kinds };
  return planCleanup({ ...snapshot, depth: "tags" }, policy, options);
}

/** The copies are for another day: a store without them is no less ready. */
async function keepMetadata(store: LockedStore, snapshot: StoreSnapshot): Promise<void> {
  try {
    await store.mending?.keepMetadata(snapshot);
  } catch {
    // The next task that may write keeps them.
  }
}
