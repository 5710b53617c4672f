/**
 * Findings, with the remedies that a repair or a clean-up really plans.
 *
 * @module
 */

import { judgeSnapshot } from "../judge/judge_snapshot.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { RepairPlan } from "../plan/plan.ts";
import type { NeedsChoice } from "../plan/repair_action.ts";
import { simulateRepairs } from "../plan/simulate_repairs.ts";
import { type CleanupPolicy, PURGE_AFTER } from "../policy/policy.ts";
import { experimentPathOf, pathsUp } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { type Remedy, RULES } from "../verify/rules.ts";
import {
  type Finding,
  verifySnapshot,
  type VerifySnapshotOptions,
} from "../verify/verify_snapshot.ts";

/** The remedy that a repair carries out. */
export type RepairRemedy = Extract<Remedy, { readonly kind: "repair" }>;

/**
 * Tells which repairs the remedies of findings ask for.
 *
 * @param findings The findings.
 * @returns Each once; empty where none is to be repaired.
 */
export function repairsAskedFor(findings: readonly Finding[]): readonly RepairRemedy[] {
  const asked = findings.flatMap(({ remedy }) => remedy?.kind === "repair" ? [remedy] : []);
  return [...new Map(asked.map((one) => [keyOf(one), one])).values()];
}

/**
 * Names a repair only where it mends what was found, and else what its plan leaves to the owner: the choice
 * that it names, or what helps where nothing proves a repair. Of a logged model whose run is gone, it names
 * the clean-up exactly where that takes the model.
 *
 * @param snapshot The store, read at depth `full`.
 * @param findings What was found in it.
 * @param plans What each repair that {@linkcode repairsAskedFor} names would do at once.
 * @param options How it was found.
 * @returns The findings, in their order.
 */
export function proveRemedies(
  snapshot: StoreSnapshot<"full">,
  findings: readonly Finding[],
  plans: readonly (readonly [RepairRemedy, RepairPlan])[],
  options: VerifySnapshotOptions,
): readonly Finding[] {
  const outcomes = new Map(plans.map(([remedy, { actions, kept }]) => {
    const after = verifySnapshot(simulateRepairs(snapshot, actions), options);
    const choices = new Map(kept.flatMap(({ path, reasons }) => {
      const choice = reasons.find(({ kind }) => kind === "needs-choice");
      return choice?.kind === "needs-choice" ? [[`${path}`, choice] as const] : [];
    }));
    return [keyOf(remedy), { left: new Set(after.map(nameOf)), choices }] as const;
  }));
  const going = modelsThatGo(snapshot, findings);
  return findings.map((finding) => {
    if (finding.rule === LEFT_ALONE && going.has(finding.path)) {
      return { ...finding, remedy: BY_CLEANUP };
    }
    if (finding.remedy?.kind !== "repair") return finding;
    const outcome = outcomes.get(keyOf(finding.remedy));
    if (outcome === undefined || !outcome.left.has(nameOf(finding))) return finding;
    return { ...finding, remedy: choiceFor(finding, outcome.choices) };
  });
}

/**
 * Names a clean-up only where the store can carry it out, and, of an experiment that is to be purged, where that goes,
 * and else what helps instead.
 *
 * @param snapshot The store, read at depth `full`.
 * @param findings What was found in a store.
 * @param kinds The kinds of action that it can carry out; left out: none.
 * @returns The findings, in their order.
 */
export function possibleRemedies(
  snapshot: StoreSnapshot<"full">,
  findings: readonly Finding[],
  kinds: ReadonlySet<ActionKind> | undefined,
): readonly Finding[] {
  const going = experimentsThatGo(snapshot, findings);
  return findings.map((finding) => {
    const { remedy } = finding;
    if (remedy?.kind !== "cleanup") return finding;
    const { experimentId: purged = null } = remedy;
    if (kinds?.has(CLEANUPS[remedy.does]) && (purged === null || going.has(purged))) return finding;
    const text = `${remedy.or.charAt(0).toUpperCase()}${remedy.or.slice(1)}`;
    return { ...finding, remedy: { kind: "by-hand", text } };
  });
}

const CLEANUPS: Readonly<Record<Extract<Remedy, { kind: "cleanup" }>["does"], ActionKind>> = {
  "quarantine": "quarantine-orphan",
  "purge": "purge-experiment",
  "purge-model": "purge-logged-model",
};

const LEFT_ALONE = "logged-model-left-alone";

/** The experiments that the purge of one alone, and at once, takes; none is looked for where none is to go. */
function experimentsThatGo(
  snapshot: StoreSnapshot,
  findings: readonly Finding[],
): ReadonlySet<string> {
  const isPurge = ({ remedy }: Finding) =>
    remedy?.kind === "cleanup" && remedy.experimentId !== undefined;
  if (!findings.some(isPurge)) return new Set();
  const policy = { ...PURGE, purgeAfter: 0 };
  const { experiments } = judgeSnapshot({ ...snapshot, depth: "tags" }, policy, snapshot.readAt);
  return new Set(
    experiments.flatMap(({ experiment, verdict }) => verdict.goes ? [experiment.id] : []),
  );
}

/** The logged models that a clean-up takes; none is looked for where none was left alone. */
function modelsThatGo(
  snapshot: StoreSnapshot,
  findings: readonly Finding[],
): ReadonlySet<string> {
  if (!findings.some(({ rule }) => rule === LEFT_ALONE)) return new Set();
  const { models } = judgeSnapshot({ ...snapshot, depth: "tags" }, PURGE, snapshot.readAt);
  return new Set(models.flatMap(({ model, verdict }) => verdict.goes ? [model.path] : []));
}

const PURGE: CleanupPolicy = {
  olderThan: null,
  purgeAfter: PURGE_AFTER,
  quarantineOrphans: false,
  settle: 0,
};

const BY_CLEANUP: Remedy = {
  kind: "cleanup",
  does: "purge-model",
  or: "pin it by the tag mltidy.pin",
};

function choiceFor(
  { rule, path }: Finding,
  choices: ReadonlyMap<string, NeedsChoice>,
): Remedy | null {
  const place = [...pathsUp(path), experimentPathOf(path)].find((one) => choices.has(one));
  const choice = place === undefined ? undefined : choices.get(place);
  // What lies in something that is to be mended has its turn after that.
  if (choice !== undefined && place !== path && IN_RECORD.test(path.slice(place!.length))) {
    return { kind: "choice", ways: [`mend ${place} first, and look again`] };
  }
  if (choice !== undefined) {
    const { choices: ways, kind: _, message: __, ...by } = choice;
    return { kind: "choice", ways, ...by };
  }
  const remedy = RULES.find(({ id }) => id === rule)?.remedy ?? null;
  return remedy?.kind === "repair" ? null : remedy;
}

/** Of a run or a logged model, or in one. */
const IN_RECORD = /^\/[^/]+/;

function keyOf({ relocate, dropLines }: RepairRemedy): string {
  return `${relocate} ${dropLines}`;
}

function nameOf({ rule, path }: Finding): string {
  return `${rule} ${path}`;
}
