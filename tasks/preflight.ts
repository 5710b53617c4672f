/**
 * The task `preflight`: makes a store ready before an experiment starts.
 *
 * *Ordering*: what is provable is repaired first, so that no orphan is quarantined that could be mended;
 * the experiment is set up last, in a store that MLflow can list.
 *
 * *Locking* and *After an interruption*: each step locks the store for itself, and is done whole or not
 * at all.
 *
 * @module
 */

import type { StoreSnapshot } from "../lib/model.ts";
import type { ApplyReport, Kept, Plan } from "../lib/plan.ts";
import { planCleanup } from "../lib/plan_cleanup.ts";
import { planRepair } from "../lib/plan_repair.ts";
import { summarize, type Summary } from "../lib/summarize.ts";
import type { Severity } from "../lib/verify_rules.ts";
import { type Finding, verifySnapshot } from "../lib/verify_snapshot.ts";
import { setupExperiment, type SetupExperimentOptions } from "./experiment.ts";
import { planAndApply } from "./plan_and_apply.ts";
import { repair, repairPolicyOf, type RepairRules } from "./repair.ts";
import type { Abortable, SettledChange, Store } from "./store.ts";
import type { ExperimentSetup } from "./tracking.ts";

/** How to get ready. */
export interface PreflightOptions extends Abortable, Pick<RepairRules, "settle" | "staleAfter"> {
  /** Only look: nothing is repaired, quarantined or set up. @default {false} */
  readonly check?: boolean;
  /** How to set the experiment up. @default {{}} */
  readonly experiment?: SetupExperimentOptions;
  /** Called as runs are read. */
  readonly onProgress?: (label: "Reading runs" | "Applying", done: number, total?: number) => void;
}

/** Whether a store is ready, and what was done for it. */
export interface PreflightReport {
  /** MLflow lists and searches everything: no finding is an error. */
  readonly ready: boolean;
  /** Nothing was changed: what could be mended is in `pending`. */
  readonly checked: boolean;
  /** What the store holds. */
  readonly summary: Pick<Summary, "experiments" | "runs">;
  /** What repair, and the quarantine of empty orphans, did; `null`: there was nothing to do. */
  readonly done: { readonly repair: ApplyReport | null; readonly quarantine: ApplyReport | null };
  /** How much repair, and the quarantine, would do; 0 unless only checked. */
  readonly pending: { readonly repairs: number; readonly quarantines: number };
  /** What is damaged and left to its owner, with the choices. */
  readonly left: readonly Kept[];
  /** What MLflow raises on in the end. */
  readonly errors: readonly Finding[];
  /** Number of findings in the end, by severity. */
  readonly findings: Readonly<Record<Severity, number>>;
  /** The experiment that was asked for. */
  readonly experiment: ExperimentSetup | null;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
}

/**
 * Makes a store ready before an experiment starts: counts, verifies, repairs what is provable,
 * quarantines orphans that hold no run, keeps copies of the records, and sets the experiment up. Needs
 * read and write permission for the store; with `check` only read permission.
 *
 * @param store The store.
 * @param name The experiment to set up; left out for none.
 * @param options How.
 * @returns Whether the store is ready, and what was done.
 * @throws {RangeError} When MLflow allows no such name, or a duration is negative.
 * @throws {StoreLockedError} When another process holds the store's lock and something is to be done.
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
  const { check = false, experiment = {}, onProgress, signal, ...rules } = options;
  const reading = {
    ...(signal === undefined ? {} : { signal }),
    onProgress: (runs: number) => onProgress?.("Reading runs", runs),
  };
  const read = () => store.read({ depth: "full", ...reading });
  const before = await read();
  const policy = repairPolicyOf(rules);
  const evidence = await store.evidence(before, policy);
  const repairs = planRepair(before, evidence, policy, { now: store.now() });
  const applying = {
    apply: true,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const repaired = !check && repairs.actions.length > 0
    ? await repair(store, { ...rules, ...applying })
    : null;
  const mended = repaired?.report ? await read() : before;
  const orphans = quarantinePlan(mended, policy.settle, store.now());
  const cleaned = !check && orphans.actions.length > 0
    ? await planAndApply(
      store,
      (snapshot, now) => quarantinePlan(snapshot, policy.settle, now),
      applying,
    )
    : null;
  const after = cleaned?.report ? await read() : mended;
  const isChanged = after !== before;
  if (!check && !isChanged) await keepMetadata(store, after);
  const findings = verifySnapshot(after);
  const errors = findings.filter(({ severity }) => severity === "error");
  const setUp = check || name === undefined || errors.length > 0
    ? null
    : await setupExperiment(store, name, experiment);
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  const { experiments, runs } = summarize(after);
  return {
    ready: errors.length === 0,
    checked: check,
    summary: { experiments, runs },
    done: { repair: repaired?.report ?? null, quarantine: cleaned?.report ?? null },
    pending: {
      repairs: check ? repairs.actions.length : 0,
      quarantines: check ? orphans.actions.length : 0,
    },
    left: repaired?.plan.kept ?? repairs.kept,
    errors,
    findings: { error: errors.length, warning: count("warning"), info: count("info") },
    experiment: setUp,
    settled: [...repaired?.settled ?? [], ...cleaned?.settled ?? []],
  };
}

function quarantinePlan(
  snapshot: StoreSnapshot<"tags"> | StoreSnapshot<"full">,
  settle: number,
  now: number,
): Plan {
  const policy = { olderThan: null, purgeAfter: null, quarantineOrphans: true, settle };
  // Whatever depth `full` has besides, planning does without.
  return planCleanup({ ...snapshot, depth: "tags" }, policy, { now });
}

/** The copies are for another day; a store that is busy, or may not be written to, is no less ready. */
async function keepMetadata(store: Store, snapshot: StoreSnapshot): Promise<void> {
  try {
    await using locked = await store.lock({ task: "preflight" });
    await locked.keepMetadata(snapshot);
  } catch {
    // The next task that may write keeps them.
  }
}
