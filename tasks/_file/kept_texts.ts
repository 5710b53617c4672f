/**
 * Kept copies of records: the newest that a copy backup or the metadata history has.
 *
 * @module
 */

import { join } from "@std/path";
import type { KeptText } from "../../lib/plan/repair_action.ts";
import type { StorePath } from "../../lib/store/path.ts";
import { readText } from "../_io/read.ts";
import { listCopies } from "./backups/backup_place.ts";
import { readHistory } from "./own/metadata_history.ts";
import { ownPaths } from "./own/own_paths.ts";

/** Finds the newest copy of a record that is sound; `null` when none was kept. */
export type FindCopy = (
  path: StorePath,
  isSound: (text: string) => boolean,
) => Promise<KeptText | null>;

/**
 * Opens what was kept of a store. Nothing is read before the first question. Needs read permission for
 * the store.
 *
 * @param root Absolute real path of the store's root.
 * @returns The way to ask.
 */
export function openCopies(root: string): FindCopy {
  const paths = ownPaths(root);
  const place = { backups: paths.backups, staging: paths.staging, lock: null, isShared: false };
  let history: ReadonlyMap<string, KeptText> | undefined;
  let backups: Awaited<ReturnType<typeof listCopies>> | undefined;
  return async (path, isSound) => {
    history ??= await orNothing(readHistory(paths), new Map());
    backups ??= await orNothing(listCopies(place, root), []);
    const found = history.get(path);
    const kept = found !== undefined && isSound(found.text) ? found : null;
    for (const { id, createdAt } of backups) {
      if (kept !== null && kept.keptAt >= createdAt) return kept;
      const fact = readText(join(paths.backups, id, "files", path));
      // It may have been damaged already when it was copied.
      if (fact.kind === "text" && isSound(fact.text)) {
        return { text: fact.text, source: `backup ${id}`, keptAt: createdAt };
      }
    }
    return kept;
  };
}

/** What cannot be listed gives nothing back, and what is damaged is mended without it. */
async function orNothing<T>(kept: Promise<T>, nothing: T): Promise<T> {
  try {
    return await kept;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return nothing;
  }
}
