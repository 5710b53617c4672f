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
export async function tempDirectory(): Promise<TempDirectory> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "mltidy-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
