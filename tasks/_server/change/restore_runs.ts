/**
 * Making good again what a change has made of runs on a server: as far as they still are as it left them.
 *
 * *Ordering*: a deleted run is restored before its tag goes, since MLflow changes no tag of a deleted one.
 *
 * *Locking*: none; each run is read before each request.
 *
 * *After an interruption*: the same goes on from whatever is read then; a run that is active and still has our tag
 * loses it, and what others left beside it.
 *
 * @module
 */

import type { ExperimentRow } from "../../../lib/snapshot/assemble_rows.ts";
import { formatTime } from "../../../lib/text/units.ts";
import { type LoggedRow, markOf } from "../../_database/log/change_rows.ts";
import type { Answer } from "../client/read_answer.ts";
import { atOnce } from "../../_io/take_turns.ts";
import { REQUESTS_AT_ONCE } from "../client/open_client.ts";
import { isGone } from "../client/request_error.ts";
import type { ReadingClient } from "../scan/read_pages.ts";
import { experimentRowOf, type RunRecord } from "../scan/records.ts";
import type { ChangePlace } from "./change_place.ts";
import { isMarkedSince, markLeftBeside } from "./others_marks.ts";
import { isStuck, steerRuns, type Step } from "./steer_runs.ts";
import { takeTagBack } from "./take_tag_back.ts";

/** How a run stands: as it was, as the change left it, on the way between, otherwise, or not at all. */
export type RunState = "before" | "after" | "between" | "other" | "gone";

/**
 * Tells how a run stands.
 *
 * @param row What a change made of it.
 * @param found The run as it is; `null`: it is gone.
 * @returns How it stands.
 */
export function stateOfRun({ before, after }: LoggedRow, found: RunRecord | null): RunState {
  if (found === null) return "gone";
  const { stage, status, ended } = found.row;
  if (after["status"] !== undefined) {
    const isAs = (row: LoggedRow["before"]) =>
      // A server cannot take an end away, and shows none for 0.
      status === row["status"] && (ended ?? 0) === (row["end_time"] ?? 0);
    if (stage === "deleted") return "other";
    return isAs(before) ? "before" : isAs(after) ? "after" : "other";
  }
  const mark = markOf({ before, after });
  const isOurs = mark !== null && found.tags.get(mark.tag) === mark.after;
  if (stage !== "deleted") return isOurs ? "between" : "before";
  return isOurs && !isMarkedSince(mark, found.tags) ? "after" : "other";
}

/** What came of making runs good again. */
export interface Restored {
  /** What is as it was, or is nothing of ours any more. */
  readonly back: readonly LoggedRow[];
  /** Why the others are not; `isLost`: never can be any more. */
  readonly left: ReadonlyMap<LoggedRow, { readonly text: string; readonly isLost: boolean }>;
}

/**
 * Makes good again what was made of runs. Needs the right to change them.
 *
 * @param place Where.
 * @param rows What was made of them.
 * @param deleted Experiments that are deleted: what lies in them stays as it is. @default {none}
 * @returns What is back, and what is not.
 * @throws {RequestError} When the server does not tell any more how they stand.
 */
export async function restoreRuns(
  { client, clock, pause }: ChangePlace,
  rows: readonly LoggedRow[],
  deleted: ReadonlySet<string> = new Set(),
): Promise<Restored> {
  const steered = await steerRuns(
    client,
    rows,
    (row, found) => nextStep(row, found, { deleted, now: clock() }),
    { pause },
  );
  const left = new Map<LoggedRow, { readonly text: string; readonly isLost: boolean }>();
  for (const [row, end] of steered) {
    const text = isStuck(end)
      ? `run ${row.run}: ${end.stuck.message}`
      : collisionText(end, row, deleted);
    if (text !== null) left.set(row, { text, isLost: end === "gone" || end === "other" });
  }
  return { back: rows.filter((row) => !left.has(row)), left };
}

function nextStep(
  row: LoggedRow,
  found: RunRecord | null,
  { deleted, now }: { readonly deleted: ReadonlySet<string>; readonly now: number },
): Step<RunState> {
  const state = stateOfRun(row, found);
  const { run, experiment, before } = row;
  const mark = markOf(row);
  if (state === "between" && mark !== null) {
    const left = markLeftBeside(mark, found?.tags ?? new Map(), now);
    return takeTagBack(run, left === null ? mark : { tag: left, before: null });
  }
  if (state !== "after" || deleted.has(experiment)) return { ends: state };
  if (row.after["status"] === undefined) return { asks: "runs/restore", with: { run_id: run } };
  const { status, end_time } = before;
  return {
    asks: "runs/update",
    with: { run_id: run, status: `${status}`, end_time: Number(end_time ?? 0) },
  };
}

/**
 * Says what is in the way of making good again what was made of a run.
 *
 * @param state How it stands.
 * @param row What was made of it.
 * @param deleted Experiments that are deleted.
 * @returns The text; `null`: nothing is.
 */
export function collisionText(
  state: RunState,
  { run, experiment, before, after }: LoggedRow,
  deleted: ReadonlySet<string>,
): string | null {
  const { status, end_time } = after;
  const deed = status === undefined
    ? `deleted on ${formatTime(Number.parseInt(markOf({ before, after })?.after ?? ""))}`
    : `${`${status}`.toLowerCase()} on ${formatTime(Number(end_time))}`;
  switch (state) {
    case "before":
    case "between":
      return null;
    case "after":
      return deleted.has(experiment)
        ? `run ${run}: expected it in an active experiment, found that experiment ${experiment} has been deleted since; restore that first`
        : null;
    case "gone":
      return `run ${run}: expected it ${deed}, found that the server has it no more: it was removed for good`;
    case "other":
      return `run ${run}: expected it ${deed}, found that it has been changed since`;
  }
}

/**
 * Finds which experiments are deleted.
 *
 * @param client Asks the server.
 * @param rows Runs that lie in them.
 * @returns Their ids, those of experiments included that are gone.
 * @throws {RequestError} When the server does not tell.
 */
export async function deletedExperiments(
  client: ReadingClient,
  rows: readonly LoggedRow[],
): Promise<ReadonlySet<string>> {
  const found = await experimentsOf(client, rows);
  return new Set([...found].flatMap(([id, row]) => row?.stage === "active" ? [] : [id]));
}

/**
 * Reads the experiments in which runs lie.
 *
 * @param client Asks the server.
 * @param rows The runs.
 * @returns The experiments by their ids; `null`: it is gone.
 * @throws {RequestError} When the server does not tell.
 */
export async function experimentsOf(
  client: ReadingClient,
  rows: readonly LoggedRow[],
): Promise<ReadonlyMap<string, ExperimentRow | null>> {
  const ids = new Set(rows.map(({ experiment }) => experiment));
  const found = new Map<string, ExperimentRow | null>([...ids].map((id) => [id, null]));
  await atOnce(REQUESTS_AT_ONCE, [...ids], async (id) => {
    try {
      const { experiment } = await client.ask("experiments/get", { experiment_id: id });
      found.set(id, experimentRowOf(experiment as Answer));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  });
  return found;
}
