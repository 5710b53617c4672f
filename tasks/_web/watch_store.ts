/**
 * The store as the page sees it: read once, then measured and verified in the background, and read again after each
 * change. Whoever listens is told of each step.
 *
 * @module
 */

import { summarize, type Summary } from "../../lib/answers/summarize.ts";
import { errorMessage, StoreError } from "../../lib/errors.ts";
import type { Extras } from "../../lib/store/extras.ts";
import { holdersOf } from "../../lib/store/holders.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { formatCount, plural } from "../../lib/text/units.ts";
import type { Finding } from "../../lib/verify/verify_snapshot.ts";
import { indexOf, type PrimaryValues, type StoreIndex, tagsOf } from "../../lib/view/plan_rows.ts";
import type { Store } from "../ports/store.ts";
import { verify } from "../verify.ts";
import type { LineListener } from "./answers.ts";
import { freeMemory } from "./free_memory.ts";
import type { EventLine } from "./messages.ts";

/** A store that was read. */
export interface ReadStore {
  /** Rises with each reading. */
  readonly generation: number;
  /** What was read. */
  readonly snapshot: StoreSnapshot<"tags">;
  /** Finds what is in it. */
  readonly index: StoreIndex;
  /** What it holds. */
  readonly summary: () => Summary;
  /** Whether it is measured and verified unasked. */
  readonly looksAhead: boolean;
  /** What everything takes on disk, by path; `null` until that is measured. */
  bytes: ReadonlyMap<string, number> | null;
  /** What the store takes as a whole; `null` until that is measured. */
  total: number | null;
  /** Why that cannot be measured; `null` where it was, or is still to be. */
  unmeasured: string | null;
  /** All tags of runs by path, where they were read. */
  tags: ReadonlyMap<string, readonly string[]> | null;
  /** The metric by which runs are compared; `null` until it is read, or where no run has it. */
  primary: PrimaryValues | null;
  /** What is broken; `null` until that is verified. */
  findings: readonly Finding[] | null;
}

/** The store as it is watched. */
export interface StoreWatch extends AsyncDisposable {
  /** The store's location. */
  readonly location: string;
  /** What was read last; `null` while nothing is, or where it cannot be read. */
  current(): ReadStore | null;
  /** Why it could not be read; `null` where it was, or is being read. */
  problem(): string | null;
  /** Reads the store again; settles once it is read, or cannot be. */
  readAgain(): Promise<void>;
  /** Settles once nothing is being read. */
  settled(): Promise<void>;
  /** Finds what is broken in the store as it was read, once for all that ask. */
  findings(): Promise<readonly Finding[]>;
  /** Tells a listener how things stand, then each change of that, until there are no more; gives what ends this. */
  listen(listener: LineListener<EventLine>): () => void;
  /** Tells all listeners something. */
  tell(line: EventLine): void;
}

/** How to watch a store. */
export interface WatchOptions {
  /** What alone to read besides metadata. */
  readonly extras: Extras;
  /** The metric by which runs are compared. */
  readonly metric: string;
  /** Whether all of it may be read again only to measure and verify it; a server would be asked for everything. */
  readonly looksAhead: boolean;
}

/** Up to how many runs a store is measured and verified unasked: another reading takes as much memory again. */
const MOST_AHEAD = 20_000;
/** Ms between two lines of progress. */
const INTERVAL = 100;

/**
 * Watches a store; begins to read it.
 *
 * @param store The store.
 * @param options How to watch it.
 * @returns The watch; disposing of it ends what is being read.
 */
