/**
 * Repairing records that were lost: of experiments, of runs, and, from a kept copy, of everything else.
 *
 * @module
 */

import type { Kept } from "../plan/plan.ts";
import type { RecordEvidence, RepairReason, WriteMeta } from "../plan/repair_action.ts";
import { isSoundRecord } from "../records/check_record.ts";
import { readExperimentMeta, readRunMeta } from "../records/meta_record.ts";
import { fileUri, formerPlaces, renameUri } from "../records/relocate_uri.ts";
import { ABSENT } from "../store/facts.ts";
import { type Holder, holdersOf, linkedIn } from "../store/holders.ts";
import { byPath, experimentPathOf, type StorePath, withoutTrash } from "../store/path.ts";
import { type Problem, recordKindOf } from "../store/problem.ts";
import type { DamagedRun, Experiment, Orphan, StoreSnapshot } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import { withoutCredentials } from "../text/credentials.ts";
import { namesItsRuns } from "../verify/experiment_checks.ts";
import { editMetaYaml, parseMetaYaml, stringifyMetaYaml } from "../yaml/meta_yaml.ts";
import { textOf } from "../yaml/node.ts";
import { chooseSide } from "./choose_side.ts";
import { keptEntry, type RepairContext, type Repairs, unsettled } from "./context.ts";
import { rebuildExperimentMeta } from "./rebuild_experiment_meta.ts";
import { evidenceOf, keptReason, rebuildRunMeta } from "./rebuild_run_meta.ts";
import { placeMeant } from "./prove_moves.ts";

/** The kinds of damage that leave a record without use, and its directory where it belongs. */
export const LOST: ReadonlySet<string> = new Set(["missing", "empty", "unreadable", "incomplete"]);

/**
 * Plans the repair of records.
 *
 * @param context The store and what is known of it.
 * @returns Experiments first, then runs, then the rest.
 */
export function repairRecords(context: RepairContext): Repairs {
  const isLinked = linkedIn(context.snapshot);
  const experiments: WriteMeta[] = [];
  const runs: (readonly WriteMeta[])[] = [];
  const kept: Kept[] = [];
  const taken = new Set(context.snapshot.experiments.map(({ name }) => name));
  for (const holder of holdersOf(context.snapshot)) {
    if (isLinked(holder.path)) continue;
    // Where the runs keep their artifacts depends on the experiment, which depends on their texts.
    const location = "artifactLocation" in holder
      ? holder.artifactLocation
      : usualLocation(context, holder.id).location;
    const rebuilt = repairRuns(context, holder, location);
    if ("artifactLocation" in holder) {
      runs.push(rebuilt);
      continue;
    }
    const outcome = repairOrphan(context, holder, rebuilt, taken);
    if (outcome === null) {
      // Without their experiment MLflow would not list them.
      continue;
    }
    if (!("action" in outcome)) {
      kept.push(outcome);
      continue;
    }
    experiments.push(outcome.action);
    taken.add(outcome.action.name);
    runs.push(repairRuns(context, holder, outcome.location));
  }
  const written = new Set<string>(experiments.map(({ path }) => path));
  // Nobody reads what lies in an orphan: a change there would only make it look alive.
  const orphans = new Set<string>(
    context.snapshot.orphans.map(({ path }) => path).filter((path) => !written.has(path)),
  );
  const isLeft = (path: string) => isLinked(path) || orphans.has(experimentPathOf(path));
  return { actions: [...experiments, ...runs.flat(), ...repairFromCopies(context, isLeft)], kept };
}

function repairRuns(
  context: RepairContext,
  holder: Holder,
  location: string,
): readonly WriteMeta[] {
  return holder.damagedRuns.toSorted(byPath).flatMap((run) =>
    repairRun(context, run, holder, location) ?? []
  );
}

