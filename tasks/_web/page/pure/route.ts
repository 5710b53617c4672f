/**
 * What stands behind the `#` of the page's address: the view, a run to explain, or the token.
 *
 * @module
 */

/** The views, in the order in which they are offered. */
export const VIEWS = ["store", "plan", "policy", "explain", "undo"] as const;

/** One of the views. */
export type View = typeof VIEWS[number];

/** Where the page is. */
export interface Route {
  readonly view: View;
  /** What is asked for there: an id or a name to explain, or the backup to show; `null`: nothing. */
  readonly id: string | null;
}

/**
 * Reads the view from an address.
 *
 * @param fragment The address, or what begins with its `#`.
 * @returns The view; the store's where the address names none.
 */
export function readRoute(fragment: string): Route {
  const parameters = parametersOf(fragment);
  for (const view of VIEWS) {
    const id = parameters.get(view);
    if (id !== null) return { view, id: id.trim() === "" ? null : id.trim() };
  }
  return { view: "store", id: null };
}

/**
 * Writes the address of a view.
 *
 * @param view The view.
 * @param id What is asked for there.
 * @returns A fragment, with its `#`.
 */
export function fragmentOf(view: View, id?: string): string {
  return id === undefined ? `#${view}` : `#${view}=${encodeURIComponent(id)}`;
}

/**
 * Finds the token in an address that was opened or pasted.
 *
 * @param address The address, or what begins with its `#`.
 * @returns The token; `null`: there is none.
 */
export function readToken(address: string): string | null {
  const token = parametersOf(address).get("token") ?? "";
  return /^[\w-]+$/.test(token) ? token : null;
}

function parametersOf(address: string): URLSearchParams {
  const at = address.indexOf("#");
  return new URLSearchParams(at < 0 ? "" : address.slice(at + 1).trim());
}
