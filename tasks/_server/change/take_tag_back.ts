import type { Mark } from "../../_database/log/change_rows.ts";
import type { Step } from "./steer_runs.ts";

/**
 * Gives an active run its tag as it was before.
 *
 * @param run Its id.
 * @param mark The tag.
 * @returns What to ask.
 */
export function takeTagBack(run: string, { tag, before }: Omit<Mark, "after">): Step<never> {
  return before === null
    ? { asks: "runs/delete-tag", with: { run_id: run, key: tag } }
    : { asks: "runs/set-tag", with: { run_id: run, key: tag, value: before } };
}
