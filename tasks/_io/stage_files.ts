/**
 * Staging the files of many operations at once.
 *
 * @module
 */

import { join } from "@std/path";
import { free } from "./durable.ts";
import { type ReplaceFile, type Staged, stageFile, type Workplace } from "./operate.ts";

/** Files to be staged. */
export interface Batch {
  /** Tells the files of one batch from those of another. */
  readonly name: string;
  readonly operations: readonly ReplaceFile[];
}

/**
 * Stages files and makes them durable, all at the same time. Needs read and write permission for the store.
 *
 * @param batch The operations.
 * @param at The places.
 * @returns For each operation its file; `null` where it could not be staged.
 */
export function stageFiles(
  { name, operations }: Batch,
  at: Workplace,
): Promise<readonly (Staged | null)[]> {
  return Promise.all(operations.map(async (operation, index) => {
    const path = join(at.staging, `${name}-${index}`);
    try {
      const { staged, file: handle } = stageFile(operation, at, path);
      using file = handle;
      await file.sync();
      return staged;
    } catch {
      free(path);
      return null;
    }
  }));
}
