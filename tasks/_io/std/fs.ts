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
