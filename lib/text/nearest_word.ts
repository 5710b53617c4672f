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

// Levenshtein's distance, in which a swap of neighbours is one edit.
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        isSwap ? (before[j - 2] ?? 0) + 1 : Infinity,
      ));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
