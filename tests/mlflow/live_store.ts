/**
 * Stores that real MLflow writes, and what it says of them.
 *
 * @module
 */

import { join } from "@std/path";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { type MlflowVersion, runPython } from "./python.ts";

/** A store that MLflow has just written, in a temporary directory that goes with the scope. */
export interface LiveStore extends AsyncDisposable {
  /** Absolute path of the root. */
  readonly path: string;
  /** The id of the experiment with a role of `write_store.py`. */
  readonly experiment: (role: string) => string;
  /** The id of the run with a role of `write_store.py`. */
  readonly run: (role: string) => string;
}

interface Made {
  readonly experiments: Readonly<Record<string, string>>;
  readonly runs: Readonly<Record<string, string>>;
}

/** A run as MLflow gives it; more fields than are named here. */
export interface RunAnswer {
  readonly info: {
    readonly run_id: string;
    readonly status: string;
    readonly lifecycle_stage: string;
  };
}

/** What MLflow says of a store, see `ask_mlflow.py`. */
export interface Answer {
  /** Stage → id → experiment. */
  readonly experiments: Readonly<
    Record<"active" | "deleted", Readonly<Record<string, { readonly name: string }>>>
  >;
  /** Experiment id → run id → run. */
  readonly runs: Readonly<Record<string, Readonly<Record<string, RunAnswer>>>>;
  readonly registeredModels: Readonly<Record<string, unknown>>;
  readonly modelVersions: Readonly<Record<string, unknown>>;
  readonly loggedModels?: unknown;
  readonly traces?: unknown;
  /** Warnings, log records and exceptions; a healthy store causes none. */
  readonly complaints: readonly string[];
}

/**
 * Lets MLflow write a store that has some of everything.
 *
 * @param version The version of MLflow.
 * @returns The store, to be bound by `await using`.
 */
export async function writeStore(version: MlflowVersion): Promise<LiveStore> {
  const directory = await memoryDirectory();
  const path = join(directory.path, "mlruns");
  const made = await runPython(version, "write_store.py", [path]) as Made;
  return {
    path,
    experiment: (role) => idOf(role, made.experiments),
    run: (role) => idOf(role, made.runs),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function idOf(role: string, ids: Readonly<Record<string, string>>): string {
  const id = ids[role];
  if (id === undefined) throw new RangeError(`write_store.py makes nothing in the role of ${role}`);
  return id;
}

/**
 * Asks MLflow about a store.
 *
 * @param version The version of MLflow.
 * @param store The store's root.
 * @param flags What it shall do first, for example `["--restore-run", id]`.
 * @returns All that it said.
 */
export async function askMlflow(
  version: MlflowVersion,
  store: string,
  flags: readonly string[] = [],
): Promise<Answer> {
  return await runPython(version, "ask_mlflow.py", [store, ...flags]) as Answer;
}
