import { join } from "@std/path";

/** A file that is open, and what it was then. */
export interface OpenedFile extends Disposable {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/**
 * Opens a file for reading, and makes sure that it is the one at that path below the base, with no link
 * on the way: if a directory was swapped for a link meanwhile, the file is not read. Needs read
 * permission.
 *
 * @param base Absolute real path of a directory.
 * @param path Below it.
 * @returns The file.
 * @throws {Error} When it cannot be opened, or is not inside.
 */
export function openInside(base: string, path: string): OpenedFile {
  const place = join(base, path);
  const file = Deno.openSync(place);
  try {
    const info = file.statSync();
    const named = Deno.lstatSync(place);
    const isInside = Deno.realPathSync(place) === place && info.isFile &&
      named.ino === info.ino && named.dev === info.dev;
    if (!isInside) throw new Error("it was replaced while it was read");
    return { file, info, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
