/**
 * What is known of a store of files, whose records all name places as MLflow does, for moving its runs.
 *
 * @module
 */

import type { MoveEvidence } from "../../lib/plan/plan.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";

/**
 * Tells what reading a store would, were it on the disk.
 *
 * @param store The store.
 * @param more What else is known.
 * @returns The evidence.
 */
export function moveEvidence(
  store: StoreSnapshot,
  more: Partial<MoveEvidence> = {},
): MoveEvidence {
  const holders = [...store.experiments, ...store.orphans];
  const uris = [
    ...holders.flatMap(({ runs }) => runs.map(({ artifactUri }) => artifactUri)),
    ...holders.flatMap(({ loggedModels }) => loggedModels.map((one) => one.artifactLocation)),
    ...store.registeredModels.flatMap(({ versions }) =>
      versions.flatMap(({ source, storageLocation }) => [source, storageLocation ?? ""])
    ),
  ];
  const prefix = `file://${store.location}/`;
  const traces = holders.flatMap(({ path, traceUses = [] }) =>
    traceUses.map(({ trace }) =>
      [`${path}/traces/${trace}`, { keys: ["experiment_id"], location: null }] as const
    )
  );
  return {
    places: new Map(
      uris.filter((uri) => uri.startsWith(prefix)).map((uri) => [uri, uri.slice(prefix.length)]),
    ),
    inputs: new Map(),
    datasets: new Map(),
    traces: new Map(traces),
    there: new Set(),
    ...more,
  };
}
