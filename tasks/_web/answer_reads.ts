/**
 * What the page is told: the store, the plan, rows, explanations, findings, backups. Nothing of it changes anything.
 *
 * @module
 */

import { explainSubject } from "../../lib/answers/explain_subject.ts";
import type { Explanation } from "../../lib/answers/explain_model.ts";
import { readConfig } from "../../lib/policy/config.ts";
import { type CommandOf, remedyText } from "../../lib/render/commands.ts";
import { renderExplanation } from "../../lib/render/explanation.ts";
import { nameOf } from "../../lib/store/holders.ts";
import type { Severity } from "../../lib/verify/rule.ts";
import { RULES } from "../../lib/verify/rules.ts";
import type { Finding } from "../../lib/verify/verify_snapshot.ts";
import { ageBars } from "../../lib/view/age_bars.ts";
import { fitting, type Window, windowOf } from "../../lib/view/fit_window.ts";
import {
  countTurned,
  isLeftOut,
  rowOf,
  type RowsWanted,
  selectEntries,
  shownMetric,
  wordsToType,
} from "../../lib/view/plan_rows.ts";
import { changeText, flipValues } from "../../lib/view/flip_values.ts";
import { planStays, planTree } from "../../lib/view/plan_tree.ts";
import { configToCopy, policyControls } from "../../lib/view/policy_controls.ts";
import { policyYaml } from "../../lib/view/policy_yaml.ts";
import { shownText } from "../../lib/view/shown_text.ts";
import { experimentLink, runLink, viewExperiments } from "../../lib/view/view_store.ts";
import { majorityLines } from "../../lib/words/majority.ts";
import { reasonText } from "../../lib/words/reason.ts";
import { stopText } from "../../lib/words/stop.ts";
import { emptyPolicyLines, noteLines, totalsText } from "../../lib/words/totals.ts";
import type {
  Control,
  ExplainView,
  ExplanationView,
  FindingsView,
  FindingView,
  PlanView,
  RepairView,
  RowsView,
  StoreView,
} from "./messages.ts";
import type { Session, Shown, ShownRepair } from "./session.ts";
import type { ReadStore } from "./watch_store.ts";

const MOST_EXPERIMENTS = 1_000;

/**
 * Tells what the store holds.
 *
 * @param session The session.
 * @param read The store as it was read.
 * @returns The answer.
 */
export function storeView({ store, options }: Session, read: ReadStore): StoreView {
  const { location } = store.describe();
  const { snapshot, generation, bytes, findings, looksAhead } = read;
  const { mlflowUi, config, mayApply } = options;
  const { experiments, runs } = read.summary();
  const all = viewExperiments(snapshot, read.summary(), { mlflowUi, bytes });
  const shown = fitting(all, MOST_EXPERIMENTS);
  return {
    generation,
    location,
    kind: snapshot.backend === undefined
      ? "files"
      : snapshot.backend.server === undefined
      ? "database"
      : "server",
    readAt: snapshot.readAt,
    mayApply,
    may: {
      pin: mayApply && store.pinning !== null,
      repair: mayApply && store.mending !== null,
      restore: mayApply && store.backups !== null,
    },
    config: config?.path ?? null,
    totals: {
      runs: runs.total,
      deletedRuns: runs.deleted,
      byStatus: Object.fromEntries(Object.entries(runs.byStatus).filter(([, count]) => count > 0)),
      experiments: experiments.active + experiments.deleted,
      deletedExperiments: experiments.deleted,
      orphans: experiments.orphaned,
      bytes: read.total,
      unmeasured: read.unmeasured && shownText(read.unmeasured, 500),
    },
    experiments: shown,
    moreExperiments: all.length - shown.length,
    ages: ageBars(snapshot, store.now()),
    looksAhead,
    findings: findings && countFindings(findings),
  };
}

