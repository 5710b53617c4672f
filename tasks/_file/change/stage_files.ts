/**
 * Staging the files of many operations at once, and keeping those that they will replace.
 *
 * *Ordering*: when the files are handed out, the new ones are durable, and so are the second links to the
 * old ones in the backup.
 *
 * @module
 */

import { join } from "@std/path";
import { free, syncDirectories } from "../../_io/durable.ts";
import { giveUpAhead, keepAhead } from "./keep_ahead.ts";
import {
  directoriesToKept,
  type ReplaceFile,
  type Staged,
  stageFile,
  type Workplace,
} from "./operate.ts";

/** Files to be staged. */
export interface Batch {
  /** Tells the files of one batch from those of another. */
  readonly name: string;
  readonly operations: readonly ReplaceFile[];
}

/**
 * Stages files and makes them durable, all at the same time, and the links to the old ones. Needs read and write permission for the store.
 *
 * @param batch The operations.
 * @param at The places.
 * @returns For each operation its file; `null` where it could not be staged.
 */
export async function stageFiles(
  { name, operations }: Batch,
  at: Workplace,
): Promise<readonly (Staged | null)[]> {
  const prepared = await Promise.all(operations.map(async (operation, index) => {
    const path = join(at.staging, `${name}-${index}`);
    let isKept = false;
    try {
      const { staged, file: handle } = stageFile(operation, at, path);
      using file = handle;
      isKept = keepAhead(operation, at);
      await file.sync();
      return { operation, staged: { ...staged, isKept } };
    } catch {
      giveUpAhead(operation, at, { path, old: null, isKept });
      return { operation, staged: null };
    }
  }));
  const kept = prepared.filter(({ staged }) => staged?.isKept);
  try {
    await syncDirectories(
      new Set(kept.flatMap(({ operation }) => directoriesToKept(operation, at))),
    );
    return prepared.map(({ staged }) => staged);
  } catch {
    for (const { operation } of kept) free(join(at.files, operation.path));
    return prepared.map(({ staged }) => staged && { ...staged, isKept: false });
  }
}
