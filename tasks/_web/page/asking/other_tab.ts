/// <reference lib="dom" />
/**
 * Letting the tab that has the token show what a link to this page asks for: a tab that the link opens has
 * none, and the token stays where it is. Only tabs of the same host and port hear each other.
 *
 * @module
 */

const CHANNEL = "mltidy";

/** What tabs say to each other. */
type Said = { readonly explain: string } | { readonly shown: string };

/** No id or name is longer. */
const LONGEST = 1000;

function isSaid(value: unknown): value is Said {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((text) => typeof text === "string" && text.length <= LONGEST);
}

/**
 * Asks other tabs to explain something.
 *
 * @param id An id or a name.
 * @param onShown Is told that one does.
 * @returns Ends the asking.
 */
export function askOtherTab(id: string, onShown: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (isSaid(data) && "shown" in data && data.shown === id) onShown();
  };
  channel.postMessage({ explain: id });
  return () => channel.close();
}

/**
 * Listens to tabs that have no token.
 *
 * @param explain Explains something, by its id or name.
 * @returns Ends the listening.
 */
export function hearOtherTabs(explain: (id: string) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (!isSaid(data) || !("explain" in data)) return;
    explain(data.explain);
    channel.postMessage({ shown: data.explain });
  };
  return () => channel.close();
}
