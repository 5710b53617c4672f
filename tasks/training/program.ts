/**
 * A program of any language in a run: started, handed the run by MLflow's own variables, and its end
 * recorded, whatever it was.
 *
 * *Ordering*: the run is in the store before the program starts, and its end is recorded as soon as the
 * program has ended, though a process that it left behind may still be waited for.
 *
 * *After an interruption*: the run stays RUNNING unless the program ends it itself, as MLflow does.
 *
 * @module
 */

import { isAbsolute, resolve, toFileUrl } from "@std/path";
import type { RunStatus } from "../../lib/store/snapshot.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import {
  endTags,
  killedBy,
  type ProgramEnd,
  programStatus,
  setElsewhere,
} from "../../lib/tracking/program_end.ts";
import { laterExperimentOf } from "../../lib/tracking/later_experiment.ts";
import { programName } from "../../lib/text/credentials.ts";
import { type Child, startChild } from "../_io/child_process.ts";
import { failureText } from "../_io/read.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";
import type { TrackedRun } from "../ports/tracking.ts";

/** How a program ended, and what became of its run. */
export interface ProgramReport {
  /**
   * As a shell reports it: 128 and the signal's number for a signal, 127 for no such program, 126 for one
   * that cannot be started, 3 for one that is not to run in a store that is not ready.
   */
  readonly exitCode: number;
  /** The signal that ended it; `null` when none did. */
  readonly signal: string | null;
  /** Why it was not started; `null` when it was. */
  readonly fault: string | null;
  /** Its run; `null` when none could be started. */
  readonly run: {
    /** 32 hexadecimal digits. */
    readonly runId: string;
    /** As MLflow shows it. */
    readonly runName: string;
    /** The experiment that it belongs to. */
    readonly experimentId: string;
    /** Its status by now. */
    readonly status: RunStatus;
  } | null;
}

type ProgramRun = NonNullable<ProgramReport["run"]>;

/** What a program is handed over. */
export interface HandOver {
  /** Where its runs go; `null`: it is handed nothing. */
  readonly store: Store | null;
  /** The experiment of its run; `null`: it has no run. */
  readonly experiment: { readonly id: string; readonly name: string } | null;
  /** The run's name; `null` for one that is made up. */
  readonly runName: string | null;
}

/** Where and how to run a program. */
export interface ProgramOptions {
  /** The directory in which it starts. */
  readonly cwd?: string | undefined;
  /** What its environment has besides. */
  readonly env: Readonly<Record<string, string>>;
  /** Tells it to stop by SIGTERM when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects when no run can be started. */
  readonly strict: boolean;
  /** Told what could not be recorded. */
  readonly warn: (message: string) => void;
  /** Told of the run before the program starts. */
  readonly onStart?: ((run: ProgramRun) => void) | undefined;
}

/** How often a run that may log nothing shows that it goes on, ms. */
const LIFE = 10 * 60 * 1000;

/**
 * Runs a program in a run of its own.
 *
 * @param program The program and its arguments.
 * @param handOver What it is handed over.
 * @param options Where and how.
 * @returns How it ended, and its run.
 */
export async function runInRun(
  program: readonly string[],
  handOver: HandOver,
  options: ProgramOptions,
): Promise<ProgramReport> {
  const { cwd, signal, warn, onStart } = options;
  const { store } = handOver;
  const tracked = await startTracked(program, handOver, options);
  if (tracked !== null) onStart?.(programRun(tracked, "RUNNING"));
  const env = { ...options.env, ...handedVariables(handOver, tracked) };
  let child: Child;
  try {
    child = startChild(program, { cwd, env, signal });
  } catch (error) {
    const { exitCode, fault } = notStarted(program, cwd, error);
    const end = { exitCode, signal: null, stoppedBy: null };
    const run = await recordEnd(store, tracked, end, fault, warn);
    return { exitCode, signal: null, fault, run };
  }
  const life = setInterval(() => void tracked?.showLife(now(store)).catch(() => {}), LIFE);
  const end = await child.ended;
  clearInterval(life);
  const run = await recordEnd(store, tracked, end, end.errors, warn);
  const elsewhere = run === null ? null : setElsewhere(end.errors, run.runId);
  if (elsewhere !== null && end.exitCode !== 0) {
    const setter = elsewhere === "store" ? "set_tracking_uri" : "set_experiment";
    warn(
      `${
        programName(program)
      } was handed a run, and set another ${elsewhere}: name that ${elsewhere} when you run it, or take mlflow.${setter}() out of it`,
    );
  }
  if (end.isOpen) {
    warn(
      `A process that ${
        programName(program)
      } left behind can still write to standard error, and is waited for: it may die of a closed one; Ctrl-C ends the waiting`,
    );
  }
  await child.closed;
  return { exitCode: end.exitCode, signal: killedBy(end), fault: null, run };
}

