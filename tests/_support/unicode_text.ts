import fc from "./fast_check.ts";

/**
 * Draws any text without half a surrogate pair, controls included, as `fc.string({ unit: "binary" })` does, which
 * takes a second to set up.
 *
 * @param constraints How long it may be, in code points.
 * @returns The arbitrary.
 */
export function unicodeText(constraints: fc.ArrayConstraints = {}): fc.Arbitrary<string> {
  const codePoint = fc.oneof(
    fc.nat({ max: 0x7f }),
    fc.nat({ max: 0x2fff }),
    fc.nat({ max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  return fc.array(codePoint, constraints).map((points) => String.fromCodePoint(...points));
}
