/**
 * Takes a batch to the server: all of it, but for what the server refuses for good.
 *
 * *Ordering*: where a batch is refused, it is found out what of it the server does not take, and the rest is sent.
 *
 * *Locking*: the spool's.
 *
 * *After an interruption*: the batch is sent once more.
 *
 * @module
 */

import { keyFault } from "../../../lib/tracking/logging_rules.ts";
import { isGone, readBytes } from "../../_io/read.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { RequestError } from "../client/request_error.ts";
import { readRun } from "../scan/read_run.ts";
import { type Logged, requestFor } from "./batches.ts";
import { deleteDoubles } from "./create_run.ts";
import type { Spool, StartedRun } from "./spool.ts";

/** What batches are taken with. */
export interface Delivery {
  readonly client: ChangingClient;
  readonly spool: Spool;
  readonly signal: AbortSignal;
  /** Takes parameters that have another value on the server, by their keys, with that value. */
  readonly conflicts: Map<string, string>;
}

/**
 * Sends what goes to the server at once; what that refuses is noted in the spool. Needs the right to change runs.
 *
 * @param delivery With what.
 * @param run The run.
 * @param entries What is sent.
 * @throws {RequestError} When nothing came of it.
 * @throws {LostRunError} When the run is not there, or deleted.
 */
export async function deliver(
  delivery: Delivery,
  run: StartedRun,
  entries: readonly Logged[],
): Promise<void> {
  const { client, spool, signal } = delivery;
  const [first] = entries;
  if (first === undefined) return;
  try {
    if ("artifact" in first) return await put(delivery, run, first.artifact);
    const { name, parameters } = requestFor(run.runId, entries);
    if ("end" in first) await deleteDoubles(client, spool, signal);
    await client.ask(name, parameters, { signal });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await deliverRest(delivery, run, entries, error);
  }
}

/** Finds out what of a batch the server does not take, and sends the rest. */
async function deliverRest(
  delivery: Delivery,
  run: StartedRun,
  entries: readonly Logged[],
  error: Error,
): Promise<void> {
  const { spool } = delivery;
  const params = await readParams(delivery, run, error);
  const rest = entries.filter((entry) => !isConflict(delivery, params, entry));
  if (rest.length < entries.length) return await deliver(delivery, run, rest);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    return spool.noteRefusal(`${nameOf(only)}: ${error.message}`);
  }
  const middle = entries.length >> 1;
  await deliver(delivery, run, entries.slice(0, middle));
  await deliver(delivery, run, entries.slice(middle));
}

async function readParams(
  { client, signal }: Delivery,
  { runId }: StartedRun,
  cause: Error,
): Promise<ReadonlyMap<string, string>> {
  const record = await readRun(client, runId, signal);
  if (record?.row.stage === "active") return record.params;
  throw new LostRunError(
    record === null
      ? `the server has run ${runId} no more`
      : `run ${runId} has been deleted; restore it, and what is missing is logged`,
    { cause },
  );
}

/** Whether it is a parameter that has another value by now; then a tag tells of this one. */
function isConflict(
  { spool, conflicts }: Delivery,
  params: ReadonlyMap<string, string>,
  entry: Logged,
): boolean {
  if (!("param" in entry)) return false;
  const [key, text] = entry.param;
  const existing = params.get(key);
  if (existing === undefined || existing === text) return false;
  conflicts.set(key, existing);
  const tag = `mltidy.param_conflict.${key}`;
  if (keyFault(tag) === null) spool.append({ tag: [tag, text] });
  return true;
}

async function put(
  { client, spool, signal }: Delivery,
  { artifactUri }: StartedRun,
  [path, file]: readonly [string, string],
): Promise<void> {
  const base = proxiedPath(artifactUri);
  if (base === null) {
    return spool.noteRefusal(`artifact ${path}: ${elsewhereText(artifactUri)}`);
  }
  const place = spool.fileOf(file);
  // Whoever was killed between the answer and its note has removed it.
  if (isGone(place)) return;
  const bytes = readBytes(place) as Uint8Array<ArrayBuffer>;
  await client.ask("mlflow-artifacts/put", { path: `${base}/${path}`, bytes }, { signal });
}

/** The run to which something is logged is not there, or deleted. */
class LostRunError extends Error {}

/**
 * Tells whether trying again is of no use for now.
 *
 * @param error What was thrown.
 * @returns Whether it is of none.
 */
export function isFinal(error: unknown): boolean {
  return error instanceof LostRunError || isRefusal(error);
}

/** Whether a server, or what stands before it, has understood it and does not take it. */
function isRefusal(error: unknown): error is RequestError {
  return error instanceof RequestError && (error.failure === "refused" || error.status === 413);
}

function nameOf(entry: Logged): string {
  if ("metric" in entry) return `metric ${entry.metric[0]}`;
  if ("param" in entry) return `parameter ${entry.param[0]}`;
  if ("tag" in entry) return `tag ${entry.tag[0]}`;
  if ("input" in entry) return `dataset ${entry.input[0].name}`;
  if ("artifact" in entry) return `artifact ${entry.artifact[0]}`;
  return "end" in entry ? `status ${entry.end[0]}` : "status RUNNING";
}

/**
 * Tells where the server keeps artifacts that it hands on.
 *
 * @param artifactUri Where a run's artifacts are.
 * @returns The path for its endpoints; `null` where they lie elsewhere.
 */
export function proxiedPath(artifactUri: string): string | null {
  const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.+?)\/*$/.exec(artifactUri) ?? [];
  return path ?? null;
}

/**
 * Says why no artifact can be put there.
 *
 * @param artifactUri Where a run's artifacts are.
 * @returns The reason.
 */
export function elsewhereText(artifactUri: string): string {
  return `the artifacts of this run are at ${
    artifactUri || "no known place"
  }, where this server puts none: log them with MLflow itself, or start the server with --artifacts-destination in place of --default-artifact-root, so that runs of new experiments go through it`;
}
