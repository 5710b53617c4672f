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
import { PIN_TAG } from "../../../lib/store/tags.ts";
import type { PinnedRun } from "../../ports/store.ts";
import { openChangingClient } from "../client/open_changing_client.ts";
import type { Reach } from "../client/open_client.ts";
import { isStuck, steerRuns } from "./steer_runs.ts";

/**
 * Pins a run, or takes its pin away. Needs net permission for the server, and the right to change the run.
 *
 * @param reach What reaches the server.
 * @param run The run.
 * @param pinned Whether it is to be pinned.
 * @throws {InvalidArgumentError} When there is no such active run.
 */
export async function pinServerRun(
  reach: Reach,
  { experimentId, runId }: PinnedRun,
  pinned: boolean,
): Promise<void> {
  using client = openChangingClient(reach);
  const subject = { experiment: experimentId, run: runId };
  const with_ = { run_id: runId, key: PIN_TAG };
  const steered = await steerRuns<typeof subject, boolean>(client, [subject], (_, found) => {
    if (found === null || found.row.stage === "deleted") return { ends: false };
    if (found.tags.has(PIN_TAG) === pinned) return { ends: true };
    return pinned
      ? { asks: "runs/set-tag", with: { ...with_, value: "true" } }
      : { asks: "runs/delete-tag", with: with_ };
  }, { pause: reach.pause });
  const end = steered.get(subject);
  if (typeof end === "object" && isStuck(end)) throw end.stuck;
  if (end !== true) {
    throw new InvalidArgumentError(`Cannot pin run ${runId}: there is no such active run`);
  }
}
