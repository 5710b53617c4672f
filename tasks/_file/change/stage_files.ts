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
import { type Held, hold, holdEntry } from "../../_io/hold.ts";
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
 * Stages files and makes them durable, all at the same time, and the links to the old ones. Needs read and write
 * permission for the store.
 *
 * @param batch The operations.
 * @param at The places.
 * @returns For each operation its file; `null` where it could not be staged.
 */
export async function stageFiles(
  { name, operations }: Batch,
  at: Workplace,
): Promise<readonly (Staged | null)[]> {
  using staging = tryHold(at.staging);
  if (staging === null) return operations.map(() => null);
  const prepared = await Promise.all(operations.map(async (operation, index) => {
    const place = `${name}-${index}`;
    const path = join(at.staging, place);
    let isKept = false;
    const prepare = () => {
      // Not held while the disk is waited for: so many files are open by then.
      using target = holdEntry(join(at.root, operation.path));
      const made = stageFile(operation.content, target.path, staging.at(place));
      isKept = keepAhead(operation, at, target.path);
      return made;
    };
    try {
      const { old, file: handle } = prepare();
      using file = handle;
      await file.sync();
      return { operation, staged: { path, old, isKept } };
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

function tryHold(directory: string): Held | null {
  try {
    return hold(directory);
  } catch {
    // Then each is staged when it is its turn, or fails alone.
    return null;
  }
}
