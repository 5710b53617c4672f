/**
 * Names a new backup: by the moment, to the second, and its task.
 *
 * @param task The task that makes it.
 * @param now Epoch ms.
 * @param isTaken Tells whether another has that id.
 * @returns An id that no other has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const now = Date.UTC(2026, 10, 1, 12, 30, 5);
 * assertEquals(newBackupId("cleanup", now, () => false), "20261101T123005Z-cleanup");
 * ```
 */
export function newBackupId(
  task: string,
  now: number,
  isTaken: (id: string) => boolean,
): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  for (let count = 1;; count++) {
    const id = `${time}-${task}${count === 1 ? "" : `-${count}`}`;
    if (!isTaken(id)) return id;
  }
}

/**
 * Tells whether something may be the id of a backup, and so the name of one entry of a directory.
 *
 * @param id What it is.
 * @returns Whether it may.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isBackupId("20261101T123005Z-cleanup"), true);
 * assertEquals(isBackupId("../20261101T123005Z-cleanup"), false);
 * ```
 */
export function isBackupId(id: string): boolean {
  return /^\d{8}T\d{6}Z-[^/\0]+$/.test(id);
}
