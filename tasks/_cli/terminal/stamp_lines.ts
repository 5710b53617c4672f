/**
 * Puts the time before each line of a text that goes to a log.
 *
 * @param text Lines.
 * @param now Epoch ms.
 * @returns The same lines, each behind the time in UTC; empty ones as they are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stampLines("Nothing to do.\n", 0), "1970-01-01T00:00:00Z Nothing to do.\n");
 * ```
 */
export function stampLines(text: string, now: number): string {
  const time = new Date(now).toISOString().replace(/\.\d+/, "");
  return text.replace(/^(?=.)/gm, `${time} `);
}
