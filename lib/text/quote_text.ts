/** How much of a text a message shows. */
const MOST = 60;

/**
 * Quotes what a file holds, for a message: whatever was damaged may be megabytes long.
 *
 * @param text Any text.
 * @returns The text as JSON writes it; of a long one its beginning, with `…` behind the quotes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(quoteText("0.5\n"), '"0.5\\n"');
 * assertEquals(quoteText("\0".repeat(1e6)).length, 363);
 * ```
 */
export function quoteText(text: string): string {
  if (text.length <= MOST) return JSON.stringify(text);
  // Not half of a surrogate pair.
  const [beginning = ""] = new RegExp(`^.{${MOST}}`, "su").exec(text) ?? [text];
  return beginning === text ? JSON.stringify(text) : `${JSON.stringify(beginning)}…`;
}
