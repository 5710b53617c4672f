/**
 * Reading lists that a server gives page by page, though it keeps no state between two of them: a page begins so many
 * rows from the start, wherever that is meanwhile.
 *
 * @module
 */

import type { ExperimentRow } from "../../../lib/snapshot/assemble_rows.ts";
import { atOnce } from "../../_io/take_turns.ts";
import type { Client } from "../client/open_client.ts";
import type { Reading } from "../client/endpoints.ts";
import type { Answer } from "../client/read_answer.ts";
import { RequestError } from "../client/request_error.ts";
import { estimateCount } from "./estimate_count.ts";
import { experimentRowOf, nextTokenOf, recordsOf, type RunRecord, runRecordOf } from "./records.ts";

/** Asks for what reads. */
export type ReadingClient = Client<Reading>;

/** What lists, page by page. */
export interface Listing {
  readonly name: keyof Reading & string;
  readonly parameters: Answer;
  /** The field of the answer. */
  readonly field: string;
}

/** How to read. */
export interface PagesOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a list to its end.
 *
 * @param client The client.
 * @param listing What to ask, with the most of a page in `max_results`.
 * @param options How.
 * @returns The records, of which some may come twice.
 * @throws {RequestError} When a page cannot be had, or a list has no end.
 */
export async function readAll(
  client: ReadingClient,
  listing: Listing,
  options: PagesOptions = {},
): Promise<readonly Answer[]> {
  const all: Answer[] = [];
  for await (const { records } of pagesOf(client, listing, options)) all.push(...records);
  return all;
}

/**
 * Takes what comes twice once, as it came last: pages may overlap while others write.
 *
 * @param all What was read.
 * @param keyOf What tells two apart.
 * @returns Each once.
 */
export function once<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/**
 * Reads all experiments, whatever their stage.
 *
 * @param client The client.
 * @param signal Breaks it off.
 * @returns The experiments, each once.
 * @throws {RequestError} When they cannot be read.
 */
export async function readExperiments(
  client: ReadingClient,
  signal?: AbortSignal,
): Promise<readonly ExperimentRow[]> {
  const records = await readAll(client, {
    name: "experiments/search",
    field: "experiments",
    parameters: { view_type: "ALL", max_results: 10_000 },
  }, { signal });
  return once(records.map(experimentRowOf), ({ id }) => id);
}

interface Page {
  readonly records: readonly Answer[];
  /** Of the next one; `null`: there is none. */
  readonly token: string | null;
}

/** Where an answer of so many takes too long or is too long, a smaller one need not be. */
const LEAST_OF_PAGE = 50;

async function* pagesOf(
  client: ReadingClient,
  { name, parameters, field }: Listing,
  { signal }: PagesOptions,
): AsyncIterable<Page> {
  let size = Number(parameters["max_results"]);
  const seen = new Set<string>();
  for (let token: string | null = null;;) {
    let answer: Answer;
    try {
      answer = await client.ask(name, {
        ...parameters,
        max_results: size,
        ...(token === null ? {} : { page_token: token }),
      }, { signal });
    } catch (error) {
      const isTooMuch = error instanceof RequestError && error.failure === "unanswered" &&
        size >= 2 * LEAST_OF_PAGE;
      if (!isTooMuch) throw error;
      size = Math.floor(size / 2);
      continue;
    }
    const next = nextTokenOf(answer);
    if (next !== null && seen.has(next)) {
      throw new RequestError("foreign", `the server's list of ${field} has no end`);
    }
    yield { records: recordsOf(answer, field), token: next };
    if (next === null) return;
    seen.add(next);
    token = next;
  }
}

/** How many runs are asked for at a time: what one worker of a server answers in a second or two. */
const RUNS_AT_ONCE = 1_000;
/** How many experiments are named in one request. */
const EXPERIMENTS_AT_ONCE = 500;
/** How many lists are read at once: of the four workers that a server usually has, others keep two. */
const LISTS_AT_ONCE = 2;
/** How many runs usually show that none is missing between two pages. */
const SAMPLE = 20;
/** How often all is read, since others removed very many runs for good meanwhile. */
const MOST_PASSES = 3;

