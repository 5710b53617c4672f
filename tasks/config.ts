/**
 * The task `config`: the file that says what is worth keeping.
 *
 * @module
 */

import { configTemplate } from "../lib/policy/config.ts";

/**
 * Writes a configuration that says nothing yet: every key, commented out, with what it does. Needs write
 * permission for the file.
 *
 * @param path Where to write it.
 * @returns Whether it was written; an existing file stays as it is.
 *
 * @example
 * ```ts
 * import { initConfig } from "mltidy";
 *
 * if (!await initConfig("mltidy.yaml")) console.log("There is one already");
 * ```
 */
export async function initConfig(path: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, configTemplate(), { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}
