/**
 * Makes a fixture immutable at run time: code under test that mutates its input throws.
 *
 * @module
 */

/**
 * Freezes a value with everything it holds: objects, arrays and maps, whose `set`, `delete` and
 * `clear` throw from then on.
 *
 * @param value Plain data.
 * @returns The same value, frozen.
 * @throws {TypeError} From a frozen map, when it is told to change.
 */
export function deepFreeze<T>(value: T): T {
  freeze(value, new Set());
  return value;
}

function freeze(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map) {
    for (const name of ["set", "delete", "clear"]) {
      if (!Object.isFrozen(value)) Object.defineProperty(value, name, { value: refuse });
    }
    for (const entry of value) freeze(entry, seen);
  }
  for (const child of Object.values(value)) freeze(child, seen);
  Object.freeze(value);
}

function refuse(): never {
  throw new TypeError("Cannot change a frozen map");
}
