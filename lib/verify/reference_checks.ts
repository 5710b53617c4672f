/**
 * How the rules of `verify` find what names something that does not exist, or by another name.
 *
 * @module
 */

import { isLitter } from "../store/names.ts";
import type { StorePath } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { namesOf } from "./checks.ts";
import { byHand, byTaking, type Check, type Violation } from "./rule.ts";

/**
 * Finds runs whose parent does not exist.
 *
 * @param snapshot The store.
 * @returns One violation per run.
 */
export function* findLostParents(snapshot: StoreSnapshot): Iterable<Violation> {
  const { experiments } = snapshot;
  const named = new Set<string>();
  for (const { runs } of experiments) {
    for (const { tags } of runs) named.add(tags.get("mlflow.parentRunId") ?? "");
  }
  named.delete("");
  const lost = lostRunIds(snapshot, named);
  if (lost.size === 0) return;
  for (const { runs } of experiments) {
    for (const { id, experimentId, path, tags } of runs) {
      const parent = tags.get("mlflow.parentRunId");
      if (parent === undefined || !lost.has(parent)) continue;
      yield {
        path,
        line: null,
        experimentId,
        runId: id,
        message: `Its parent ${quoteText(parent)} does not exist`,
      };
    }
  }
}

/**
 * Finds logged models of which the run that logged them does not exist.
 *
 * @param snapshot The store.
 * @returns One violation per model.
 */
export function* findLeftModels(snapshot: StoreSnapshot): Iterable<Violation> {
  const models = snapshot.experiments.filter(({ lifecycleStage }) => lifecycleStage === "active")
    .flatMap(({ loggedModels }) => loggedModels);
  const ids = new Set(models.flatMap(({ sourceRunId }) => sourceRunId ?? []));
  const lost = lostRunIds(snapshot, ids);
  for (const { path, sourceRunId } of models) {
    if (sourceRunId !== null && lost.has(sourceRunId)) yield lostRun(path, sourceRunId);
  }
}

/**
 * Finds what else names a run that does not exist: logged models of deleted experiments and orphans,
 * registered versions, traces, assessments, prompts, metrics of logged models.
 *
 * @param snapshot The store.
 * @returns One violation for each that does.
 */
export function* findLostSourceRuns(snapshot: StoreSnapshot): Iterable<Violation> {
  const { experiments, orphans, references = [] } = snapshot;
  const named = [
    ...[...experiments.filter(({ lifecycleStage }) => lifecycleStage === "deleted"), ...orphans]
      .flatMap(({ loggedModels }) =>
        loggedModels.flatMap(({ path, sourceRunId: id }) => id === null ? [] : [{ path, id }])
      ),
    ...references.filter(({ to }) => to === "run"),
  ];
  const ids = new Set(named.map(({ id }) => id));
  const lost = lostRunIds(snapshot, ids);
  for (const { path, id } of named) if (lost.has(id)) yield lostRun(path, id);
}

/**
 * Finds inputs and outputs of runs, and traces, that name a logged model that does not exist.
 *
 * @param snapshot The store.
 * @returns One violation for each that does.
 */
export function* findLostLoggedModels(snapshot: StoreSnapshot): Iterable<Violation> {
  const { experiments, orphans, problems, references = [] } = snapshot;
  const ids = new Set([
    ...[...experiments, ...orphans].flatMap((each) => each.loggedModels.map(({ id }) => id)),
    ...problems.filter(({ subject }) => subject === "logged-model").map(({ path }) => lastOf(path)),
  ]);
  for (const { path, to, id } of references) {
    if (to !== "logged-model" || ids.has(id)) continue;
    yield { ...lostRun(path, id), message: `The logged model ${id} does not exist` };
  }
}

/**
 * Finds aliases that name no version, or a deleted one.
 *
 * @param snapshot The store.
 * @returns One violation per alias.
 */
