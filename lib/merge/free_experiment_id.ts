/**
 * Ids for experiments that are made by a merge.
 *
 * @module
 */

import { fingerprintOf } from "../snapshot/fingerprint.ts";
import type { Experiment, StoreSnapshot } from "../store/snapshot.ts";

/**
 * Finds an id for an experiment of another store: its own where that is free here, else one that comes of it, the
 * same each time.
 *
 * @param snapshot This store.
 * @param experiment The experiment of the other one.
 * @param given `taken`: ids that are given already. `others`: those of the other store, which may still be.
 * @returns The id: in a database the next number, else 18 digits as MLflow makes them.
 */
export function freeExperimentId(
  { experiments, orphans, strays, backend }: StoreSnapshot,
  { id, name, creationTime }: Experiment,
  given: { readonly taken: ReadonlySet<string>; readonly others: readonly string[] },
): string {
  const used = new Set<string>(given.taken);
  for (const one of [...experiments, ...orphans]) used.add(one.id);
  for (const { path } of [...experiments, ...orphans, ...strays]) {
    used.add(path.replace(/^\.trash\//, ""));
  }
  if (!used.has(id)) return id;
  for (const other of given.others) used.add(other);
  const digest = BigInt(`0x${fingerprintOf([id, name, creationTime])}`);
  const highest = [...used].filter((one) => /^\d+$/.test(one)).map(BigInt)
    .reduce((most, one) => one > most ? one : most, 0n);
  let found = backend === undefined ? FIRST + digest % (10n * FIRST - FIRST) : highest + 1n;
  while (used.has(`${found}`)) found++;
  return `${found}`;
}

/** The least number of as many digits as MLflow's ids have. */
const FIRST = 10n ** 17n;
