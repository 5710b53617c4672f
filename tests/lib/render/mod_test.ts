/** Every table of every task, from narrow to wide: nothing is cut, and no line leaves the terminal. */

import { assert, assertEquals } from "@std/assert";
import { comparePlans } from "../../../lib/answers/compare_plans.ts";
import { explainRun } from "../../../lib/answers/explain_run.ts";
import { summarize } from "../../../lib/answers/summarize.ts";
import type { BackupListing } from "../../../lib/backup/backup.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { Action, CleanupPlan } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { reportOutcomes } from "../../../lib/plan/report_outcomes.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import {
  renderBackupList,
  renderChecks,
  renderComparison,
  renderCopy,
  renderExpiry,
  renderExplanation,
  renderFindings,
  renderHistory,
  renderPlan,
  renderPreflight,
  renderReport,
  renderRestore,
  renderRules,
  renderSummary,
} from "../../../lib/render/mod.ts";
import { asExperimentId, asStorePath } from "../../../lib/store/path.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import type { RenderOptions } from "../../../lib/text/style.ts";
import { textWidth } from "../../../lib/text/terminal_text.ts";
import { RULES } from "../../../lib/verify/rules.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { nextCommand } from "../../../tasks/_cli/run/next_command.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const WIDTHS = [60, 80, 100, 120, 200];

const PLACE = "/home/kim/프로젝트 2026/mlruns";
const WIDE = "이름이 아주 길어서 좁은 단말기 한 줄에는 도저히 다 들어갈 수 없는 실험 하나";
const NAMES = [WIDE, "감성분석", "추천 시스템 v2", "speech-to-text: whisper"];
const EXPERIMENTS = ["0", "284451880179339498", "846923820429649724", "249820082127168971"];

const OLD = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };

const STORE: StoreSnapshot<"tags"> = deepFreeze(snapshot({
  experiments: EXPERIMENTS.map((id, index) =>
    experiment({
      id,
      name: NAMES[index]!,
      runs: [
        ...["KoELECTRA 미세조정 35차", "", WIDE].map((name, number) =>
          run({ id: runId(100 * index + number + 1), experimentId: id, name, ...OLD })
        ),
        run({ id: runId(100 * index + 9), experimentId: id, name: "운영 모델", ...OLD }),
        run({ id: runId(100 * index + 10), experimentId: id, name: "젊은 실행" }),
        run({ id: runId(100 * index + 12), experimentId: id, status: "RUNNING", endTime: null }),
        deletedRun({ id: runId(100 * index + 11), experimentId: id, deletedTime: NOW - 40 * DAY }),
      ],
      damagedRuns: [damagedRun({ id: runId(100 * index + 50), experimentId: id })],
    })
  ),
  orphans: [
    orphan({ newestChange: NOW - 60 * DAY }),
    orphan({ id: "70e4cbddb9bd4af6aa8bc94b7da92397", foreign: ["메모/실험 노트.txt"] }),
  ],
  registeredModels: [registeredModel({
    name: "수요예측",
    versions: [modelVersion({ runId: runId(9) })],
  })],
}));

const POLICY = policyOfAges();
const PLAN = planCleanup(STORE, POLICY, { now: NOW });
const command = nextCommand({
  config: "우리 팀.yaml",
  backups: null,
  store: PLACE,
  trackingUri: PLACE,
});

interface Shown {
  readonly render: (options: RenderOptions) => string;
  /** What somebody may type again: it is never broken. */
  readonly typed: readonly string[];
}

const BACKUPS: readonly BackupListing[] = [
  {
    kind: "copy",
    id: "20261101T000000Z-backup",
    path: `${PLACE}/a`,
    createdAt: NOW - 2 * DAY,
    scope: { kind: "run", id: runId(1) },
    files: 12_000,
    bytes: 2048,
    sharedBytes: 0,
  },
  {
    kind: "change",
    id: "20261001T000000Z-cleanup",
    path: `${PLACE}/b`,
    task: "cleanup",
    createdAt: NOW - 31 * DAY,
    changes: 1_433,
    files: 4,
    bytes: 100,
    undoing: { possible: 1_001, waiting: 202, gone: 130 },
  },
  { kind: "damaged", id: "20260901T000000Z-repair", path: "", message: `no JSON in ${PLACE}` },
];

const FAULTS = Array.from({ length: 30 }, (_, index) => ({
  path: `${EXPERIMENTS[1]}/${runId(index)}/artifacts/모델/가중치.bin`,
  kind: "changed" as const,
  message: "expected 2 bytes, found 3, and this is told in many words that have to be folded",
}));

const FAULT_PATHS = FAULTS.map(({ path }) => path);

const BACKUP = {
  id: "20261101T000000Z-cleanup",
  path: `${PLACE}/.mltidy.trash/backups/20261101T000000Z-cleanup`,
  problem: "No space left on device",
};

