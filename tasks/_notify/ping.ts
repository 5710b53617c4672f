/**
 * The addresses of pings: `/start` and the exit code stand behind the path of the one that is a secret.
 *
 * @module
 */

/**
 * Puts something behind the path of an address.
 *
 * @param url The address.
 * @param suffix What, with its slash; empty for nothing.
 * @returns The address; what is none as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pingAddress("https://ping.example.org/uuid/?run=1", "/3"), "https://ping.example.org/uuid/3?run=1");
 * ```
 */
export function pingAddress(url: string, suffix: string): string {
  const address = suffix === "" ? null : URL.parse(url);
  if (address === null) return url;
  address.pathname = address.pathname.replace(/\/$/, "") + suffix;
  return address.href;
}
