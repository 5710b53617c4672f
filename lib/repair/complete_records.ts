/**
 * Repairing values of records that MLflow reads and stumbles over later: keys that are missing, and values
 * of a wrong type.
 *
 * @module
 */

import type { EditMeta, RepairReason } from "../plan/repair_action.ts";
import { isTypedRecord, meantValues } from "../records/value_types.ts";
import { appendToUri } from "../store/artifact_uri.ts";
import { DEFAULT_EXPERIMENT, DEFAULT_NAME } from "../store/names.ts";
import { byPath } from "../store/path.ts";
import { type Problem, recordKindOf } from "../store/problem.ts";
import type { Experiment, Run } from "../store/snapshot.ts";
import { formatTime } from "../text/units.ts";
import { MetaYamlError, parseMetaYaml } from "../yaml/meta_yaml.ts";
import type { MetaDocument } from "../yaml/node.ts";
import type { Edit, RepairContext } from "./context.ts";
import { recoveredName } from "./rebuild_experiment_meta.ts";
import { usualLocation } from "./repair_records.ts";

type Filled = { readonly changes: EditMeta["changes"]; readonly from: string } | null;

/**
 * Plans what is missing from records that can be read.
 *
 * @param context The store and what is known of it.
 * @returns What to set.
 */
export function completeRecords(context: RepairContext): readonly Edit[] {
  const { snapshot } = context;
  const experiments = new Map(snapshot.experiments.map((each) => [`${each.path}`, each]));
  const runs = new Map<string, readonly [Run, Experiment]>(
    snapshot.experiments.flatMap((each) => each.runs.map((run) => [run.path, [run, each]])),
  );
  return snapshot.problems.toSorted(byPath).flatMap((problem): readonly Edit[] => {
    const { path, subject, damage } = problem;
    const experiment = experiments.get(path);
    if (subject === "experiment" && experiment !== undefined) {
      return edit(problem, experiment.name, missingInExperiment(context, damage, experiment));
    }
    const [run, holder] = runs.get(path) ?? [];
    return subject === "run" && run !== undefined && holder !== undefined
      ? edit(problem, run.name, missingInRun(context, damage, run, holder))
      : [];
  });
}

/**
 * Plans quotes around values that YAML takes for something else, and the other way round.
 *
 * @param context The store and what is known of it.
 * @returns What to set.
 */
export function quoteValues({ snapshot, evidence }: RepairContext): readonly Edit[] {
  return snapshot.problems.toSorted(byPath).flatMap((problem): readonly Edit[] => {
    const { path, subject, damage, message } = problem;
    const kind = recordKindOf(path, subject) ?? subject;
    const { text = null } = evidence.records.get(path) ?? evidence.entries.get(path) ?? {};
    if (damage !== "wrong-type" || text === null || !isTypedRecord(kind)) return [];
    const meant = Object.entries(meantValues(documentOf(text), kind))
      .filter(([, value]) => value !== null);
    if (meant.length === 0) return [];
    const name = nameIn(meant) ?? path.slice(path.lastIndexOf("/") + 1);
    const [first, ...others] = meant.map(([of, value]): RepairReason => ({
      kind: "evidence",
      of: of.replaceAll("/", "."),
      value: JSON.stringify(value),
      from: "the text as it is written",
    }));
    const changes = Object.fromEntries(meant);
    const reasons = [{ kind: "broken", message }, first!, ...others] as const;
    return [{ kind: "quote-value", path, name, changes, reasons }];
  });
}

function nameIn(meant: readonly (readonly [string, string | number | null])[]): string | null {
  const [, name = null] = meant.find(([key]) => key === "name" || key === "run_name") ?? [];
  return name === null ? null : String(name);
}

/** It was read before, and may have been changed since. */
function documentOf(text: string): MetaDocument {
  try {
    return parseMetaYaml(text);
  } catch (error) {
    if (error instanceof MetaYamlError) return new Map();
    throw error;
  }
}

function edit({ path, message }: Problem, name: string, filled: Filled): readonly Edit[] {
  if (filled === null) return [];
  const { changes, from } = filled;
  const values = Object.entries(changes).map(([of, value]): RepairReason => ({
    kind: "evidence",
    of,
    value: of.endsWith("_time") ? formatTime(Number(value)) : String(value),
    from,
  }));
  return [{
    kind: "complete-meta",
    path,
    name,
    changes,
    reasons: [{ kind: "broken", message }, ...values],
  }];
}

function missingInExperiment(
  context: RepairContext,
  damage: Problem["damage"],
  { id }: Experiment,
): Filled {
  switch (damage) {
    case "no-name": {
      const isTaken = context.snapshot.experiments.some(({ name }) => name === DEFAULT_NAME);
      const name = id === DEFAULT_EXPERIMENT && !isTaken ? DEFAULT_NAME : recoveredName(id);
      return { changes: { name }, from: "its id" };
    }
    case "no-artifact-uri": {
      const { location, from } = usualLocation(context, id);
      return { changes: { artifact_location: location }, from };
    }
    default:
      return null;
  }
}

function missingInRun(
  { evidence }: RepairContext,
  damage: Problem["damage"],
  run: Run,
  experiment: Experiment,
): Filled {
  switch (damage) {
    case "no-run-id":
      return { changes: { run_id: run.id, run_uuid: run.id }, from: "run_uuid and its directory" };
    case "no-artifact-uri": {
      const uri = appendToUri(experiment.artifactLocation, run.id, "artifacts");
      return { changes: { artifact_uri: uri }, from: "its experiment" };
    }
    case "no-deleted-time": {
      const changed = evidence.records.get(run.path)?.changed;
      return changed === undefined
        ? null
        : { changes: { deleted_time: changed }, from: "the last change of its meta.yaml" };
    }
    default:
      return null;
  }
}