const REPORT = reportOutcomes(PLAN, {
  startedAt: 0,
  finishedAt: 1,
  backup: BACKUP,
  outcomes: PLAN.actions.map(({ kind, path }, index): ActionOutcome =>
    index % 2 === 0
      ? {
        kind,
        path,
        outcome: "failed",
        message: "Permission denied (os error 13): it is read-only",
      }
      : { kind, path, outcome: "skipped", because: "changed-since-plan" }
  ),
});

const REPAIRS: CleanupPlan = {
  ...PLAN,
  actions: [1, 2].map((number): Action => ({
    kind: "write-meta",
    path: asStorePath(`${EXPERIMENTS[1]}/${runId(number)}`),
    name: NAMES[2]!,
    file: "meta.yaml",
    text: "",
    isNew: true,
    tag: null,
    reasons: [
      { kind: "broken", message: "meta.yaml does not exist; MLflow hides the run" },
      { kind: "evidence", of: "run_name", value: "calm-owl", from: "tag mlflow.runName" },
    ],
    usage: { bytes: 0, files: 0 },
    stamp: "absent",
  })),
};

const FINDINGS = verifySnapshot(STORE);
const COLLISIONS = FAULTS.map(({ path }) => `${path} is in the way of its copy in the backup`);
const RESTORE = {
  schema: "mltidy/restore/v1",
  store: PLACE,
  backup: BACKUPS[1]!,
  changes: 1_433,
  items: [],
  collisions: [],
  rescue: null,
  faults: [],
  dryRun: false,
  to: null,
  settled: [],
  remains: [],
} as const;

const runIds = STORE.experiments.flatMap(({ runs }) => runs.map(({ id }) => id));

