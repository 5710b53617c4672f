import type { Digest } from "./digest.ts";
import { openInside } from "./open_inside.ts";
import type { Filled } from "./write_tree.ts";

const CHUNK = 1 << 20;
/** One buffer serves all: each chunk is used up before the next one is read. */
let buffer: Uint8Array | null = null;

/**
 * Reads a whole file and hashes it. Needs read permission.
 *
 * @param base Absolute real path of a directory.
 * @param path The file, below it, with no link on the way.
 * @param options SHA-256, what is awaited between two chunks, and who is told of progress.
 * @returns Its length in bytes and its SHA-256.
 * @throws {Error} When it cannot be read, or is no file.
 */
export async function hashFile(
  base: string,
  path: string,
  options: {
    readonly digest: Digest;
    readonly turn: () => Promise<void>;
    readonly onBytes?: (bytes: number) => void;
  },
): Promise<Filled> {
  using opened = openInside(base, path);
  const hash = options.digest();
  const chunk = buffer ??= new Uint8Array(CHUNK);
  let size = 0;
  for (;;) {
    const bytes = opened.file.readSync(chunk);
    if (bytes === null) return { size, sha256: hash.finish() };
    hash.update(chunk.subarray(0, bytes));
    size += bytes;
    options.onBytes?.(bytes);
    await options.turn();
  }
}
