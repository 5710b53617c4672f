/** A directory of its own, which goes when the scope ends. */
export interface TempDirectory extends AsyncDisposable {
  /** Absolute real path. */
  readonly path: string;
}

/**
 * Makes a temporary directory.
 *
 * @returns The directory, to be bound by `await using`.
 */
export function tempDirectory(): Promise<TempDirectory> {
  return makeDirectory({});
}

/**
 * Makes a temporary directory in memory, where the system has such a place: a disk takes its time over
 * each change that is to last, which hundreds of stores need not.
 *
 * @returns The directory, to be bound by `await using`.
 */
export async function memoryDirectory(): Promise<TempDirectory> {
  try {
    return await makeDirectory({ dir: "/dev/shm" });
  } catch {
    return await tempDirectory();
  }
}

async function makeDirectory(where: Deno.MakeTempOptions): Promise<TempDirectory> {
  const path = await Deno.realPath(await Deno.makeTempDir({ ...where, prefix: "mltidy-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
