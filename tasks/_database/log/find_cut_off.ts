import { basename, join } from "@std/path";
import { listDirectory } from "../../_io/list_directory.ts";
import { isGone } from "../../_io/read.ts";
import { isCutOff, openDatabase } from "../scan/open_database.ts";
import { readChangeLog } from "./change_log.ts";
import { statePaths } from "./state_directory.ts";

/**
 * Names what was cut off and waits for a task that may write. Needs read permission.
 *
 * @param path Absolute real path of the store's database.
 * @returns Changes by their ids; a database by its name, of which SQLite itself has to take something back.
 */
export function findCutOff(path: string): readonly string[] {
  return [
    // Every task asks this, and a database without a journal, which may be long to read, has nothing to take back.
    ...isGone(`${path}-journal`) ? [] : unlessCutOff(path, () => {
      using database = openDatabase(path);
      database.exec("BEGIN");
      database.prepare("SELECT 1 FROM sqlite_master").get();
      return [];
    }),
    ...unlessCutOff(statePaths(path).changes, () => {
      using log = readChangeLog(path);
      return (log?.list() ?? []).filter(({ isDone, isLeaving, isGoingBack }) =>
        !isDone && !isLeaving || isGoingBack
      )
        .map(({ id }) => id);
    }),
  ];
}

/**
 * Names what was not to be kept and takes its place all the same. Needs read permission.
 *
 * @param path Absolute real path of the store's database.
 * @returns Changes by their ids, of which artifacts are to be freed, and what lies in staging.
 */
export async function findStaged(path: string): Promise<readonly string[]> {
  const { changes, staging } = statePaths(path);
  const listed = await listDirectory(staging);
  return [
    ...unlessCutOff(changes, () => {
      using log = readChangeLog(path);
      return (log?.list() ?? []).filter(({ isLeaving, hasRemains }) => isLeaving || hasRemains)
        .map(({ id }) => id);
    }),
    ...listed.kind === "listed" ? listed.entries.map(({ name }) => join(staging, name)) : [],
  ];
}

function unlessCutOff(path: string, look: () => readonly string[]): readonly string[] {
  try {
    return look();
  } catch (error) {
    if (isCutOff(error) || isCutOff((error as Error).cause)) return [basename(path)];
    throw error;
  }
}