export function* findLostVersions(
  { registeredModels, problems }: StoreSnapshot,
): Iterable<Violation> {
  const damaged = new Set(
    problems.filter(({ subject }) => subject === "registry").map(({ path }) => `${path}`),
  );
  for (const { path, aliases, versions } of registeredModels) {
    const live = new Set(
      versions.filter(({ stage }) => stage !== "Deleted_Internal").map(({ version }) => version),
    );
    for (const [alias, version] of aliases) {
      if (live.has(version)) continue;
      const isNumber = /^\s*[-+]?\d+\s*$/.test(version);
      yield {
        path: `${path}/aliases/${alias}` as StorePath,
        line: null,
        experimentId: null,
        runId: null,
        ...describeAlias(alias, version, damaged.has(`${path}/version-${version}`)),
        ...(isNumber ? {} : { migration: "skips" as const }),
      };
    }
  }
}

function describeAlias(
  alias: string,
  version: string,
  isDamaged: boolean,
): Pick<Violation, "message" | "remedy"> {
  if (isLitter(alias)) {
    const message = "An editor or the operating system left it; MLflow takes it for an alias";
    return { message, remedy: byTaking("Move it out of the store") };
  }
  if (isDamaged) {
    const message = `It names version ${quoteText(version)}, whose meta.yaml cannot be used`;
    return { message, remedy: byHand("Bring back the meta.yaml of the version first") };
  }
  return { message: `It names version ${quoteText(version)}, which does not exist` };
}

/**
 * Finds registered models that lie in a directory of another name.
 *
 * @param snapshot The store.
 * @returns One violation per model.
 */
export function findRenamedModels({ registeredModels }: StoreSnapshot): readonly Violation[] {
  const places = new Set<string>(registeredModels.map(({ path }) => path));
  return registeredModels.filter(({ name, path }) => name !== lastOf(path))
    .map(({ name, path }) => ({
      ...inRegistry(path, `Its meta.yaml names it ${quoteText(name)}`),
      ...(places.has(`models/${name}`) ? COPY : {}),
    }));
}

/**
 * Finds versions that lie in a directory of another number.
 *
 * @param snapshot The store.
 * @returns One violation per version.
 */
export function findRenamedVersions({ registeredModels }: StoreSnapshot): readonly Violation[] {
  return registeredModels.flatMap((model) => {
    const places = new Set<string>(model.versions.map(({ path }) => path));
    return model.versions.filter(({ version, path }) => lastOf(path) !== `version-${version}`)
      .map(({ version, path }) => ({
        ...inRegistry(path, `The version in its meta.yaml is ${version}`),
        ...(/^\d+$/.test(version) ? {} : NO_NUMBER),
        ...(places.has(`${model.path}/version-${version}`) ? COPY : {}),
      }));
  });
}

/** By no such name MLflow opens it: it asks for an integer. */
const NO_NUMBER: Pick<Violation, "remedy"> = {
  remedy: byHand("Write the number of its directory into its meta.yaml"),
};

/** Beside what it was copied from it can take no other name, and a database takes it once. */
const COPY: Pick<Violation, "remedy" | "migration"> = {
  remedy: byTaking("Move the copy out of the store"),
  migration: "aborts",
};

/**
 * Makes the check for registered models whose name MLflow refuses.
 *
 * @param character What may not be in a name.
 * @returns The check.
 */
export function findModelNamesWith(character: string): Check {
  return ({ registeredModels }) =>
    registeredModels.filter(({ path }) => lastOf(path).includes(character))
      .map(({ path }) => inRegistry(path, `There is a ${JSON.stringify(character)} in its name`));
}

/** Of many runs only few are ever named, so these are looked for, and not all of them remembered. */
function lostRunIds(
  { experiments, orphans }: StoreSnapshot,
  named: ReadonlySet<string>,
): ReadonlySet<string> {
  const lost = new Set(named);
  for (const { runs, damagedRuns } of lost.size === 0 ? [] : [...experiments, ...orphans]) {
    for (const { id } of runs) lost.delete(id);
    for (const { id } of damagedRuns) lost.delete(id);
  }
  return lost;
}

function lastOf(path: StorePath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function lostRun(path: StorePath, id: string): Violation {
  const [experimentId = null, runId = null] = path.startsWith("models/") ? [] : namesOf(path);
  const isRun = runId !== null && !["models", "traces"].includes(runId);
  return {
    path,
    line: null,
    experimentId,
    runId: isRun ? runId : null,
    message: id === "" ? "The id of its run is lost" : `The run ${id} does not exist`,
  };
}

function inRegistry(path: StorePath, message: string): Violation {
  return { path, line: null, experimentId: null, runId: null, message };
}
