/**
 * Reading a secret from where the configuration says that it stands.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { KnownSecret } from "../../lib/notify/hide_secrets.ts";
import type { Secret } from "../../lib/policy/notify_rows.ts";
import { failureText, MOST, readTextFile } from "../_io/read.ts";

/** Where secrets stand. */
export interface SecretPlaces {
  /** Gives a variable of the environment. */
  readonly environment: (name: string) => string | undefined;
  /** What the path of a file is relative to. */
  readonly directory: string;
}

/**
 * Names a secret without reading it.
 *
 * @param secret Where it stands.
 * @returns Such as `$MLTIDY_SLACK_URL`, or the path of its file.
 */
export function secretName(secret: Secret): string {
  return "env" in secret ? `$${secret.env}` : `[${secret.file}]`;
}

/**
 * Reads a secret: the variable's value, or the text of the file, without the white space around it. Needs the right to
 * read it.
 *
 * @param secret Where it stands.
 * @param places What that is relative to.
 * @returns It, and what is shown in its place.
 * @throws {Error} When nothing is there; the message says so.
 */
export function readSecret(secret: Secret, { environment, directory }: SecretPlaces): KnownSecret {
  const shown = secretName(secret);
  const value =
    ("env" in secret ? variable(secret.env, environment) : readNamed(secret.file, directory))
      .trim();
  if (value === "") throw new Error(`${shown} is empty`);
  return { value, shown };
}

function variable(name: string, environment: SecretPlaces["environment"]): string {
  const value = environment(name);
  if (value === undefined) throw new Error(`$${name} is not set`);
  return value;
}

/**
 * Reads a file that the configuration names. Needs read permission for it.
 *
 * @param file Its path.
 * @param directory What that is relative to.
 * @returns Its text.
 * @throws {Error} When it cannot be read; the message says so.
 */
export function readNamed(file: string, directory: string): string {
  const path = resolve(directory, file);
  try {
    return readTextFile(path, { most: MOST.config });
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "no such file" : failureText(error);
    throw new Error(`${path} cannot be read: ${why}`, { cause: error });
  }
}
