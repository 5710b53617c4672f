/**
 * What something takes on disk.
 *
 * @module
 */

/** What a tree takes on disk: allocated bytes (as `du` counts, hard links once) and files. */
export interface DiskUsage {
  /** Allocated bytes, directories included. */
  readonly bytes: number;
  /** Number of files, directories not included. */
  readonly files: number;
}

/** What nothing takes. */
export const NO_USAGE: DiskUsage = { bytes: 0, files: 0 };

/**
 * Adds up what several things take.
 *
 * @param usages What each takes; `null` where that was not measured.
 * @returns What all take; `null` as soon as one was not measured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addUsage([{ bytes: 4096, files: 1 }, { bytes: 512, files: 2 }]), {
 *   bytes: 4608,
 *   files: 3,
 * });
 * assertEquals(addUsage([{ bytes: 4096, files: 1 }, null]), null);
 * ```
 */
export function addUsage(usages: readonly DiskUsage[]): DiskUsage;
export function addUsage(usages: readonly (DiskUsage | null)[]): DiskUsage | null;
export function addUsage(usages: readonly (DiskUsage | null)[]): DiskUsage | null {
  let [bytes, files] = [0, 0];
  for (const usage of usages) {
    if (usage === null) return null;
    bytes += usage.bytes;
    files += usage.files;
  }
  return { bytes, files };
}
