import { statfsSync } from "node:fs";

/** A directory of its own, which goes when the scope ends. */
export interface TempDirectory extends AsyncDisposable {
  /** Absolute real path. */
  readonly path: string;
}

/**
 * Makes a temporary directory on the disk.
 *
 * @returns The directory, to be bound by `await using`.
 */
export function tempDirectory(): Promise<TempDirectory> {
  return makeDirectory({});
}

/**
 * Makes a temporary directory in memory, where the system has such a place with room: a disk takes its time
 * over each change that is to last, which hundreds of stores need not.
 *
 * @returns The directory, to be bound by `await using`.
 */
export function memoryDirectory(): Promise<TempDirectory> {
  return makeDirectory(hasRoom(MEMORY) ? { dir: MEMORY } : {});
}

const MEMORY = "/dev/shm";

/** For the stores of all tests that run at a time; containers have 64 MiB by default. */
const ROOM = 512 * 2 ** 20;

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > ROOM;
  } catch {
    return false;
  }
}

async function makeDirectory(where: Deno.MakeTempOptions): Promise<TempDirectory> {
  const path = await Deno.realPath(await Deno.makeTempDir({ ...where, prefix: "mltidy-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