function repairRun(
  context: RepairContext,
  run: DamagedRun,
  holder: Holder,
  location: string,
): WriteMeta | null {
  const { evidence, policy, now } = context;
  const record = evidence.records.get(run.path);
  const files = evidence.runs.get(run.path);
  if (!LOST.has(run.damage) || run.link || record === undefined || files === undefined) return null;
  if (unsettled(context, record.changed) !== null) return null;
  const deletedAt = "lastUpdateTime" in holder && holder.lifecycleStage === "deleted"
    ? holder.lastUpdateTime
    : null;
  const isAlive = now - files.newestChange < policy.staleAfter;
  const rebuilt = rebuildRunMeta(
    { id: run.id, experimentId: holder.id, stage: holder.lifecycleStage, location, deletedAt },
    record,
    files,
    policy.finishAs,
    isAlive,
  );
  if (rebuilt === null) return null;
  const read = readRunMeta(rebuilt.text);
  const own = `${holder.id}/${run.id}/artifacts`;
  const { text, reasons } = relocated(context, rebuilt, "artifact_uri", own);
  return {
    kind: "write-meta",
    path: run.path,
    name: (read.ok && read.meta.name) || run.id,
    file: "meta.yaml",
    text,
    isNew: record.stamp === ABSENT,
    tag: null,
    reasons: [{ kind: "broken", message: run.message }, ...reasons],
    usage: NO_USAGE,
    stamp: record.stamp,
  };
}

function repairOrphan(
  context: RepairContext,
  orphan: Orphan,
  rebuilt: readonly WriteMeta[],
  taken: ReadonlySet<string>,
): { readonly action: WriteMeta; readonly location: string } | Kept | null {
  const { evidence, snapshot } = context;
  const { id, path, lifecycleStage: stage, damage, message } = orphan;
  const found = evidence.records.get(path);
  if (found === undefined) return null;
  const record = LOST.has(damage) ? found : ownRecord(snapshot, orphan, found);
  if (record === null) return null;
  // Where not all can be read, there may be more to go by than was.
  if (orphan.newestChange === null && !orphan.link) return null;
  if (record.kept === null && hasUnread(snapshot, path)) return null;
  if (unsettled(context, record.changed) !== null) return null;
  const runs = [
    ...orphan.runs,
    ...rebuilt.flatMap(({ path, text }) => {
      const read = readRunMeta(text);
      const named = evidence.records.get(path)?.text?.includes("artifact_uri:") === true;
      return read.ok
        ? [{ ...read.meta, id: read.meta.runId, artifactUri: named ? read.meta.artifactUri : "" }]
        : [];
    }),
  ];
  const outcome = rebuildExperimentMeta({
    id,
    stage,
    runs,
    usual: usualLocation(context, id),
    taken,
    newestChange: orphan.newestChange ?? context.now,
  }, record);
  switch (outcome.kind) {
    case "unknown":
      return null;
    case "ambiguous":
      return keptEntry(path, id, {
        kind: "needs-choice",
        message: `${message}, and its runs keep artifacts in ${outcome.locations.length} places`,
        choices: [
          `write a meta.yaml that names one of ${
            outcome.locations.map(withoutCredentials).join(", ")
          }`,
          "restore its meta.yaml from a backup",
        ],
      });
    case "rebuilt": {
      const { text, reasons } = relocated(context, outcome, "artifact_location", id);
      const tag = outcome.isNamed ? null : {
        text: `mltidy rebuilt this experiment's meta.yaml, which was lost, and its name with it`,
        makesFolder: !record.hasTags,
      };
      const action: WriteMeta = {
        kind: "write-meta",
        path,
        name: outcome.name,
        file: "meta.yaml",
        text,
        isNew: record.stamp === ABSENT,
        tag,
        reasons: [{ kind: "broken", message }, ...reasons],
        usage: NO_USAGE,
        stamp: record.stamp,
      };
      return { action, location: outcome.location };
    }
  }
}

/**
 * What a record that names another experiment says of the one in whose directory it lies, where all runs in
 * it prove which that is: of a copy of another experiment's record, what was changed in it.
 */
function ownRecord(
  { experiments }: StoreSnapshot,
  orphan: Orphan,
  record: RecordEvidence,
): RecordEvidence | null {
  const read = readExperimentMeta(record.text ?? "");
  if (!namesItsRuns(orphan) || !read.ok) return null;
  const other = experiments.find(({ id }) => id === read.meta.experimentId);
  const document = new Map(parseMetaYaml(record.text ?? ""));
  document.delete("experiment_id");
  if (other !== undefined) {
    if (read.meta.name === other.name) document.delete("name");
    if (read.meta.artifactLocation === other.artifactLocation) document.delete("artifact_location");
    for (const key of ["creation_time", "last_update_time"]) document.delete(key);
  }
  return { ...record, text: stringifyMetaYaml(document) };
}

/** Whether the operating system refused to give anything of what lies in a directory. */
function hasUnread({ problems }: StoreSnapshot, directory: StorePath): boolean {
  return problems.some(({ path, damage }) => damage === "io" && path.startsWith(`${directory}/`));
}

