/**
 * Which databases this process has open for changing them. It must not open the file of such a one besides: to
 * close it would drop all locks that this process has on it, those of SQLite's among them (POSIX has it so), and
 * a server that ends then takes the log away into which this process goes on to write.
 *
 * @module
 */

/** Absolute real path → the connections of this process. */
const held = new Map<string, readonly { readonly isOpen: boolean }[]>();

/**
 * Notes that a database is open.
 *
 * @param path Its path.
 * @param connection The connection, for as long as it is open.
 * @param connection.isOpen Whether it still is.
 */
export function holdOpen(path: string, connection: { readonly isOpen: boolean }): void {
  const real = Deno.realPathSync(path);
  held.set(real, [...(held.get(real) ?? []).filter(({ isOpen }) => isOpen), connection]);
}

/**
 * Tells whether this process has a database open for changing it.
 *
 * @param path Its path; what does not exist is not open.
 * @returns Whether it has.
 */
export function isHeldOpen(path: string): boolean {
  if (held.size === 0) return false;
  try {
    return held.get(Deno.realPathSync(path))?.some(({ isOpen }) => isOpen) ?? false;
  } catch {
    return false;
  }
}
