/**
 * Setting an experiment up before training starts.
 *
 * @module
 */

import {
  DiskFullError,
  errorMessage,
  InvalidArgumentError,
  StoreAccessError,
  UnsupportedStoreError,
} from "../../lib/errors.ts";
import {
  experimentNameFault,
  keyFault,
  lengthFault,
  LOGGING_LIMITS,
  storedText,
} from "../../lib/tracking/logging_rules.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Abortable, Store } from "../ports/store.ts";
import type { ExperimentSetup } from "../ports/tracking.ts";

/** How to set an experiment up. */
export interface SetupExperimentOptions extends Abortable {
  /** Looked at before anything is written. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where the artifacts of a new experiment go: a URI or a path, at most 2048 characters; relative ones
   * to the current directory. MLflow keeps it for good, so it counts only when the experiment is created.
   *
   * @default {the experiment's own directory, as with an empty one}
   */
  readonly artifactLocation?: string;
  /**
   * Tags to set, whether the experiment is new or not: keys of at most 250 characters as runs have them,
   * values of at most 5000. Others that it has stay.
   *
   * @default {{}}
   */
  readonly tags?: Readonly<Record<string, string | number | boolean>>;
  /**
   * What to do when a deleted experiment has the name. `restore`: bring it back with all its runs, as
   * MLflow does. `replace`: leave it deleted under the name `<name> (replaced <id>)`, and create a new one.
   *
   * @default {"restore"}
   */
  readonly onDeleted?: "restore" | "replace";
}

/**
 * Makes an experiment ready for runs: takes the active one of that name, restores a deleted one with all
 * its runs, or creates it. When several processes call it at once, one does the work and all get the same
 * experiment. Needs read and write permission for the store.
 *
 * One whose `meta.yaml` is damaged is mended first if its name can still be read in it; the damaged text
 * is kept in `.mltidy.trash/damaged/`. Where the name is lost a new experiment is created: call `preflight`
 * before, which mends such a record from copies.
 *
 * Of several experiments with the name it takes the one that MLflow would: the newest.
 *
 * @param store The store; `openStore(location, { create: true })` makes one where there is none.
 * @param name The experiment's name: 1 to 500 characters, no single quote (MLflow cannot look it up).
 *   Upper and lower case tell names apart.
 * @param options Where artifacts go, tags, and what to do with a deleted experiment.
 * @returns The experiment's id, and what was done: `reused`, `created`, `restored` or `repaired`.
 * @throws {InvalidArgumentError} When MLflow allows no such name, tag or artifact location; nothing is written then.
 * @throws {DiskFullError} When the store's disk has no room for it.
 * @throws {StoreAccessError} When the operating system or the server refuses, the server does not answer, or the way
 *   of a restored one is blocked.
 * @throws {UnsupportedStoreError} When a tracking server is to replace a deleted one: it renames none.
 * @throws {DOMException} `AbortError` when the signal is aborted; nothing is written then.
 *
 * @example The second call finds what the first has made
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { setupExperiment } from "mltidy/train";
 *
 * const directory = await Deno.makeTempDir();
 * await using store = await openStore(`${directory}/mlruns`, { create: true });
 * const first = await setupExperiment(store, "churn", { tags: { team: "growth" } });
 * assertEquals(first.outcome, "created");
 * assertEquals(await setupExperiment(store, "churn"), { ...first, outcome: "reused" });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function setupExperiment(
  store: Store,
  name: string,
  options: SetupExperimentOptions = {},
): Promise<ExperimentSetup> {
  const { artifactLocation = null, tags = {}, onDeleted = "restore", signal } = options;
  const subject = subjectOf(name);
  checkExperimentName(name);
  refuse(
    `${subject}: artifact location`,
    lengthFault(artifactLocation ?? "", LOGGING_LIMITS.artifactLocation),
  );
  const texts = Object.entries(tags).map(([key, value]) => {
    refuse(`${subject}: tag ${JSON.stringify(key)}`, keyFault(key));
    const stored = storedText(value, LOGGING_LIMITS.experimentTag);
    refuse(`${subject}: value of tag ${key}`, stored === null ? "expected text" : stored.cut);
    return [key, stored?.text ?? ""] as const;
  });
  const tracking = requireCapability(store, "tracking");
  signal?.throwIfAborted();
  try {
    return await tracking.setupExperiment({
      name,
      artifactLocation,
      tags: new Map(texts),
      onDeleted,
    });
  } catch (error) {
    if (error instanceof DiskFullError || error instanceof UnsupportedStoreError) throw error;
    const { location } = store.describe();
    const reason = errorMessage(error);
    throw new StoreAccessError(`${subject} in store ${location}: ${reason}`, location, {
      cause: error,
    });
  }
}

/**
 * Refuses what can be the name of no experiment, before anything is made for it.
 *
 * @param name The name.
 * @throws {InvalidArgumentError} When MLflow allows no such name.
 */
export function checkExperimentName(name: string): void {
  refuse(subjectOf(name), experimentNameFault(name));
}

function subjectOf(name: string): string {
  return `Cannot set up experiment ${JSON.stringify(name)}`;
}

function refuse(subject: string, fault: string | null): void {
  if (fault !== null) throw new InvalidArgumentError(`${subject}: ${fault}`);
}