export function watchStore(store: Store, { extras, metric, looksAhead }: WatchOptions): StoreWatch {
  const listeners = new Set<LineListener<EventLine>>();
  let current: ReadStore | null = null;
  let problem: string | null = null;
  let state: readonly EventLine[] = [];
  let generation = 0;
  let runs: number | null = null;
  let work: AbortController | null = null;
  let reading: Promise<void> = Promise.resolve();
  let background: Promise<void> = Promise.resolve();
  let verifying: Promise<readonly Finding[]> | null = null;

  const tell = (line: EventLine) => {
    for (const listener of [...listeners]) listener.tell(line);
  };
  const tellState = (line: EventLine, kept: readonly EventLine[] = state) => {
    state = [...kept, line];
    tell(line);
  };

  function readAgain(): Promise<void> {
    work?.abort();
    const controller = new AbortController();
    work = controller;
    const before = [reading, background];
    reading = (async () => {
      // Two readings at once would take twice the memory.
      await Promise.all(before);
      if (!controller.signal.aborted) await read(controller.signal);
    })();
    return reading;
  }

  async function read(signal: AbortSignal): Promise<void> {
    current = null;
    problem = null;
    verifying = null;
    const progress = readingProgress(runs, (line) => tellState(line, []));
    progress(0);
    try {
      const snapshot = await store.read({
        depth: "tags",
        isPreview: true,
        extras,
        signal,
        onProgress: progress,
      });
      generation++;
      freeMemory();
      const index = indexOf(snapshot);
      runs = index.runs.size;
      current = readStore(snapshot, index, generation, looksAhead && runs <= MOST_AHEAD);
      tellState({ event: "ready", generation }, []);
      if (current.looksAhead) background = lookOn(current, signal);
    } catch (error) {
      if (signal.aborted) return;
      problem = errorMessage(error);
      tellState({ event: "failed", step: "reading", message: problem }, []);
    }
  }

  async function lookOn(one: ReadStore, signal: AbortSignal): Promise<void> {
    await attempt("measuring", signal, async () => {
      await measure(one, signal);
      await readMetric(one, signal);
      tellState({ event: "measured", generation: one.generation });
    });
    await attempt("verifying", signal, async () => {
      await findings(signal);
    });
  }

  async function attempt(
    step: "measuring" | "verifying",
    signal: AbortSignal,
    doing: () => Promise<void>,
  ): Promise<void> {
    if (signal.aborted) return;
    try {
      await doing();
    } catch (error) {
      if (!signal.aborted) tellState({ event: "failed", step, message: errorMessage(error) });
    }
  }

  async function measure(one: ReadStore, signal: AbortSignal): Promise<void> {
    const { snapshot, why } = await readSizes(store, signal);
    one.unmeasured = why;
    const holders = holdersOf(snapshot);
    one.tags = new Map(
      holders.flatMap((holder) => holder.runs).map((run) => [run.path, tagsOf(run)]),
    );
    if (why !== null) return;
    const measured = holders.flatMap((holder) => [holder, ...holder.runs, ...holder.loggedModels]);
    one.bytes = new Map(
      measured.flatMap(({ path, usage }) => usage === null ? [] : [[path, usage.bytes]]),
    );
    one.total = [...holders, ...snapshot.strays]
      .reduce((sum, { usage }) => sum + (usage?.bytes ?? 0), 0);
  }

  async function readMetric(one: ReadStore, signal: AbortSignal): Promise<void> {
    const only = { tags: [], metrics: [metric], params: [], uses: false, artifacts: null };
    const snapshot = await store.read({ depth: "meta", isReport: true, extras: only, signal });
    const runs = holdersOf(snapshot).flatMap((holder) => holder.runs);
    const latest = new Map(
      runs.flatMap(({ path, extras }) => {
        const value = extras?.metrics.get(metric)?.latest;
        return value === undefined ? [] : [[path, value]];
      }),
    );
    if (latest.size > 0) one.primary = { metric, latest };
  }

  function findings(signal?: AbortSignal): Promise<readonly Finding[]> {
    const one = current;
    if (verifying !== null) return verifying;
    // The store is read once more for it, so that what plans have left behind makes place first.
    freeMemory();
    return verifying = verify(store, { signal: signal ?? work?.signal }).then((found) => {
      if (one !== null && one === current) {
        one.findings = found.findings;
        tellState({ event: "verified", generation: one.generation });
      }
      return found.findings;
    });
  }

  readAgain();
  return {
    location: store.describe().location,
    current: () => current,
    problem: () => problem,
    readAgain,
    async settled() {
      for (let last = null; last !== reading;) await (last = reading);
    },
    findings: () => findings(),
    listen(listener) {
      for (const line of state) listener.tell(line);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell,
    async [Symbol.asyncDispose]() {
      work?.abort();
      for (const listener of listeners) listener.end();
      listeners.clear();
      await Promise.all([reading, background]);
    },
  };
}

/** What lies where nobody can look is no failure: the page does without sizes, and says why. */
async function readSizes(
  store: Store,
  signal: AbortSignal,
): Promise<{ readonly snapshot: StoreSnapshot<"tags">; readonly why: string | null }> {
  const options = { depth: "tags", isPreview: true, signal } as const;
  try {
    return { snapshot: await store.read({ ...options, sizes: true }), why: null };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const snapshot = await store.read(options);
    return { snapshot, why: whyUnmeasured(snapshot, error) };
  }
}

/** Of what a server serves it helps to be told where it keeps that. */
function whyUnmeasured(snapshot: StoreSnapshot, { message }: StoreError): string {
  const runs = holdersOf(snapshot).flatMap((holder) => holder.runs);
  const served = runs.filter(({ artifactUri }) => artifactUri?.startsWith("mlflow-artifacts:"));
  // Nobody who looks at the page has asked for sizes, and could leave them out.
  if (served.length === 0) return message.replace(/; leave out sizes[^;]*$/, "");
  return `The artifacts of ${formatCount(served.length)} of ${
    plural(runs.length, "run")
  } lie behind a server, and nothing here says where it keeps them. Set MLFLOW_ARTIFACTS_DESTINATION to what \`mlflow server\` has as --artifacts-destination, and start this page again.`;
}

function readStore(
  snapshot: StoreSnapshot<"tags">,
  index: StoreIndex,
  generation: number,
  looksAhead: boolean,
): ReadStore {
  let summary: Summary | null = null;
  return {
    generation,
    snapshot,
    index,
    summary: () => summary ??= summarize(snapshot),
    looksAhead,
    bytes: null,
    total: null,
    unmeasured: null,
    tags: null,
    primary: null,
    findings: null,
  };
}

/** Tells ten times a second how far the reading is. */
function readingProgress(
  total: number | null,
  tell: (line: EventLine) => void,
): (runs: number) => void {
  const start = performance.now();
  let last = -Infinity;
  return (runs) => {
    const now = performance.now();
    if (now - last < INTERVAL) return;
    last = now;
    const rate = runs === 0 ? null : runs / (now - start);
    const left = total === null || rate === null ? null : Math.max(0, (total - runs) / rate);
    tell({ event: "reading", runs, total, rate: rate && rate * 1000, left });
  };
}
