/**
 * What a task has left behind for whoever is told of it: its report, as it was saved, and the findings of
 * `verify`. A report may be missing, cut off or of a version that nobody knows: then less is told.
 *
 * @module
 */

import { isActionKind } from "../plan/action_kind.ts";
import type { Stop } from "../plan/plan.ts";
import type { ActionOutcome, ApplyReport } from "../plan/report.ts";
import { isCount, isFlag, isRecord, isText, isTime } from "../text/json.ts";

/** How many runs a store has. */
export interface RunCount {
  /** Runs that MLflow shows. */
  readonly active: number;
  /** Soft-deleted runs. */
  readonly deleted: number;
}

/** One finding, as far as it is told. */
export interface ToldFinding {
  /** The id of the rule. */
  readonly rule: string;
  /** `error`, `warning` or `info`. */
  readonly severity: string;
  /** Where, in the store. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
}

/** What is known of how a task has ended. */
export interface Told {
  /** As it is typed, or as its report names it; `null` where nobody says. */
  readonly task: string | null;
  /** The store's location; `null` where nobody says. */
  readonly store: string | null;
  /** Epoch ms; `null` where nobody says. */
  readonly startedAt: number | null;
  /** Epoch ms; `null` where nobody says. */
  readonly finishedAt: number | null;
  /** The code that the task ended with; `null` where nobody says. */
  readonly exitCode: number | null;
  /** Whether that code is of a program that the task has run, which may mean anything by it. */
  readonly isOfProgram: boolean;
  /** Why it failed; `null` where it got to the end of its work. */
  readonly error: { readonly name: string; readonly message: string } | null;
  /** How many runs the store had, and has; `null` where nobody says. */
  readonly runs: { readonly before: RunCount; readonly after: RunCount } | null;
  /** What came of each action. */
  readonly outcomes: readonly ActionOutcome[];
  /** What was planned and is not done. */
  readonly pending: number;
  /** Bytes that left the store; `null` where nobody says. */
  readonly bytes: number | null;
  /** Bytes that will leave it once what was soft-deleted is purged; `null` where nobody says. */
  readonly later: number | null;
  /** Where what was taken away lies; `null` where nothing was kept. */
  readonly backup: ApplyReport["backup"];
  /** What was brought back. */
  readonly restored: number;
  /** Whether all that was planned was done. */
  readonly complete: boolean;
  /** Why the plan must not be applied. */
  readonly stops: readonly Stop[];
  /** The command that undoes it; `null` where there is none. */
  readonly undo: string | null;
  /** What `verify` found; `null` where it was not asked. */
  readonly findings: readonly ToldFinding[] | null;
  /** Why there is no report, or none that can be read; `null` where there is one. */
  readonly unread: string | null;
}

/** What is known where nothing was said. */
export const NOTHING_TOLD: Told = {
  task: null,
  store: null,
  startedAt: null,
  finishedAt: null,
  exitCode: null,
  isOfProgram: false,
  error: null,
  runs: null,
  outcomes: [],
  pending: 0,
  bytes: null,
  later: null,
  backup: null,
  restored: 0,
  complete: true,
  stops: [],
  undo: null,
  findings: null,
  unread: null,
};

/**
 * Reads a report: what `--report` saves, or what a task prints with `--json`.
 *
 * @param text The document.
 * @returns What it tells; `unread` says why, where it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const told = readTold('{"schema":"mltidy/prune/v1","task":"prune","actions":[{},{}]}');
 * assertEquals([told.task, told.pending], ["prune", 2]);
 * assertEquals(readTold('{"schema":"mlti').unread, "the report is no JSON: it may be cut off");
 * ```
 */
export function readTold(text: string): Told {
  const document = parse(text);
  if (document === undefined) {
    const unread = text.trim() === ""
      ? "the report is empty"
      : "the report is no JSON: it may be cut off";
    return { ...NOTHING_TOLD, unread };
  }
  if (!isRecord(document) || !/^mltidy\//.test(`${document["schema"]}`)) {
    return { ...NOTHING_TOLD, unread: "the report is no document of mltidy's" };
  }
  return document["schema"] === "mltidy/report/v1" ? ofReport(document) : ofResult(document);
}

/**
 * Adds what `verify --json` found.
 *
 * @param told What is known.
 * @param text The document.
 * @returns The same with the findings; `unread` says why, where it is none.
 */
export function withFindings(told: Told, text: string): Told {
  const { findings, unread, store } = readTold(text);
  const why = unread?.replace("the report", "the list of findings") ??
    (findings === null ? "the list of findings has none" : null);
  return {
    ...told,
    store: told.store ?? store,
    findings,
    unread: told.unread ?? why,
  };
}

type Document = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ofReport(document: Document): Told {
  const { result, runs, error, plan, undo } = document;
  const inner = isRecord(result) ? ofResult(result) : NOTHING_TOLD;
  const [before, after] = isRecord(runs) ? [countOf(runs["before"]), countOf(runs["after"])] : [];
  return {
    ...inner,
    task: textOf(document["task"]) ?? inner.task,
    store: textOf(document["store"]) ?? inner.store,
    startedAt: timeOf(document["startedAt"]),
    finishedAt: timeOf(document["finishedAt"]),
    exitCode: isCount(document["exitCode"]) ? document["exitCode"] : null,
    error: isRecord(error) && isText(error["message"])
      ? { name: `${error["name"]}`, message: error["message"] }
      : null,
    runs: before && after ? { before, after } : null,
    stops: isRecord(plan) ? stopsOf(plan["stops"]) : inner.stops,
    later: isRecord(plan) ? laterOf(plan["totals"]) : inner.later,
    undo: textOf(undo),
    // How the task has ended stands around its result, of whatever kind that is.
    unread: null,
  };
}

function ofResult(document: Document): Told {
  const told = {
    ...NOTHING_TOLD,
    task: textOf(document["task"]) ?? /^mltidy\/([\w-]+)\//.exec(`${document["schema"]}`)?.[1] ??
      null,
    store: textOf(document["store"]),
  };
  switch (document["schema"]) {
    case "mltidy/apply/v1":
      return ofApply(told, document);
    case "mltidy/verify/v1":
      return { ...told, findings: findingsOf(document["findings"]) };
    case "mltidy/cleanup/v1":
    case "mltidy/prune/v1":
    case "mltidy/repair/v1":
      return {
        ...told,
        pending: listOf(document["actions"]).length,
        stops: stopsOf(document["stops"]),
        later: laterOf(document["totals"]),
      };
    case "mltidy/run/v1":
      return { ...told, isOfProgram: true };
    case "mltidy/preflight/v1":
      return ofPreflight(told, document);
    case "mltidy/restore/v1":
      return {
        ...told,
        restored: isCount(document["changes"]) && document["dryRun"] !== true
          ? document["changes"]
          : 0,
      };
    default:
      return { ...told, unread: "the report is of a kind that this version of mltidy cannot read" };
  }
}

function ofApply(told: Told, document: Document): Told {
  const { backup, totals } = document;
  const usage = isRecord(totals) ? totals["usage"] : null;
  return {
    ...told,
    startedAt: timeOf(document["startedAt"]),
    finishedAt: timeOf(document["finishedAt"]),
    outcomes: listOf(document["outcomes"]).filter(isOutcome),
    bytes: isRecord(usage) && isCount(usage["bytes"]) ? usage["bytes"] : null,
    backup: isRecord(backup) && isText(backup["id"]) && isText(backup["path"])
      ? {
        id: backup["id"],
        path: backup["path"],
        ...(isText(backup["problem"]) ? { problem: backup["problem"] } : {}),
      }
      : null,
    complete: isFlag(document["complete"]) ? document["complete"] : true,
  };
}

function ofPreflight(told: Told, document: Document): Told {
  const { done, pending } = document;
  const reports = isRecord(done)
    ? Object.values(done).filter(isRecord).map((one) => ofApply(NOTHING_TOLD, one))
    : [];
  const sizes = reports.flatMap(({ bytes }) => bytes === null ? [] : [bytes]);
  return {
    ...told,
    outcomes: reports.flatMap(({ outcomes }) => outcomes),
    bytes: sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0),
    backup: reports.findLast(({ backup }) => backup !== null)?.backup ?? null,
    complete: reports.every(({ complete }) => complete),
    pending: isRecord(pending)
      ? Object.values(pending).filter(isCount).reduce((sum, count) => sum + count, 0)
      : 0,
    findings: findingsOf(document["errors"]),
  };
}

