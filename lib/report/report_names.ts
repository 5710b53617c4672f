/**
 * The names of reports: the newest has the name that was asked for, each older one the time of its own in
 * it.
 *
 * @module
 */

/** How many older reports stay beside the newest. */
export const KEPT_REPORTS = 30;

/**
 * Names a report that a newer one takes the place of.
 *
 * @param name The name of its file.
 * @param writtenAt Epoch ms: when it was written.
 * @param isTaken Tells whether another has that name.
 * @returns A name that no other has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const writtenAt = Date.UTC(2026, 10, 30, 3, 30);
 * assertEquals(
 *   datedName("cleanup.json", writtenAt, () => false),
 *   "cleanup.20261130T033000Z.json",
 * );
 * ```
 */
export function datedName(
  name: string,
  writtenAt: number,
  isTaken: (name: string) => boolean,
): string {
  const [stem, extension] = splitName(name);
  const time = new Date(writtenAt).toISOString().replace(/[-:]|\.\d+/g, "");
  for (let count = 1;; count++) {
    const dated = `${stem}.${time}${count === 1 ? "" : `-${count}`}${extension}`;
    if (!isTaken(dated)) return dated;
  }
}

/**
 * Tells which older reports may go.
 *
 * @param name The name of the newest.
 * @param names What lies beside it.
 * @returns The names of all older reports but the newest {@linkcode KEPT_REPORTS}.
 */
export function expiredReports(name: string, names: readonly string[]): readonly string[] {
  const [stem, extension] = splitName(name);
  const dated = names.flatMap((other) => {
    if (!other.startsWith(`${stem}.`) || !other.endsWith(extension)) return [];
    const middle = other.slice(stem.length + 1, other.length - extension.length);
    const [, time, count = "1"] = /^(\d{8}T\d{6}Z)(?:-(\d+))?$/.exec(middle) ?? [];
    return time === undefined ? [] : [{ other, time, count: Number(count) }];
  });
  dated.sort((left, right) =>
    left.time < right.time ? 1 : left.time > right.time ? -1 : right.count - left.count
  );
  return dated.slice(KEPT_REPORTS).map(({ other }) => other);
}

function splitName(name: string): readonly [stem: string, extension: string] {
  const at = name.lastIndexOf(".");
  return at <= 0 ? [name, ""] : [name.slice(0, at), name.slice(at)];
}