function now(store: Store | null): number {
  return store?.now() ?? 0;
}

async function startTracked(
  program: readonly string[],
  { store, experiment, runName }: HandOver,
  { cwd, strict, warn }: ProgramOptions,
): Promise<TrackedRun | null> {
  if (store === null || experiment === null) return null;
  try {
    return await requireCapability(store, "tracking").startRun({
      experimentId: experiment.id,
      runName,
      tags: new Map([["mlflow.source.name", sourceOf(program, cwd)]]),
      user: null,
      durability: "end",
    });
  } catch (error) {
    if (strict) throw error;
    warn(`Cannot start a run, so ${programName(program)} has none: ${failureText(error)}`);
    return null;
  }
}

/** The script, as MLflow has it, and no argument: there may be a password among them. */
function sourceOf(program: readonly string[], cwd = "."): string {
  const [, ...args] = program;
  return args.find((word) => !word.startsWith("-") && isFile(resolve(cwd, word))) ??
    programName(program);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * MLflow reads them, and so do programs that are started by the program. A name in the environment that
 * differs from the id would make it raise, and so would a file store from 3.13 on.
 */
function handedVariables(
  { store, experiment }: HandOver,
  tracked: TrackedRun | null,
): Readonly<Record<string, string>> {
  if (store === null) return {};
  const { location } = store.describe();
  return {
    MLFLOW_TRACKING_URI: isAbsolute(location) ? toFileUrl(location).href : location,
    MLFLOW_ALLOW_FILE_STORE: "true",
    ...store.tracking?.variables,
    ...(experiment === null || laterExperimentOf(experiment.id) !== null
      ? {}
      : { MLFLOW_EXPERIMENT_ID: experiment.id, MLFLOW_EXPERIMENT_NAME: experiment.name }),
    // What the store does not know yet nobody can go on with.
    ...(tracked?.isStarted() ? { MLFLOW_RUN_ID: tracked.record.runId } : {}),
  };
}

async function recordEnd(
  store: Store | null,
  tracked: TrackedRun | null,
  end: ProgramEnd,
  errors: string,
  warn: (message: string) => void,
): Promise<ProgramRun | null> {
  if (tracked === null) return null;
  const recorded = await tracked.recorded().catch(() => null);
  const status = programStatus(end, recorded?.status ?? null);
  const run = { ...programRun(tracked, status), ...(recorded && { runName: recorded.runName }) };
  // Of what does not fit on a full disk any more, the status is worth most.
  for (const [key, text] of endTags(end, errors)) {
    await tracked.setTag(key, text).catch((error) =>
      warn(`Cannot set tag ${key} of run ${run.runName} (${run.runId}): ${failureText(error)}`)
    );
  }
  try {
    const isTheirs = status === recorded?.status && recorded.endTime !== null;
    await tracked.end(status, isTheirs ? recorded.endTime : now(store));
    return run;
  } catch (error) {
    warn(
      `Cannot record that run ${run.runName} (${run.runId}) ended ${status}: ${failureText(error)}`,
    );
    return { ...run, status: recorded?.status ?? "RUNNING" };
  }
}

function programRun({ record }: TrackedRun, status: RunStatus): ProgramRun {
  const { runId, runName, experimentId } = record;
  return { runId, runName, experimentId, status };
}

/** By the shell's custom: 127 for what is not there, 126 for what cannot be started. */
function notStarted(
  words: readonly string[],
  cwd: string | undefined,
  error: unknown,
): { readonly exitCode: number; readonly fault: string } {
  const [program = ""] = words;
  const name = programName(words);
  const cannot = `Cannot start ${shellWords([name])}`;
  const path = resolve(cwd ?? ".", program);
  const isThere = isFile(path);
  const python = `to have Python run it, type ${shellWords(["--", "python", program])}`;
  if (error instanceof Deno.errors.NotCapable) {
    return {
      exitCode: 126,
      fault: `${cannot}: this process may start no program; grant it with --allow-run`,
    };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const why = program.endsWith(".py") ? python : "expected a file that may be executed";
    return { exitCode: 126, fault: `${cannot}: it is not executable; ${why}` };
  }
  if (!(error instanceof Deno.errors.NotFound)) {
    return { exitCode: 126, fault: `${cannot}: ${failureText(error)}` };
  }
  if (name.endsWith("=…")) {
    const why = "only a shell sets a variable like this; put `env` before it";
    return { exitCode: 127, fault: `${cannot}: ${why}` };
  }
  if (isThere && program.endsWith(".py")) {
    return { exitCode: 127, fault: `${cannot}: expected a program, found a file; ${python}` };
  }
  const why = !/[\\/]/.test(program)
    ? "no directory of PATH has such a program; check its name"
    : isThere
    ? "the interpreter that its first line names does not exist"
    : `there is no ${path}`;
  return { exitCode: 127, fault: `${cannot}: ${why}` };
}
