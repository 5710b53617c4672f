/**
 * Keeping old files in the backup before it is their turn to be replaced, and giving that up again.
 *
 * *Ordering*: a second link changes nothing in the store. It is taken away only while the store still has the
 * very file.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: the links are taken back with the steps that the journal names.
 *
 * @module
 */

import { join } from "@std/path";
import type { Operation } from "../../../lib/files/operations.ts";
import { free } from "../../_io/durable.ts";
import { holdEntry } from "../../_io/hold.ts";
import { mirrorWayTo } from "../../_io/permissions.ts";
import { isOneFile } from "../../_io/read.ts";
import type { ReplaceFile, Staged, Workplace } from "./operate.ts";

/**
 * Keeps the old file of an operation before its turn, by a second link. Durable once the directories are
 * that lead to it. Needs read and write permission for the store.
 *
 * @param operation The operation.
 * @param at The places.
 * @param target The old file: an entry of a directory that is held.
 * @returns Whether it is kept; `false` where that is left to its turn.
 */
export function keepAhead(operation: ReplaceFile, at: Workplace, target: string): boolean {
  if (operation.content.kind === "new-text") return false;
  try {
    mirrorWayTo(at.root, at.files, operation.path);
    using kept = holdEntry(join(at.files, operation.path));
    Deno.linkSync(target, kept.path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Gives up what was prepared for an operation that is not carried out; the old file stays kept when an equal
 * operation has replaced it since. Needs read and write permission for the store.
 *
 * @param operation The operation.
 * @param at The places.
 * @param ahead What was prepared.
 */
export function giveUpAhead(operation: Operation, at: Workplace, ahead: Staged): void {
  free(ahead.path);
  if (!ahead.isKept) return;
  try {
    using target = holdEntry(join(at.root, operation.path));
    using kept = holdEntry(join(at.files, operation.path));
    if (isOneFile(target.path, kept.path)) Deno.removeSync(kept.path);
  } catch {
    // What cannot be looked at stays in the backup.
  }
}
