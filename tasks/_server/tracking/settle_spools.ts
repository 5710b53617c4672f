/**
 * What trainings have left, settled like any change that was cut off.
 *
 * @module
 */

import type { SettledChange } from "../../../lib/backup/report.ts";
import type { ServerName } from "../../../lib/store/store_uri.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { CHANGING } from "../client/changing_endpoints.ts";
import { READING } from "../client/endpoints.ts";
import type { Environment } from "../client/find_credentials.ts";
import { openClient } from "../client/open_client.ts";
import { orStoreError } from "../client/request_error.ts";
import { sendSpools, spoolPaths } from "./send_spools.ts";

/** What reaches the server. */
export interface SettleOptions {
  readonly server: ServerName;
  readonly environment: Environment;
  /** Waits, ms. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Sends what trainings have left. Needs read and write permission for the directory, and the right to change runs.
 *
 * @param directory Absolute path of the spools; it need not be there.
 * @param options What reaches the server.
 * @returns What arrived, by the keys of its runs, and what waits still.
 */
export async function settleSpools(
  directory: string,
  { server, environment, pause }: SettleOptions,
): Promise<{ readonly settled: readonly SettledChange[]; readonly remains: readonly Remains[] }> {
  if ((await spoolPaths(directory)).length === 0) return { settled: [], remains: [] };
  const endpoints = { ...READING, ...CHANGING };
  using client = await orStoreError(
    server.location,
    () => openClient(server, { endpoints, environment, pause }),
  );
  const sent = await sendSpools(client, directory, { pause });
  const settled = sent.filter(({ isWhole }) => isWhole).map(({ key, left }): SettledChange => ({
    ...{ id: key, task: "run", outcome: "completed" },
    collisions: left,
  }));
  const remains = sent.filter(({ isWhole }) => !isWhole)
    .map(({ path, left }) => ({ path, message: left[0] ?? "it was broken off" }));
  return { settled, remains };
}
