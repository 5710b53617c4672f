/**
 * Texts as the bytes that stand for them in files and messages.
 *
 * @module
 */

/**
 * Writes a text in UTF-8.
 *
 * @param text The text.
 * @returns Its bytes; of half a surrogate pair those of U+FFFD.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(utf8Bytes("é"), Uint8Array.of(0xc3, 0xa9));
 * ```
 */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  const written = encodeURIComponent(text.toWellFormed());
  return Uint8Array.from(
    written.matchAll(/%(..)|./g),
    ([sign, hex]) => hex === undefined ? sign.charCodeAt(0) : parseInt(hex, 16),
  );
}

/**
 * Measures a text in UTF-8.
 *
 * @param text The text.
 * @returns Bytes.
 */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
