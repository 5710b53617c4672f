import { fingerprintOf } from "../../lib/snapshot/fingerprint.ts";

/**
 * Puts things into an order that a seed decides.
 *
 * @param items The things.
 * @param seed Which order.
 * @returns All of them.
 */
export function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const keys = new Map(items.map((item, index) => [item, fingerprintOf([`${seed}:${index}`])]));
  return items.toSorted((a, b) => keys.get(a)! < keys.get(b)! ? -1 : 1);
}
