/**
 * Logging to a run that never throws: what goes wrong is an outcome, counted and told once.
 *
 * @module
 */

import { percentDecoded } from "../../lib/store/artifact_uri.ts";
import type { RunStatus } from "../../lib/store/snapshot.ts";
import type { Dataset, MetricPoint } from "../../lib/store/tracking_model.ts";
import type { LogOutcome, LogProblem } from "../../lib/tracking/log_outcome.ts";
import {
  artifactPathFault,
  datasetFault,
  entriesOf,
  keyFault,
  LOGGING_LIMITS,
  storedPoint,
  storedText,
} from "../../lib/tracking/logging_rules.ts";
import { takeTurns } from "../_io/take_turns.ts";
import type { ArtifactContent, Placement, TrackedRun } from "../ports/tracking.ts";
import { type Fault, logAll, logEntry, type LoggedRun, noteOf } from "./log_entry.ts";
import { openProblemLedger, type ProblemLedgerOptions } from "./problem_ledger.ts";
import type { InputOptions, LogValue, MetricEntry, MetricOptions, RunLog } from "./run_log.ts";

/** How to log. */
export interface RunLogOptions extends ProblemLedgerOptions {
  /** The clock, epoch ms. */
  readonly now: () => number;
}

/** A log, and what the run needs of it besides. */
export interface OpenRunLog extends RunLog {
  /** Counts a problem among the run's. */
  count(problem: LogProblem): void;
  /** From now on everything is `run-ended`. */
  close(status: RunStatus): void;
}

/**
 * Opens a run's log.
 *
 * @param tracked The run.
 * @param options How to log.
 * @returns The log.
 */
export function openRunLog(tracked: TrackedRun, options: RunLogOptions): OpenRunLog {
  const ledger = openProblemLedger(options);
  let ended: RunStatus | null = null;
  const run = { tracked, ledger, now: options.now, ended: () => ended, turn: takeTurns() };
  const all = (subject: string, work: () => Promise<readonly LogOutcome[]>) =>
    logAll(ledger, subject, work);
  const one = async (subject: string, work: () => Promise<LogOutcome>): Promise<LogOutcome> =>
    (await all(subject, async () => [await work()]))[0]!;
  const param = (key: string, value: LogValue) => logParam(run, key, value);
  const tag = (key: string, value: LogValue) => setTag(run, key, value);
  return {
    get problems() {
      return ledger.problems;
    },
    logParam: (key, value) => one("parameter", () => param(key, value)),
    logParams: (params) => all("parameters", () => each(params, param)),
    logMetric: (key, value, options) => one("metric", () => logMetric(run, key, value, options)),
    logMetrics: (metrics, options) => all("metrics", () => logMetrics(run, metrics, options)),
    setTag: (key, value) => one("tag", () => tag(key, value)),
    setTags: (tags) => all("tags", () => each(tags, tag)),
    logArtifact: (path, directory) => one("artifact", () => logArtifact(run, path, directory)),
    logText: (text, path) => one("artifact", () => logFile(run, path, textContent(text), "text")),
    logDict: (value, path) => one("artifact", () => logFile(run, path, jsonOf(value))),
    logBytes: (bytes, path) =>
      one("artifact", () => {
        return logFile(run, path, bytes instanceof Uint8Array ? { bytes } : null, "a Uint8Array");
      }),
    logInput: (dataset, options) => one("dataset", () => logInput(run, dataset, options)),
    count: ledger.count,
    close: (status) => {
      ended = status;
    },
  };
}

async function put(
  run: LoggedRun,
  what: "parameter" | "tag",
  key: string,
  value: unknown,
  write: (text: string) => Promise<Placement>,
): Promise<LogOutcome> {
  const limit = what === "tag" ? LOGGING_LIMITS.tag : LOGGING_LIMITS.param;
  const stored = storedText(value, limit);
  const noText = stored === null
    ? ["bad-value", "expected a value that has a text"] as const
    : null;
  const cut = stored?.cut ?? null;
  return await logEntry(run, {
    subject: () => `${what} ${JSON.stringify(key)}`,
    key,
    fault: badKey(key) ?? noText,
    write: () => write(stored?.text ?? ""),
    note: noteOf("truncated", key, cut && `Cut ${what} ${JSON.stringify(key)}: ${cut}`),
  });
}

async function logParam(run: LoggedRun, key: string, value: LogValue): Promise<LogOutcome> {
  let late: string | null = null;
  try {
    return await put(run, "parameter", key, value, async (text) => {
      const placement = await run.tracked.logParam(key, text);
      if (placement.placed === "differs") late = text;
      return placement;
    });
  } finally {
    if (late !== null) await markConflict(run, key, late);
  }
}

/** Its failure is not worth a problem: there is one already. */
async function markConflict(run: LoggedRun, key: string, late: string): Promise<void> {
  const tag = `mltidy.param_conflict.${key}`;
  if (keyFault(tag) === null) await run.tracked.setTag(tag, late).catch(() => {});
}

async function setTag(run: LoggedRun, key: string, value: LogValue): Promise<LogOutcome> {
  return await put(run, "tag", key, value, async (text) => {
    if (key !== "mlflow.runName") return await run.tracked.setTag(key, text);
    await run.tracked.rename(text);
    return { placed: "logged", twin: null };
  });
}

