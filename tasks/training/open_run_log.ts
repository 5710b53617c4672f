/**
 * Logging to a run that never throws: what goes wrong is an outcome, counted and told once.
 *
 * @module
 */

import { percentDecoded } from "../../lib/store/artifact_uri.ts";
import type { RunStatus } from "../../lib/store/snapshot.ts";
import type { Dataset, MetricPoint } from "../../lib/store/tracking_model.ts";
import { quoteText } from "../../lib/text/quote_text.ts";
import {
  type CountedProblem,
  LoggingError,
  type LogOutcome,
  type LogProblem,
  type LogProblemKind,
} from "../../lib/tracking/log_outcome.ts";
import {
  artifactPathFault,
  datasetFault,
  entriesOf,
  keyFault,
  LOGGING_LIMITS,
  storedPoint,
  storedText,
} from "../../lib/tracking/logging_rules.ts";
import { failureText } from "../_io/read.ts";
import { takeTurns } from "../_io/take_turns.ts";
import type { ArtifactContent, Placement, TrackedRun } from "../ports/tracking.ts";
import type { InputOptions, LogValue, MetricEntry, MetricOptions, RunLog } from "./run_log.ts";

/** How to log. */
export interface RunLogOptions {
  /** The clock, epoch ms. */
  readonly now: () => number;
  /** Throw what was not logged. */
  readonly strict: boolean;
  /** Called with the first problem of each kind. */
  readonly warn: (message: string) => void;
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
  const { now, strict, warn } = options;
  const problems = new Map<string, CountedProblem>();
  const told = new Set<LogProblemKind>();
  let ended: RunStatus | null = null;
  const turn = takeTurns();

  function count(problem: LogProblem): void {
    const id = `${problem.kind} ${problem.key}`;
    problems.set(id, { ...problem, count: (problems.get(id)?.count ?? 0) + 1 });
  }

  /** Counts a problem and tells of it; throws it when the run is strict. */
  function conclude(outcome: LogOutcome): LogOutcome {
    const { problem } = outcome;
    if (problem === null) return outcome;
    count(problem);
    if (!told.has(problem.kind)) {
      told.add(problem.kind);
      tell(warn, `${problem.message} (${problem.kind}: told once, then only counted)`);
    }
    if (strict && outcome.outcome === "not-logged") throw new LoggingError(problem);
    return outcome;
  }

  /** What nobody waits for is logged all the same, so signals get their turn behind it. */
  async function log(entry: Entry): Promise<LogOutcome> {
    const outcome = await outcomeOf(entry);
    await turn();
    return outcome;
  }

  /** Does something and turns whatever comes of it into an outcome. */
  async function outcomeOf(entry: Entry): Promise<LogOutcome> {
    const { key, note = null } = entry;
    const refuse = (kind: LogProblemKind, reason: string) => {
      const outcome = notLogged(kind, key, `Cannot log ${entry.subject()}: ${reason}`);
      // Who was killed in the middle of the training has other worries.
      return ended === "KILLED" && !strict ? outcome : conclude(outcome);
    };
    if (ended !== null) return refuse("run-ended", `the run has ended ${ended}`);
    const [fault, reason] = entry.fault ?? [];
    if (fault !== undefined && reason !== undefined) return refuse(fault, reason);
    try {
      const placement = await entry.write();
      switch (placement.placed) {
        case "blocked":
          return refuse("key-collision", `${JSON.stringify(placement.by)} is in its way`);
        case "differs": {
          const { existing, wanted } = placement;
          const reason = `the first value ${quoteText(existing)} stays, not ${quoteText(wanted)}`;
          return refuse("param-conflict", reason);
        }
        case "logged":
        case "unchanged":
          return conclude({
            outcome: placement.placed,
            key,
            problem: note ?? twinNote(entry, placement.twin),
          });
      }
    } catch (error) {
      if (error instanceof LoggingError) throw error;
      return refuse(entry.failure?.(error) ?? "write-failed", failureText(error));
    }
  }

