/**
 * The `meta.yaml` of a run that was lost, from what the run's other files tell.
 *
 * @module
 */

import type { KeptText, RecordEvidence, RepairReason, RunEvidence } from "../plan/repair_action.ts";
import { readRunMeta } from "../records/meta_record.ts";
import { contradictsItself, isCutOff, salvageMeta } from "../records/salvage_meta.ts";
import { provenInteger, withMeantValues } from "../records/value_types.ts";
import { appendToUri } from "../store/artifact_uri.ts";
import { codeOf, isUnfinished, RUN_STATUSES, statusOf } from "../store/run_status.ts";
import type { LifecycleStage, RunStatus } from "../store/snapshot.ts";
import { formatTime } from "../text/units.ts";
import { parseMetaYaml, scalar, stringifyMetaYaml } from "../yaml/meta_yaml.ts";
import { chooseSide } from "./choose_side.ts";
import { integerOf, type MetaDocument, type MetaNode, textOf } from "../yaml/node.ts";

/** What is known of a run from its place. */
export interface LostRun {
  /** Name of its directory. */
  readonly id: string;
  /** Name of the directory around it. */
  readonly experimentId: string;
  /** The stage of its experiment, by location. */
  readonly stage: LifecycleStage;
  /** Where its experiment keeps artifacts. */
  readonly location: string;
  /** Epoch ms of its experiment's deletion; `null` when it is active, or that is not known. */
  readonly deletedAt: number | null;
}

/** A record that was put together, and where each value comes from. */
export interface RebuiltMeta {
  /** The text. */
  readonly text: string;
  /** Where what was not in the damaged text comes from. */
  readonly reasons: readonly RepairReason[];
}

/**
 * Puts the `meta.yaml` of a run together. What a kept copy or the damaged text says whole is taken as it
 * is, keys unknown to us included; ids come from the path, user, name and source from tags, times from
 * metrics and files. A status that nothing tells becomes `otherwise`.
 *
 * @param run What its place tells.
 * @param record What is left of the record.
 * @param files What its other files tell.
 * @param otherwise The status that it gets where none is known, or an unfinished one of long ago.
 * @param isAlive Whether the run shows signs of life: then one that was running goes on to.
 * @returns The record; `null` when nothing shows that it was a run, or what is left names another one.
 */
export function rebuildRunMeta(
  run: LostRun,
  record: RecordEvidence,
  files: RunEvidence,
  otherwise: "FAILED" | "KILLED",
  isAlive: boolean,
): RebuiltMeta | null {
  const damaged = chooseSide(record.text ?? "", {
    isSound: (text) => {
      const read = readRunMeta(text);
      return read.ok && read.meta.runId === run.id && read.meta.experimentId === run.experimentId;
    },
    key: "artifact_uri",
    isHere: (uri) => uri === appendToUri(run.location, run.id, "artifacts"),
  }) ?? "";
  // Of two sides nothing tells which was meant.
  if (damaged === "" && record.kept === null && record.text) return null;
  const left = salvageMeta(damaged);
  const kept = keptDocument(record.kept, run);
  // Of two values that the text gives, nothing tells which was meant.
  if (kept === null && contradictsItself(damaged)) return null;
  const newer = kept === null || isCutOff(damaged) ? left : NOTHING;
  const known = new Map([...kept ?? [], ...newer]);
  if (known.size === 0 && files.oldestFile === null) return null;
  const namesAnother = ["run_id", "run_uuid"].some((key) => isOther(left.get(key), run.id)) ||
    isOther(left.get("experiment_id"), run.experimentId);
  if (namesAnother) return null;
  const document = new Map(withMeantValues(known, "run"));
  const reasons: RepairReason[] = [];
  const fill = (key: string, value: string | number | null, from: string | null) => {
    document.set(key, scalar(value));
    if (from !== null) reasons.push(evidenceOf(key, value, from));
  };

  for (const key of ["run_id", "run_uuid"]) fill(key, run.id, null);
  fill("experiment_id", run.experimentId, null);
  if (!textOf(known.get("artifact_uri"))) {
    fill("artifact_uri", appendToUri(run.location, run.id, "artifacts"), "its experiment");
  }
  // What an older MLflow did not write, its copy does not lack.
  if (kept === null) fillFromTags(known, files, fill);
  const status = recordedStatus(known.get("status"));
  const hasEnded = status !== null && !isUnfinished(status);
  const goesOn = status !== null && !hasEnded && isAlive;
  const [start, startFrom] = startOf(files);
  const recordedStart = provenInteger(known.get("start_time"));
  const startTime = recordedStart ?? start;
  if (integerOf(known.get("start_time")) === null) {
    fill("start_time", startTime, recordedStart === null ? startFrom : null);
  }
  if (status === null || !(hasEnded || goesOn)) {
    fill("status", codeOf(otherwise), null);
    reasons.push({ kind: "evidence", of: "status", value: otherwise, from: NO_SIGN });
  } else fill("status", codeOf(status), null);
  if (goesOn) fill("end_time", null, null);
  else if (integerOf(known.get("end_time")) === null) {
    const recordedEnd = provenInteger(known.get("end_time"));
    const [end, endFrom] = recordedEnd === null ? endOf(files) : [recordedEnd, null];
    fill("end_time", Math.max(end, startTime), endFrom);
  }
  fillStage(run, known, files, fill);
  if (kept === null && !known.has("tags")) document.set("tags", { kind: "sequence", items: [] });

  const text = kept !== null && sameDocument(document, kept)
    ? record.kept!.text
    : stringifyMetaYaml(document);
  if (!readRunMeta(text).ok) {
    // What is left spoils the copy.
    return kept === null || left.size === 0
      ? null
      : rebuildRunMeta(run, { ...record, text: null }, files, otherwise, isAlive);
  }
  const origin: readonly RepairReason[] = kept !== null
    ? [keptReason(record.kept!), ...leftReason(differences(newer, kept))]
    : leftReason(left);
  return { text, reasons: [...origin, ...reasons] };
}

