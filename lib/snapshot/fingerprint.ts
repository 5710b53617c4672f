/**
 * A digest for telling whether two readings of a store are the same. Not for security: nobody gains
 * by forging it, and a difference only makes a plan stale.
 *
 * @module
 */

/**
 * Digests a sequence of strings; the boundaries between them count.
 *
 * Two FNV-1a hashes of 32 bits with different seeds run side by side over UTF-16 units.
 *
 * @param parts What to digest, in order.
 * @returns 16 hexadecimal digits.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { fingerprintOf } from "./fingerprint.ts";
 *
 * assertEquals(fingerprintOf(["a", "b"]), fingerprintOf(["a", "b"]));
 * assertNotEquals(fingerprintOf(["a", "b"]), fingerprintOf(["ab"]));
 * ```
 */
export function fingerprintOf(parts: Iterable<string>): string {
  const [first, second] = digestTexts(EMPTY, parts);
  return hexadecimal(first) + hexadecimal(second);
}

/** Two 32-bit hashes. */
export type Digest = readonly [first: number, second: number];

/** The digest of nothing. */
export const EMPTY: Digest = [0x811c9dc5, 0x9747b28c];

/**
 * Adds strings to a digest.
 *
 * @param digest The digest of what comes before them.
 * @param texts The strings.
 * @returns The digest of all; the boundaries between them count.
 */
export function digestTexts(digest: Digest, texts: Iterable<string>): Digest {
  let [first, second] = digest;
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      first = Math.imul(first ^ unit, 0x01000193);
      second = Math.imul(second ^ unit, 0x01000197);
    }
    // A separator that no UTF-16 unit equals, so that ["a", "b"] and ["ab"] differ.
    first = Math.imul(first ^ 0x10000, 0x01000193);
    second = Math.imul(second ^ 0x10001, 0x01000197);
  }
  return [first, second];
}

/**
 * Adds up digests of things whose order does not count.
 *
 * @param digests The digests.
 * @returns The digest of all of them, in whatever order.
 */
export function sumDigests(digests: readonly Digest[]): Digest {
  let [first, second] = [0, 0];
  for (const digest of digests) {
    first = (first + digest[0]) | 0;
    second = (second + digest[1]) | 0;
  }
  return [first, second];
}

function hexadecimal(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
