import { DELETED_AT_TAG } from "../../../lib/store/tags.ts";
import type { LoggedRow } from "../../_database/log/change_rows.ts";
import type { Step } from "./steer_runs.ts";

/**
 * Gives an active run the tag that it had before.
 *
 * @param run Its id.
 * @param before What of it was changed, as it was.
 * @returns What to ask.
 */
export function takeTagBack(run: string, before: LoggedRow["before"]): Step<never> {
  const had = before[DELETED_AT_TAG] ?? null;
  return had === null
    ? { asks: "runs/delete-tag", with: { run_id: run, key: DELETED_AT_TAG } }
    : { asks: "runs/set-tag", with: { run_id: run, key: DELETED_AT_TAG, value: `${had}` } };
}
