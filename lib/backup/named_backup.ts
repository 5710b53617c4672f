import { InvalidArgumentError } from "../errors.ts";
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
  const begun = typed.length < SHORTEST ? [] : backups.filter(({ id }) => id.startsWith(typed));
  const [found, ...others] = backups.filter(({ id }) => id === typed).concat(begun);
  if (found === undefined) {
    throw new InvalidArgumentError(
      `Unknown backup "${typed}": ${
        backups.length === 0 ? none : `expected one of ${listText(backups)}`
      }`,
    );
  }
  if (found.id !== typed && others.length > 0) {
    throw new InvalidArgumentError(
      `Cannot tell which backup "${typed}" is: expected one of ${listText(begun)}`,
    );
  }
  return found;
}

const SHORTEST = 6;
const SAMPLE = 5;

function listText(backups: readonly { readonly id: string }[]): string {
  const ids = backups.slice(0, SAMPLE).map(({ id }) => id).join(", ");
  const more = backups.length - SAMPLE;
  return more > 0 ? `${ids} and ${formatCount(more)} more` : ids;
}
