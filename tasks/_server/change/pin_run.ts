/**
 * Pinning runs of a server, as a tag of MLflow's.
 *
 * *Ordering*: the run is read before it is asked for, and after it: what is read last tells that it is done.
 *
 * *Locking*: none; a server has no lock.
 *
 * *After an interruption*: the run has the tag or has it not.
 *
 * @module
 */

import { InvalidArgumentError } from "../../../lib/errors.ts";
import type { ServerName } from "../../../lib/store/store_uri.ts";
import { PIN_TAG } from "../../../lib/store/tags.ts";
import type { PinnedRun } from "../../ports/store.ts";
import { CHANGING } from "../client/changing_endpoints.ts";
import { READING } from "../client/endpoints.ts";
import type { Environment } from "../client/find_credentials.ts";
import { openClient } from "../client/open_client.ts";
import { isStuck, steerRuns } from "./steer_runs.ts";

/**
 * Pins a run, or takes its pin away. Needs net permission for the server, and the right to change the run.
 *
 * @param server The server.
 * @param environment Tells how to be let in.
 * @param run The run.
 * @param pinned Whether it is to be pinned.
 * @param pause Waits, ms. @default {real time}
 * @throws {InvalidArgumentError} When there is no such active run.
 */
export async function pinServerRun(
  server: ServerName,
  environment: Environment,
  { experimentId, runId }: PinnedRun,
  pinned: boolean,
  pause?: (ms: number) => Promise<void>,
): Promise<void> {
  using client = openClient(server, { endpoints: { ...READING, ...CHANGING }, environment, pause });
  const subject = { experiment: experimentId, run: runId };
  const with_ = { run_id: runId, key: PIN_TAG };
  const steered = await steerRuns<typeof subject, boolean>(client, [subject], (_, found) => {
    if (found === null || found.row.stage === "deleted") return { ends: false };
    if (found.tags.has(PIN_TAG) === pinned) return { ends: true };
    return pinned
      ? { asks: "runs/set-tag", with: { ...with_, value: "true" } }
      : { asks: "runs/delete-tag", with: with_ };
  }, { pause });
  const end = steered.get(subject);
  if (typeof end === "object" && isStuck(end)) throw end.stuck;
  if (end !== true) {
    throw new InvalidArgumentError(`Cannot pin run ${runId}: there is no such active run`);
  }
}
