import { join } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { infoOf } from "../../_io/read.ts";

/**
 * Lists the journals of changes that were cut off. Needs read permission for the store.
 *
 * @param journals The journals' directory.
 * @returns Absolute paths, oldest first.
 * @throws {StoreAccessError} When the directory cannot be listed: there may be some.
 */
export async function listJournals(journals: string): Promise<readonly string[]> {
  const listed = await listDirectory(journals);
  if (listed.kind === "failed") {
    if (isNone(journals)) return [];
    throw new StoreAccessError(
      `Cannot tell whether a change was cut off: ${journals}: ${listed.message}; when that can be read again, type the command again, as an account that may read it`,
      journals,
    );
  }
  // A link or a pipe is refused when it is read: it may hide that a change was cut off.
  return listed.entries
    .filter((entry) => !entry.isDirectory && entry.name.endsWith(".jsonl"))
    .map((entry) => join(journals, entry.name))
    .toSorted();
}

/** Where a file stands in the way of our directory, no change can have begun. */
function isNone(journals: string): boolean {
  try {
    return infoOf(journals) === null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}
