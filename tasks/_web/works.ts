/**
 * What can be carried out from the page: exactly the plan that is shown, repairs, taking something back, pinning.
 * All of it is done by the functions of the tasks.
 *
 * *Ordering*: under the lock the store is read and planned anew, at the moment of the plan that was shown and with
 * the same things left out; unless the very same actions come of that, nothing is done.
 *
 * *Locking*: see `plan_and_apply.ts`.
 *
 * *After an interruption*: see `apply_plan.ts`.
 *
 * @module
 */

import { planCleanupWithout } from "../../lib/cleanup/leave_out.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { renderReport } from "../../lib/render/report.ts";
import { renderRestore } from "../../lib/render/restore.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { plural } from "../../lib/text/units.ts";
import { listBackups } from "../backups/list_backups.ts";
import { restore } from "../backups/restore.ts";
import { decideAndApply, type PlanAndApplyResult } from "../plan_and_apply.ts";
import { repair } from "../repair.ts";
import type { Work, WorkTools } from "./carry_out.ts";
import type { RestoreRequest, WorkLine } from "./messages.ts";
import type { Session, Shown, ShownRepair } from "./session.ts";

/**
 * Carries out the plan that is shown.
 *
 * @param session The session.
 * @param shown The plan.
 * @returns The work.
 */
export function applying({ store, reading, options }: Session, shown: Shown): Work {
  const { plan: approved, policy, leftOut } = shown;
  return async (tools) =>
    lineOf(
      tools,
      await decideAndApply(store, "cleanup", async (from) => {
        const snapshot = await from.read({
          depth: "tags",
          ...reading,
          signal: tools.signal,
          onProgress: (runs) => tools.onProgress("Reading runs", runs),
        });
        const options = { now: approved.plannedAt, kinds: from.changes?.kinds };
        return { snapshot, plan: planCleanupWithout(snapshot, policy, options, leftOut) };
      }, { ...onlyThat(tools), approved, backups: placeOfChanges(store, options) }),
    );
}

/**
 * Carries out the repairs that are shown.
 *
 * @param session The session.
 * @param shown The plan of repairs.
 * @returns The work.
 */
export function repairing({ store, options }: Session, { plan: approved }: ShownRepair): Work {
  return async (tools) =>
    lineOf(
      tools,
      await repair(store, {
        ...onlyThat(tools),
        approved,
        backups: placeOfChanges(store, options),
      }),
    );
}

/** A store that keeps what is taken out of it beside itself has only its copies elsewhere. */
function placeOfChanges(
  { backups }: Session["store"],
  options: Session["options"],
): string | undefined {
  return backups?.elsewhere ? options.backups ?? undefined : undefined;
}

/** Whatever else the store would have done with it has not been shown to anybody. */
function onlyThat({ signal, onProgress, note }: WorkTools) {
  return {
    apply: true,
    approve: () => Promise.resolve(false),
    signal,
    onProgress,
    onFiles: filesTeller(onProgress),
    onRead: (snapshot: StoreSnapshot) => note({ snapshot }),
  };
}

function filesTeller(onProgress: WorkTools["onProgress"]) {
  return ({ step, files, total }: {
    readonly step: string;
    readonly files: number;
    readonly total: { readonly files: number } | null;
  }) => onProgress(`${step} files`, files, total?.files);
}

const OUTDATED: WorkLine = {
  work: "outdated",
  message:
    "The store has changed since this plan was made, so nothing was done; look at the plan as it is now",
};

function lineOf(
  { note }: WorkTools,
  { plan, report, settled, remains }: PlanAndApplyResult,
): WorkLine {
  if (report === null) return OUTDATED;
  note({ plan, settled, remains, result: report });
  return reportLine(report);
}

const MOST_NOTES = 20;

function reportLine(report: ApplyReport): WorkLine {
  const { applied, skipped, failed, notRun, usage } = report.totals;
  const lines = renderReport(report).trimEnd().split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => /^(Done|Nothing was changed)/.test(line));
  return {
    work: "done",
    summary: lines[at] ?? "",
    applied,
    skipped,
    failed,
    notRun,
    bytes: usage.bytes,
    backup: report.backup?.id ?? null,
    notes: lines.toSpliced(at, 1).filter((line) => !line.startsWith("Backup ")).slice(
      0,
      MOST_NOTES,
    ),
  };
}

/**
 * Takes back what a backup holds.
 *
 * @param session The session.
 * @param request Which backup, and what of it.
 * @returns The work.
 */
export function restoring({ store, options }: Session, request: RestoreRequest): Work {
  const { id, run } = request;
  return async ({ signal, onProgress, note }) => {
    onProgress(await bringingLabel(store, options, request), 0);
    const report = await restore(store, {
      id,
      ...(run === undefined ? {} : { run }),
      backups: options.backups ?? undefined,
      signal,
      onProgress: filesTeller(onProgress),
    });
    const { settled, remains } = report;
    note({ settled, remains, result: report });
    const [summary = "", ...notes] = renderRestore(report).trimEnd().split("\n");
    return {
      work: "done",
      summary,
      applied: report.changes,
      skipped: 0,
      failed: report.faults.length,
      notRun: 0,
      bytes: 0,
      backup: null,
      notes: notes.map((line) => line.trim()).slice(0, MOST_NOTES),
    };
  };
}

/** Not every kind of store counts what comes back, so that it is said at first how much that is. */
async function bringingLabel(
  store: Session["store"],
  options: Session["options"],
  { id, run }: RestoreRequest,
): Promise<string> {
  if (run !== undefined) return "Bringing back one run";
  const { backups } = await listBackups(store, { backups: options.backups ?? undefined });
  const backup = backups.find((one) => one.id === id);
  return backup?.kind === "change"
    ? `Bringing back ${plural(backup.changes, "change")}`
    : "Bringing it back";
}