  async function put(
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
    return await log({
      subject: () => `${what} ${JSON.stringify(key)}`,
      key,
      fault: badKey(key) ?? noText,
      write: () => write(stored?.text ?? ""),
      note: noteOf("truncated", key, cut && `Cut ${what} ${JSON.stringify(key)}: ${cut}`),
    });
  }

  async function logParam(key: string, value: LogValue): Promise<LogOutcome> {
    let late: string | null = null;
    try {
      return await put("parameter", key, value, async (text) => {
        const placement = await tracked.logParam(key, text);
        if (placement.placed === "differs") late = text;
        return placement;
      });
    } finally {
      if (late !== null) await markConflict(key, late);
    }
  }

  /** Its failure is not worth a problem: there is one already. */
  async function markConflict(key: string, late: string): Promise<void> {
    const tag = `mltidy.param_conflict.${key}`;
    if (keyFault(tag) === null) await tracked.setTag(tag, late).catch(() => {});
  }

  async function setTag(key: string, value: LogValue): Promise<LogOutcome> {
    return await put("tag", key, value, async (text) => {
      if (key !== "mlflow.runName") return await tracked.setTag(key, text);
      await tracked.rename(text);
      return { placed: "logged", twin: null };
    });
  }

  async function logMetric(
    key: string,
    value: number,
    options?: MetricOptions | null,
  ): Promise<LogOutcome> {
    const { step = 0, timestamp = now() } = options ?? {};
    const stored = storedPoint(value, timestamp, step);
    return stored.ok
      ? await logPoints(key, [stored.point], roundedNote(key, stored.rounded))
      : await logPoints(key, [], null, ["bad-value", stored.fault]);
  }

  async function logPoints(
    key: string,
    points: readonly MetricPoint[],
    note: LogProblem | null = null,
    fault: Fault | null = null,
  ): Promise<LogOutcome> {
    return await log({
      subject: () => `metric ${JSON.stringify(key)}`,
      key,
      fault: badKey(key) ?? fault,
      write: () => tracked.logMetric(key, points),
      note,
    });
  }

  async function logMetrics(
    metrics: Readonly<Record<string, number>> | readonly MetricEntry[],
    options?: MetricOptions | null,
  ): Promise<readonly LogOutcome[]> {
    const time = now();
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
    for (const [key, points] of batches) outcomes.set(key, await logPoints(key, points));
    const all: LogOutcome[] = [];
    for (const { key, stored } of checked) {
      const outcome = outcomes.get(key);
      if (!stored.ok) {
        all.push(await logPoints(key, [], null, ["bad-value", stored.fault]));
      } else if (outcome?.outcome === "logged" && stored.rounded !== null) {
        all.push(conclude({ ...outcome, problem: roundedNote(key, stored.rounded) }));
      } else if (outcome !== undefined) {
        all.push(outcome);
      }
    }
    return all;
  }

  async function logFile(
    path: string,
    content: ArtifactContent | null,
    expected = "a value for JSON",
  ): Promise<LogOutcome> {
    const fault = artifactPathFault(path);
    const source = content !== null && "path" in content ? content.path : null;
    const badPath = fault === null ? null : ["artifact", fault] as const;
    return await log({
      subject: () => `artifact ${JSON.stringify(path)}${source === null ? "" : ` from ${source}`}`,
      key: path,
      fault: badPath ?? (content === null ? ["bad-value", `expected ${expected}`] : null),
      // Without content the fault above has refused it.
      write: () => tracked.logArtifact(path, content ?? { bytes: new Uint8Array() }),
      failure: (error) =>
        error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotSupported
          ? "artifact"
          : "write-failed",
    });
  }

  async function logArtifact(path: string | URL, directory?: string): Promise<LogOutcome> {
    const isFileUrl = path instanceof URL && path.protocol === "file:";
    if (!isFileUrl && typeof path !== "string") {
      throw new TypeError(`expected a path or a file URL, found ${path}`);
    }
    const source = String(path);
    const last = source.split(/[/\\]/).findLast((part) => part !== "") ?? "";
    const name = isFileUrl ? percentDecoded(last) : last;
    return await logFile(directory ? `${directory}/${name}` : name, { path: source });
  }