function countFindings(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

const MOST_BRANCHES = 1_000;
const MOST_LINES = 100;

/**
 * Tells what a plan does.
 *
 * @param session The session.
 * @param read The store as it was read.
 * @param shown The plan.
 * @returns The answer.
 */
export function planView(session: Session, read: ReadStore, shown: Shown): PlanView {
  const { plan, id, generation, basis, isOfFile } = shown;
  const { totals, stops = [] } = plan;
  const tree = planTree(plan);
  const branches = fitting(tree, MOST_BRANCHES);
  const listed = session.listed(read, plan);
  const { command, mayApply } = session.options;
  return {
    plan: id,
    generation,
    summary: totalsText(plan),
    totals: {
      actions: plan.actions.length,
      softDeleteRuns: totals.softDeleteRuns,
      purgeRuns: totals.purgeRuns,
      purgeExperiments: totals.purgeExperiments,
      purgeModels: totals.purgeLoggedModels ?? 0,
      quarantineOrphans: totals.quarantineOrphans,
      dropArtifacts: totals.dropArtifacts ?? 0,
      thinMetrics: totals.thinMetrics ?? 0,
      keptRuns: totals.keptRuns,
      bytesNow: totals.usage.bytes,
      bytesLater: bytesLater(read, shown),
    },
    tree: branches,
    moreBranches: tree.length - branches.length,
    stays: fitting(planStays(plan), MOST_LINES, 50_000),
    stops: stops.slice(0, MOST_LINES).map((stop) => shownText(stopText(stop), 500)),
    notes: notesOf(shown),
    turned: isOfFile ? null : countTurned(plan, listed.goesByFile),
    leftOut: plan.kept.filter(isLeftOut).length,
    controls: policyControls(basis, session.file),
    yaml: policyYaml(configToCopy(basis, readConfig("", ""))),
    words: wordsToType(plan),
    command: command(mayApply ? "cleanup:apply" : "apply plan.json"),
  };
}

/** What is soft-deleted takes its place until it is purged. */
function bytesLater({ bytes }: ReadStore, { plan }: Shown): number | null {
  if (bytes === null) return plan.totals.later?.bytes ?? null;
  return plan.actions.reduce(
    (sum, { kind, path }) => kind === "soft-delete-run" ? sum + (bytes.get(path) ?? 0) : sum,
    0,
  );
}

function notesOf({ plan }: Shown): readonly string[] {
  const more = (count: number) => count > 0 ? [`and ${count} more`] : [];
  return [...emptyPolicyLines(plan), ...majorityLines(plan, 10, more), ...noteLines(plan)]
    .slice(0, MOST_LINES).map((line) => shownText(line.trim(), 500));
}

/**
 * Lists rows of a plan.
 *
 * @param session The session.
 * @param read The store as it was read.
 * @param shown The plan.
 * @param wanted Which rows, and in which order.
 * @param window Which part of them.
 * @returns The answer.
 */
export function rowsView(
  session: Session,
  read: ReadStore,
  { plan }: Shown,
  wanted: RowsWanted,
  window: Window,
): RowsView {
  const listed = session.listed(read, plan);
  const { total, shown } = windowOf(
    selectEntries(listed, wanted),
    window,
    (entry) => rowOf(entry, listed),
  );
  return { total, rows: shown, metric: shownMetric(listed) };
}

/**
 * Explains why something goes or stays.
 *
 * @param session The session.
 * @param read The store as it was read.
 * @param shown The plan.
 * @param subject What is meant.
 * @returns The answer.
 */
export function explainView(
  { store, options, file }: Session,
  { snapshot }: ReadStore,
  { policy, plan, basis, leftOut }: Shown,
  subject: string,
): ExplainView {
  const controls = policyControls(basis, file);
  const { explanations, candidates } = explainSubject(
    snapshot,
    subject,
    policy,
    { now: plan.plannedAt, kinds: store.changes?.kinds },
    // What was left out is explained by the policy as well, and that alone would take it.
    leftOut.length === 0 ? plan : undefined,
  );
  const named = fitting(
    candidates.values().map((one) => ({
      path: one.path,
      name: shownText("name" in one ? one.name : nameOf(one)),
    })),
    MOST_LINES,
  );
  return {
    explanations: explanations.map((one) => explanationView(one, controls, options.mlflowUi)),
    candidates: named,
    more: candidates.length - named.length,
  };
}

function explanationView(
  one: Explanation,
  controls: readonly Control[],
  mlflowUi: string | null,
): ExplanationView {
  const { subject, path, experimentId, verdict, reasons, flip } = one;
  const name = shownText(one.name);
  const experiment = one.experiment === null ? null : shownText(one.experiment);
  const id = subject === "run"
    ? one.runId
    : subject === "logged-model"
    ? one.modelId
    : experimentId;
  return {
    path,
    kind: subject,
    id: shownText(id),
    name,
    experiment: subject === "experiment" ? null : experiment,
    verdict,
    reasons: reasons.slice(0, MOST_LINES).map((reason) => shownText(reasonText(reason), 500)),
    flip: flip === null ? null : {
      changes: flip.changes.map((change) => shownText(changeText(change), 500)),
      others: flip.others,
      values: flipValues(flip.changes, controls),
    },
    text: renderExplanation({ ...one, name, experiment }).split("\n").slice(0, MOST_LINES)
      .map((line) => shownText(line, 500)).join("\n"),
    link: subject === "run"
      ? runLink(mlflowUi, experimentId, one.runId)
      : subject === "experiment"
      ? experimentLink(mlflowUi, experimentId)
      : null,
  };
}

/**
 * Lists what is broken.
 *
 * @param session The session.
 * @param found What is broken.
 * @param severity Only findings of this severity; `null`: all.
 * @param window Which part of them.
 * @returns The answer.
 */
export function findingsView(
  { options }: Session,
  found: readonly Finding[],
  severity: string | null,
  window: Window,
): FindingsView {
  const wanted = severity === null ? found : found.filter((one) => one.severity === severity);
  const { total, shown } = windowOf(wanted, window, (one) => findingView(one, options.command));
  return { total, findings: shown };
}

function findingView(finding: Finding, command: CommandOf): FindingView {
  const { rule, severity, path, message, remedy } = finding;
  const text = remedyText(remedy, command);
  return {
    rule,
    severity,
    path: shownText(path, 500),
    message: shownText(message, 1_000),
    mlflow: shownText(RULES.find(({ id }) => id === rule)?.describes ?? "", 500),
    remedy: text === null ? null : shownText(text, 1_000),
    here: placeOfRemedy(remedy),
  };
}

function placeOfRemedy(remedy: Finding["remedy"]): FindingView["here"] {
  if (remedy?.kind === "repair") return remedy.relocate || remedy.dropLines ? null : "repair";
  // The purge of one experiment alone is another plan than that of the page.
  return remedy?.kind === "cleanup" && remedy.experimentId === undefined ? "plan" : null;
}

/**
 * Lists the repairs that are provable.
 *
 * @param session The session.
 * @param read The store as it was read.
 * @param shown The plan of repairs.
 * @param window Which part of them.
 * @returns The answer.
 */
export function repairView(
  session: Session,
  read: ReadStore,
  { id, plan }: ShownRepair,
  window: Window,
): RepairView {
  const listed = session.listed(read, plan);
  const { total, shown } = windowOf(plan.actions, window, (entry) => rowOf(entry, listed));
  return {
    plan: id,
    summary: totalsText(plan),
    total,
    rows: shown,
    stays: plan.kept.length,
    words: wordsToType(plan),
    command: session.options.command("repair:apply"),
  };
}
