/**
 * The task `summary`: what a store holds.
 *
 * @module
 */

import { summarize, type Summary } from "../lib/answers/summarize.ts";
import { MltidyError } from "../lib/errors.ts";
import type { Selection } from "../lib/policy/policy.ts";
import type { PrimaryMetric } from "../lib/policy/primary_metric.ts";
import type { Extras } from "../lib/store/extras.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** What to summarize, and how. */
export interface SummaryOptions extends Abortable {
  /** Measure what everything takes on disk. @default {false} */
  readonly sizes?: boolean;
  /** How many experiments to give. @default {Infinity} */
  readonly top?: number | undefined;
  /** What comes first: most runs, or most bytes (measures, too). @default {"runs"} */
  readonly by?: "size" | "runs" | undefined;
  /**
   * Show the best run of each experiment by this metric; reads its file of each run, besides metadata.
   * Left out: none.
   */
  readonly metric?: PrimaryMetric | undefined;
  /** Count this part of the store alone. @default {all of it} */
  readonly only?: Selection | undefined;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/**
 * Counts what a store holds. Needs read permission for it.
 *
 * @param store The store.
 * @param options What to summarize, and how.
 * @returns The numbers; sizes in bytes, times in epoch ms.
 * @throws {InvalidArgumentError} When `top` is no whole number.
 *
 * @example
 * ```ts
 * import { openStore, summary } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { experiments } = await summary(store);
 * console.log(`${experiments.orphaned} orphans`);
 * ```
 */
export async function summary(store: Store, options: SummaryOptions = {}): Promise<Summary> {
  const { by, top, metric, only, sizes = false, ...reading } = options;
  const measured = sizes || by === "size";
  const snapshot = await store.read({
    depth: "meta",
    isReport: true,
    ...reading,
    experiment: onlyExperiment(only),
    sizes: measured,
    ...(metric === undefined ? {} : { extras: onlyMetric(metric) }),
  });
  const backups = await backupsOf(store, snapshot);
  return summarize({ ...snapshot, backups }, {
    top,
    by,
    metric,
    only,
  });
}

/** What can be read alone: not what a glob may stand for. */
function onlyExperiment(only: Selection | undefined): string | undefined {
  const [experiment, other] = only?.experiments ?? [];
  return other === undefined && experiment !== undefined && !/[*?,]/.test(experiment) &&
      only?.exclude.length === 0
    ? experiment
    : undefined;
}

/** What is changed in a database, or over a server, is kept in no directory that reading comes by. */
async function backupsOf(
  store: Store,
  { backend, backups }: StoreSnapshot,
): Promise<StoreSnapshot["backups"]> {
  if (backend === undefined || store.backups === null) return backups;
  try {
    const place = await store.backups.open(null);
    return { count: (await place.list()).length, usage: null };
  } catch (error) {
    // Whoever asks for the backups themselves is told why.
    if (error instanceof MltidyError) return backups;
    throw error;
  }
}

function onlyMetric({ name }: PrimaryMetric): Extras {
  return { tags: [], metrics: [name], params: [], uses: false, artifacts: null };
}
