import { join } from "@std/path";
import { DiskFullError } from "../../lib/errors.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { isDiskFull } from "../_io/disk_full.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { readText } from "../_io/read.ts";
import { ownPaths } from "./own/own_paths.ts";

/**
 * Says that a store's disk has no room for what a task has to write, before it changed anything.
 *
 * @param root Absolute real path of the store's root.
 * @param what What cannot be done.
 * @param cause What the system said.
 * @returns The error, which says how to make room: by us only where there is something to go.
 */
export async function diskFullError(
  root: string,
  what = `change store ${root}`,
  cause?: unknown,
): Promise<DiskFullError> {
  const typed = (...words: readonly string[]) =>
    `\`${shellWords(["deno", "task", ...words, "--store", root])}\``;
  const purge = typed("cleanup", "--purge-after", "0d", "--no-backup");
  const ways = [
    ...(await hasDeleted(root) ? [`see which deleted runs could go for good: ${purge}`] : []),
    ...((await namesIn(ownPaths(root).backups)).length > 0
      ? [`see which backups could go: ${typed("backup", "--list")}`]
      : []),
  ];
  const lines = ways.length > 0
    ? ways.map((way, index) => `${index === 0 ? "To make room, which takes none," : "  or"} ${way}`)
    : [
      `Nothing in it is deleted or backed up, so make room elsewhere on that disk: \`df -h ${
        shellWords([root])
      }\` tells how much it has, \`df -i ${shellWords([root])}\` how many names`,
    ];
  return new DiskFullError(
    [`Cannot ${what}: no space is left on its disk; nothing was lost or changed`, ...lines]
      .join("\n"),
    root,
    { cause },
  );
}

/** Whether a run or an experiment is soft-deleted; of what cannot be read, that is not known. */
async function hasDeleted(root: string): Promise<boolean> {
  if ((await namesIn(join(root, ".trash"))).length > 0) return true;
  for (const experiment of await namesIn(root)) {
    for (const run of await namesIn(join(root, experiment))) {
      const read = readText(join(root, experiment, run, "meta.yaml"));
      if (read.kind === "text" && /^lifecycle_stage: deleted$/m.test(read.text)) return true;
    }
  }
  return false;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  return listed.kind === "failed"
    ? []
    : listed.entries.flatMap(({ name, isDirectory }) => isDirectory ? [name] : []);
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
    throw isDiskFull(error) ? await diskFullError(root, what, error) : error;
  }
}
