/**
 * MD5 (RFC 1321), with which MLflow names the directories of datasets and of inputs. It protects
 * nothing here.
 *
 * @module
 */

const SHIFTS: readonly (readonly number[])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

const SINES: readonly number[] = Array.from(
  { length: 64 },
  (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);

/**
 * Computes a digest.
 *
 * @param bytes What to digest.
 * @returns 32 lowercase hexadecimal digits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(md5(new Uint8Array()), "d41d8cd98f00b204e9800998ecf8427e");
 * ```
 */
export function md5(bytes: Uint8Array): string {
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(padded.length - 8, bytes.length * 8, true);
  words.setUint32(padded.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  let state: Block = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let offset = 0; offset < padded.length; offset += 64) {
    state = mix(state, words, offset);
  }
  const result = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => result.setUint32(index * 4, word, true));
  return Array.from(
    { length: 16 },
    (_, index) => result.getUint8(index).toString(16).padStart(2, "0"),
  ).join("");
}

type Block = readonly [number, number, number, number];

function mix(state: Block, words: DataView, offset: number): Block {
  let [a, b, c, d] = state;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const [bits, index] = pick(round, step, b, c, d);
    const sum = a + bits + (SINES[step] ?? 0) + words.getUint32(offset + index * 4, true);
    const shift = SHIFTS[round]?.[step % 4] ?? 0;
    const rotated = (sum << shift) | ((sum >>> 0) >>> (32 - shift));
    [a, b, c, d] = [d, (b + rotated) | 0, b, c];
  }
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}

/** The bits that a step mixes in, and the number of the word that goes with them. */
function pick(round: number, step: number, b: number, c: number, d: number): [number, number] {
  switch (round) {
    case 0:
      return [(b & c) | (~b & d), step];
    case 1:
      return [(d & b) | (~d & c), (5 * step + 1) % 16];
    case 2:
      return [b ^ c ^ d, (3 * step + 5) % 16];
    default:
      return [c ^ (b | ~d), (7 * step) % 16];
  }
}
