/**
 * The damaged store that tasks/README.md shows.
 *
 * @module
 */

import { toFileUrl } from "@std/path";
import { DAY, experiment, run } from "./builders.ts";
import { openDamaged } from "./damage.ts";
import { setTimes, type StorePlace, writeStore } from "./disk_store.ts";

/** The moment at which it is repaired. */
export const EXAMPLE_NOW: number = Date.UTC(2026, 4, 1, 9, 30);

const ID = "284451880179339498";
const RUNS = [
  { id: "3a7bb8184ebf8eeb74c0e755c838591a", name: "baseline" },
  { id: "4796b11ba783eb81c43aebefcf0c1823", name: "deeper-trees" },
  { id: "0ea64c011b511166e31a49fb8d739821", name: "more-data" },
] as const;

/**
 * Writes a store of one experiment with three runs, and damages it as a loss of power, git and an editor
 * would.
 *
 * @param place Where it goes; both directories are made.
 */
export function layOutExample(place: StorePlace): void {
  const location = `${toFileUrl(place.root)}/${ID}`;
  const started = EXAMPLE_NOW - 2 * DAY;
  writeStore(place, {
    experiments: [
      experiment({
        id: "0",
        name: "Default",
        artifactLocation: `${toFileUrl(place.root)}/0`,
      }),
      experiment({
        id: ID,
        name: "churn",
        artifactLocation: location,
        creationTime: started,
        lastUpdateTime: started,
        runs: RUNS.map(({ id, name }) =>
          run({
            id,
            name,
            experimentId: ID,
            artifactUri: `${location}/${id}/artifacts`,
            tags: new Map([["mlflow.runName", name], ["mlflow.user", "kim"]]),
            startTime: started,
            endTime: started + DAY / 24,
          })
        ),
      }),
    ],
  });
  const [baseline, deeper, more] = RUNS.map(({ id }) => `${ID}/${id}`) as [string, string, string];
  const store = openDamaged(place.root);
  store.edit(`${ID}/meta.yaml`, (text) => text.slice(0, text.indexOf("cycle_stage")));
  store.write(`${deeper}/meta.yaml`, "");
  store.edit(`${baseline}/metrics/loss`, (text) => `${text}17775`);
  store.write(`${baseline}/params/lr~`, "0.2");
  store.remove(`${more}/artifacts`);
  setTimes(place.root, started + DAY / 24);
}
