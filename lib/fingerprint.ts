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
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (const part of parts) {
    for (let index = 0; index < part.length; index++) {
      const unit = part.charCodeAt(index);
      first = Math.imul(first ^ unit, 0x01000193);
      second = Math.imul(second ^ unit, 0x01000197);
    }
    // A separator that no UTF-16 unit equals, so that ["a", "b"] and ["ab"] differ.
    first = Math.imul(first ^ 0x10000, 0x01000193);
    second = Math.imul(second ^ 0x10001, 0x01000197);
  }
  return hexadecimal(first) + hexadecimal(second);
}

function hexadecimal(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
