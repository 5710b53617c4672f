/**
 * Empty stores to train into.
 *
 * @module
 */

import { join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { memoryDirectory } from "./temp_directory.ts";

/** An empty store with one experiment, in a temporary directory that goes when the scope ends. */
export interface TrainingStore extends AsyncDisposable {
  /** Absolute real path of the root. */
  readonly root: string;
  /** A directory beside it. */
  readonly outside: string;
  /** The store. */
  readonly store: Store;
  /** The id of the experiment `churn`. */
  readonly experimentId: string;
  /** Moves the clock on, ms. */
  readonly tick: (ms: number) => void;
  /** The text of a file below the root; `null` when there is none. */
  readonly read: (...path: readonly string[]) => string | null;
}

/** The first moment of every training store, epoch ms. */
export const START = 1_800_000_000_000;

/**
 * Makes an empty store with an experiment.
 *
 * @returns The store, to be bound by `await using`.
 */
export async function trainingStore(): Promise<TrainingStore> {
  const directory = await memoryDirectory();
  const outside = directory.path;
  let now = START;
  const store = await openStore(join(outside, "mlruns"), { create: true, now: () => now });
  const { location: root } = store.describe();
  const { experimentId } = await setupExperiment(store, "churn");
  return {
    root,
    outside,
    store,
    experimentId,
    tick: (ms) => {
      now += ms;
    },
    read: (...path) => {
      try {
        return Deno.readTextFileSync(join(root, ...path));
      } catch (error) {
        const isNone = error instanceof Deno.errors.NotFound ||
          error instanceof Deno.errors.NotADirectory;
        if (isNone) return null;
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
