/**
 * The keys of `schedule` in `mltidy.yaml`: which task runs by itself, and when.
 *
 * @module
 */

import { choice, type Row, type Rows, time } from "./config_value.ts";
import { type Interval, INTERVALS, SCHEDULED_TASKS, type ScheduledTask } from "./scheduled_task.ts";

/** `schedule`: which task runs by itself, and when. */
export interface ScheduleConfig {
  /** How often. */
  readonly every: Interval;
  /** At which time of the day, `HH:MM`. */
  readonly at: string;
  /** Which task. */
  readonly task: ScheduledTask;
}

/** The keys of `schedule`. */
export const scheduleRows: Rows<ScheduleConfig> = {
  every: row(
    choice(INTERVALS),
    "weekly",
    "weekly",
    "daily, weekly (Sunday), monthly, or a weekday",
  ),
  at: row(time(), "03:30", "03:30", "The time of the day"),
  task: row(choice(SCHEDULED_TASKS), "cleanup:apply", "cleanup:apply", "The task that runs"),
};

function row<T>(
  kind: Row<T>["kind"],
  defaultValue: T,
  example: string,
  describe: string,
): Row<T> {
  return { kind, default: defaultValue, example, describe };
}
