/**
 * Writes words as one would type them at a shell.
 *
 * @param words The words.
 * @returns One line; words with special characters are quoted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shellWords(["--store", "my runs"]), "--store 'my runs'");
 * ```
 */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
}
