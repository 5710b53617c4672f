/**
 * What trainings have left, settled like any change that was cut off.
 *
 * @module
 */

import type { SettledChange } from "../../../lib/backup/report.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { type SendOptions, sendSpools } from "./send_spools.ts";

/**
 * Sends what trainings have left. Needs read and write permission for the directory, and the right to change runs.
 *
 * @param client Asks the server.
 * @param directory Absolute path of the spools; it need not be there.
 * @param options How to wait before something is asked again.
 * @returns What arrived, by the keys of its runs, and what waits still.
 */
export async function settleSpools(
  client: ChangingClient,
  directory: string,
  { pause }: Pick<SendOptions, "pause">,
): Promise<{ readonly settled: readonly SettledChange[]; readonly remains: readonly Remains[] }> {
  const sent = await sendSpools(client, directory, { pause });
  const settled = sent.filter(({ isWhole }) => isWhole).map(({ key, left }): SettledChange => ({
    ...{ id: key, task: "run", outcome: "completed" },
    collisions: left,
  }));
  const remains = sent.filter(({ isWhole }) => !isWhole)
    .map(({ path, left }): Remains => ({ path, message: left.join("; "), isUnsent: true }));
  return { settled, remains };
}