const SHOWN: Readonly<Record<string, Shown>> = {
  "summary": {
    render: (options) => renderSummary(summarize(STORE), { ...options, command }),
    typed: [...NAMES, ...EXPERIMENTS, command("cleanup"), command("verify")],
  },
  "summary of sizes": {
    render: (options) => renderSummary(summarize(STORE, { by: "size" }), options),
    typed: [...NAMES, ...EXPERIMENTS],
  },
  "verify": {
    render: (options) => renderFindings(FINDINGS, { ...options, command }),
    typed: [...FINDINGS.map(({ path }) => path), command("repair"), command("cleanup")],
  },
  "verify --rules": { render: renderRules, typed: RULES.map(({ id }) => id) },
  "cleanup": {
    render: (options) =>
      renderPlan(PLAN, { ...options, all: true, command, next: command("cleanup:apply") }),
    typed: [
      ...PLAN.actions.flatMap((one) => "runId" in one ? [one.runId, one.name] : [one.path]),
      ...PLAN.kept.map(({ path }) => path),
      command("cleanup:apply"),
      WIDE,
    ].filter((text) => text !== ""),
  },
  "repair": {
    render: (options) =>
      renderPlan(REPAIRS, { ...options, command, next: command("repair:apply") }),
    typed: [...REPAIRS.actions.flatMap(({ path, name }) => [path, name]), command("repair:apply")],
  },
  "cleanup --compare": {
    render: (options) =>
      renderComparison(
        comparePlans(
          STORE,
          PLAN,
          planCleanup(STORE, { ...POLICY, olderThan: 90 * DAY }, { now: NOW }),
        ),
        { ...options, all: true, other: "우리 팀.yaml" },
      ),
    typed: [WIDE, `${EXPERIMENTS[1]}/${runId(109)}`],
  },
  "cleanup:apply": {
    render: (options) =>
      renderReport(REPORT, { ...options, undo: command(`restore ${BACKUP.id}`) }),
    typed: [
      ...PLAN.actions.map(({ path }) => path),
      BACKUP.id,
      BACKUP.path,
      command(`restore ${BACKUP.id}`),
    ],
  },
  "explain": {
    render: (options) =>
      runIds.map((id) =>
        STORE.experiments.flatMap(({ runs }) => runs).find((one) => one.id === id)!
      )
        .map(({ path }) =>
          renderExplanation(explainRun(STORE, POLICY, { path, now: NOW }), options)
        )
        .join("\n"),
    typed: [...runIds, ...NAMES],
  },
  "backup": {
    render: (options) =>
      renderCopy({
        schema: "mltidy/backup/v1",
        kind: "copy",
        id: BACKUP.id,
        path: BACKUP.path,
        task: "backup",
        store: PLACE,
        createdAt: NOW,
        scope: { kind: "full" },
        totals: {
          directories: 9,
          files: 1_204,
          links: 1,
          bytes: 3 * 2 ** 20,
          shared: { files: 3, bytes: 9 },
        },
        entries: { count: 1_214, sha256: "" },
        changing: FAULTS.map(({ path }) => asStorePath(path)),
        leftOut: [{ path: FAULTS[0]!.path, because: "special", message: "it is a socket" }],
      }, options),
    typed: [BACKUP.path, ...FAULT_PATHS.slice(0, 20)],
  },
  "backup --list": {
    render: (options) =>
      renderBackupList(BACKUPS, { ...options, now: NOW }) +
      renderHistory({ records: 200_000, copies: 300_000, bytes: 9_000_000, newest: NOW }, options),
    typed: [...BACKUPS.map(({ id }) => id), runId(1)],
  },
  "backup --verify": {
    render: (options) =>
      renderChecks([
        { id: BACKUP.id, files: 30, bytes: 300, faults: FAULTS, leftOut: [] },
      ], options),
    typed: [BACKUP.id, ...FAULT_PATHS.slice(0, 20)],
  },
  "backup --expire": {
    render: (options) =>
      renderExpiry({
        schema: "mltidy/backup-expire/v1",
        store: PLACE,
        directory: `${PLACE}/.mltidy.trash/backups`,
        expired: [{
          id: BACKUPS[0]!.id,
          bytes: 2048,
          reasons: [{ kind: "older-than", age: 100 * DAY, limit: 90 * DAY }],
        }],
        kept: [{
          id: BACKUPS[1]!.id,
          reasons: [{
            kind: "only-copy",
            files: 1,
            bytes: 7,
            example: FAULTS[0]!.path,
            unsound: null,
          }],
        }],
        removed: [],
        dryRun: true,
        complete: true,
        expiredRecords: 9,
        settled: [],
        remains: [],
      }, options),
    typed: [BACKUPS[0]!.id, BACKUPS[1]!.id, FAULTS[0]!.path],
  },
  "restore": {
    render: (options) => renderRestore(RESTORE, options),
    typed: [BACKUPS[1]!.id],
  },
  "restore in a dry run": {
    render: (options) =>
      renderRestore({
        ...RESTORE,
        dryRun: true,
        items: FAULTS.map(({ path }) => ({ path, how: "returns" as const })),
      }, options),
    typed: [BACKUPS[1]!.id, ...FAULT_PATHS.slice(0, 10)],
  },
  "restore of what is in the way": {
    render: (options) =>
      renderRestore({ ...RESTORE, dryRun: true, collisions: COLLISIONS, faults: FAULTS }, options),
    typed: [BACKUPS[1]!.id, ...FAULT_PATHS.slice(0, 10)],
  },
  "preflight": {
    render: (options) =>
      renderPreflight({
        schema: "mltidy/preflight/v1",
        store: PLAN.store,
        ready: false,
        checked: true,
        looked: { rules: 130, mending: true },
        awaited: null,
        stood: null,
        summary: {
          experiments: { active: 4, deleted: 0, orphaned: 0 },
          runs: {
            total: 28,
            active: 28,
            deleted: 0,
            byStatus: { RUNNING: 0, SCHEDULED: 0, FINISHED: 28, FAILED: 0, KILLED: 0 },
          },
        },
        settled: [],
        remains: [],
        done: { repair: { ...REPORT, backup: BACKUP }, quarantine: null },
        pending: { repairs: 3, quarantines: 1 },
        left: PLAN.kept,
        errors: FINDINGS,
        findings: { error: 3, warning: 1, info: 0 },
        experiment: { experimentId: EXPERIMENTS[1]!, outcome: "created" },
        unnamed: [{
          experimentId: asExperimentId(EXPERIMENTS[2]!),
          name: "?",
          wanted: NAMES[2]!,
        }],
      }, { ...options, command }),
    typed: [
      command("preflight"),
      command("repair"),
      command("verify"),
      command(`restore ${BACKUP.id}`),
      command(`mlflow experiments delete --experiment-id ${EXPERIMENTS[1]}`),
      command(
        `mlflow experiments rename --experiment-id ${EXPERIMENTS[2]} --new-name '${NAMES[2]}'`,
      ),
      command(`mlflow experiments delete --experiment-id ${EXPERIMENTS[2]}`),
      ...PLAN.kept.slice(0, 5).map(({ path }) => path),
    ],
  },
};

for (const [task, { render, typed }] of Object.entries(SHOWN)) {
  Deno.test(`${task} cuts nothing, and no line leaves the terminal`, () => {
    const piped = render({});
    for (const each of typed) assert(piped.includes(each), `"${each}" is not in a pipe:\n${piped}`);
    for (const width of WIDTHS) {
      const text = render({ width });
      for (const each of typed) {
        assert(text.includes(each), `"${each}" is cut at ${width}:\n${text}`);
      }
      const wide = text.split("\n").filter((line) => textWidth(line) > width);
      assertEquals(
        wide.filter((line) => !typed.includes(bareOf(line))),
        [],
        `at ${width}:\n${text}`,
      );
      // deno-lint-ignore no-control-regex
      assertEquals(render({ width, color: true }).replace(/\x1b\[\d+m/g, ""), text);
      assert(!/\S…/.test(text), text);
    }
  });
}

/** What a line says without its sign and its full stop. */
function bareOf(line: string): string {
  return line.trim().replace(/^[~+>→-] /, "").replace(/[,.;:]$/, "").replace(/^`(.*)`$/, "$1");
}
