/**
 * What was logged → requests: as many things at once as MLflow's endpoints take, in their order.
 *
 * @module
 */

import type { Dataset, MetricPoint } from "../../../lib/store/tracking_model.ts";
import type { Answer } from "../client/read_answer.ts";
import type { SpoolLine } from "./read_spool.ts";

/** Something that was logged. */
export type Logged =
  | { readonly metric: readonly [key: string, points: readonly StoredValue[]] }
  | { readonly param: readonly [key: string, text: string] }
  | { readonly tag: readonly [key: string, text: string] }
  | { readonly input: readonly [dataset: Dataset, tags: readonly (readonly [string, string])[]] }
  | { readonly artifact: readonly [path: string, file: string] }
  /** A run that goes on though it had ended. */
  | { readonly again: true }
  | { readonly end: readonly [status: string, endTime: number] };

/** A point: NaN and infinities as text, which JSON has no numbers for. */
type StoredValue = readonly [value: number | string, timestamp: number, step: number];

/** What goes to the server at once: one thing, or many for `runs/log-batch`. */
export interface Batch {
  readonly entries: readonly Logged[];
  /** Where it ends in the spool. */
  readonly end: number;
}

/** As MLflow has it. */
const MOST = { all: 1000, metrics: 1000, params: 100, tags: 100, bytes: 900_000 } as const;

/**
 * Splits points so that those of one entry fit into a request.
 *
 * @param key The metric's key.
 * @param points The points.
 * @returns Entries, in order.
 */
export function metricEntries(key: string, points: readonly MetricPoint[]): readonly Logged[] {
  const entries: Logged[] = [];
  for (let at = 0; at < points.length; at += MOST.metrics) {
    const stored = points.slice(at, at + MOST.metrics).map((
      { value, timestamp, step },
    ): StoredValue => [Number.isFinite(value) ? value : `${value}`, timestamp, step]);
    entries.push({ metric: [key, stored] });
  }
  return entries;
}

/**
 * Takes what goes to the server next.
 *
 * @param read What is read of the spool; marks in it are passed over.
 * @returns The batch; without entries where there is nothing to send; `null` where nothing was read.
 */
export function nextBatch(read: readonly SpoolLine[]): Batch | null {
  const entries: Logged[] = [];
  const taken = { all: 0, metrics: 0, params: 0, tags: 0, bytes: 0 };
  let end: number | null = null;
  for (const { entry, end: entryEnd } of read) {
    const logged = loggedOf(entry);
    if (logged !== null) {
      const wanted = weightOf(logged);
      if (entries.length > 0) {
        if (wanted === null || !isBatched(entries[0]!)) break;
        const isFull = (Object.keys(MOST) as (keyof typeof MOST)[])
          .some((what) => taken[what] + wanted[what] > MOST[what]);
        if (isFull) break;
      }
      entries.push(logged);
      if (wanted !== null) {
        for (const what of Object.keys(MOST) as (keyof typeof MOST)[]) taken[what] += wanted[what];
      }
    }
    end = entryEnd;
  }
  return end === null ? null : { entries, end };
}

function loggedOf(entry: Answer): Logged | null {
  const isLogged = ["metric", "param", "tag", "input", "artifact", "again", "end"]
    .some((kind) => kind in entry);
  return isLogged ? entry as Logged : null;
}

function isBatched(entry: Logged): boolean {
  return "metric" in entry || "param" in entry || "tag" in entry;
}

type Weight = Readonly<Record<keyof typeof MOST, number>>;

/** `null` for what goes alone. */
function weightOf(entry: Logged): Weight | null {
  const none = { all: 1, metrics: 0, params: 0, tags: 0 };
  if ("metric" in entry) {
    const [key, { length }] = entry.metric;
    return { ...none, all: length, metrics: length, bytes: length * (key.length * 3 + 90) };
  }
  if ("param" in entry) return { ...none, params: 1, bytes: bytesOf(entry.param) };
  if ("tag" in entry) return { ...none, tags: 1, bytes: bytesOf(entry.tag) };
  return null;
}

function bytesOf(pair: readonly string[]): number {
  return new TextEncoder().encode(JSON.stringify(pair)).length + 20;
}

/** A request that changes something. */
export interface LoggingRequest {
  readonly name: "runs/log-batch" | "runs/log-inputs" | "runs/update";
  readonly parameters: Answer;
}

/**
 * Makes the request for what is sent at once; artifacts have one of their own.
 *
 * @param runId The run.
 * @param entries What is sent.
 * @returns The request.
 */
export function requestFor(runId: string, entries: readonly Logged[]): LoggingRequest {
  const [first] = entries;
  if (first !== undefined && "input" in first) return inputRequest(runId, first.input);
  if (first !== undefined && "end" in first) {
    const [status, end_time] = first.end;
    return { name: "runs/update", parameters: { run_id: runId, status, end_time } };
  }
  if (first !== undefined && "again" in first) {
    // No server takes an end away, but it shows none for 0.
    return { name: "runs/update", parameters: { run_id: runId, status: "RUNNING", end_time: 0 } };
  }
  const metrics = entries.flatMap((entry) => {
    if (!("metric" in entry)) return [];
    const [key, points] = entry.metric;
    return points.map(([value, timestamp, step]) => ({ key, value, timestamp, step }));
  });
  // A server refuses a key that comes twice: of parameters the first stays, of tags the last.
  const params = new Map<string, string>();
  const tags = new Map<string, string>();
  for (const entry of entries) {
    if ("param" in entry && !params.has(entry.param[0])) params.set(...entry.param);
    if ("tag" in entry) tags.set(...entry.tag);
  }
  return {
    name: "runs/log-batch",
    parameters: { run_id: runId, metrics, params: pairs(params), tags: pairs(tags) },
  };
}

function inputRequest(
  runId: string,
  [dataset, tags]: readonly [Dataset, readonly (readonly [string, string])[]],
): LoggingRequest {
  const { name, digest, sourceType: source_type, source, schema, profile } = dataset;
  const optional = {
    ...(schema ? { schema } : {}),
    ...(profile ? { profile } : {}),
  };
  const datasets = [{
    tags: pairs(new Map(tags)),
    dataset: { name, digest, source_type, source, ...optional },
  }];
  return { name: "runs/log-inputs", parameters: { run_id: runId, datasets } };
}

function pairs(map: ReadonlyMap<string, string>): readonly Answer[] {
  return [...map].map(([key, value]) => ({ key, value }));
}
