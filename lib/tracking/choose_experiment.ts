/**
 * Which experiment of a store a name means.
 *
 * @module
 */

import type { ExperimentMeta } from "../records/meta.ts";
import { readExperimentMeta } from "../records/meta_record.ts";
import { asMlflowChooses, type Namesake } from "../store/holders.ts";
import type { LifecycleStage } from "../store/snapshot.ts";
import { type MetaDocument, parseMetaYaml, scalar, stringifyMetaYaml } from "../yaml/meta_yaml.ts";

/** The `meta.yaml` of an experiment's directory. */
export interface ExperimentFile {
  /** The directory's name. */
  readonly id: string;
  /** The stage by location: in the root `active`, in `.trash/` `deleted`. */
  readonly stage: LifecycleStage;
  /** The text of its `meta.yaml`. */
  readonly text: string;
}

/** The experiment that a name means. */
export interface ChosenExperiment extends ExperimentFile {
  /** The text as it ought to be, when MLflow cannot use the one that is there; otherwise `null`. */
  readonly repaired: string | null;
}

/**
 * Chooses the experiment that a name means: an active one before a deleted one, a healthy one before a
 * damaged one; of several then the one that MLflow would take, the newest and after that the least id.
 *
 * @param files All experiments of the store.
 * @param name The name.
 * @param artifactLocationOf Where an experiment's artifacts are when its `meta.yaml` does not tell.
 * @returns The experiment; `null` when none has the name.
 */
export function chooseExperiment(
  files: readonly ExperimentFile[],
  name: string,
  artifactLocationOf: (id: string) => string,
): ChosenExperiment | null {
  const found = files.flatMap((file) => {
    // Spares the parser nearly all of a large store.
    if (!file.text.includes("name:")) return [];
    const read = readExperimentMeta(file.text);
    const isHealthy = read.ok && read.meta.experimentId === file.id;
    const repaired = isHealthy ? null : repairExperimentMeta(file, artifactLocationOf(file.id));
    const again = repaired === null ? read : readExperimentMeta(repaired);
    return again.ok && again.meta.name === name && (isHealthy || repaired !== null)
      ? [{ ...file, repaired, meta: again.meta }]
      : [];
  });
  const [first] = found.sort((a, b) =>
    rank(a) - rank(b) || asMlflowChooses(namesakeOf(a), namesakeOf(b))
  );
  return first === undefined
    ? null
    : { id: first.id, stage: first.stage, text: first.text, repaired: first.repaired };
}

function rank({ stage, repaired }: ChosenExperiment): number {
  return (stage === "active" ? 0 : 2) + (repaired === null ? 0 : 1);
}

function namesakeOf({ id, meta }: ExperimentFile & { readonly meta: ExperimentMeta }): Namesake {
  return { id, creationTime: meta.creationTime };
}

/**
 * Mends the `meta.yaml` of an experiment with what is left of it. Only a whole line proves the name, so
 * a text that was cut off within its name cannot be mended.
 *
 * @param file The experiment.
 * @param artifactLocation Where its artifacts are, should the text not tell.
 * @returns The new text, with all keys that could be read; `null` when there is no name in the old one.
 *
 * @example A file that lost its first bytes
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   repairExperimentMeta(
 *     { id: "7", stage: "active", text: "}{: x\nlifecycle_stage: active\nname: churn\n" },
 *     "file:///mlruns/7",
 *   ),
 *   "artifact_location: file:///mlruns/7\ncreation_time: null\n" +
 *     'experiment_id: "7"\nlast_update_time: null\nlifecycle_stage: active\nname: churn\n',
 * );
 * ```
 */
export function repairExperimentMeta(
  { id, stage, text }: ExperimentFile,
  artifactLocation: string,
): string | null {
  const left = wholeEntries(text);
  const name = left.get("name");
  if (name?.kind !== "scalar" || name.plain || name.text === "") return null;
  const defaults: MetaDocument = new Map([
    ["artifact_location", scalar(artifactLocation)],
    ["creation_time", scalar(null)],
    ["last_update_time", scalar(null)],
  ]);
  const certain: MetaDocument = new Map([
    ["experiment_id", scalar(id)],
    ["lifecycle_stage", scalar(stage)],
  ]);
  const repaired = stringifyMetaYaml(new Map([...defaults, ...left, ...certain]));
  return readExperimentMeta(repaired).ok ? repaired : null;
}

/** The entries at the top of a text that can be read each on its own and end with their line. */
function wholeEntries(text: string): MetaDocument {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const entries = whole.split(/(?<=\n)(?=[^\s#])/);
  return new Map(entries.flatMap((entry) => {
    try {
      return [...parseMetaYaml(entry)];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }));
}
