/**
 * The client of who changes something.
 *
 * @module
 */

import { CHANGING, type Changing } from "./changing_endpoints.ts";
import { READING, type Reading } from "./endpoints.ts";
import { type Client, openClient, type Reach } from "./open_client.ts";

/** Asks what reads, and what changes something. */
export type ChangingClient = Client<Reading & Changing>;

/**
 * Opens a client; nothing is asked yet.
 *
 * @param reach What reaches the server.
 * @returns The client; asking needs net permission for the server's host.
 * @throws {RequestError} When the environment tells nothing that helps.
 */
export function openChangingClient({ server, environment, pause }: Reach): ChangingClient {
  return openClient(server, { endpoints: { ...READING, ...CHANGING }, environment, pause });
}
