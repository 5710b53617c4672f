/**
 * SHA-256 of more bytes than fit into memory, and of a text.
 *
 * The implementation of the first is loaded when it is needed: it would cost every other task 20 ms at its start.
 *
 * @module
 */

/** One hash that is being computed. */
export interface Hash {
  /** Adds bytes. */
  update(bytes: Uint8Array): void;
  /** Ends the hash: 64 hexadecimal digits. */
  finish(): string;
}

/** Begins a hash. */
export type Digest = () => Hash;

/**
 * Loads SHA-256.
 *
 * @returns A function that begins a hash.
 */
export async function loadDigest(): Promise<Digest> {
  const { createHash } = await import("node:crypto");
  return () => {
    const hash = createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), finish: () => hash.digest("hex") };
  };
}

/**
 * Computes the SHA-256 of a text.
 *
 * @param text The text.
 * @returns 64 hexadecimal digits.
 */
export async function digestText(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}
