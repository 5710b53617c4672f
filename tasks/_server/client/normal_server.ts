import type { ServerName } from "../../../lib/store/store_uri.ts";

/**
 * Gives a server the one address that all have which spell the same: with the shortest form of an IP address, and
 * without steps up in its path.
 *
 * @param server The server.
 * @returns The same server; as it is where no host can be called so, which is said once it is asked.
 */
export function normalServer(server: ServerName): ServerName {
  const url = URL.parse(server.base);
  if (url === null) return server;
  const base = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  if (base === server.base) return server;
  return { ...server, base, location: `${base}${server.location.slice(server.base.length)}` };
}
