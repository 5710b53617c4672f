/**
 * Property tests. Named here alone, and not in the import map: what that names, Deno fetches for everybody
 * who runs a task.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
export { default } from "npm:fast-check@4.10.2";
