/**
 * Making the run of a spool, once: `runs/create` asked twice makes two.
 *
 * *Ordering*: it is noted in the spool that a server is asked, then it is asked, then it is noted which run that made.
 * A run whose parent waits, too, comes after it, and names it as the server does.
 *
 * A server that does not take the run as it is to be, such as one with a NUL in its name, is asked for a bare one, which
 * gets the rest like whatever else is logged to it.
 *
 * *Locking*: the spool's.
 *
 * *After an interruption*: where a server was asked and it is not known what came of it, the run is looked for by its
 * key, which is its tag `mltidy.run_key`, before it is asked again. One that a late request has made after all is
 * deleted before the spool goes: nothing was logged to it.
 *
 * @module
 */

import { dirname } from "@std/path";
import { laterExperimentOf } from "../../../lib/tracking/later_experiment.ts";
import { PARENT_TAG, RUN_KEY_TAG } from "../../../lib/store/tags.ts";
import { isText } from "../../../lib/text/json.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import type { Answer } from "../client/read_answer.ts";
import { RequestError } from "../client/request_error.ts";
import { recordsOf, runRecordOf } from "../scan/records.ts";
import type { Logged } from "./batches.ts";
import { setupServerExperiment } from "./setup_experiment.ts";
import { startedIn, type StartedRun } from "./read_spool.ts";
import type { Spool } from "./spool.ts";

/**
 * Makes the run of a spool, or finds it. Needs the right to make runs.
 *
 * @param client Asks the server.
 * @param spool Whose run.
 * @param signal Breaks it off.
 * @returns The run.
 * @throws {RequestError} When nothing came of it, or it is not known what.
 */
export async function createRun(
  client: ChangingClient,
  spool: Spool,
  signal: AbortSignal,
): Promise<StartedRun> {
  if (spool.started !== null) return spool.started;
  const experiment_id = await experimentOf(client, spool, signal);
  for (let tries = 1;; tries++) {
    if (spool.tries > 0) {
      const [found] = await findByKey(client, spool, spool.head.key, signal);
      if (found !== undefined) return started(spool, found);
    }
    const create = { ...await withParent(client, spool, signal), experiment_id };
    try {
      return await make(client, spool, create, signal);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const isFailure = error.status !== null && error.mayBeForContent;
      if (!error.isRefusal && !isFailure) throw error;
      if (isFailure && tries < MOST_TRIES) continue;
      const bare = await createBare(client, spool, create, signal);
      if (bare === null) throw error;
      return bare;
    }
  }
}

/** How often a server may fail at a run before it is asked for a bare one. */
const MOST_TRIES = 2;

async function make(
  client: ChangingClient,
  spool: Spool,
  create: Answer,
  signal: AbortSignal,
): Promise<StartedRun> {
  spool.noteTry(spool.tries + 1);
  try {
    const { run } = await client.ask("runs/create", create, { signal });
    return started(spool, startedOf(run));
  } catch (error) {
    if (error instanceof RequestError && !error.isUncertain) spool.noteTry(spool.tries - 1);
    throw error;
  }
}

