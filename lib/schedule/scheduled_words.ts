import type { ScheduledTask } from "../policy/scheduled_task.ts";

/** How a task is called where nobody can be asked. */
export interface ScheduledCall {
  /** What is typed of it. */
  readonly words: readonly string[];
  /** Whether it goes by a configuration that can be named. */
  readonly hasPolicy: boolean;
  /** Whether it changes the store. */
  readonly changes: boolean;
}

/** How each task is called. */
export const SCHEDULED_CALLS: Readonly<Record<ScheduledTask, ScheduledCall>> = {
  "cleanup:apply": {
    words: ["cleanup", "--apply", "--force"],
    hasPolicy: true,
    changes: true,
  },
  "prune:apply": { words: ["prune", "--apply", "--force"], hasPolicy: true, changes: true },
  "repair:apply": { words: ["repair", "--apply", "--force"], hasPolicy: false, changes: true },
  backup: { words: ["backup"], hasPolicy: false, changes: true },
  cleanup: { words: ["cleanup"], hasPolicy: true, changes: false },
  prune: { words: ["prune"], hasPolicy: true, changes: false },
  repair: { words: ["repair"], hasPolicy: false, changes: false },
  verify: { words: ["verify"], hasPolicy: false, changes: false },
};

/** What a scheduled task is told of its store. */
export interface Told {
  /** The store's location. */
  readonly store: string;
  /** Absolute path of the configuration; `null` where there is none. */
  readonly config: string | null;
  /** Absolute path of where backups lie, if that is not the store. */
  readonly backups: string | null;
  /** Absolute path of its report. */
  readonly report: string;
  /** What else it is told. */
  readonly flags: readonly string[];
}

/**
 * Puts together how a task is called, so that it means the same store and the same configuration from wherever
 * it is started.
 *
 * @param task The task.
 * @param told What it is told.
 * @returns The words behind the program.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const told = { store: "/runs", config: null, backups: null, report: "/r.json", flags: [] };
 * assertEquals(
 *   scheduledWords("verify", told),
 *   ["verify", "--quiet", "--store", "/runs", "--no-config", "--report", "/r.json"],
 * );
 * ```
 */
export function scheduledWords(
  task: ScheduledTask,
  { store, config, backups, report, flags }: Told,
): readonly string[] {
  const { words, hasPolicy } = SCHEDULED_CALLS[task];
  const isNamed = hasPolicy && config !== null;
  return [
    ...words,
    "--quiet",
    ...["--store", store],
    ...(isNamed ? ["--config", config] : ["--no-config"]),
    ...(backups === null || task === "verify" ? [] : ["--backups", backups]),
    ...["--report", report],
    ...flags,
  ];
}
