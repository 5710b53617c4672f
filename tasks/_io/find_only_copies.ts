/**
 * Finding out what a backup alone holds.
 *
 * @module
 */

import { join } from "@std/path";
import type { BackupEntry, BackupProgress, CopyManifest } from "../../lib/backup.ts";
import { comparePaths } from "../../lib/plan_backup.ts";
import type { OnlyCopies } from "../../lib/plan_expiry.ts";
import { loadDigest } from "./digest.ts";
import { readEntries } from "./entries.ts";
import { infoOf } from "./read.ts";
import { takeTurns } from "./take_turns.ts";

/** Which store, which backups. */
export interface OnlyCopiesOptions {
  /** Absolute real path of the store's root. */
  readonly root: string;
  /** Where the backups lie. */
  readonly backups: string;
  /** Copy backups of the store, newest first. */
  readonly copies: readonly CopyManifest[];
  /** Which of them are asked about. */
  readonly candidates: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** A list of entries and where its reading has come to. */
interface Cursor {
  readonly id: string;
  readonly entries: Generator<BackupEntry>;
  current: BackupEntry | null;
}

/**
 * Finds the files whose path neither the store, active or in `.trash/`, nor a newer copy backup has: all
 * lists of entries are read side by side, each once. Needs read permission for the store and the backups.
 *
 * @param options Which store, which backups.
 * @returns By candidate; one that holds nothing by itself is not in it.
 * @throws {SyntaxError} When a list of entries is damaged.
 */
export async function findOnlyCopies(
  options: OnlyCopiesOptions,
): Promise<ReadonlyMap<string, OnlyCopies>> {
  const { root, backups, copies, candidates, signal, onProgress } = options;
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  const asked = new Set(candidates);
  const only = new Map<string, OnlyCopies>();
  using lists = new DisposableStack();
  const cursors = copies.map(({ id, entries }): Cursor => {
    const list = lists.use(readEntries(join(backups, id, "entries.jsonl"), entries, digest));
    return { id, entries: list, current: next(list) };
  });
  let files = 0;
  for (;;) {
    await turn();
    const path = firstPath(cursors);
    if (path === null) return only;
    let holder: { readonly id: string; readonly bytes: number } | null = null;
    for (const cursor of cursors) {
      if (cursor.current?.path !== path) continue;
      if (cursor.current.kind === "file") holder ??= { id: cursor.id, bytes: cursor.current.size };
      cursor.current = next(cursor.entries);
    }
    if (holder === null) continue;
    onProgress?.({ step: "Comparing", files: ++files, bytes: 0, total: null });
    if (!asked.has(holder.id) || isInStore(root, path)) continue;
    const sum = only.get(holder.id);
    only.set(holder.id, {
      files: (sum?.files ?? 0) + 1,
      bytes: (sum?.bytes ?? 0) + holder.bytes,
      example: sum?.example ?? path,
    });
  }
}

function firstPath(cursors: readonly Cursor[]): string | null {
  let first: string | null = null;
  for (const { current } of cursors) {
    if (current === null) continue;
    if (first === null || comparePaths(current.path, first) < 0) first = current.path;
  }
  return first;
}

function isInStore(root: string, path: string): boolean {
  const other = path.startsWith(".trash/") ? path.slice(".trash/".length) : `.trash/${path}`;
  return [path, other].some((each) => infoOf(join(root, each))?.isFile);
}

function next(entries: Generator<BackupEntry>): BackupEntry | null {
  const step = entries.next();
  return step.done ? null : step.value;
}
