/**
 * The `meta.yaml` of an experiment that was lost, from what its runs and its neighbours tell.
 *
 * @module
 */

import type { RecordEvidence, RepairReason } from "../plan/repair_action.ts";
import { readExperimentMeta } from "../records/meta_record.ts";
import { contradictsItself, isCutOff, salvageMeta } from "../records/salvage_meta.ts";
import { provenInteger, withMeantValues } from "../records/value_types.ts";
import { DEFAULT_EXPERIMENT, DEFAULT_NAME } from "../store/names.ts";
import type { LifecycleStage, NonEmpty } from "../store/snapshot.ts";
import { parseMetaYaml, scalar, stringifyMetaYaml } from "../yaml/meta_yaml.ts";
import { integerOf, type MetaNode, textOf } from "../yaml/node.ts";
import {
  differences,
  evidenceOf,
  keptReason,
  leftReason,
  type RebuiltMeta,
} from "./rebuild_run_meta.ts";
import { chooseSide } from "./choose_side.ts";

/** What is known of an experiment besides its record. */
export interface LostExperiment {
  /** Name of its directory. */
  readonly id: string;
  /** The stage by location. */
  readonly stage: LifecycleStage;
  /** Its runs: ids, artifact URIs (empty where unknown), start times (epoch ms). */
  readonly runs: readonly {
    readonly id: string;
    readonly artifactUri: string;
    readonly startTime: number;
  }[];
  /** Where it would keep artifacts if it did as the others in the store do, and who says so. */
  readonly usual: { readonly location: string; readonly from: string };
  /** Names that other experiments have. */
  readonly taken: ReadonlySet<string>;
  /** Epoch ms of the newest change anywhere in it. */
  readonly newestChange: number;
}

/** What came of putting a record together. */
export type RebuiltExperiment =
  | RebuiltMeta & {
    readonly kind: "rebuilt";
    /** The experiment's name. */
    readonly name: string;
    /** Nobody knows how it was called. */
    readonly isNamed: boolean;
    /** Where it keeps its artifacts. */
    readonly location: string;
  }
  /** Its runs name more than one place for artifacts. */
  | { readonly kind: "ambiguous"; readonly locations: NonEmpty<string> }
  /** Nothing shows that it was an experiment, or what is left names another one. */
  | { readonly kind: "unknown" };

/**
 * Puts the `meta.yaml` of an experiment together: from a kept copy if there is one, else from the whole
 * lines of the damaged text, the id from the path, the location from the runs, the times from runs and
 * files. A name that nothing tells becomes `recovered-<id>`, and one that another experiment has taken
 * since gets the id behind it.
 *
 * @param experiment What is known besides.
 * @param record What is left of the record.
 * @returns The record, or why there is none.
 */
