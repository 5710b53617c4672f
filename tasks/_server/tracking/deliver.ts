/**
 * Takes a batch to the server: all of it, but for what the server refuses for good.
 *
 * *Ordering*: where a batch is refused, it is found out what of it the server does not take, and the rest is sent. What
 * the server fails at, time after time, while it takes other things is set aside; what follows goes on.
 *
 * *Locking*: the spool's.
 *
 * *After an interruption*: the batch is sent once more.
 *
 * @module
 */

import { UNSENT_TAG } from "../../../lib/store/tags.ts";
import { visibleText } from "../../../lib/text/terminal_text.ts";
import { plural } from "../../../lib/text/units.ts";
import { keyFault } from "../../../lib/tracking/logging_rules.ts";
import { removeIfThere } from "../../_io/durable.ts";
import { isGone, readBytes } from "../../_io/read.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { RequestError } from "../client/request_error.ts";
import { readRun } from "../scan/read_run.ts";
import type { RunRecord } from "../scan/records.ts";
import { type Logged, requestFor } from "./batches.ts";
import { deleteDoubles } from "./create_run.ts";
import type { Aside, StartedRun } from "./read_spool.ts";
import type { Spool } from "./spool.ts";

/** What batches are taken with. */
export interface Delivery {
  readonly client: ChangingClient;
  readonly spool: Spool;
  readonly signal: AbortSignal;
  /** Waits, ms, before something is sent again. */
  readonly pause: (ms: number) => Promise<void>;
  /** Takes parameters that have another value on the server, by their keys, with that value. */
  readonly conflicts: Map<string, string>;
  /** Takes parameters that did not get there, by their keys, and why. */
  readonly lost: Map<string, string>;
  /** Takes what kinds of things the server has failed at since it took one. */
  readonly failing: Set<string>;
}

/** How often something is sent alone before it is set aside, and how long is waited at first, ms. */
const [MOST_TRIES, FIRST_PAUSE] = [3, 500] as const;

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
  const [first] = entries;
  if (first === undefined) return;
  try {
    await send(delivery, run, entries);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.isRefusal) return await deliverRest(delivery, run, entries, error);
    if (!await isForContent(delivery, run, error)) throw error;
    if (entries.length === 1) return await insist(delivery, run, first, error);
    await deliverHalves(delivery, run, entries);
  }
}

/**
 * Sends what was set aside once more, each alone; what the server fails at still stays aside. Needs the right to change
 * runs.
 *
 * @param delivery With what.
 * @param run The run.
 * @throws {RequestError} When nothing came of it.
 * @throws {LostRunError} When the run is not there, or deleted.
 */
export async function deliverAside(delivery: Delivery, run: StartedRun): Promise<void> {
  const { spool } = delivery;
  for (const one of spool.aside) {
    const entry = one.entry as Logged;
    try {
      await send(delivery, run, [entry]);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (!error.isRefusal) {
        if (await isForContent(delivery, run, error)) continue;
        throw error;
      }
      await deliverRest(delivery, run, [entry], error);
    }
    forget(spool, one);
  }
}

/** Sends it, and nothing else comes of it. */
async function send(
  { client, spool, signal, failing }: Delivery,
  run: StartedRun,
  entries: readonly Logged[],
): Promise<void> {
  const [first] = entries;
  if (first === undefined) return;
  if ("artifact" in first) {
    await put({ client, spool, signal }, run, first.artifact);
  } else {
    const { name, parameters } = requestFor(run.runId, entries);
    if ("end" in first) await deleteDoubles(client, spool, signal);
    await client.ask(name, parameters, { signal });
  }
  for (const entry of entries) {
    failing.delete(kindOf(entry));
    // What was logged last stays.
    if (!("tag" in entry) && !("artifact" in entry)) continue;
    const before = spool.aside.filter((one) => nameOf(one.entry as Logged) === nameOf(entry));
    for (const one of before) if (one.entry !== entry) forget(spool, one);
  }
}

function forget(spool: Spool, aside: Aside): void {
  spool.settle(aside);
  // The run has the tag that tells of it.
  spool.noteProbe(true);
  const entry = aside.entry as Logged;
  if ("artifact" in entry) removeIfThere(spool.fileOf(entry.artifact[1]));
}

/** What a server is asked to take: nothing of what it may be failing at. */
const PROBES = ["something", "something, it seems"] as const;

