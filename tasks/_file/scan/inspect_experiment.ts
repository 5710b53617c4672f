/**
 * An experiment's directory → what is wrong with its files, and its logged models' and traces'.
 *
 * @module
 */

import { basename } from "@std/path";
import { checkValue } from "../../../lib/records/check_key_file.ts";
import { checkExperimentMeta } from "../../../lib/records/check_meta.ts";
import { checkRecord } from "../../../lib/records/check_record.ts";
import { readExperimentMeta } from "../../../lib/records/meta_record.ts";
import {
  formerPlaces,
  localPathOf,
  parseLocalPlace,
  relativePathOf,
} from "../../../lib/records/relocate_uri.ts";
import { pythonStr } from "../../../lib/records/value_types.ts";
import { recordProblem } from "../../../lib/store/record_problem.ts";
import type { Experiment, LoggedModel, Orphan } from "../../../lib/store/snapshot.ts";
import { scalar } from "../../../lib/yaml/node.ts";
import { readText, realPathOrNull } from "../../_io/read.ts";
import { hasMoved, inspectMetric, inspectRun, isRelative, WHERE } from "./inspect_run.ts";
import { inspectTraces } from "./inspect_traces.ts";
import {
  exists,
  type Inspection,
  type Inspector,
  refer,
  report,
  reportKey,
  walkKeys,
} from "./inspection.ts";

/** Inspects runs and experiments. */
export const INSPECTOR: Inspector = { inspectRun, inspectExperiment };

async function inspectExperiment(
  inspection: Inspection,
  holder: Experiment | Orphan,
): Promise<void> {
  const { path } = holder;
  const active = holder.lifecycleStage === "active";
  if ("artifactLocation" in holder) inspectMeta(inspection, holder);
  const tags = await walkKeys(inspection, `${path}/tags`, (key, at, fact) => {
    reportKey(inspection, "experiment-tag", at, key);
    report(inspection, "experiment-tag", at, checkValue(fact, "tag"));
  });
  if (tags === "not-a-directory") {
    const message = "it is a file, not a folder";
    report(inspection, "experiment-tag", `${path}/tags`, [
      recordProblem("not-a-directory", message),
    ]);
  }
  for (const model of holder.loggedModels) await inspectLoggedModel(inspection, model, holder);
  await inspectTraces(inspection, path, active);
}

function inspectMeta(inspection: Inspection, experiment: Experiment): void {
  const { root } = inspection;
  const { id, path, artifactLocation: location, lifecycleStage } = experiment;
  const meta = readText(`${root}/${path}/meta.yaml`);
  if (meta.kind === "text") {
    report(inspection, "experiment", path, checkExperimentMeta(meta.text));
  }
  // Without a run in it the place alone must tell: it ends in the store's own name, too.
  const named = `${basename(root)}/${id}`;
  if (lifecycleStage === "active" && hasMoved(inspection, location, named)) {
    const message = `new runs keep their artifacts at ${location}, where nothing is`;
    report(inspection, "experiment", path, [recordProblem("moved", message)]);
  } else if (lifecycleStage === "active" && isRelative(inspection, location, named)) {
    const message = `new runs keep their artifacts at ${location}, ${WHERE.relative}`;
    report(inspection, "experiment", path, [recordProblem("relative", message)]);
  } else if (lifecycleStage === "active" && namesSibling(inspection, location, id)) {
    const message = `new runs keep their artifacts in the directory of another one: ${location}`;
    report(inspection, "experiment", path, [recordProblem("moved", message)]);
  } else if (lifecycleStage === "active" && isInOtherStore(inspection, location, id)) {
    const message =
      `new runs keep their artifacts in another store, which has an experiment of this id, too: ${location}`;
    report(inspection, "experiment", path, [recordProblem("moved", message)]);
  } else if (lifecycleStage === "active" && isNowhere(location)) {
    const message = location === ""
      ? "it names no place for artifacts"
      : `new runs keep their artifacts at ${location}, which is no place on this machine`;
    report(inspection, "experiment", path, [recordProblem("no-place", message)]);
  }
}

/** Whether a location leads elsewhere with each directory in which MLflow is started, or is one of Windows alone. */
function isNowhere(location: string): boolean {
  const isDrive = /^[a-z]:[/\\]/i.test(location) && Deno.build.os !== "windows";
  return location === "" || isDrive || relativePathOf(location) !== null;
}

/** Whether a location is the directory of another experiment of this store. */
function namesSibling({ root }: Inspection, location: string, id: string): boolean {
  // Nearly all of them, without taking the URI apart.
  if (location === `file://${root}/${id}`) return false;
  const local = localPathOf(location);
  if (local !== null && realPathOrNull(local) === `${root}/${id}`) return false;
  return parseLocalPlace(location)?.path.startsWith(`${root}/`) === true &&
    formerPlaces(location, { root, own: id, from: null }).length > 0;
}

/** Whether a location is the same experiment in a store of which this one is a copy. */
function isInOtherStore({ root }: Inspection, location: string, id: string): boolean {
  // Nearly all of them, without a look at the disk.
  if (location === `file://${root}/${id}` || location === `${root}/${id}`) return false;
  const local = localPathOf(location);
  if (local === null || basename(local) !== id || realPathOrNull(local) === `${root}/${id}`) {
    return false;
  }
  const meta = readText(`${local}/meta.yaml`);
  const read = meta.kind === "text" ? readExperimentMeta(meta.text) : null;
  return read?.ok === true && read.meta.experimentId === id;
}

async function inspectLoggedModel(
  inspection: Inspection,
  model: LoggedModel,
  holder: Experiment | Orphan,
): Promise<void> {
  const { root } = inspection;
  const { path, id } = model;
  const { document, problems } = checkRecord(
    readText(`${root}/${path}/meta.yaml`),
    "logged-model",
  );
  report(inspection, "logged-model", path, problems);
  const spelled = (key: string) => pythonStr(document.get(key) ?? scalar(null));
  const [owner, named] = [spelled("experiment_id"), spelled("model_id")];
  if (owner !== holder.id) {
    const message = `experiment_id is ${JSON.stringify(owner)}, but it lies in ${holder.id}`;
    report(inspection, "logged-model", path, [recordProblem("wrong-experiment", message)]);
  } else if (named !== id) {
    const message = `model_id is ${JSON.stringify(named)}, but the directory is ${id}`;
    report(inspection, "logged-model", path, [recordProblem("id-mismatch", message)]);
  }
  for (const folder of ["metrics", "params", "tags"] as const) {
    await walkKeys(inspection, `${path}/${folder}`, (key, at, fact) => {
      reportKey(inspection, "logged-model-value", at, key);
      const isMetric = folder === "metrics" && fact.kind === "text";
      report(
        inspection,
        "logged-model-value",
        at,
        isMetric ? inspectMetric(fact.text, "logged-model") : checkValue(fact, "tag"),
      );
      if (!isMetric) return;
      const runs = fact.text.matchAll(/^\S+ \S+ \S+ ([0-9a-f]{32})\b/gm);
      for (const run of new Set([...runs].map(([, run]) => run))) refer(inspection, at, "run", run);
    });
  }
  const place = `${path}/artifacts`;
  const uri = model.artifactLocation;
  if (holder.lifecycleStage !== "active" || !exists(`${root}/${place}`)) return;
  const damage = hasMoved(inspection, uri, place)
    ? "moved"
    : isRelative(inspection, uri, place)
    ? "relative"
    : null;
  if (damage === null) return;
  const message = `MLflow looks for its files at ${uri}, ${WHERE[damage]}`;
  report(inspection, "logged-model", path, [recordProblem(damage, message)]);
}