/**
 * Finds where an experiment would keep its artifacts if it did as all others do that keep theirs apart.
 *
 * @param context The store.
 * @param id The experiment's id.
 * @returns The location, and who says so.
 */
export function usualLocation(
  { snapshot }: Pick<RepairContext, "snapshot">,
  id: string,
): { readonly location: string; readonly from: string } {
  const own = {
    location: fileUri(`${snapshot.location}/${id}`),
    from: "its place, as MLflow has it",
  };
  const prefixes = new Set(
    snapshot.experiments.map((each: Experiment) =>
      each.artifactLocation.endsWith(`/${each.id}`)
        ? each.artifactLocation.slice(0, -each.id.length)
        : null
    ),
  );
  const [prefix, ...others] = prefixes;
  if (typeof prefix !== "string" || others.length > 0) return own;
  return { location: `${prefix}${id}`, from: "the other experiments" };
}

/** What is written in a store that moves to where it is now names no former place. */
function relocated(
  context: RepairContext,
  { text, reasons }: { readonly text: string; readonly reasons: readonly RepairReason[] },
  key: string,
  own: string,
): { readonly text: string; readonly reasons: readonly RepairReason[] } {
  const { snapshot: { location: root }, policy: { relocate } } = context;
  if (relocate === null) return { text, reasons };
  const uri = textOf(parseMetaYaml(text).get(key)) ?? "";
  const { from } = relocate;
  const place = from === null
    ? placeMeant({ uri, own }, context)
    : formerPlaces(uri, { root, own, from })[0];
  if (place !== own) return { text, reasons };
  const to = renameUri(uri, root, own);
  return {
    text: editMetaYaml(text, { [key]: to }),
    reasons: [...reasons, { kind: "moved", from: uri, to }],
  };
}

/** Whether a copy says all that is left of a record, and ends as MLflow ends it. */
function completes(copy: string, left: string | null): boolean {
  return left !== null && copy !== left && copy.startsWith(left) && copy.endsWith("\n");
}

/** A copy was kept before the store moved. */
function inPlace(
  context: RepairContext,
  path: StorePath,
  subject: Problem["subject"],
  text: string,
): ReturnType<typeof relocated> {
  const own = withoutTrash(path);
  switch (subject) {
    case "experiment":
      return relocated(context, { text, reasons: [] }, "artifact_location", own);
    case "run":
      return relocated(context, { text, reasons: [] }, "artifact_uri", `${own}/artifacts`);
    case "logged-model":
      return relocated(context, { text, reasons: [] }, "artifact_location", `${own}/artifacts`);
    default:
      return { text, reasons: [] };
  }
}

/** What a damaged record holds that is one: in another encoding, or one side of a merge. */
function soundText(
  text: string | null,
  path: StorePath,
  subject: Problem["subject"],
): string | null {
  if (text === null) return null;
  const isSound = (one: string) => isSoundRecord(one, path, subject);
  const side = chooseSide(text, { isSound, key: "artifact_location", isHere: () => false });
  return side !== null && isSound(side) ? side : null;
}

function repairFromCopies(
  context: RepairContext,
  isLeft: (path: string) => boolean,
): WriteMeta[] {
  const { snapshot, evidence } = context;
  const seen = new Set<StorePath>();
  return snapshot.problems.toSorted(byPath).flatMap(({ path, subject, damage, message }) => {
    const record = evidence.records.get(path);
    if (record === undefined || seen.has(path) || isLeft(path)) return [];
    const isLost = LOST.has(damage) && recordKindOf(path, subject) !== null;
    const left = isLost ? soundText(record.text, path, subject) : null;
    if (left === null && record.kept === null) return [];
    const { kept } = record;
    const whole = left ?? kept!.text;
    if (!isLost && !(damage === "cut-off" && completes(whole, record.text))) return [];
    seen.add(path);
    const { text, reasons } = inPlace(context, path, subject, whole);
    return [{
      kind: "write-meta",
      path,
      name: path.slice(path.lastIndexOf("/") + 1),
      file: record.file,
      text,
      isNew: record.stamp === ABSENT,
      tag: null,
      reasons: [
        { kind: "broken", message },
        left === null ? keptReason(kept!) : evidenceOf("the record", "", "what is left of it"),
        ...reasons,
      ],
      usage: NO_USAGE,
      stamp: record.stamp,
    }];
  });
}