/** The run matters more than its name, and than any of its tags; `null`: nothing came of that either. */
async function createBare(
  client: ChangingClient,
  spool: Spool,
  { experiment_id, start_time }: Answer,
  signal: AbortSignal,
): Promise<StartedRun | null> {
  try {
    // Who fails may have made it all the same.
    const [found] = spool.tries > 0 ? await findByKey(client, spool, spool.head.key, signal) : [];
    if (found !== undefined) return started(spool, found);
    spool.noteBare(true);
    const tags = [{ key: RUN_KEY_TAG, value: spool.head.key }];
    return await make(client, spool, { experiment_id, start_time, tags }, signal);
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

/**
 * Tells with which tags a run was to begin, which it lacks where it was made bare.
 *
 * @param client Asks the server.
 * @param spool Whose run.
 * @param signal Breaks it off.
 * @returns What is to be logged to it before anything else.
 * @throws {RequestError} When it is not known which run its parent is.
 */
export async function startingTags(
  client: ChangingClient,
  spool: Spool,
  signal: AbortSignal,
): Promise<readonly Logged[]> {
  const create = await withParent(client, spool, signal);
  return recordsOf(create ?? {}, "tags").map(({ key, value }): Logged => ({
    tag: [`${key}`, `${value}`],
  }));
}

/**
 * Deletes what was made besides, where a server was asked more than once.
 *
 * @param client Asks the server.
 * @param spool Whose run.
 * @param signal Breaks it off.
 * @throws {RequestError} When nothing came of it.
 */
export async function deleteDoubles(
  client: ChangingClient,
  spool: Spool,
  signal: AbortSignal,
): Promise<void> {
  const { started, tries } = spool;
  if (started === null || tries < 2) return;
  for (const { runId } of await findByKey(client, spool, spool.head.key, signal)) {
    if (runId !== started.runId) await client.ask("runs/delete", { run_id: runId }, { signal });
  }
}

/** One that could not be set up before the training is set up now. */
async function experimentOf(
  client: ChangingClient,
  spool: Spool,
  signal: AbortSignal,
): Promise<string> {
  const { head: { experimentId }, experiment } = spool;
  const later = laterExperimentOf(experimentId);
  if (experiment !== null || later === null) return experiment ?? experimentId;
  const setUp = async (tags: readonly (readonly [string, string])[]) =>
    (await setupServerExperiment(client, { ...later, tags: new Map(tags) }, signal)).experimentId;
  const tags = Object.entries(later.tags);
  let id: string;
  try {
    id = await setUp(tags);
  } catch (error) {
    if (tags.length === 0 || !isRefused(error)) throw error;
    id = await setUp([]);
    for (const one of tags) {
      await setUp([one]).catch((error) => {
        if (!isRefused(error)) throw error;
        spool.noteRefusal(`tag ${one[0]} of experiment ${later.name}: ${error.message}`);
      });
    }
  }
  spool.noteExperiment(id);
  return id;
}

function isRefused(error: unknown): error is RequestError {
  return error instanceof RequestError && error.isRefusal;
}

function started(spool: Spool, run: StartedRun): StartedRun {
  spool.noteStart(run);
  return run;
}

/** The parent has no id yet. */
export class WaitingError extends Error {}

/** Where the parent was begun without an id, the one that the server has given it since. */
async function withParent(
  client: ChangingClient,
  spool: Spool,
  signal: AbortSignal,
): Promise<Answer | null> {
  const { head: { create, parent = null }, path } = spool;
  if (create === null || parent === null) return create;
  const waiting = startedIn(dirname(path), parent);
  if (waiting === null) {
    throw new WaitingError("its parent comes first, and the server does not have that yet");
  }
  const [found] = waiting === undefined
    ? await findByKey(client, spool, parent, signal)
    : [waiting];
  if (found === undefined) return create;
  const tags = (create["tags"] as readonly Answer[]).map((tag) =>
    tag["key"] === PARENT_TAG ? { ...tag, value: found.runId } : tag
  );
  return { ...create, tags };
}

async function findByKey(
  client: ChangingClient,
  spool: Spool,
  key: string,
  signal: AbortSignal,
): Promise<readonly StartedRun[]> {
  const answer = await client.ask("runs/search", {
    experiment_ids: [await experimentOf(client, spool, signal)],
    filter: `tags.\`${RUN_KEY_TAG}\` = '${key}'`,
    run_view_type: "ACTIVE_ONLY",
    order_by: ["attributes.start_time ASC"],
    max_results: 100,
  }, { signal });
  return recordsOf(answer, "runs").map(startedOf);
}

function startedOf(record: unknown): StartedRun {
  const { row } = runRecordOf((record ?? {}) as Answer);
  return { runId: row.id, artifactUri: isText(row.location) ? row.location : "" };
}
