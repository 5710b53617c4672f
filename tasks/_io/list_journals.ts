import { join } from "@std/path";
import { listDirectory } from "./read.ts";

/**
 * Lists the journals of changes that were cut off. Needs read permission for the store.
 *
 * @param journals The journals' directory.
 * @returns Absolute paths, oldest first.
 */
export function listJournals(journals: string): readonly string[] {
  const listed = listDirectory(journals);
  if (listed.kind === "failed") return [];
  return listed.entries
    .filter((entry) => entry.isFile && entry.name.endsWith(".jsonl"))
    .map((entry) => join(journals, entry.name))
    .toSorted();
}
