/**
 * A map of one entry, since nearly every run has one value of what a policy asks for.
 *
 * @module
 */

/** A map of one entry, for very many of them: that of the language makes room for four, five times as much. */
export class OneEntry<K, V> implements ReadonlyMap<K, V> {
  readonly #key: K;
  readonly #value: V;

  /**
   * Makes a map.
   *
   * @param key The key.
   * @param value What it leads to.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   *
   * const map = new OneEntry("loss", 0.5);
   * assertEquals([map.get("loss"), map.has("accuracy"), map.size], [0.5, false, 1]);
   * ```
   */
  constructor(key: K, value: V) {
    this.#key = key;
    this.#value = value;
  }

  /** One. */
  get size(): number {
    return 1;
  }

  /** Gives what a key leads to. */
  get(key: K): V | undefined {
    return this.has(key) ? this.#value : undefined;
  }

  /** Tells whether it is the key. */
  has(key: K): boolean {
    return key === this.#key || Object.is(key, this.#key);
  }

  /** Gives the entry to a function. */
  forEach(use: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    use(this.#value, this.#key, this);
  }

  /** Gives the entry. */
  entries(): MapIterator<[K, V]> {
    return new Map([[this.#key, this.#value]]).entries();
  }

  /** Gives the key. */
  keys(): MapIterator<K> {
    return new Map([[this.#key, this.#value]]).keys();
  }

  /** Gives the value. */
  values(): MapIterator<V> {
    return new Map([[this.#key, this.#value]]).values();
  }

  /** Gives the entry. */
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
}
