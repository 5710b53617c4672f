/**
 * By what the store of a server is known, as `_database/log/witnesses.ts` has it of a database: another one may be at
 * the same address by now.
 *
 * @module
 */

import type { Witness } from "../../_database/log/witnesses.ts";
import { readExperiments, type ReadingClient } from "../scan/read_pages.ts";

/** How many experiments are enough. */
const ENOUGH = 100;

/**
 * Reads what the store of a server is to be known by.
 *
 * @param client The client.
 * @param concerned Experiments of which each counts.
 * @returns These, as far as they are there, and some others.
 * @throws {RequestError} When the server does not tell.
 */
export async function readServerWitnesses(
  client: ReadingClient,
  concerned: ReadonlySet<string>,
): Promise<readonly Witness[]> {
  const all = await readMade(client);
  return [...all].filter(([id], at) => at < ENOUGH || concerned.has(id))
    .map(([experiment, made]) => ({ experiment, made }));
}

/**
 * Tells whether a server has another store than that in which witnesses were seen.
 *
 * @param client The client.
 * @param witnesses What was seen; none tell nothing.
 * @returns Whether it has.
 * @throws {RequestError} When the server does not tell.
 */
export async function isOtherServer(
  client: ReadingClient,
  witnesses: readonly Witness[],
): Promise<boolean> {
  if (witnesses.length === 0) return false;
  const all = await readMade(client);
  return !witnesses.some(({ experiment, made }) => all.get(experiment) === made);
}

async function readMade(client: ReadingClient): Promise<ReadonlyMap<string, string>> {
  const experiments = await readExperiments(client);
  return new Map(
    experiments.map(({ id, created, location }) => [id, `${created ?? location ?? ""}`] as const),
  );
}
