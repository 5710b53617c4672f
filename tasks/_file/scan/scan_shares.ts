/**
 * Reading the shares of a store, with a second thread where it pays.
 *
 * Both threads take shares off one list until it is empty. Starting a thread costs as much as reading
 * some thousand records, so a small store is read by one. Where a second cannot be had, because the
 * program may not read its own modules, say, the first reads everything.
 *
 * @module
 */

import { unpackRuns } from "../../../lib/snapshot/pack_runs.ts";
import { asExperimentId, asStorePath } from "../../../lib/store/path.ts";
import type { Depth, Run } from "../../../lib/store/snapshot.ts";
import { waitForNoFile, waitsForNoFile } from "../../_io/open_regular.ts";
import { newReadAhead } from "../../_io/read_ahead.ts";
import { startThread } from "../../_io/second_thread.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import type { Inspector } from "./inspection.ts";
import { type Reading, scanShare, type Share, type ShareFacts } from "./scan_share.ts";

/** What the second thread is told. */
export interface ScanAssignment {
  readonly reading: Reading;
  readonly shares: readonly Share[];
  /** Shared by both threads: what is in it is said by {@linkcode BOARD}. */
  readonly board: Int32Array<SharedArrayBuffer>;
  /** As the first thread is bound. */
  readonly waitsForNoFile: boolean;
}

/** What the second thread tells: what was in a share, or that there is no other. */
export type Report = { readonly index: number; readonly facts: ShareFacts } | "done";

/** What was found in a share, its runs unpacked. */
export interface ScannedShare extends Omit<ShareFacts, "runs"> {
  readonly runs: readonly Run[];
}

/** Places on the board that both threads write on. */
export const BOARD = {
  /** The next share that nobody has taken. */
  next: 0,
  /** How many shares the second thread has taken. */
  taken: 1,
  /** How many runs the second thread has read. */
  runs: 2,
} as const;

/** For how many runs a second thread pays: to read them takes twice as long as to start it. */
const WORTHWHILE: Readonly<Record<Depth, number>> = { meta: 6_000, tags: 1_000, full: 400 };

/** For how many runs it pays to open files by Node, which both threads have to load. */
const FASTER_BY_NODE: Readonly<Record<Depth, number>> = { meta: 25_000, tags: 10_000, full: 4_000 };

/** What reading shares tells and hears. */
export interface ScanListeners {
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: ((runs: number) => void) | undefined;
  /** Looked at between shares. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads shares. Needs read permission; for a second thread also for this program's own modules.
 *
 * @param reading What to read.
 * @param shares The shares.
 * @param listeners What to tell and to hear.
 * @returns What was found, in order of the shares.
 * @throws {DOMException} `AbortError` when the signal is aborted between two shares.
 */
export async function scanShares(
  reading: Reading,
  shares: readonly Share[],
  { onProgress, signal }: ScanListeners,
): Promise<readonly ScannedShare[]> {
  const found = new Map<number, ScannedShare>();
  // Unpacked at once, so that the columns of all runs are never there together.
  const keep = (index: number, facts: ShareFacts) => {
    const { name, path } = shares[index]!;
    const place = { id: asExperimentId(name), path: asStorePath(path) };
    found.set(index, { ...facts, runs: unpackRuns(facts.runs, place) });
  };
  const board = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * 3));
  const inspector = await loadInspector(reading.depth);
  let runs = 0;
  let helper: Helper | null = null;
  const readAhead = newReadAhead(reading);
  const turn = takeTurns(signal);
  const read = async (index: number) => {
    await turn();
    const facts = await scanShare(reading, shares[index]!, inspector, readAhead, () => {
      runs++;
      onProgress?.(runs + Atomics.load(board, BOARD.runs));
    });
    keep(index, facts);
  };
  try {
    for (let index; (index = Atomics.add(board, BOARD.next, 1)) < shares.length;) {
      if (runsLeft(shares, index, runs) >= FASTER_BY_NODE[reading.depth]) waitForNoFile();
      if (helper === null && isWorthwhile(reading, shares, index, runs)) {
        const assignment = { reading, shares, board, waitsForNoFile: waitsForNoFile() };
        helper = callHelper(assignment, keep);
      }
      await read(index);
    }
    if (helper !== null && Atomics.load(board, BOARD.taken) > 0) await helper.done;
    // Nothing is left, but where a helper has failed.
    for (const index of shares.keys()) if (!found.has(index)) await read(index);
  } finally {
    helper?.dismiss();
  }
  return shares.map((_, index) => found.get(index)!);
}

/** The shares to come will be like those before; that some are halves tells how large they are. */
function isWorthwhile(
  { depth, sizes }: Reading,
  shares: readonly Share[],
  read: number,
  runs: number,
): boolean {
  if (shares.length - read < 2) return false;
  if (read === 0) return shares.some(({ of }) => of > 1);
  return runsLeft(shares, read, runs) >= WORTHWHILE[sizes ? "full" : depth];
}

/** About how many. */
function runsLeft(shares: readonly Share[], read: number, runs: number): number {
  return read === 0 ? 0 : (shares.length - read) * runs / read;
}

/**
 * Loads what reads all that there is besides metadata and tags; no other depth has to wait for it.
 *
 * @param depth How deep to read.
 * @returns The inspector; `null` for what needs none.
 */
export async function loadInspector(depth: Depth): Promise<Inspector | null> {
  return depth === "full" ? (await import("./inspect_experiment.ts")).INSPECTOR : null;
}

const WORKER = new URL("./scan_worker.ts", import.meta.url);

interface Helper {
  /** Settles when the second thread has read all that it took, or has failed. */
  readonly done: Promise<void>;
  dismiss(): void;
}

function callHelper(
  assignment: ScanAssignment,
  keep: (index: number, facts: ShareFacts) => void,
): Helper | null {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const thread = startThread<ScanAssignment, Report>(WORKER, {
    onReport: (report) => report === "done" ? resolve() : keep(report.index, report.facts),
    onFailure: resolve,
  });
  thread?.send(assignment);
  return thread && { done, dismiss: () => thread.dismiss() };
}
