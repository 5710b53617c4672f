/**
 * Rewriting the places that records name, in a store that was moved or copied.
 *
 * @module
 */

import type { RepairReason, RewriteTag } from "../plan/repair_action.ts";
import { renameUri } from "../records/relocate_uri.ts";
import { linkedIn } from "../store/holders.ts";
import { byPath, type StorePath, withoutTrash } from "../store/path.ts";
import type { Experiment, LoggedModel, ModelVersion, NonEmpty, Run } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import type { Edit, RepairContext } from "./context.ts";
import { placeMeant, traceOf } from "./prove_moves.ts";

/**
 * Plans the new locations of experiments, runs, logged models and model versions: of what names a place
 * of this store by the name of a former one, and only where the thing is here. Remote places stay, and so does what is
 * where its record says, unless the policy names the former root.
 *
 * @param context The store and what is known of it.
 * @returns What to set; none unless the policy asks for relocation.
 */
export function relocateRecords(context: RepairContext): readonly Edit[] {
  const { snapshot, policy } = context;
  if (policy.relocate === null) return [];
  return [
    ...snapshot.experiments.toSorted(byPath).flatMap((experiment) => [
      ...relocateExperiment(context, experiment),
      ...experiment.runs.toSorted(byPath).flatMap((run) => relocateRun(context, run)),
      ...experiment.loggedModels.toSorted(byPath).flatMap((model) => relocateModel(context, model)),
    ]),
    ...snapshot.orphans.toSorted(byPath).flatMap((orphan) => [
      ...orphan.runs.toSorted(byPath).flatMap((run) => relocateRun(context, run)),
      ...orphan.loggedModels.toSorted(byPath).flatMap((model) => relocateModel(context, model)),
    ]),
    ...snapshot.registeredModels.toSorted(byPath).flatMap(({ name, versions }) =>
      versions.toSorted(byPath).flatMap((version) => relocateVersion(context, name, version))
    ),
  ];
}

/**
 * Plans the new locations of traces' spans.
 *
 * @param context The store and what is known of it.
 * @returns The tags to rewrite; none unless the policy asks for relocation.
 */
export function relocateTraces(context: RepairContext): readonly RewriteTag[] {
  const isLinked = linkedIn(context.snapshot);
  return context.evidence.traceLocations.toSorted(byPath).flatMap(({ path, uri, stamp }) => {
    const trace = traceOf(path);
    const to = newUri(context, uri, `${withoutTrash(trace)}/artifacts`);
    if (to === null || isLinked(path)) return [];
    return [{
      kind: "rewrite-tag",
      path,
      name: trace.slice(trace.lastIndexOf("/") + 1),
      text: to,
      reasons: [{ kind: "moved", from: uri, to }],
      usage: NO_USAGE,
      stamp,
    }];
  });
}

function relocateExperiment(context: RepairContext, one: Experiment): readonly Edit[] {
  const { path, name, artifactLocation } = one;
  return edit(context, path, name, withoutTrash(path), { artifact_location: artifactLocation });
}

function relocateRun(context: RepairContext, { path, name, artifactUri }: Run): readonly Edit[] {
  return edit(context, path, name, `${withoutTrash(path)}/artifacts`, {
    artifact_uri: artifactUri,
  });
}

function relocateModel(context: RepairContext, one: LoggedModel): readonly Edit[] {
  const { path, name, artifactLocation } = one;
  const own = `${withoutTrash(path)}/artifacts`;
  return edit(context, path, name, own, { artifact_location: artifactLocation });
}

function relocateVersion(
  context: RepairContext,
  model: string,
  { path, version, source, storageLocation }: ModelVersion,
): readonly Edit[] {
  const uris = { source, storage_location: storageLocation ?? "" };
  return edit(context, path, `${model} v${version}`, null, uris);
}

function edit(
  context: RepairContext,
  path: StorePath,
  name: string,
  own: string | null,
  uris: Readonly<Record<string, string>>,
): readonly Edit[] {
  const moved = Object.entries(uris).flatMap(([key, from]) => {
    const to = newUri(context, from, own);
    return to === null ? [] : [{ key, from, to }];
  });
  const reasons = moved.map(({ from, to }): RepairReason => ({ kind: "moved", from, to }));
  const changes = Object.fromEntries(moved.map(({ key, to }) => [key, to]));
  return isNonEmpty(reasons) ? [{ kind: "rewrite-location", path, name, changes, reasons }] : [];
}

function newUri(context: RepairContext, uri: string, own: string | null): string | null {
  const place = placeMeant({ uri, own }, context);
  return place === null ? null : renameUri(uri, context.snapshot.location, place);
}

function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}
