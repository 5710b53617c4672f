/**
 * Names of runs and logged models that lead to none of the store, and are not whole: what they were cut off
 * from may be any.
 *
 * @module
 */

import type { Protection } from "../policy/policy.ts";
import { isShown, type References } from "../snapshot/find_references.ts";
import { parseModelUri, uriSegments } from "../store/artifact_uri.ts";
import { holdersOf } from "../store/holders.ts";
import { isLoggedModelId, isRunId } from "../store/names.ts";
import { inOrder, type StorePath } from "../store/path.ts";
import type { DamagedRun, ModelVersion, Run, StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";

/** Something that may refer to any run. */
export interface MayRefer {
  /** What switches off that it keeps them all; `null`: nothing. */
  readonly protection: Protection | null;
  /** Where it is. */
  readonly path: StorePath;
  /** Why, in words. */
  readonly message: string;
}

/** Why a name may be that of any run. */
const NO_RUN = "it names no run, and is no whole id";

/** Why a name may be that of any logged model. */
const NO_MODEL = "it names no logged model, and is no whole id";

/** Why a logged model may be that of any run. */
export const NO_SOURCE = "source_run_id names no run, and is no whole id";

/** Of a model that several names lead to, by way of others: each of those is looked at itself. */
const NOWHERE = "";

/** A name of a run, or of a logged model, and where it stands. */
interface Name {
  readonly id: string;
  readonly protection: Protection | null;
  readonly path: string;
}

/**
 * Finds names of runs that no run has and that are no whole ids: of parents, of what traces and assessments
 * come from, of what versions were registered from.
 *
 * @param snapshot The store.
 * @returns One for each.
 */
export function findBrokenRunNames(snapshot: StoreSnapshot): readonly MayRefer[] {
  const isBroken = brokenRunId(snapshot);
  const found: MayRefer[] = [];
  for (const { id, protection, path } of runNames(snapshot)) {
    if (isBroken(id)) found.push({ protection, path: path as StorePath, message: NO_RUN });
  }
  return found;
}

/**
 * Makes what tells of the id of a run whether no run has it, and it is not whole.
 *
 * @param snapshot The store.
 * @returns Tells of an id whether it may be the beginning of any.
 */
export function brokenRunId(snapshot: StoreSnapshot): (id: string) => boolean {
  let known: ReadonlySet<string> | null = null;
  // Nearly every id is whole, and then nobody need be looked for.
  return (id) => !isRunId(id) && !(known ??= runIds(snapshot)).has(id);
}

function runIds(snapshot: StoreSnapshot): ReadonlySet<string> {
  return new Set(
    holdersOf(snapshot).flatMap(({ runs, damagedRuns }) =>
      [...runs, ...damagedRuns].map(({ id }) => id)
    ),
  );
}

/**
 * Finds names of logged models in use of which nobody can tell which run made them: the model cannot be read,
 * says so by no whole id, or no model has the name, and it is no whole id either.
 *
 * @param snapshot The store.
 * @param references Who refers to what, by what can be read of the registry.
 * @returns One for each.
 */
export function findBrokenModelNames(
  snapshot: StoreSnapshot,
  references: References,
): readonly MayRefer[] {
  const damaged = inOrder(snapshot.problems).filter(({ subject, path }) =>
    subject === "logged-model" || subject === "directory" && path.endsWith("/models")
  );
  const models = Map.groupBy(
    holdersOf(snapshot).flatMap(({ loggedModels }) => loggedModels),
    ({ id }) => id,
  );
  if (models.size + damaged.length === 0) return [];
  const isBroken = brokenRunId(snapshot);
  const unlisted = damaged.find(({ subject }) => subject === "directory");
  const whyBroken = ({ id, path }: Name): Omit<MayRefer, "protection"> | undefined => {
    const lost = damaged.find(({ path }) => path.endsWith(`/${id}`));
    if (lost !== undefined) return lost;
    const named = models.get(id);
    if (named === undefined) {
      return unlisted ??
        (isLoggedModelId(id) || path === NOWHERE
          ? undefined
          : { path: path as StorePath, message: NO_MODEL });
    }
    const unsure = named.find(({ sourceRunId }) => sourceRunId !== null && isBroken(sourceRunId));
    return unsure && { path: unsure.path, message: NO_SOURCE };
  };
  const found: MayRefer[] = [];
  for (const name of modelNames(snapshot, references)) {
    const why = whyBroken(name);
    const { protection } = name;
    if (why !== undefined) found.push({ protection, path: why.path, message: why.message });
  }
  return found;
}

function* runNames(snapshot: StoreSnapshot): Generator<Name> {
  const ofParent = function* (runs: readonly (Run | DamagedRun)[]): Generator<Name> {
    for (const { path, tags } of runs) {
      const id = tags.size === 0 ? undefined : tags.get(PARENT_TAG);
      if (id !== undefined) yield { id, protection: null, path: `${path}/tags/${PARENT_TAG}` };
    }
  };
  for (const { path, runs, damagedRuns, traceUses = [] } of holdersOf(snapshot)) {
    yield* ofParent(runs);
    yield* ofParent(damagedRuns);
    for (const { trace, runId: id } of traceUses) {
      if (id !== null) yield { id, protection: "traces", path: `${path}/traces/${trace}` };
    }
  }
  for (const { path, runId, ...version } of shownVersions(snapshot)) {
    if (runId !== null) yield { id: runId, protection: null, path };
    const uris = urisOf(version);
    if (runId === null && uris.every((uri) => uri === "")) yield { id: "", protection: null, path };
    for (const uri of uris) {
      if (uri.startsWith("runs:/")) yield { id: uriSegments(uri)[0] ?? "", protection: null, path };
      else if (isNoUri(uri)) yield { id: uri, protection: null, path };
    }
  }
}

function* modelNames(snapshot: StoreSnapshot, references: References): Generator<Name> {
  for (const id of references.loggedModels.keys()) yield { id, protection: null, path: NOWHERE };
  for (const { path, runs, damagedRuns, traceUses = [] } of holdersOf(snapshot)) {
    for (const { extras, path } of runs) {
      for (const id of extras?.inputs ?? []) yield { id, protection: "inputs", path };
    }
    for (const { inputs, path } of damagedRuns) {
      for (const id of inputs) yield { id, protection: "inputs", path };
    }
    for (const { trace, modelId: id } of traceUses) {
      if (id !== null) yield { id, protection: "logged_models", path: `${path}/traces/${trace}` };
    }
  }
  for (const { path, modelId, ...version } of shownVersions(snapshot)) {
    if (modelId !== null) yield { id: modelId, protection: null, path };
    for (const uri of urisOf(version)) {
      const named = parseModelUri(uri);
      if (named?.kind === "logged-model") yield { id: named.id, protection: null, path };
    }
  }
}

/** What was cut off before it says where it leads, or holds what no place does. */
function isNoUri(uri: string): boolean {
  return uri !== "" && ["runs:/", "models:/"].some((scheme) => scheme.startsWith(uri)) ||
    /[\p{Cc}\uFFFD]/u.test(uri);
}

function shownVersions({ registeredModels }: StoreSnapshot): readonly ModelVersion[] {
  return registeredModels.flatMap(({ versions }) => versions.filter(isShown));
}

function urisOf(
  { source, storageLocation }: Pick<ModelVersion, "source" | "storageLocation">,
): readonly string[] {
  return storageLocation === null ? [source] : [source, storageLocation];
}