/** How to read runs. */
export interface RunsOptions extends PagesOptions {
  /** Called for each run, once. */
  readonly onRun: (run: RunRecord) => void;
  /** How many are asked for at a time. @default {1,000} */
  readonly atATime?: number;
  /** Called with the number of runs so far, and about how many there are once that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/**
 * Reads all runs of some experiments, oldest first, each once, while others write: what is begun meanwhile comes
 * last. Only what is removed for good makes what follows come earlier, so that a page would miss it: after each page
 * the server is asked for what follows the last run of the one before, by its time; where more runs have one time than
 * a page holds, or none, for what lies around the place where the two meet.
 *
 * @param client The client.
 * @param experiments Ids of the experiments.
 * @param options Who is told.
 * @throws {RequestError} When they cannot be read, or others remove them faster.
 */
export async function readRuns(
  client: ReadingClient,
  experiments: readonly string[],
  { signal, onRun, onProgress, atATime = RUNS_AT_ONCE }: RunsOptions,
): Promise<void> {
  const known = new Set<string>();
  const take = (record: Answer): RunRecord => {
    const run = runRecordOf(record);
    if (known.has(run.row.id)) return run;
    known.add(run.row.id);
    onRun(run);
    return run;
  };
  const parts = inParts(experiments);
  const counts = parts.map((): number | null => null);
  const tell = () => {
    const all = counts.reduce<number>((sum, one) => sum + (one ?? NaN), 0);
    onProgress?.(known.size, Number.isNaN(all) ? undefined : Math.max(known.size, all));
  };
  await atOnce(LISTS_AT_ONCE, [...parts.entries()], async ([part, experiment_ids]) => {
    const listing = {
      name: "runs/search",
      field: "runs",
      parameters: {
        experiment_ids,
        run_view_type: "ALL",
        max_results: atATime,
        order_by: ["attributes.start_time ASC"],
      },
    } as const;
    const isWhole = async () => {
      let isWhole = true;
      let before: readonly RunRecord[] = [];
      let read = 0;
      let meet: string | null = null;
      for await (const { records, token } of pagesOf(client, listing, { signal })) {
        const runs = records.map(take);
        if (before.length > 0) {
          const seam = { before, next: runs, offset: meet === offsetToken(read) ? read : null };
          isWhole = await isClosed(client, listing, seam, take, signal) && isWhole;
        }
        read += runs.length;
        if (before.length === 0 && token !== null && onProgress !== undefined) {
          counts[part] = await countOf(client, listing, { read, token }, signal);
        }
        if (runs.length > 0) before = runs;
        meet = token;
        if (token === null) counts[part] = read;
        tell();
      }
      return isWhole;
    };
    for (let pass = 1; !await isWhole(); pass++) {
      if (pass < MOST_PASSES) continue;
      throw new RequestError(
        "unanswered",
        "others remove runs for good faster than they can be read; try again once that is over",
      );
    }
  });
}

/** What MLflow says of a page that begins behind so many. */
function offsetToken(offset: number): string {
  return btoa(`{"offset": ${offset}}`);
}

/** About how many there are; `null` where tokens are not what MLflow's are, which promises nothing of them. */
async function countOf(
  client: ReadingClient,
  { name, parameters, field }: Listing,
  { read, token }: { readonly read: number; readonly token: string },
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (offsetToken(read) !== token) return null;
  try {
    return await estimateCount(read, async (than) => {
      const behind = { ...parameters, max_results: 1, page_token: offsetToken(than) };
      return recordsOf(await client.ask(name, behind, { signal }), field).length > 0;
    });
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

/** As many parts as are read at once, or more. */
function inParts(experiments: readonly string[]): readonly (readonly string[])[] {
  const size = Math.min(EXPERIMENTS_AT_ONCE, Math.ceil(experiments.length / LISTS_AT_ONCE));
  const parts: (readonly string[])[] = [];
  for (let at = 0; at < experiments.length; at += size) {
    parts.push(experiments.slice(at, at + size));
  }
  return parts;
}

/** Where two pages meet. */
interface Seam {
  readonly before: readonly RunRecord[];
  readonly next: readonly RunRecord[];
  /** How many runs there are before it; `null` where tokens are not what MLflow's are. */
  readonly offset: number | null;
}

/** Reads what may be missing between two pages, and tells whether that is all. */
async function isClosed(
  client: ReadingClient,
  { name, parameters }: Listing,
  { before, next, offset }: Seam,
  take: (record: Answer) => RunRecord,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const started = before.at(-1)?.row.started ?? null;
  const [left, right] = [idsOf(before), idsOf(next)];
  const ask = async (max_results: number, from: Answer) => {
    const answer = await client.ask(name, { ...parameters, max_results, ...from }, { signal });
    const ids = idsOf(recordsOf(answer, "runs").map(take));
    return { ids, isEnd: nextTokenOf(answer) === null };
  };
  // Those come last that say no time, and none can be asked for by that.
  if (started === null && offset === null) return next.length > 0;
  for (const size of [SAMPLE, Number(parameters["max_results"])]) {
    if (started !== null) {
      const { ids, isEnd } = await ask(size, { filter: `attributes.start_time >= ${started}` });
      if (isEnd || !ids.isDisjointFrom(right)) return true;
    }
    if (offset !== null) {
      const from = Math.max(0, offset - Math.ceil(size / 2));
      const { ids, isEnd } = await ask(size, { page_token: offsetToken(from) });
      // What has a run of each page, or goes on to the end, has all that lies between them.
      if (!ids.isDisjointFrom(left) && (isEnd || !ids.isDisjointFrom(right))) return true;
    }
  }
  return false;
}

function idsOf(runs: readonly RunRecord[]): ReadonlySet<string> {
  return new Set(runs.map(({ row }) => row.id));
}
