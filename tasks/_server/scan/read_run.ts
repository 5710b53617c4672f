import { isGone } from "../client/request_error.ts";
import type { Answer } from "../client/read_answer.ts";
import type { ReadingClient } from "./read_pages.ts";
import { type RunRecord, runRecordOf } from "./records.ts";

/**
 * Reads one run, whatever its stage.
 *
 * @param client The client.
 * @param id The run.
 * @param signal Breaks it off.
 * @returns The run; `null` where it is not there.
 * @throws {RequestError} When the server does not tell.
 */
export async function readRun(
  client: ReadingClient,
  id: string,
  signal?: AbortSignal,
): Promise<RunRecord | null> {
  try {
    const { run } = await client.ask("runs/get", { run_id: id }, { signal });
    return runRecordOf(run as Answer);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