const NOTHING: MetaDocument = new Map();

/**
 * Finds what a text says otherwise than a copy of it.
 *
 * @param left What the text says.
 * @param kept What the copy says.
 * @returns The keys that differ, with what the text says.
 */
export function differences(left: MetaDocument, kept: MetaDocument): MetaDocument {
  const written = (key: string, node: MetaNode | undefined) =>
    node === undefined ? null : stringifyMetaYaml(new Map([[key, node]]));
  return new Map(
    [...left].filter(([key, node]) => written(key, node) !== written(key, kept.get(key))),
  );
}

const NO_SIGN = "the lack of any sign that it finished";

/** MLflow's code for a run that came from a local program; it writes no other. */
const LOCAL = 4;

type Fill = (key: string, value: string | number | null, from: string | null) => void;

function fillFromTags(known: MetaDocument, { tags }: RunEvidence, fill: Fill): void {
  if (textOf(known.get("user_id")) === null) {
    const user = tags.get("mlflow.user");
    fill("user_id", user ?? "", user === undefined ? null : "tag mlflow.user");
  }
  if (!textOf(known.get("run_name"))) {
    const name = tags.get("mlflow.runName");
    fill("run_name", name ?? "", name === undefined ? null : "tag mlflow.runName");
  }
  const others: readonly (readonly [string, string | number])[] = [
    ["entry_point_name", ""],
    ["source_name", tags.get("mlflow.source.name") ?? ""],
    ["source_type", LOCAL],
    ["source_version", tags.get("mlflow.source.git.commit") ?? ""],
  ];
  for (const [key, value] of others) if (!known.has(key)) fill(key, value, null);
}

function fillStage(run: LostRun, known: MetaDocument, files: RunEvidence, fill: Fill): void {
  const deletedTime = provenInteger(known.get("deleted_time"));
  const recorded = textOf(known.get("lifecycle_stage"));
  if (recorded === "active") return;
  const isDeleted = recorded === "deleted" || deletedTime !== null || run.stage === "deleted";
  if (recorded !== "deleted") {
    const from = deletedTime !== null
      ? "its deleted_time"
      : isDeleted
      ? "its experiment, which is deleted"
      : null;
    fill("lifecycle_stage", isDeleted ? "deleted" : "active", from);
  }
  if (isDeleted && integerOf(known.get("deleted_time")) === null) {
    const from = deletedTime === null ? "the last change" : null;
    fill("deleted_time", deletedTime ?? run.deletedAt ?? files.newestChange, from);
  }
}

/**
 * Says where the value of a key comes from.
 *
 * @param key The key.
 * @param value Its value; of a time, epoch ms.
 * @param from Where it comes from.
 * @returns The reason.
 */
export function evidenceOf(key: string, value: string | number | null, from: string): RepairReason {
  const text = key.endsWith("_time") && typeof value === "number" ? formatTime(value) : `${value}`;
  return { kind: "evidence", of: key, value: text, from };
}

/**
 * Says which copy a record was taken from.
 *
 * @param kept The copy.
 * @returns The reason.
 */
export function keptReason({ source, keptAt }: KeptText): RepairReason {
  return {
    kind: "evidence",
    of: "the record",
    value: "",
    from: `${source} of ${formatTime(keptAt)}`,
  };
}

/**
 * Says which keys a damaged text still has.
 *
 * @param left The keys.
 * @returns The reason, or none where there is no key.
 */
export function leftReason(left: MetaDocument): readonly RepairReason[] {
  return left.size === 0 ? [] : [{
    kind: "evidence",
    of: [...left.keys()].join(", "),
    value: "",
    from: "what is left of it",
  }];
}

/** Only a copy of this very run will do. */
function keptDocument(kept: KeptText | null, run: LostRun): MetaDocument | null {
  if (kept === null) return null;
  const read = readRunMeta(kept.text);
  const isSame = read.ok && read.meta.runId === run.id &&
    read.meta.experimentId === run.experimentId;
  return isSame ? parseMetaYaml(kept.text) : null;
}

/** The ids are written twice, for MLflow 2 and 3, and are no difference. */
function sameDocument(left: MetaDocument, right: MetaDocument): boolean {
  const both = new Map(right);
  for (const key of ["run_id", "run_uuid"]) if (left.has(key)) both.set(key, left.get(key)!);
  return stringifyMetaYaml(left) === stringifyMetaYaml(both);
}

function startOf({ points, oldestFile, newestChange }: RunEvidence): readonly [number, string] {
  if (points !== null) return [points.first, "its first metric"];
  if (oldestFile !== null) return [oldestFile, "its oldest file"];
  return [newestChange, "its directory"];
}

function endOf({ points, newestFile, newestChange }: RunEvidence): readonly [number, string] {
  if (points !== null) return [points.last, "its last metric"];
  if (newestFile !== null) return [newestFile, "its newest file"];
  return [newestChange, "its directory"];
}

function isOther(node: MetaNode | undefined, id: string): boolean {
  const text = textOf(node);
  return text !== null && text !== id;
}

/** A code, or the word for it, which MLflow itself refuses here. */
function recordedStatus(node: MetaNode | undefined): RunStatus | null {
  const word = textOf(node);
  return statusOf(provenInteger(node) ?? 0) ?? RUN_STATUSES.find((status) => status === word) ??
    null;
}
