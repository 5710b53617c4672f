import { DiskFullError } from "../../lib/errors.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { isDiskFull } from "../_io/disk_full.ts";

/**
 * Says that a store's disk has no room for what a task has to write, before it changed anything.
 *
 * @param root Absolute real path of the store's root.
 * @param what What cannot be done.
 * @param cause What the system said.
 * @returns The error, which says how to make room.
 */
export function diskFullError(
  root: string,
  what = `change store ${root}`,
  cause?: unknown,
): DiskFullError {
  const typed = (...words: readonly string[]) =>
    shellWords(["deno", "task", ...words, "--store", root]);
  return new DiskFullError(
    [
      `Cannot ${what}: no space is left on its disk; nothing was lost or changed`,
      `To make room, which takes none, see what could go for good: \`${
        typed("cleanup", "--no-backup")
      }\``,
      `  and which backups could go: \`${typed("backup", "--list")}\``,
    ].join("\n"),
    root,
    { cause },
  );
}

/**
 * Does something for which a store's disk may have no room.
 *
 * @param root Absolute real path of the store's root.
 * @param what What it is, for the error.
 * @param work Does it; changes nothing of the store where there is no room.
 * @returns What it gives.
 * @throws {DiskFullError} When there is no room for it.
 */
export async function needingRoom<T>(
  root: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDiskFull(error) ? diskFullError(root, what, error) : error;
  }
}
