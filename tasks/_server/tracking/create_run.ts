/**
 * Making the run of a spool, once: `runs/create` asked twice makes two.
 *
 * *Ordering*: it is noted in the spool that a server is asked, then it is asked, then it is noted which run that made.
 * A run whose parent waits, too, comes after it, and names it as the server does.
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
import { setupServerExperiment } from "./setup_experiment.ts";
import { type Spool, startedIn, type StartedRun } from "./spool.ts";

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
  if (spool.tries > 0) {
    const [found] = await findByKey(client, spool, spool.head.key, signal);
    if (found !== undefined) return started(spool, found);
  }
  const create = await withParent(client, spool, signal);
  spool.noteTry(spool.tries + 1);
  try {
    const { run } = await client.ask(
      "runs/create",
      { ...create, experiment_id },
      { signal },
    );
    return started(spool, startedOf(run));
  } catch (error) {
    if (error instanceof RequestError && !error.isUncertain) spool.noteTry(spool.tries - 1);
    throw error;
  }
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
  const tags = new Map(Object.entries(later.tags));
  const setup = await setupServerExperiment(client, { ...later, tags }, signal);
  spool.noteExperiment(setup.experimentId);
  return setup.experimentId;
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
