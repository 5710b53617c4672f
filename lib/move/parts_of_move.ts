/**
 * All that changes where a run moves into another experiment.
 *
 * @module
 */

import type { KeepReason, MovedRecord, MovedText, MovedTree, MoveEvidence } from "../plan/plan.ts";
import { asStorePath, type StorePath } from "../store/path.ts";
import type { Experiment, NonEmpty, StoreSnapshot } from "../store/snapshot.ts";
import { LOCATION_TAG } from "../store/tags.ts";
import type { MovingRun } from "./choose_runs.ts";
import { movedUri } from "./move_uri.ts";

/** What changes. */
export interface Parts {
  /** What is set in which record, the run's first. */
  readonly records: NonEmpty<MovedRecord>;
  /** What is written of traces. */
  readonly texts: readonly MovedText[];
  /** What moves, the run first. */
  readonly trees: NonEmpty<MovedTree>;
  /** Records of datasets that are copied. */
  readonly datasets: readonly MovedText[];
  /** Directories that are made, outermost first. */
  readonly folders: readonly StorePath[];
  /** Artifact URIs that stay as they are. */
  readonly staying: readonly string[];
}

/**
 * Finds all that changes with a run.
 *
 * @param moving The run, with its models and traces.
 * @param target The experiment into which.
 * @param snapshot The store.
 * @param evidence What was read of what would move.
 * @returns What changes; or why that cannot be told.
 */
export function partsOf(
  { run, models, traces }: MovingRun,
  target: Experiment,
  snapshot: StoreSnapshot,
  evidence: MoveEvidence,
): Parts | { readonly unclear: KeepReason } {
  const { location: root, backend, registeredModels } = snapshot;
  const [from = ""] = run.path.split("/");
  const treeOf = (path: string): MovedTree => ({
    from: asStorePath(path),
    to: asStorePath(`${target.path}/${path.slice(from.length + 1)}`),
  });
  const tracePaths = traces.map((name) => `${from}/traces/${name}`);
  const trees: NonEmpty<MovedTree> = [
    treeOf(run.path),
    ...[...models.map(({ path }) => `${path}`), ...tracePaths].map(treeOf),
  ];
  const staying: string[] = [];
  const unclear: KeepReason[] = [];
  const renamed = (path: StorePath, uri: string): string | null => {
    const place = evidence.places.get(uri);
    const tree = trees.find((one) => place === one.from || place?.startsWith(`${one.from}/`));
    if (place === undefined || tree === undefined) return null;
    const to = `${tree.to}${place.slice(tree.from.length)}`;
    const moved = movedUri(uri, place, { root: backend?.artifactRoot ?? root, to });
    if (moved === null) {
      unclear.push({
        kind: "unreadable",
        path,
        message: `${uri} leads to ${place} in an unusual way`,
      });
    }
    return moved;
  };
  const located = (path: StorePath, key: string, uri: string): Readonly<Record<string, string>> => {
    const to = renamed(path, uri);
    if (to === null) staying.push(uri);
    return { experiment_id: target.id, ...(to === null ? {} : { [key]: to }) };
  };
  const texts: MovedText[] = [];
  const records: NonEmpty<MovedRecord> = [
    { path: run.path, changes: located(run.path, "artifact_uri", run.artifactUri) },
    ...models.map(({ path, artifactLocation }) => ({
      path,
      changes: located(path, "artifact_location", artifactLocation),
    })),
    ...tracePaths.map((place): MovedRecord => {
      const path = asStorePath(place);
      const { keys, location } = evidence.traces.get(path) ?? { keys: [], location: null };
      if (keys.length === 0) {
        unclear.push({ kind: "unreadable", path, message: "no record tells its experiment" });
      }
      const to = location === null ? null : renamed(path, location);
      if (to !== null) texts.push({ path: asStorePath(`${path}/tags/${LOCATION_TAG}`), text: to });
      return { path, changes: Object.fromEntries(keys.map((key) => [key, target.id])) };
    }),
    ...registeredModels.flatMap(({ versions }) => versions).flatMap((version) => {
      const uris = { source: version.source, storage_location: version.storageLocation };
      const changes = Object.entries(uris).flatMap(([key, uri]) => {
        const to = uri === null ? null : renamed(version.path, uri);
        return to === null ? [] : [[key, to] as const];
      });
      return changes.length === 0
        ? []
        : [{ path: version.path, changes: Object.fromEntries(changes) }];
    }),
  ];
  const [first] = unclear;
  if (first !== undefined) return { unclear: first };
  const datasets = (evidence.inputs.get(run.path) ?? []).flatMap((id): readonly MovedText[] => {
    const text = evidence.datasets.get(`${from}/datasets/${id}`);
    const path = asStorePath(`${target.path}/datasets/${id}`);
    return text === undefined || evidence.there.has(path) ? [] : [{ path, text }];
  });
  return {
    records,
    texts,
    trees,
    datasets,
    folders: foldersFor(trees, datasets, target, evidence.there),
    staying,
  };
}

function foldersFor(
  trees: readonly MovedTree[],
  datasets: readonly MovedText[],
  target: Experiment,
  there: ReadonlySet<string>,
): readonly StorePath[] {
  const parents = trees.map(({ to }) => to.slice(0, to.lastIndexOf("/")));
  const wanted = [
    ...parents.filter((path) => path !== target.path),
    ...(datasets.length > 0 ? [`${target.path}/datasets`] : []),
    ...datasets.map(({ path }) => `${path}`),
  ];
  return [...new Set(wanted)].filter((path) => !there.has(path)).map(asStorePath);
}
