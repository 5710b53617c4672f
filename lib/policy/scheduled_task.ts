/** How often a task may run: `weekly` is on Sunday, `monthly` on the first. */
export const INTERVALS = [
  ...["daily", "weekly", "monthly"] as const,
  ...["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const,
] as const;

/** One of them. */
export type Interval = typeof INTERVALS[number];

/** The tasks that may run by themselves, as they are typed. */
export const SCHEDULED_TASKS = [
  ...["cleanup:apply", "prune:apply", "repair:apply", "backup"] as const,
  ...["cleanup", "prune", "repair", "verify"] as const,
] as const;

/** One of them. */
export type ScheduledTask = typeof SCHEDULED_TASKS[number];
