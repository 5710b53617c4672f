/**
 * The tasks `pin` and `unpin`: keeping runs for good, and letting rules judge them again.
 *
 * *Locking*: none, as with the page: whoever pins a run need not wait for a clean-up, which leaves alone what is
 * pinned before its turn.
 *
 * *After an interruption*: each run has the tag or has it not; the same command completes it, the other one undoes it.
 *
 * @module
 */

import { findPlaced } from "../lib/answers/find_placed.ts";
import { InvalidArgumentError } from "../lib/errors.ts";
import { readingOf } from "../lib/policy/policy.ts";
import type { Run } from "../lib/store/snapshot.ts";
import { PIN_TAG } from "../lib/store/tags.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** Whether and how to pin. */
export interface PinOptions extends Abortable {
  /** Whether the runs are to be pinned; otherwise their pins are taken away. @default {true} */
  readonly pinned?: boolean;
  /** Only tell which runs are meant. @default {false} */
  readonly dryRun?: boolean;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/** What was pinned. */
export interface PinReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/pin/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Whether the runs are pinned now, or not. */
  readonly pinned: boolean;
  /** Whether nothing was done. */
  readonly dryRun: boolean;
  /** The runs that were meant, in order. */
  readonly runs: readonly {
    readonly runId: string;
    readonly experimentId: string;
    readonly name: string;
    /** Whether that changes anything. */
    readonly changes: boolean;
  }[];
}

/**
 * Pins runs by the tag `mltidy.pin`, so that no clean-up takes them, or takes their pins away. Needs read and write
 * permission for the store.
 *
 * @param store The store.
 * @param runs Ids of active runs, 6 or more of their first letters, `7/3a7bb818…` as plans print them, or names.
 * @param options Whether and how to pin.
 * @returns Which runs they are.
 * @throws {InvalidArgumentError} When one of them is no active run, or several may be meant; then nothing was done.
 * @throws {UnsupportedStoreError} When runs of this kind of store cannot be pinned.
 *
 * @example
 * ```ts
 * import { openStore, pin } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * await pin(store, ["baseline"]);
 * ```
 */
export async function pin(
  store: Store,
  runs: readonly string[],
  options: PinOptions = {},
): Promise<PinReport> {
  const { pinned = true, dryRun = false, onProgress, signal } = options;
  const pinning = requireCapability(store, "pinning");
  const { experiments } = await store.read({ depth: "tags", ...readingOf({}), onProgress, signal });
  const all = experiments.flatMap((experiment) => experiment.runs);
  const meant = [...new Set(runs.map((typed) => runOf(all, typed)))];
  for (const { experimentId, id: runId, tags } of meant) {
    signal?.throwIfAborted();
    if (!dryRun && tags.has(PIN_TAG) !== pinned) await pinning.pin({ experimentId, runId }, pinned);
  }
  return {
    schema: "mltidy/pin/v1",
    store: store.describe().location,
    pinned,
    dryRun,
    runs: meant.map(({ id: runId, experimentId, name, tags }) => ({
      runId,
      experimentId,
      name,
      changes: tags.has(PIN_TAG) !== pinned,
    })),
  };
}

const SAMPLE = 5;

function runOf(all: readonly Run[], typed: string): Run {
  const found = findPlaced(all, typed);
  const [run, ...others] = found.length > 1
    ? found.filter(({ lifecycleStage }) => lifecycleStage === "active")
    : found;
  if (run === undefined) {
    throw new InvalidArgumentError(
      `Unknown run "${typed}": expected the id of an active run of this store, 6 or more of its first letters, 7/3a7bb818… as plans print it, or its name`,
    );
  }
  if (others.length > 0) {
    const some = [run, ...others].slice(0, SAMPLE).map(({ path }) => path).join(", ");
    throw new InvalidArgumentError(
      `Cannot tell which run "${typed}" is: ${
        others.length + 1
      } are called so; expected an id, such as one of ${some}`,
    );
  }
  if (run.lifecycleStage === "deleted") {
    throw new InvalidArgumentError(
      `Cannot pin run ${run.path}: it is deleted; restore it in MLflow first`,
    );
  }
  return run;
}