/** Whether a server fails at what it was sent, and takes something else just after. */
async function isForContent(
  delivery: Delivery,
  run: StartedRun,
  error: RequestError,
): Promise<boolean> {
  const { client, spool, signal } = delivery;
  if (!error.mayBeForContent) return false;
  try {
    const { tags } = await readActive(delivery, run, error);
    spool.noteProbe(true);
    // What it has already would change nothing, and so tell nothing.
    const value = PROBES.find((one) => one !== tags.get(UNSENT_TAG));
    const parameters = { run_id: run.runId, key: UNSENT_TAG, value };
    await client.ask("runs/set-tag", parameters, { signal });
    return true;
  } catch (problem) {
    if (problem instanceof RequestError) return false;
    throw problem;
  }
}

/** Sends one thing until the server takes it, or has failed at it too often while it takes others. */
async function insist(
  delivery: Delivery,
  run: StartedRun,
  entry: Logged,
  error: RequestError,
): Promise<void> {
  const { spool, pause, failing, lost } = delivery;
  let why = error;
  // Of a kind at which it fails one after the other, once is enough.
  const most = failing.has(kindOf(entry)) ? 1 : MOST_TRIES;
  for (let tries = 1; tries < most; tries++) {
    await pause(FIRST_PAUSE * 2 ** (tries - 1));
    try {
      return await send(delivery, run, [entry]);
    } catch (again) {
      if (!(again instanceof RequestError)) throw again;
      if (again.isRefusal) return await deliverRest(delivery, run, [entry], again);
      if (!await isForContent(delivery, run, again)) throw again;
      why = again;
    }
  }
  failing.add(kindOf(entry));
  if ("param" in entry) lost.set(entry.param[0], why.message);
  spool.setAside(entry, `${nameOf(entry)}: ${why.message}`);
}

/**
 * Says on the run what of it is set aside, or no more that anything is. Needs the right to change runs.
 *
 * @param delivery With what.
 * @param run The run.
 */
export async function markUnsent(
  { client, spool, signal }: Delivery,
  { runId }: StartedRun,
): Promise<void> {
  const names = spool.aside.map(({ entry }) => visibleText(nameOf(entry as Logged)));
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const tag = { run_id: runId, key: UNSENT_TAG };
  const set = (value: string) => client.ask("runs/set-tag", { ...tag, value }, { signal });
  try {
    if (names.length === 0) await client.ask("runs/delete-tag", tag, { signal });
    else {
      const value = names.slice(0, MOST_NAMED).join(", ") + more;
      // It may be the name at which it fails.
      await set(value).catch(() => set(plural(names.length, "thing")));
    }
  } catch (error) {
    // All that is to be there is there.
    if (!(error instanceof RequestError)) throw error;
  }
  spool.noteProbe(false);
}

const MOST_NAMED = 10;

/** Finds out what of a batch the server does not take, and sends the rest. */
async function deliverRest(
  delivery: Delivery,
  run: StartedRun,
  entries: readonly Logged[],
  error: Error,
): Promise<void> {
  const { spool, lost } = delivery;
  const { params } = await readActive(delivery, run, error);
  const rest = entries.filter((entry) => !isConflict(delivery, params, entry));
  if (rest.length < entries.length) return await deliver(delivery, run, rest);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    if ("param" in only) lost.set(only.param[0], error.message);
    return spool.noteRefusal(`${nameOf(only)}: ${error.message}`);
  }
  await deliverHalves(delivery, run, entries);
}

async function deliverHalves(
  delivery: Delivery,
  run: StartedRun,
  entries: readonly Logged[],
): Promise<void> {
  const middle = entries.length >> 1;
  await deliver(delivery, run, entries.slice(0, middle));
  await deliver(delivery, run, entries.slice(middle));
}

async function readActive(
  { client, signal }: Delivery,
  { runId }: StartedRun,
  cause: Error,
): Promise<RunRecord> {
  const record = await readRun(client, runId, signal);
  if (record?.row.stage === "active") return record;
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
  { client, spool, signal }: Pick<Delivery, "client" | "spool" | "signal">,
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
  return error instanceof LostRunError || error instanceof RequestError && error.isRefusal;
}

function kindOf(entry: Logged): string {
  return Object.keys(entry)[0] ?? "";
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