async function logMetric(
  run: LoggedRun,
  key: string,
  value: number,
  options?: MetricOptions | null,
): Promise<LogOutcome> {
  const { step = 0, timestamp = run.now() } = options ?? {};
  const stored = storedPoint(value, timestamp, step);
  return stored.ok
    ? await logPoints(run, key, [stored.point], roundedNote(key, stored.rounded))
    : await logPoints(run, key, [], null, ["bad-value", stored.fault]);
}

async function logPoints(
  run: LoggedRun,
  key: string,
  points: readonly MetricPoint[],
  note: LogProblem | null = null,
  fault: Fault | null = null,
): Promise<LogOutcome> {
  return await logEntry(run, {
    subject: () => `metric ${JSON.stringify(key)}`,
    key,
    fault: badKey(key) ?? fault,
    write: () => run.tracked.logMetric(key, points),
    note,
  });
}

async function logMetrics(
  run: LoggedRun,
  metrics: Readonly<Record<string, number>> | readonly MetricEntry[],
  options?: MetricOptions | null,
): Promise<readonly LogOutcome[]> {
  const time = run.now();
  const entries = isList(metrics)
    ? metrics
    : entriesOf(metrics).map(([key, value]) => ({ key, value }));
  const batches = new Map<string, MetricPoint[]>();
  const checked = entries.map((entry) => {
    const { key, value, step = 0, timestamp = time } = { ...options, ...entry };
    const stored = storedPoint(value, timestamp, step);
    if (stored.ok) {
      const batch = batches.get(key) ?? [];
      batch.push(stored.point);
      batches.set(key, batch);
    }
    return { key, stored };
  });
  const outcomes = new Map<string, LogOutcome>();
  for (const [key, points] of batches) outcomes.set(key, await logPoints(run, key, points));
  const all: LogOutcome[] = [];
  for (const { key, stored } of checked) {
    const outcome = outcomes.get(key);
    if (!stored.ok) {
      all.push(await logPoints(run, key, [], null, ["bad-value", stored.fault]));
    } else if (outcome?.outcome === "logged" && stored.rounded !== null) {
      all.push(run.ledger.conclude({ ...outcome, problem: roundedNote(key, stored.rounded) }));
    } else if (outcome !== undefined) {
      all.push(outcome);
    }
  }
  return all;
}

async function logFile(
  run: LoggedRun,
  path: string,
  content: ArtifactContent | null,
  expected = "a value for JSON",
): Promise<LogOutcome> {
  const fault = artifactPathFault(path);
  const source = content !== null && "path" in content ? content.path : null;
  const badPath = fault === null ? null : ["artifact", fault] as const;
  return await logEntry(run, {
    subject: () => `artifact ${JSON.stringify(path)}${source === null ? "" : ` from ${source}`}`,
    key: path,
    fault: badPath ?? (content === null ? ["bad-value", `expected ${expected}`] : null),
    // Without content the fault above has refused it.
    write: () => run.tracked.logArtifact(path, content ?? { bytes: new Uint8Array() }),
    failure: (error) =>
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotSupported
        ? "artifact"
        : "write-failed",
  });
}

async function logArtifact(
  run: LoggedRun,
  path: string | URL,
  directory?: string,
): Promise<LogOutcome> {
  const isFileUrl = path instanceof URL && path.protocol === "file:";
  if (!isFileUrl && typeof path !== "string") {
    throw new TypeError(`expected a path or a file URL, found ${path}`);
  }
  const source = String(path);
  const last = source.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  const name = isFileUrl ? percentDecoded(last) : last;
  return await logFile(run, directory ? `${directory}/${name}` : name, { path: source });
}

async function logInput(
  run: LoggedRun,
  dataset: Dataset,
  options?: InputOptions | null,
): Promise<LogOutcome> {
  const { context, tags } = options ?? {};
  const every = new Map(Object.entries(tags ?? {}));
  if (context !== undefined) every.set("mlflow.data.context", context);
  const fault = datasetFault(dataset, every);
  const name = typeof dataset?.name === "string" ? dataset.name : "";
  return await logEntry(run, {
    subject: () => `dataset ${JSON.stringify(name)}`,
    key: name,
    fault: fault === null ? null : ["bad-value", fault],
    write: () => run.tracked.logInput(dataset, every),
  });
}

async function each(
  values: Readonly<Record<string, LogValue>>,
  log: (key: string, value: LogValue) => Promise<LogOutcome>,
): Promise<readonly LogOutcome[]> {
  const outcomes: LogOutcome[] = [];
  for (const [key, value] of entriesOf(values)) outcomes.push(await log(key, value));
  return outcomes;
}

function textContent(text: unknown): ArtifactContent | null {
  return typeof text === "string" ? { bytes: new TextEncoder().encode(text) } : null;
}

function jsonOf(value: unknown): ArtifactContent | null {
  try {
    return textContent(JSON.stringify(value, null, 2));
  } catch {
    return null;
  }
}

function badKey(key: string): Fault | null {
  const fault = keyFault(key);
  return fault === null ? null : ["bad-key", fault];
}

function roundedNote(key: string, rounded: string | null): LogProblem | null {
  return noteOf("rounded", key, rounded && `Rounded metric ${JSON.stringify(key)}: ${rounded}`);
}

function isList(
  metrics: Readonly<Record<string, number>> | readonly MetricEntry[],
): metrics is readonly MetricEntry[] {
  return Array.isArray(metrics);
}
