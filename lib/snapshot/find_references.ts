/**
 * What the model registry still needs: the runs and logged models that registered versions refer to.
 *
 * @module
 */

import { parseModelUri, uriSegments } from "../store/artifact_uri.ts";
import { isLoggedModelId, isRunId } from "../store/names.ts";
import type {
  LoggedModel,
  ModelVersion,
  RegisteredModel,
  Run,
  StoreSnapshot,
} from "../store/snapshot.ts";
import { presumedRun } from "./presumed_run.ts";

/** A registered version that refers to something. */
export interface ModelReference {
  /** The registered model's name. */
  readonly model: string;
  /** The version's number. */
  readonly version: string;
  /** The aliases that point to that version. */
  readonly aliases: readonly string[];
  /** The stage of that version; left out where it is in none. */
  readonly stage?: string;
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
 * `source` or `storage_location`, whatever the scheme, through `runs:/` and `models:/` as well; and
 * those in whose directories the artifacts of what it refers to lie. Damaged ones are found, too, and where a
 * URI was cut off all those whose files begin so.
 *
 * A version in the stage `Deleted_Internal` is deleted to MLflow and refers to nothing by itself.
 *
 * @param snapshot The store.
 * @returns Who refers to what; a version appears once for each thing it refers to.
 */
export function findReferences(snapshot: StoreSnapshot): References {
  if (!snapshot.registeredModels.some(({ versions }) => versions.some(isShown))) {
    return { runs: new Map(), loggedModels: new Map() };
  }
  const index = indexOf(snapshot);
  const runs = new Map<string, ModelReference[]>();
  const loggedModels = new Map<string, ModelReference[]>();
  for (const model of snapshot.registeredModels) {
    for (const version of model.versions) {
      if (!isShown(version)) continue;
      const reference = {
        model: model.name,
        version: version.version,
        aliases: [...model.aliases].flatMap(([alias, of]) => of === version.version ? [alias] : []),
        ...(["", "None"].includes(version.stage) ? {} : { stage: version.stage }),
      };
      const reached = reachedFrom(version, index);
      for (const id of reached.runs) add(runs, id, reference);
      for (const id of reached.loggedModels) add(loggedModels, id, reference);
    }
  }
  return { runs, loggedModels };
}

/**
 * Tells whether a version is one to MLflow: it keeps the records of deleted ones.
 *
 * @param version The version.
 * @returns Whether it is.
 */
export function isShown({ stage }: ModelVersion): boolean {
  return stage !== "Deleted_Internal";
}

/**
 * Splits an artifact URI into every name that may matter along it. A local path that is no URI may
 * hold `?` and `#`, so what follows them counts as well.
 *
 * @param uri An artifact URI, or a path.
 * @returns The names, percent-decoded.
 */
export function namesAlong(uri: string): readonly string[] {
  return uriSegments(uri.replaceAll(/[?#]/g, "/"));
}

interface Index {
  readonly models: ReadonlyMap<string, RegisteredModel>;
  /** Run id → the runs of that id, damaged ones as far as they are known. */
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  /** Logged model id → the models of that id; none of them may be readable. */
  readonly loggedModels: ReadonlyMap<string, readonly LoggedModel[]>;
  /** Runs whose artifacts lie where no name along the path is the run's, with that path. */
  readonly unusual: readonly { readonly run: Run; readonly prefix: readonly string[] }[];
  /** Gives the runs and logged models whose files lie where a URI leads that ends too early. */
  readonly beyond: (uri: string) => readonly string[];
}

function indexOf(snapshot: StoreSnapshot): Index {
  const holders = [...snapshot.experiments, ...snapshot.orphans];
  const runs = holders.flatMap((holder) => holder.runs);
  const damagedRuns = holders.flatMap((holder) =>
    holder.damagedRuns.map((run) => presumedRun(run, holder))
  );
  const damagedModels = snapshot.problems.filter(({ subject }) => subject === "logged-model");
  return {
    // MLflow names the directory after the model, whatever its record says.
    models: new Map(
      snapshot.registeredModels.flatMap((model) => [
        [model.path.slice(model.path.lastIndexOf("/") + 1), model],
        [model.name, model],
      ]),
    ),
    runs: Map.groupBy([...runs, ...damagedRuns], ({ id }): string => id),
    loggedModels: byId(
      holders.flatMap((holder) => holder.loggedModels),
      damagedModels.map(({ path }) => path.split("/").at(-1)!),
    ),
    unusual: [...runs, ...damagedRuns]
      .filter(({ id, artifactUri }) =>
        // Nearly all have it there as it is, and need not be taken apart.
        (id.includes("%") || !artifactUri.includes(`/${id}/`)) &&
        !namesAlong(artifactUri).includes(id)
      )
      .map((run) => ({ run, prefix: uriSegments(run.artifactUri) }))
      .filter(({ prefix }) => prefix.length > 0),
    beyond: (uri) =>
      [
        ...[...runs, ...damagedRuns].filter(({ artifactUri }) => artifactUri.startsWith(uri)),
        ...holders.flatMap((holder) => holder.loggedModels)
          .filter(({ artifactLocation }) => artifactLocation.startsWith(uri)),
      ].map(({ id }) => id),
  };
}

/** Whether one of these is the id of a run or logged model, be it gone. */
function hasWholeId(names: readonly string[]): boolean {
  return names.some((name) => isRunId(name) || isLoggedModelId(name));
}

/** What of a URI leads to the last name on its way that may be the beginning of an id, be it none of it. */
function untilId(uri: string): string {
  const parts = uri.split("/");
  const first = uri.includes("://") ? 3 : 1;
  const last = parts.findLastIndex((part, index) =>
    index >= first && index < parts.length - 1 && /^(?:m-)?[0-9a-f]*$/.test(part)
  );
  return last < 0 ? uri : parts.slice(0, last + 1).join("/");
}

function byId<T extends { readonly id: string }>(
  list: readonly T[],
  damaged: readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const groups = Map.groupBy(list, ({ id }): string => id);
  for (const id of damaged) if (!groups.has(id)) groups.set(id, []);
  return groups;
}

function reachedFrom(start: ModelVersion, index: Index) {
  const runs = new Set<string>();
  const loggedModels = new Set<string>();
  const versions = new Set<ModelVersion>();
  const reachNames = (names: readonly string[]) => {
    for (const name of names) {
      if (index.runs.has(name)) reachRun(name);
      if (index.loggedModels.has(name)) reachLoggedModel(name);
    }
  };
  const reachRun = (id: string) => {
    if (runs.has(id)) return;
    runs.add(id);
    for (const run of index.runs.get(id) ?? []) reachNames(namesAlong(run.artifactUri));
  };
  const reachLoggedModel = (id: string) => {
    if (loggedModels.has(id)) return;
    loggedModels.add(id);
    for (const { sourceRunId, artifactLocation } of index.loggedModels.get(id) ?? []) {
      if (sourceRunId !== null) reachRun(sourceRunId);
      reachNames(namesAlong(artifactLocation));
    }
  };
  const reachUri = (uri: string) => {
    const names = namesAlong(uri);
    reachNames(names);
    const named = parseModelUri(uri);
    if (named?.kind === "logged-model") return reachLoggedModel(named.id);
    if (named !== null) {
      const model = index.models.get(named.name);
      const wanted = named.kind === "version" ? named.version : model?.aliases.get(named.alias);
      // An alias that cannot be read may be that of any version.
      const found = model?.versions.filter(({ version }) =>
        wanted === undefined || version === wanted
      );
      for (const version of found ?? []) reachVersion(version);
      return;
    }
    for (const { run, prefix } of index.unusual) {
      if (prefix.every((name, position) => name === names[position])) reachRun(run.id);
    }
    if (uri !== "" && !hasWholeId(names)) {
      const beyond = index.beyond(uri);
      reachNames(beyond.length > 0 ? beyond : index.beyond(untilId(uri)));
    }
  };
  const reachVersion = (version: ModelVersion) => {
    if (versions.has(version)) return;
    versions.add(version);
    if (version.runId !== null) reachRun(version.runId);
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
