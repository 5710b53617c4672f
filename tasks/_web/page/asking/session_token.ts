/// <reference lib="dom" />
/**
 * The token that proves who asks. It comes with the address, is kept for this tab alone, and no longer stands
 * in the address bar, in the history or in a title.
 *
 * @module
 */

import { fragmentOf, readRoute, readToken } from "../pure/route.ts";

const KEY = "mltidy-token";

/**
 * Takes the token out of the address, or what this tab has kept of it.
 *
 * @returns The token; `null`: the reader has to be asked for the address.
 */
export function takeToken(): string | null {
  const token = readToken(location.hash);
  if (token === null) return sessionStorage.getItem(KEY);
  keepToken(token);
  const { view, id } = readRoute(location.hash);
  history.replaceState(null, "", `${location.pathname}${fragmentOf(view, id ?? undefined)}`);
  return token;
}

/**
 * Keeps a token for this tab.
 *
 * @param token The token.
 */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Forgets the token, which the server no longer takes. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