  async function logInput(dataset: Dataset, options?: InputOptions | null): Promise<LogOutcome> {
    const { context, tags } = options ?? {};
    const every = new Map(Object.entries(tags ?? {}));
    if (context !== undefined) every.set("mlflow.data.context", context);
    const fault = datasetFault(dataset, every);
    const name = typeof dataset?.name === "string" ? dataset.name : "";
    return await log({
      subject: () => `dataset ${JSON.stringify(name)}`,
      key: name,
      fault: fault === null ? null : ["bad-value", fault],
      write: () => tracked.logInput(dataset, every),
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

  /** A program without types may pass anything: what cannot even be looked at is a problem, too. */
  async function all(
    subject: string,
    work: () => Promise<readonly LogOutcome[]>,
  ): Promise<readonly LogOutcome[]> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LoggingError) throw error;
      const message = `Cannot log ${subject}: ${failureText(error)}`;
      return [conclude(notLogged("bad-value", subject, message))];
    }
  }
  const one = async (subject: string, work: () => Promise<LogOutcome>): Promise<LogOutcome> =>
    (await all(subject, async () => [await work()]))[0]!;

  return {
    get problems() {
      return [...problems.values()];
    },
    logParam: (key, value) => one("parameter", () => logParam(key, value)),
    logParams: (params) => all("parameters", () => each(params, logParam)),
    logMetric: (key, value, options) => one("metric", () => logMetric(key, value, options)),
    logMetrics: (metrics, options) => all("metrics", () => logMetrics(metrics, options)),
    setTag: (key, value) => one("tag", () => setTag(key, value)),
    setTags: (tags) => all("tags", () => each(tags, setTag)),
    logArtifact: (path, directory) => one("artifact", () => logArtifact(path, directory)),
    logText: (text, path) => one("artifact", () => logFile(path, textContent(text), "text")),
    logDict: (value, path) => one("artifact", () => logFile(path, jsonOf(value))),
    logBytes: (bytes, path) =>
      one("artifact", () => {
        return logFile(path, bytes instanceof Uint8Array ? { bytes } : null, "a Uint8Array");
      }),
    logInput: (dataset, options) => one("dataset", () => logInput(dataset, options)),
    count,
    close: (status) => {
      ended = status;
    },
  };
}

/** Why something is refused before it is tried. */
type Fault = readonly [kind: LogProblemKind, reason: string];

/** Something to log. */
interface Entry {
  /** What it is, for people. */
  readonly subject: () => string;
  readonly key: string;
  readonly fault: Fault | null;
  readonly write: () => Promise<Placement>;
  /** What is worth knowing about it once it is logged. */
  readonly note?: LogProblem | null;
  /** What kind of problem it is when `write` rejects. */
  readonly failure?: (error: unknown) => LogProblemKind;
}

/**
 * Tells something without ever throwing.
 *
 * @param warn Who is told.
 * @param message What.
 */
export function tell(warn: (message: string) => void, message: string): void {
  try {
    warn(message);
  } catch {
    // Training goes on even if its logger is broken.
  }
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

function notLogged(kind: LogProblemKind, key: string, message: string): LogOutcome {
  return { outcome: "not-logged", key, problem: { kind, key, message } };
}

function badKey(key: string): Fault | null {
  const fault = keyFault(key);
  return fault === null ? null : ["bad-key", fault];
}

function roundedNote(key: string, rounded: string | null): LogProblem | null {
  return noteOf("rounded", key, rounded && `Rounded metric ${JSON.stringify(key)}: ${rounded}`);
}

function twinNote({ subject, key }: Entry, twin: string | null): LogProblem | null {
  const beside = twin && `beside ${JSON.stringify(twin)}: on macOS and Windows they are one`;
  return noteOf("case-collision", key, beside && `Logged ${subject()} ${beside}`);
}

function noteOf(kind: LogProblemKind, key: string, message: string | null): LogProblem | null {
  return message === null ? null : { kind, key, message };
}

function isList(
  metrics: Readonly<Record<string, number>> | readonly MetricEntry[],
): metrics is readonly MetricEntry[] {
  return Array.isArray(metrics);
}
