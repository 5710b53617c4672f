/**
 * The model registry → what is wrong with its files, and with the files of its models.
 *
 * @module
 */

import { basename } from "@std/path";
import { checkValue } from "../../../lib/records/check_key_file.ts";
import { checkRecord } from "../../../lib/records/check_record.ts";
import {
  formerPlaces,
  localPathOf,
  parseLocalPlace,
  relativePathOf,
} from "../../../lib/records/relocate_uri.ts";
import { parseModelUri, uriSegments } from "../../../lib/store/artifact_uri.ts";
import { artifactsIn } from "../../../lib/store/holders.ts";
import { recordProblem } from "../../../lib/store/record_problem.ts";
import { quoteText } from "../../../lib/text/quote_text.ts";
import { type MetaDocument, textOf } from "../../../lib/yaml/node.ts";
import type {
  ModelVersion,
  RegisteredModel,
  Run,
  StoreSnapshot,
} from "../../../lib/store/snapshot.ts";
import { readText } from "../../_io/read.ts";
import { WHERE } from "./inspect_run.ts";
import { exists, type Inspection, refer, report, reportKey, walkKeys } from "./inspection.ts";

/**
 * Inspects the model registry. Needs read permission for the store.
 *
 * @param inspection Where findings are kept.
 * @param snapshot The store.
 */
export async function inspectRegistry(
  inspection: Inspection,
  snapshot: StoreSnapshot,
): Promise<void> {
  const { registeredModels, experiments, orphans } = snapshot;
  const unread = new Set(snapshot.problems.map(({ path }) => `${path}`));
  const runs = new Map(
    [...experiments, ...orphans].flatMap((holder) => holder.runs).map((run) => [`${run.id}`, run]),
  );
  const isArtifact = artifactsIn(snapshot);
  for (const model of registeredModels) {
    if (!unread.has(model.path)) inspectRecord(inspection, model.path, "registered-model");
    await inspectTags(inspection, `${model.path}/tags`);
    const directory = basename(model.path);
    for (const version of model.versions) {
      const document = inspectRecord(inspection, version.path, "model-version");
      const named = textOf(document.get("name"));
      if (named !== null && named !== model.name && named !== directory) {
        const message = `its meta.yaml names model ${quoteText(named)}, but it lies in ${
          quoteText(directory)
        }`;
        report(inspection, "model-version", version.path, [recordProblem("id-mismatch", message)]);
      }
      await inspectTags(inspection, `${version.path}/tags`);
      if (version.stage !== "Deleted_Internal") {
        inspectSource(inspection, version, runs, registeredModels, isArtifact);
      }
    }
  }
}

function inspectRecord(
  inspection: Inspection,
  path: string,
  kind: "registered-model" | "model-version",
): MetaDocument {
  const fact = readText(`${inspection.root}/${path}/meta.yaml`);
  const { document, problems } = checkRecord(fact, kind);
  report(inspection, "registry", path, problems);
  return document;
}

async function inspectTags(inspection: Inspection, folder: string): Promise<void> {
  await walkKeys(inspection, folder, (key, path, fact) => {
    reportKey(inspection, "registry-value", path, key);
    report(inspection, "registry-value", path, checkValue(fact, "tag"));
    if (key !== "mlflow.prompt.associatedRunIds" || fact.kind !== "text") return;
    for (const id of fact.text.split(",")) refer(inspection, path, "run", id.trim());
  });
}

/** Whether the files of a version are where MLflow looks for them; elsewhere than here it may be. */
function inspectSource(
  inspection: Inspection,
  { path, source, storageLocation, runId }: ModelVersion,
  runs: ReadonlyMap<string, Run>,
  models: readonly RegisteredModel[],
  isArtifact: (place: string) => boolean,
): void {
  const { root } = inspection;
  const uri = storageLocation ?? source;
  const dangling = (message: string) =>
    report(inspection, "model-version", path, [recordProblem("dangling", message)]);
  if (uri.startsWith("runs:/")) {
    const [id = "", ...inner] = uriSegments(uri);
    const run = runs.get(id);
    const local = run === undefined ? null : localPathOf(run.artifactUri);
    if (run === undefined) dangling(`its files are those of run ${id}, which does not exist`);
    else if (local === `${root}/${run.path}/artifacts` && !exists(`${local}/${inner.join("/")}`)) {
      dangling(`its files ${inner.join("/")} of run ${id} do not exist`);
    }
    return;
  }
  refer(inspection, path, "run", runId);
  const named = parseModelUri(uri);
  if (named?.kind === "version") {
    const model = models.find(({ name }) => name === named.name);
    if (!model?.versions.some(({ version }) => version === named.version)) {
      dangling(`its files are those of ${uri}, which does not exist`);
    }
  }
  const local = parseLocalPlace(uri);
  const isRelative = relativePathOf(uri) !== null;
  if (named !== null || !isRelative && (local === null || exists(local.path))) return;
  const places = formerPlaces(uri, { root, own: null, from: null });
  if (places.some((place) => isArtifact(place) && exists(`${root}/${place}`))) {
    const damage = isRelative ? "relative" : "moved";
    const message = `MLflow looks for its files at ${uri}, ${WHERE[damage]}`;
    report(inspection, "model-version", path, [recordProblem(damage, message)]);
  } else if (localPathOf(uri) !== null) {
    dangling(`its files ${uri} do not exist`);
  }
}
