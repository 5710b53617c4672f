/**
 * Chance that repeats itself: the same seed draws the same numbers on every machine.
 *
 * @module
 */

import type { NonEmpty } from "../../lib/store/snapshot.ts";

/** Draws the next number, at least 0 and below 1. */
export type Random = () => number;

/**
 * Makes a generator (mulberry32: 32 bits of state, good enough for an example).
 *
 * @param seed Any integer; its low 32 bits count.
 * @returns The generator.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * Draws a number between two others.
 *
 * @param random Where to draw from.
 * @param low The smallest result.
 * @param high The bound that the result stays below.
 * @returns The number.
 */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/**
 * Draws one element of a list.
 *
 * @param random Where to draw from.
 * @param list What to choose from.
 * @returns The element.
 */
export function pick<T>(random: Random, list: NonEmpty<T>): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}

/**
 * Draws a string, one character at a time.
 *
 * @param random Where to draw from.
 * @param alphabet The characters to choose from.
 * @param length How many to draw.
 * @returns The string.
 */
export function text(random: Random, alphabet: string, length: number): string {
  let drawn = "";
  while (drawn.length < length) drawn += alphabet.charAt(Math.floor(random() * alphabet.length));
  return drawn;
}