export function rebuildExperimentMeta(
  experiment: LostExperiment,
  record: RecordEvidence,
): RebuiltExperiment {
  const { id, stage, runs, taken, newestChange } = experiment;
  const isDefault = id === DEFAULT_EXPERIMENT;
  const damaged = chooseSide(record.text ?? "", {
    isSound: (text) => {
      const read = readExperimentMeta(text);
      return read.ok && read.meta.experimentId === id;
    },
    key: "artifact_location",
    isHere: (location) => location === experiment.usual.location,
  });
  if (damaged === null && record.kept === null) return { kind: "unknown" };
  const left = salvageMeta(damaged ?? "");
  const read = record.kept === null ? null : readExperimentMeta(record.kept.text);
  const kept = read?.ok && read.meta.experimentId === id ? parseMetaYaml(record.kept!.text) : null;
  // Of two values that the text gives, nothing tells which was meant.
  if (kept === null && contradictsItself(damaged ?? "")) return { kind: "unknown" };
  const newer = kept === null || isCutOff(damaged ?? "") ? left : new Map<string, MetaNode>();
  const known = new Map([...kept ?? [], ...newer]);
  const owner = textOf(left.get("experiment_id"));
  if (owner !== null && owner !== id) return { kind: "unknown" };
  // MLflow makes that one itself, so that there is one is known.
  if (!isDefault && runs.length === 0 && !KEYS.some((key) => known.has(key))) {
    return { kind: "unknown" };
  }

  const document = new Map(withMeantValues(known, "experiment"));
  const reasons: RepairReason[] = [];
  const fill = (key: string, value: string | number, from: string | null) => {
    document.set(key, scalar(value));
    if (from !== null) reasons.push(evidenceOf(key, value, from));
  };
  fill("experiment_id", id, null);
  let location = textOf(known.get("artifact_location"));
  if (!location) {
    const named = locationsOf(runs);
    const [first, ...others] = named;
    if (first !== undefined && others.length > 0) {
      return { kind: "ambiguous", locations: [first, ...others] };
    }
    location = first ?? experiment.usual.location;
    fill("artifact_location", location, first === undefined ? experiment.usual.from : "its runs");
  }
  if (textOf(known.get("lifecycle_stage")) !== stage) fill("lifecycle_stage", stage, "its place");
  const oldName = textOf(known.get("name")) || null;
  const wanted = oldName ??
    (isDefault && !taken.has(DEFAULT_NAME) ? DEFAULT_NAME : recoveredName(id));
  const name = taken.has(wanted) ? `${wanted} (recovered ${id})` : wanted;
  if (name !== oldName) {
    const from = oldName === null ? "its id" : "its name, which another experiment has now";
    fill("name", name, from);
  }
  const starts = runs.map(({ startTime }) => startTime);
  const created = provenInteger(known.get("creation_time"));
  if (integerOf(known.get("creation_time")) === null) {
    if (created !== null) fill("creation_time", created, null);
    else if (starts.length === 0) fill("creation_time", newestChange, "its newest file");
    else {
      const first = starts.reduce((least, start) => Math.min(least, start));
      fill("creation_time", first, "its first run");
    }
  }
  // In a deleted experiment this is the time of its deletion, which an older copy does not know.
  const isOld = stage === "deleted" && textOf(known.get("lifecycle_stage")) === "active";
  const updated = isOld ? null : provenInteger(known.get("last_update_time"));
  if (updated === null || integerOf(known.get("last_update_time")) === null) {
    fill("last_update_time", updated ?? newestChange, null);
  }
  const isExact = kept !== null && stringifyMetaYaml(document) === stringifyMetaYaml(kept);
  const text = isExact ? record.kept!.text : stringifyMetaYaml(document);
  if (!readExperimentMeta(text).ok) return { kind: "unknown" };
  const origin = kept === null
    ? leftReason(left)
    : [keptReason(record.kept!), ...leftReason(differences(newer, kept))];
  return {
    kind: "rebuilt",
    text,
    reasons: [...origin, ...reasons],
    name,
    isNamed: oldName !== null || isDefault,
    location,
  };
}

/**
 * Names an experiment of which nobody knows how it was called.
 *
 * @param id Its id.
 * @returns The name.
 */
export function recoveredName(id: string): string {
  return `recovered-${id}`;
}

/** What MLflow writes for an experiment. */
const KEYS = ["artifact_location", "creation_time", "experiment_id", "lifecycle_stage", "name"];

/** The places that runs name for their experiment's artifacts; each once. */
function locationsOf(runs: LostExperiment["runs"]): readonly string[] {
  return [
    ...new Set(runs.flatMap(({ id, artifactUri }) => {
      const name = RegExp.escape(id);
      const end = new RegExp(`[/\\\\]${name}[/\\\\]artifacts[/\\\\]?(?=$|[?#])`).exec(artifactUri);
      return end === null
        ? []
        : [artifactUri.slice(0, end.index) + artifactUri.slice(end.index + end[0].length)];
    })),
  ];
}
