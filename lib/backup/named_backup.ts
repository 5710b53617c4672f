import { InvalidArgumentError } from "../errors.ts";
import { findNamed, SHORTEST } from "../text/find_named.ts";
import { formatCount } from "../text/units.ts";

/**
 * Finds the backup that somebody means.
 *
 * @param backups The backups, newest first.
 * @param typed An id, or as much of its beginning, 6 letters or more, as no other has.
 * @param none What to say where there are no backups at all.
 * @returns The backup.
 * @throws {InvalidArgumentError} When there is none, or more than one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const backups = [{ id: "20261102T000000Z-cleanup" }, { id: "20261101T000000Z-backup" }];
 * assertEquals(namedBackup(backups, "20261101").id, "20261101T000000Z-backup");
 * ```
 */
export function namedBackup<T extends { readonly id: string }>(
  backups: readonly T[],
  typed: string,
  none = "there is none",
): T {
  const [found, ...others] = findNamed(backups, typed);
  if (found !== undefined && others.length === 0) return found;
  const begun = typed === "" ? [] : backups.filter(({ id }) => id.startsWith(typed));
  if (begun.length > 0) {
    const short = typed.length < SHORTEST ? `${SHORTEST} letters or more of ` : "";
    throw new InvalidArgumentError(
      `Cannot tell which backup "${typed}" is: expected ${short}one of ${sampleText(begun)}`,
    );
  }
  throw new InvalidArgumentError(
    `Unknown backup "${typed}": ${
      backups.length === 0 ? none : `expected one of ${sampleText(backups)}`
    }`,
  );
}

const SAMPLE = 5;

/**
 * Names the first of many.
 *
 * @param all What to name.
 * @returns Their ids, and how many more there are.
 */
export function sampleText(all: readonly { readonly id: string }[]): string {
  const ids = all.slice(0, SAMPLE).map(({ id }) => id).join(", ");
  const more = all.length - SAMPLE;
  return more > 0 ? `${ids} and ${formatCount(more)} more` : ids;
}
