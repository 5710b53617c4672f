/**
 * What the model registry still needs: the runs and logged models that registered versions refer to.
 *
 * @module
 */

import { parseModelUri, uriSegments } from "./artifact_uri.ts";
import type { ModelVersion, RegisteredModel, Run, StoreSnapshot } from "./model.ts";

/** A registered version that refers to something. */
export interface ModelReference {
  /** The registered model's name. */
  readonly model: string;
  /** The version's number. */
  readonly version: string;
  /** The aliases that point to that version. */
  readonly aliases: readonly string[];
}

/** Who refers to what. */
export interface References {
  /** Run id → the versions that refer to it. */
  readonly runs: ReadonlyMap<string, readonly ModelReference[]>;
  /** Logged model id → the versions that refer to it. */
  readonly loggedModels: ReadonlyMap<string, readonly ModelReference[]>;
}

/**
 * Finds every run and logged model that a registered version refers to, by `run_id`, `model_id`,
 * `source` or `storage_location`, whatever the scheme, through `runs:/` and `models:/` as well.
 *
 * A version in the stage `Deleted_Internal` is deleted to MLflow and refers to nothing by itself.
 *
 * @param snapshot The store.
 * @returns Who refers to what; a version appears once for each thing it refers to.
 */
export function findReferences(snapshot: StoreSnapshot): References {
  const index = indexOf(snapshot);
  const runs = new Map<string, ModelReference[]>();
  const loggedModels = new Map<string, ModelReference[]>();
  for (const model of snapshot.registeredModels) {
    for (const version of model.versions) {
      if (version.stage === "Deleted_Internal") continue;
      const reference = {
        model: model.name,
        version: version.version,
        aliases: [...model.aliases].flatMap(([alias, of]) => of === version.version ? [alias] : []),
      };
      const reached = reachedFrom(version, index);
      for (const id of reached.runs) add(runs, id, reference);
      for (const id of reached.loggedModels) add(loggedModels, id, reference);
    }
  }
  return { runs, loggedModels };
}

interface Index {
  readonly models: ReadonlyMap<string, RegisteredModel>;
  readonly runIds: ReadonlySet<string>;
  /** Logged model id → its source run, if it has one. */
  readonly loggedModels: ReadonlyMap<string, string | null>;
  /** Runs whose artifacts lie where no segment of the path names the run. */
  readonly unusual: readonly Run[];
}

function indexOf(snapshot: StoreSnapshot): Index {
  const holders = [...snapshot.experiments, ...snapshot.orphans];
  const runs = holders.flatMap((holder) => holder.runs);
  return {
    models: new Map(snapshot.registeredModels.map((model) => [model.name, model])),
    runIds: new Set(runs.map((run) => run.id)),
    loggedModels: new Map(
      holders.flatMap((holder) =>
        holder.loggedModels.map((model) => [model.id, model.sourceRunId])
      ),
    ),
    unusual: runs.filter((run) => run.artifactUri !== "" && !run.artifactUri.includes(run.id)),
  };
}

function reachedFrom(start: ModelVersion, index: Index) {
  const runs = new Set<string>();
  const loggedModels = new Set<string>();
  const versions = new Set<ModelVersion>();
  const reachLoggedModel = (id: string) => {
    loggedModels.add(id);
    const source = index.loggedModels.get(id);
    if (source) runs.add(source);
  };
  const reachUri = (uri: string) => {
    const named = parseModelUri(uri);
    if (named?.kind === "logged-model") return reachLoggedModel(named.id);
    if (named !== null) {
      const model = index.models.get(named.name);
      const wanted = named.kind === "version" ? named.version : model?.aliases.get(named.alias);
      const version = model?.versions.find((one) => one.version === wanted);
      if (version) reachVersion(version);
      return;
    }
    for (const segment of uriSegments(uri)) {
      if (index.runIds.has(segment)) runs.add(segment);
      if (index.loggedModels.has(segment)) reachLoggedModel(segment);
    }
    for (const run of index.unusual) if (uri.startsWith(run.artifactUri)) runs.add(run.id);
  };
  const reachVersion = (version: ModelVersion) => {
    if (versions.has(version)) return;
    versions.add(version);
    if (version.runId !== null) runs.add(version.runId);
    if (version.modelId !== null) reachLoggedModel(version.modelId);
    reachUri(version.source);
    if (version.storageLocation !== null) reachUri(version.storageLocation);
  };
  reachVersion(start);
  return { runs, loggedModels };
}

function add(map: Map<string, ModelReference[]>, id: string, reference: ModelReference): void {
  const known = map.get(id);
  if (known) known.push(reference);
  else map.set(id, [reference]);
}
