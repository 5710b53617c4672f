/**
 * The few functions of `@std/fs` that this project uses, with their names and signatures, over Deno's
 * built-ins: the registry that everything else comes from carries no `@std/fs`.
 *
 * @module
 */

/**
 * Makes sure that a directory exists, with its parents. Needs read and write permission.
 *
 * @param dir The directory.
 * @throws {Deno.errors.AlreadyExists} When something else stands at that place.
 */
export function ensureDirSync(dir: string | URL): void {
  try {
    Deno.mkdirSync(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists) || !Deno.statSync(dir).isDirectory) {
      throw error;
    }
  }
}

/**
 * Tells whether something exists at a path; a dangling link does not. Needs read permission.
 *
 * @param path The path.
 * @returns Whether it exists.
 */
export function existsSync(path: string | URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
