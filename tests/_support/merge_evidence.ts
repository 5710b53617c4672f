/**
 * What is known of two stores of files, whose records all name places as MLflow does, for merging one into the other.
 *
 * @module
 */

import type { MergeEvidence } from "../../lib/plan/plan.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { RUN_USAGE } from "./builders.ts";
import { moveEvidence } from "./move_evidence.ts";

/**
 * Tells what reading them would, were they on the disk; nothing that both have is the same.
 *
 * @param other The other store.
 * @param more What else is known.
 * @returns The evidence.
 */
export function mergeEvidence(
  other: StoreSnapshot,
  more: Partial<MergeEvidence> = {},
): MergeEvidence {
  const { experiments, registeredModels } = other;
  const things = [
    ...experiments.flatMap((one) => [one, ...one.runs, ...one.loggedModels]),
    ...registeredModels.map(({ path }) => ({ path, stamp: `stamp:${path}` })),
  ];
  const { places, inputs, datasets, traces } = moveEvidence(other);
  const located = experiments.map(({ path, artifactLocation }) => [artifactLocation, path] as const)
    .filter(([uri]) => uri.startsWith("file:"));
  return {
    places: new Map([...places, ...located]),
    inputs,
    datasets,
    traces,
    tracesHere: new Map(),
    same: new Set(),
    records: new Map(
      experiments.map(({ path, id, name, artifactLocation }) => [
        path,
        `artifact_location: ${artifactLocation}\nexperiment_id: '${id}'\nname: ${
          JSON.stringify(name)
        }\n`,
      ]),
    ),
    measured: new Map<string, { usage: typeof RUN_USAGE; stamp: string }>(
      [
        ...things.map(({ path, stamp }) => [path, { usage: RUN_USAGE, stamp }] as const),
        ...[...traces.keys()].map((path) =>
          [path, { usage: RUN_USAGE, stamp: `stamp:${path}` }] as const
        ),
      ],
    ),
    tags: { there: new Map(), here: new Map() },
    there: new Set(),
    ...more,
  };
}
