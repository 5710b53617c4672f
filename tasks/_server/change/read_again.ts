/**
 * Reading some runs of a server again, as they are at the moment.
 *
 * @module
 */

import { atOnce } from "../../_io/take_turns.ts";
import { REQUESTS_AT_ONCE } from "../client/open_client.ts";
import { RequestError } from "../client/request_error.ts";
import type { ReadingClient } from "../scan/read_pages.ts";
import { readRun } from "../scan/read_run.ts";
import { recordsOf, type RunRecord, runRecordOf } from "../scan/records.ts";

/** A run, and where it is. */
export interface Subject {
  readonly experiment: string;
  readonly run: string;
}

/** How many runs one request names. */
const NAMED_AT_ONCE = 100;

/** What needs no quoting in a filter. */
const PLAIN = /^[\w-]+$/;

/**
 * Reads runs, whatever their stage.
 *
 * @param client The client.
 * @param subjects The runs.
 * @returns By id; one that is not there is gone.
 * @throws {RequestError} When the server does not tell.
 */
export async function readAgain(
  client: ReadingClient,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, RunRecord>> {
  const found = new Map<string, RunRecord>();
  const named = subjects.filter(({ run }) => PLAIN.test(run));
  for (let at = 0; at < named.length; at += NAMED_AT_ONCE) {
    const some = named.slice(at, at + NAMED_AT_ONCE);
    for (const record of await search(client, some)) found.set(record.row.id, record);
  }
  // MLflow 2 takes an ID of digits alone for a number, and finds none; so nothing is gone for not being listed.
  await atOnce(REQUESTS_AT_ONCE, subjects.filter(({ run }) => !found.has(run)), async ({ run }) => {
    const record = await readRun(client, run);
    if (record !== null) found.set(run, record);
  });
  return found;
}

/** Nothing where this server has no such filter. */
async function search(
  client: ReadingClient,
  subjects: readonly Subject[],
): Promise<readonly RunRecord[]> {
  try {
    const answer = await client.ask("runs/search", {
      experiment_ids: [...new Set(subjects.map(({ experiment }) => experiment))],
      filter: `attributes.run_id IN (${subjects.map(({ run }) => `'${run}'`).join(", ")})`,
      run_view_type: "ALL",
      max_results: subjects.length,
    });
    return recordsOf(answer, "runs").map(runRecordOf);
  } catch (error) {
    if (error instanceof RequestError && error.failure === "refused") return [];
    throw error;
  }
}
