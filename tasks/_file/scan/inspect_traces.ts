/**
 * The traces of an experiment → what is wrong with their files.
 *
 * @module
 */

import { checkValue } from "../../../lib/records/check_key_file.ts";
import { checkRecord } from "../../../lib/records/check_record.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { assessmentSource } from "../../../lib/records/trace_file.ts";
import { withoutCredentials } from "../../../lib/text/credentials.ts";
import { recordProblem } from "../../../lib/store/record_problem.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import { textOf } from "../../../lib/yaml/node.ts";
import { readText } from "../../_io/read.ts";
import { hasMoved, isRelative, WHERE } from "./inspect_run.ts";
import {
  directoriesAt,
  exists,
  folderAt,
  type Inspection,
  refer,
  report,
  reportKey,
  walkKeys,
} from "./inspection.ts";

/**
 * Inspects the traces of an experiment. Needs read permission for them.
 *
 * @param inspection Where findings are kept.
 * @param experiment The experiment's directory, below the root.
 * @param active Whether the experiment is: a deleted one's URIs name where it was before.
 */
export async function inspectTraces(
  inspection: Inspection,
  experiment: string,
  active: boolean,
): Promise<void> {
  const folder = `${experiment}/traces`;
  if (folderAt(inspection.root, folder) === "not-a-directory") {
    report(inspection, "trace", folder, [
      recordProblem("io", "it is a file, not a directory", null),
    ]);
    return;
  }
  for (const name of await directoriesAt(inspection, folder) ?? []) {
    await inspectTrace(inspection, `${folder}/${name}`, name, active);
  }
}

async function inspectTrace(
  inspection: Inspection,
  path: string,
  id: string,
  active: boolean,
): Promise<void> {
  const { root } = inspection;
  const { document, problems } = checkRecord(readText(`${root}/${path}/trace_info.yaml`), "trace");
  report(inspection, "trace", path, problems);
  if (problems.some(({ damage }) => damage === "missing")) return;
  const named = textOf(document.get("trace_id")) ?? textOf(document.get("request_id"));
  if (named !== null && named !== id) {
    const message = `it names itself ${JSON.stringify(named)}, but the directory is ${id}`;
    report(inspection, "trace", path, [recordProblem("id-mismatch", message)]);
  }
  let location: string | null = null;
  await walkKeys(inspection, `${path}/tags`, (key, at, fact) => {
    reportKey(inspection, "trace-value", at, key);
    report(inspection, "trace-value", at, checkValue(fact, "tag"));
    if (key === LOCATION_TAG && fact.kind === "text") location = fact.text;
  });
  await walkKeys(inspection, `${path}/request_metadata`, (key, at, fact) => {
    reportKey(inspection, "trace-value", at, key);
    report(inspection, "trace-value", at, checkValue(fact, "tag"));
    if (fact.kind !== "text") return;
    if (key === "mlflow.sourceRun") refer(inspection, at, "run", fact.text);
    if (key === "mlflow.modelId") refer(inspection, at, "logged-model", fact.text);
  });
  await inspectAssessments(inspection, `${path}/assessments`);
  // A trace that has not ended has no spans yet.
  const state = textOf(document.get("state")) ?? textOf(document.get("status"));
  if (active && location !== null && state !== "IN_PROGRESS") {
    inspectSpans(inspection, path, location);
  }
}

function inspectSpans(inspection: Inspection, path: string, location: string): void {
  const local = localPathOf(location);
  if (local !== null && exists(`${local}/traces.json`)) return;
  const place = `${path}/artifacts`;
  if (
    hasMoved(inspection, location, place) && exists(`${inspection.root}/${place}/traces.json`)
  ) {
    const message = `MLflow looks for its spans at ${location}, where nothing is`;
    report(inspection, "trace", path, [recordProblem("moved", message)]);
  } else if (isRelative(inspection, location, place)) {
    const message = `MLflow looks for its spans at ${location}, ${WHERE.relative}`;
    report(inspection, "trace", path, [recordProblem("relative", message)]);
  } else if (isRemote(location)) {
    const message = `its spans lie at ${withoutCredentials(location)}`;
    report(inspection, "trace", path, [recordProblem("remote", message)]);
  } else if (local !== null) {
    const message = `traces.json, which holds its spans, does not exist at ${location}`;
    report(inspection, "trace", path, [recordProblem("dangling", message)]);
  }
}

/** Whatever else MLflow cannot reach it passes over with a warning. */
function isRemote(location: string): boolean {
  return /^(?!(?:file|s3|https?|ftp|hdfs):)[a-z][a-z0-9+.-]+:/i.test(location);
}

/** MLflow loads each entry as an assessment whose id is the name up to the first dot. */
async function inspectAssessments(inspection: Inspection, folder: string): Promise<void> {
  const { root } = inspection;
  const listed = await inspection.list(`${root}/${folder}`);
  if (listed.kind === "failed") {
    if (!listed.missing) {
      report(inspection, "assessment", folder, [recordProblem("io", listed.message)]);
    }
    return;
  }
  for (const { name } of listed.entries) {
    const path = `${folder}/${name}`;
    if (`${name.split(".")[0]}.yaml` !== name) {
      const message = "it is no assessment: those are named after their id";
      report(inspection, "assessment", path, [recordProblem("foreign", message, null)]);
      continue;
    }
    const { document, problems } = checkRecord(readText(`${root}/${path}`), "assessment");
    report(inspection, "assessment", path, problems);
    refer(inspection, path, "run", assessmentSource(document));
  }
}
