/**
 * Experiments that a server is asked for later, as it does not answer: their ids say what is to be set up.
 *
 * @module
 */

import { isRecord, isText } from "../text/json.ts";

/** What is to be set up. */
export interface LaterExperiment {
  readonly name: string;
  /** `null`: its own. */
  readonly artifactLocation: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly onDeleted: "restore" | "replace";
}

const PREFIX = "later:";

/**
 * Makes the id of an experiment that no server knows yet.
 *
 * @param experiment What is to be set up.
 * @returns The id, which no server gives.
 */
export function laterExperimentId(experiment: LaterExperiment): string {
  return PREFIX + JSON.stringify(experiment);
}

/**
 * Reads such an id.
 *
 * @param id The id of an experiment.
 * @returns What is to be set up; `null` for the id of one that is there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const churn = { name: "churn", artifactLocation: null, tags: {}, onDeleted: "restore" } as const;
 * assertEquals(laterExperimentOf(laterExperimentId(churn)), churn);
 * assertEquals(laterExperimentOf("7"), null);
 * ```
 */
export function laterExperimentOf(id: string): LaterExperiment | null {
  if (!id.startsWith(PREFIX)) return null;
  try {
    const value: unknown = JSON.parse(id.slice(PREFIX.length));
    if (!isRecord(value) || !isText(value["name"])) return null;
    const { name, artifactLocation, tags, onDeleted } = value;
    return {
      name,
      artifactLocation: isText(artifactLocation) ? artifactLocation : null,
      tags: isRecord(tags) ? tags as Readonly<Record<string, string>> : {},
      onDeleted: onDeleted === "replace" ? "replace" : "restore",
    };
  } catch {
    return null;
  }
}
