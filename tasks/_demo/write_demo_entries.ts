/**
 * Writing the example store.
 *
 * @module
 */

import { join } from "@std/path";
import { noRoomError } from "../_io/disk_full.ts";
import { removeIfThere } from "../_io/durable.ts";
import type { DemoEntry } from "./entry.ts";

/**
 * Writes what was laid out. What cannot be written whole goes again: a second attempt wants an empty directory.
 *
 * @param directory Where to; made when it is not there.
 * @param layOut Lays the store out for the real path of that directory.
 * @returns That path.
 * @throws {DiskFullError} When there is no room for it.
 */
export async function writeDemoEntries(
  directory: string,
  layOut: (root: string) => Iterable<DemoEntry>,
): Promise<string> {
  try {
    await Deno.mkdir(directory, { recursive: true });
    const root = await Deno.realPath(directory);
    const entries = [...layOut(root)];
    try {
      writeEntries(root, entries);
    } catch (error) {
      for (const { path } of entries) if (!path.includes("/")) removeIfThere(join(root, path));
      throw error;
    }
    return root;
  } catch (error) {
    const what = `write the example store to ${directory}`;
    throw noRoomError(error, directory, what, "name a directory on another disk");
  }
}

/**
 * Makes a directory for the tour.
 *
 * @returns Its path, in the system's directory for temporary files.
 * @throws {DiskFullError} When there is no room for it.
 */
export async function makeTourDirectory(): Promise<string> {
  try {
    return await Deno.makeTempDir({ prefix: "mltidy-demo-" });
  } catch (error) {
    const what = "write the example store to the directory for temporary files";
    throw noRoomError(error, "", what, "name one on another disk by TMPDIR");
  }
}

/** Directories get their times last and from the inside out: what is written into them changes them. */
function writeEntries(root: string, entries: readonly DemoEntry[]): void {
  for (const { path, content, time } of entries) {
    if (content === null) {
      Deno.mkdirSync(`${root}/${path}`);
    } else {
      if (typeof content === "string") Deno.writeTextFileSync(`${root}/${path}`, content);
      else Deno.writeFileSync(`${root}/${path}`, content);
      setTime(`${root}/${path}`, time);
    }
  }
  const directories = entries.filter((entry) => entry.content === null);
  for (const { path, time } of directories.toReversed()) setTime(`${root}/${path}`, time);
  setTime(root, Math.max(...directories.map((entry) => entry.time)));
}

function setTime(path: string, time: number): void {
  Deno.utimeSync(path, new Date(time), new Date(time));
}
