/**
 * Finds the word that somebody most likely meant.
 *
 * @param typed What was typed.
 * @param words What would have been valid.
 * @returns The word with the fewest edits to `typed`, a longer word that starts with `typed` being
 * one edit away; `null` when none is close: more than a third of its letters would have to change.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearestWord("day-old", ["days-old", "force"]), "days-old");
 * ```
 */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  let nearest: string | null = null;
  let fewest = Infinity;
  for (const word of words) {
    const edits = word.startsWith(typed) ? 1 : editDistance(typed, word);
    if (edits < fewest && edits <= Math.max(1, Math.floor(word.length / 3))) {
      nearest = word;
      fewest = edits;
    }
  }
  return nearest;
}

// Levenshtein with two rows; a swap of neighbours counts as two edits, which the limit allows.
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      current.push(Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      ));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
