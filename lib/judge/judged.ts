/**
 * The nouns of a judgement: everything that a plan decides about, with its verdict, which only ever turns
 * from going to staying.
 *
 * @module
 */

import type { ActionReason, KeepReason } from "../plan/plan.ts";
import type { Standing } from "../plan/standing.ts";
import type { RetentionRule } from "../policy/policy.ts";
import type { ExperimentId, StorePath } from "../store/path.ts";
import type { Experiment, LoggedModel, NonEmpty, Orphan, Run } from "../store/snapshot.ts";

/** A judgement with its reasons. */
export type Verdict =
  | { readonly goes: true; readonly reasons: NonEmpty<ActionReason> }
  | { readonly goes: false; readonly reasons: NonEmpty<KeepReason> };

/** How much a verdict tells that something stays: the first reason, or every one. */
export type Tells = "first" | "every";

/** Gives what keeps something, in order, then why it goes, which counts only where nothing keeps it. */
export type Keeps = Generator<KeepReason, ActionReason>;

/** By what a retention policy judges a run; one for all that are ranked together. */
export interface Ruling {
  readonly rule: RetentionRule;
  /** The value of `group_by`; `null` where there is none. */
  readonly group: string | null;
}

/** A run with its verdict. */
export interface JudgedRun {
  readonly run: Run;
  /** What it goes or stays with: a deleted experiment or an orphan; else `null`. */
  readonly holder: JudgedExperiment | JudgedOrphan | null;
  /** `null` where no retention policy judges it. */
  readonly ruling: Ruling | null;
  /** How it stands under all that its rule asks for, whether it keeps it or not. */
  readonly standings: readonly Standing[];
  verdict: Verdict;
  /**
   * Something protects it, be it switched off: then it may be soft-deleted, which MLflow can undo, but
   * nothing of it is removed.
   */
  isProtected: boolean;
  /**
   * It stays since something cannot be read. Whatever stays for its sake might have gone, and so loses
   * nothing instead.
   */
  isUnsure: boolean;
}

/** A logged model with its verdict. */
export interface JudgedModel {
  readonly model: LoggedModel;
  /** The experiment that it lies in. */
  readonly experimentId: ExperimentId;
  /** What it goes or stays with: a deleted experiment or an orphan; else `null`. */
  readonly holder: JudgedExperiment | JudgedOrphan | null;
  verdict: Verdict;
}

/** A deleted experiment with its verdict. */
export interface JudgedExperiment {
  readonly experiment: Experiment;
  verdict: Verdict;
}

/** An orphan with its verdict. */
export interface JudgedOrphan {
  readonly orphan: Orphan;
  verdict: Verdict;
}

/** Anything with its verdict. */
export type Judged = JudgedRun | JudgedModel | JudgedExperiment | JudgedOrphan;

/** What may go by the rules and stays nevertheless. */
export type Held = ReadonlySet<StorePath>;

/** Everything that a plan decides about, ordered by path. */
export interface JudgedSnapshot {
  readonly runs: readonly JudgedRun[];
  readonly models: readonly JudgedModel[];
  readonly experiments: readonly JudgedExperiment[];
  readonly orphans: readonly JudgedOrphan[];
  /** Experiments that are not judged themselves. */
  readonly activeExperiments: readonly Experiment[];
}

/**
 * Gives what a verdict is on.
 *
 * @param one The verdict.
 * @returns The run, logged model, experiment or orphan.
 */
export function subjectOf(one: JudgedExperiment | JudgedOrphan): Experiment | Orphan;
export function subjectOf(one: Judged): Run | LoggedModel | Experiment | Orphan;
export function subjectOf(one: Judged): Run | LoggedModel | Experiment | Orphan {
  if ("run" in one) return one.run;
  if ("model" in one) return one.model;
  return "experiment" in one ? one.experiment : one.orphan;
}

/**
 * Makes the verdict that something stays.
 *
 * @param reasons Why.
 * @returns The verdict.
 */
export function toKeep(...reasons: NonEmpty<KeepReason>): Verdict {
  return { goes: false, reasons };
}

/**
 * Makes the verdict that something goes.
 *
 * @param reasons Why.
 * @returns The verdict.
 */
export function toGo(...reasons: NonEmpty<ActionReason>): Verdict {
  return { goes: true, reasons };
}

/**
 * Makes a verdict by what keeps something. Looking stops at the first reason where no more is told.
 *
 * @param keeps What keeps it, then why it goes.
 * @param tells How much is told.
 * @returns The verdict.
 */
export function verdictBy(keeps: Keeps, tells: Tells): Verdict {
  const first = keeps.next();
  if (first.done) return toGo(first.value);
  return tells === "first" ? toKeep(first.value) : toKeep(first.value, ...keeps);
}

/**
 * Lets a run stay, and with it what holds it. Where it stays already, these reasons are told besides.
 *
 * @param one The run.
 * @param reasons Why; none changes nothing.
 */
export function keepRun(one: JudgedRun, reasons: readonly KeepReason[]): void {
  const [first, ...rest] = reasons;
  if (!first) return;
  // A parent may be kept by more children than a call can have arguments.
  one.verdict = one.verdict.goes
    ? { goes: false, reasons: [first, ...rest] }
    : { goes: false, reasons: [...one.verdict.reasons, ...reasons] };
  if (one.holder?.verdict.goes) {
    one.holder.verdict = toKeep({ kind: "holds-kept-run", run: one.run.id });
  }
}

/**
 * Tells whether a run stays in the store in some form: soft deletion leaves it where it is.
 *
 * @param one The run.
 * @returns Whether it does, as things stand.
 */
export function staysInStore({ run, holder, verdict }: JudgedRun): boolean {
  if (holder !== null) return !holder.verdict.goes;
  return !verdict.goes || run.lifecycleStage === "active";
}