function isOutcome(value: unknown): value is ActionOutcome {
  return isRecord(value) && isActionKind(value["kind"]) && isText(value["path"]) &&
    ["applied", "skipped", "failed", "not-run"].includes(`${value["outcome"]}`);
}

function findingsOf(value: unknown): readonly ToldFinding[] {
  return listOf(value).filter(isRecord).map((one) => ({
    rule: `${one["rule"]}`,
    severity: `${one["severity"]}`,
    path: `${one["path"]}`,
    message: `${one["message"]}`,
  }));
}

/** What a newer version stops for has no words here. */
function stopsOf(value: unknown): readonly Stop[] {
  const known: Readonly<Record<Stop["kind"], true>> = {
    "max-share": true,
    "max-runs": true,
    "empties-protected": true,
    "database-unreadable": true,
    "partial-view": true,
  };
  return listOf(value).filter((one): one is Stop =>
    isRecord(one) && Object.hasOwn(known, `${one["kind"]}`)
  );
}

function laterOf(totals: unknown): number | null {
  const later = isRecord(totals) ? totals["later"] : null;
  return isRecord(later) && isCount(later["bytes"]) ? later["bytes"] : null;
}

function countOf(value: unknown): RunCount | null {
  if (!isRecord(value)) return null;
  const { active, deleted } = value;
  return isCount(active) && isCount(deleted) ? { active, deleted } : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | null {
  return isText(value) && value !== "" ? value : null;
}

function timeOf(value: unknown): number | null {
  return isTime(value) ? value : null;
}
