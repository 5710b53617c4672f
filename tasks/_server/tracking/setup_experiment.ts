/**
 * Finding, making and restoring experiments of a tracking server.
 *
 * *Ordering*: the experiment first, then its tags.
 *
 * *Locking*: none; of two at once the server lets one make it, and the other finds it.
 *
 * *After an interruption*: the next call finds either state and goes on. What the server may have done without saying
 * so is looked at, and never asked for twice.
 *
 * @module
 */

import type { ExperimentRequest, ExperimentSetup } from "../../ports/tracking.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import type { Answer } from "../client/read_answer.ts";
import { isGone, RequestError } from "../client/request_error.ts";
import { experimentRowOf, recordsOf } from "../scan/records.ts";
import { refuseReplacing } from "./refuse_replacing.ts";

/**
 * Sets an experiment up. Needs the right to make experiments.
 *
 * @param given Asks the server.
 * @param request Which experiment.
 * @param signal Breaks it off.
 * @returns Its id, and what was done.
 * @throws {RequestError} When nothing came of it.
 * @throws {UnsupportedStoreError} When a deleted one is to be left as it is, and a new one to have its name.
 */
export async function setupServerExperiment(
  given: ChangingClient,
  request: ExperimentRequest,
  signal?: AbortSignal,
): Promise<ExperimentSetup> {
  const client: Asker = {
    server: given.server,
    ask: (name, parameters) => given.ask(name, parameters, { signal }),
  };
  const setup = await takeOrMake(client, request);
  const { experimentId: experiment_id } = setup;
  const has = tagsOf(await find(client, request.name));
  for (const [key, value] of request.tags) {
    if (has.get(key) === value) continue;
    await client.ask("experiments/set-experiment-tag", { experiment_id, key, value });
  }
  return setup;
}

type Asker = Pick<ChangingClient, "ask" | "server">;

/** Somebody else may make, delete or restore it meanwhile. */
const MOST_LOOKS = 4;

async function takeOrMake(
  client: Asker,
  request: ExperimentRequest,
): Promise<ExperimentSetup> {
  let outcome: ExperimentSetup["outcome"] = "reused";
  for (let looks = 1;; looks++) {
    const found = await find(client, request.name);
    if (found !== null && experimentRowOf(found).stage !== "deleted") {
      return { experimentId: experimentRowOf(found).id, outcome };
    }
    if (found !== null && request.onDeleted === "replace") {
      refuseReplacing(client.server.location, experimentRowOf(found));
    }
    const wanted = found === null ? "created" : "restored";
    try {
      await (found === null ? create(client, request) : restore(client, found));
      outcome = wanted;
    } catch (error) {
      const mayBeDone = error instanceof RequestError &&
        (error.isUncertain || error.failure === "refused");
      if (!mayBeDone || looks >= MOST_LOOKS) throw error;
      const now = await find(client, request.name);
      const isThere = now !== null && experimentRowOf(now).stage !== "deleted";
      // A server that refuses what is there by now was asked by two.
      if (isThere && error.isUncertain) outcome = wanted;
      else if (!isThere && error.failure === "refused") throw error;
    }
  }
}

/** Deleted ones have their names still; `null`: there is none. */
async function find(client: Asker, name: string): Promise<Answer | null> {
  try {
    const { experiment } = await client.ask("experiments/get-by-name", { experiment_name: name });
    return experiment as Answer;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function create(
  client: Asker,
  { name, artifactLocation, tags }: ExperimentRequest,
): Promise<void> {
  await client.ask("experiments/create", {
    name,
    ...(artifactLocation ? { artifact_location: artifactLocation } : {}),
    tags: [...tags].map(([key, value]) => ({ key, value })),
  });
}

async function restore(client: Asker, found: Answer): Promise<void> {
  await client.ask("experiments/restore", { experiment_id: experimentRowOf(found).id });
}

function tagsOf(found: Answer | null): ReadonlyMap<unknown, unknown> {
  return new Map(
    recordsOf(found ?? {}, "tags").map((
      { key, value },
    ): [unknown, unknown] => [key, value]),
  );
}
