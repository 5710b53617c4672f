import { isDiskFull } from "../../_io/disk_full.ts";
import { fullErrorOf } from "../scan/open_database.ts";

/**
 * Does something that is logged, for which the disk of the log may have no room.
 *
 * @param path Absolute path of the store's database, or of the file that stands for it on this machine.
 * @param work What to do.
 * @param tried Whether what was to go for good was to make room itself. @default {false}
 * @returns What it gives.
 * @throws {DiskFullError} When there is no room.
 */
export async function needingRoom<T>(
  path: string,
  work: () => T | Promise<T>,
  tried = false,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDiskFull(error) ? fullErrorOf(path, error, tried) : error;
  }
}
