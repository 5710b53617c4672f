/**
 * A change of a server's store: its actions in their order, some at a time.
 *
 * *Ordering*: what is made of runs is logged, durably, before the first request; the change ends in the log when all of
 * it is done.
 *
 * *Locking*: our own lock on this machine. A server has none: each run is read before it is changed, and what has come
 * to refer to runs is read before the first.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type { Action, SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { DELETED_AT_TAG } from "../../../lib/store/tags.ts";
import { needingRoom } from "../../_database/log/needing_room.ts";
import { statePaths } from "../../_database/log/state_directory.ts";
import type { Witness } from "../../_database/log/witnesses.ts";
import { performInChunks } from "../../ports/perform_in_chunks.ts";
import type { Change } from "../../ports/store.ts";
import { RequestError } from "../client/request_error.ts";
import { type ChangePlace, endingOf } from "./change_place.ts";
import { deleteRuns, type Judged } from "./delete_runs.ts";
import { type FinishRun, finishRuns, isFinish } from "./finish_runs.ts";
import { reverseChange } from "./settle_changes.ts";

/** What a change is made of. */
export interface ChangeOptions extends Omit<ChangePlace, "change"> {
  readonly actions: readonly Action[];
  readonly task: string;
  /** Epoch ms. */
  readonly now: number;
  readonly keepBackup: boolean;
  /** Absolute path of the file that stands for the server. */
  readonly path: string;
  readonly judged: Judged;
  /** By what the server's store is known. */
  readonly witnesses: readonly Witness[];
}

type Done = SoftDeleteRun | FinishRun;

/** How many runs are looked at together, and between two looks at the signal. */
const CHUNK = 100;

/**
 * Begins a change. Needs the right to change runs; the lock must be held.
 *
 * @param options What it is made of.
 * @returns The change.
 */
export function beginChange(options: ChangeOptions): Change {
  const { client, log, clock, pause, task, now, keepBackup, path, judged, witnesses } = options;
  const actions = options.actions.filter((one): one is Done => isDeletion(one) || isFinish(one));
  const { id } = log.begin(task, now, witnesses);
  const place: ChangePlace = { client, log, clock, change: id, pause };
  // Of two clients that begin in the same second each must know its own.
  const tag = `${DELETED_AT_TAG}.${crypto.randomUUID().slice(0, 8)}`;
  let isOpen = true;
  let lost: RequestError | null = null;
  const perform = async (chunk: readonly Done[]): Promise<readonly ActionOutcome[]> => {
    if (lost !== null) return failed(chunk, lost);
    try {
      return await needingRoom(path, () => {
        const deletions = chunk.filter(isDeletion);
        return deletions.length > 0
          ? deleteRuns(place, deletions, { judged, tag })
          : finishRuns(place, chunk.filter(isFinish));
      });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      lost = error;
      return failed(chunk, error);
    }
  };
  const isEmpty = () => log.rowsOf(id).length === 0;
  return {
    performAll: (how) => performInChunks(actions, { most: () => CHUNK, perform }, how),
    finish() {
      isOpen = false;
      const isKept = !isEmpty() && (keepBackup || lost !== null);
      // What is on its way somewhere is settled by the next task that reaches the server.
      if (isKept) log.finish(id, lost !== null);
      else log.remove(id);
      return Promise.resolve(isKept ? { id, path: statePaths(path).directory } : null);
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      await reverseChange(place, { id, task });
    },
  };
}

function failed(chunk: readonly Done[], { message }: RequestError): readonly ActionOutcome[] {
  return chunk.map((action) => ({ ...endingOf(action), outcome: "failed", message }));
}

function isDeletion(action: Action): action is SoftDeleteRun {
  return action.kind === "soft-delete-run";
}
