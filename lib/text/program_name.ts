import { withoutCredentials } from "./credentials.ts";

/** What a shell takes for a variable of the program behind it. */
const VARIABLE = /^([A-Za-z_]\w*)=/;

/**
 * Names a program without its arguments: there may be a password among them, and what is said may be kept in a
 * log, and what is recorded is seen by all who see the store.
 *
 * @param program The program and its arguments.
 * @returns Its name; of a variable that stands in its place, as a shell would take it, no value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(programName(["python", "train.py", "--password", "secret"]), "python");
 * assertEquals(programName(["PASSWORD=secret", "python", "train.py"]), "PASSWORD=…");
 * ```
 */
export function programName([program = ""]: readonly string[]): string {
  const [, variable] = VARIABLE.exec(program) ?? [];
  return variable === undefined ? withoutCredentials(program) : `${variable}=…`;
}
