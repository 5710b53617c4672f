import { HARMFUL, unicodeEscape } from "./terminal_text.ts";

/**
 * Writes words as one would type them at a shell.
 *
 * @param words The words.
 * @returns One line; words with special characters are quoted, as bash and zsh read them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shellWords(["--store", "my runs"]), "--store 'my runs'");
 * ```
 */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // What a terminal may not be sent can be typed in this way alone. To a shell that does not know it, no character
  // in it may end the quotes.
  const spelled = word.replaceAll("\\", "\\\\").replaceAll("'", "\\x27")
    .replace(HARMFUL, unicodeEscape);
  return word.search(HARMFUL) >= 0 ? `$'${spelled}'` : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Leaves flags out that take a value.
 *
 * @param words What was typed.
 * @param names The flags.
 * @returns The rest.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withoutFlags(["a", "--b", "c", "--d=e"], ["--b", "--d"]), ["a"]);
 * ```
 */
export function withoutFlags(
  words: readonly string[],
  names: readonly string[],
): readonly string[] {
  return words.filter((word, index) =>
    !names.includes(word.split("=")[0]!) &&
    !names.some((name) => name === words[index - 1])
  );
}
