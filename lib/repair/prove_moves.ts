/**
 * Telling a store that was moved from one whose records name places elsewhere on purpose.
 *
 * @module
 */

import type { Evidence, RepairPolicy } from "../plan/repair_action.ts";
import { formerPlaces, parseLocalPlace, relativePathOf } from "../records/relocate_uri.ts";
import { salvageMeta } from "../records/salvage_meta.ts";
import { appendToUri } from "../store/artifact_uri.ts";
import { artifactsIn } from "../store/holders.ts";
import { looksLikeExperimentId } from "../store/names.ts";
import { withoutTrash } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { textOf } from "../yaml/node.ts";

/** What a record names, and where the thing is that it describes. */
export interface NamedPlace {
  /** An artifact URI, or a path. */
  readonly uri: string;
  /** Place below the root, as that of something active; `null` when the record may name any. */
  readonly own: string | null;
}

/**
 * Lists what the records of a store name.
 *
 * @param snapshot The store.
 * @param traces What its traces name.
 * @returns Of experiments, runs, logged models, traces and model versions.
 */
export function namedPlaces(
  { experiments, orphans, registeredModels }: StoreSnapshot,
  traces: Evidence["traceLocations"],
): readonly NamedPlace[] {
  const artifactsOf = (path: string) => `${withoutTrash(path)}/artifacts`;
  return [
    ...experiments.map((one) => ({ uri: one.artifactLocation, own: withoutTrash(one.path) })),
    ...[...experiments, ...orphans].flatMap(({ runs, loggedModels }) => [
      ...runs.map(({ path, artifactUri: uri }) => ({ uri, own: artifactsOf(path) })),
      ...loggedModels.map((one) => ({ uri: one.artifactLocation, own: artifactsOf(one.path) })),
    ]),
    // What is rebuilt of an orphan, or of a run that lost its record, names what the others do.
    ...orphans.flatMap(({ path, runs }) =>
      runs.flatMap(({ artifactUri }) => {
        const uri = /^(.*)\/[^/]+\/artifacts\/*$/s.exec(artifactUri)?.[1];
        return uri === undefined ? [] : [{ uri, own: withoutTrash(path) }];
      })
    ),
    ...experiments.flatMap(({ artifactLocation, damagedRuns }) =>
      damagedRuns.map(({ path, id }) => ({
        uri: appendToUri(artifactLocation, id, "artifacts"),
        own: artifactsOf(path),
      }))
    ),
    ...traces.map(({ path, uri }) => ({ uri, own: artifactsOf(traceOf(path)) })),
    ...registeredModels.flatMap(({ versions }) => versions).flatMap((version) =>
      [version.source, version.storageLocation ?? ""].map((uri) => ({ uri, own: null }))
    ),
  ];
}

/**
 * Lists what is named by what is left of damaged records, and by copies of them: it may be written again.
 *
 * @param records The records.
 * @returns What they name.
 */
export function namedByRecords(records: Evidence["records"]): readonly NamedPlace[] {
  return [...records].flatMap(([path, { text, kept }]) =>
    [text ?? "", kept?.text ?? ""].flatMap((one) => {
      const meta = salvageMeta(one);
      const own = withoutTrash(path);
      const location = textOf(meta.get("artifact_location"));
      const uri = textOf(meta.get("artifact_uri")) ?? location;
      if (uri === null) return [];
      return [{ uri, own: own.includes("/") ? `${own}/artifacts` : own }];
    })
  );
}

/**
 * Lists the places that tell whether a record names one that is gone.
 *
 * @param uri What the record names.
 * @returns Absolute paths: of the place, and of the experiment's directory that it lay in, if it is one's;
 * none for what is remote, of another host, or depends on where MLflow is started.
 */
export function tellingPlaces(uri: string): readonly string[] {
  const path = pathHere(uri);
  if (path === null) return [];
  const [experiment] = /^.*(?=(?:\/[^/]+|\/(?:models|traces)\/[^/]+)\/artifacts$)/.exec(path) ?? [];
  const holder = experiment?.replace(/\/(?:models|traces)$/, "");
  return holder === undefined ? [path] : [path, holder];
}

/**
 * Finds the place of this store that a record means which names a former one. What is there where the
 * record says, or on another host, was meant: it is no former one unless `from` says so. What is gone there
 * may lie on a disk that is not connected: its files must be here, or it lay in a former root of the store.
 *
 * @param named What the record names.
 * @param options The store, what is known of it, and the rules; `roots`: of {@linkcode formerRoots}.
 * @returns The place below the root; `null` when the record stays as it is.
 */
export function placeMeant(
  { uri, own }: NamedPlace,
  { snapshot, evidence, policy, roots }: {
    readonly snapshot: StoreSnapshot;
    readonly evidence: Evidence;
    readonly policy: RepairPolicy;
    readonly roots: ReadonlySet<string>;
  },
): string | null {
  if (policy.relocate === null) return null;
  const { from } = policy.relocate;
  const root = snapshot.location;
  const places = formerPlaces(uri, { root, own, from }).filter((each) => evidence.places.has(each));
  if (from !== null || relativePathOf(uri) !== null) return places[0] ?? null;
  const path = pathHere(uri);
  if (path === null) return null;
  if (own !== null && isSiblings(path, root, own)) return places[0] ?? null;
  if (!evidence.gone.has(path)) return null;
  if (own === null) return places.find(artifactsIn(snapshot)) ?? null;
  const former = rootOf(path, own);
  const wasIn = tellingPlaces(uri).at(-1) ?? path;
  const isFormer = former === root || roots.has(former) && evidence.gone.has(wasIn);
  return places.find((place) => isFormer || evidence.filled.has(place)) ?? null;
}

/**
 * Finds where the store was: where something lay whose files are in it now, or what has its own name, or held it.
 *
 * @param named What records name.
 * @param evidence What is known of the store.
 * @param root Where it is.
 * @returns Absolute paths.
 */
export function formerRoots(
  named: readonly NamedPlace[],
  evidence: Pick<Evidence, "gone" | "filled">,
  root: string,
): ReadonlySet<string> {
  const [, parent, name] = /^(.*)\/([^/]*)$/s.exec(root) ?? [];
  return new Set(named.flatMap(({ uri, own }) => {
    const path = pathHere(uri);
    if (own === null || path === null || !evidence.gone.has(path)) return [];
    if (!path.endsWith(`/${own}`)) return [];
    const former = rootOf(path, own);
    const isNamed = former === parent || former.endsWith(`/${name}`);
    return isNamed || evidence.filled.has(own) ? [former] : [];
  }));
}

/**
 * Names the root in which something would have lain, had the store been moved.
 *
 * @param named What a record names, and where the thing is.
 * @returns What `from` takes; `null` where that cannot be told.
 */
export function possibleRoot({ uri, own }: NamedPlace): string | null {
  const path = parseLocalPlace(uri)?.path ?? null;
  if (own === null || path === null || !path.endsWith(`/${own}`)) return null;
  const root = rootOf(path, own);
  return root === "" ? null : root;
}

/**
 * Names the directory of a trace.
 *
 * @param tag The path of one of its tags.
 * @returns The path.
 */
export function traceOf(tag: string): string {
  return tag.slice(0, tag.indexOf("/tags/"));
}

/** `null` for what is remote, of another host, or depends on where MLflow is started. */
function pathHere(uri: string): string | null {
  const path = parseLocalPlace(uri)?.path ?? null;
  return path === null || path.startsWith("//") ? null : path;
}

/** Whether an experiment names the directory of another one of its store: nobody means that. */
function isSiblings(path: string, root: string, own: string): boolean {
  if (own.includes("/") || !path.startsWith(`${root}/`)) return false;
  const id = path.slice(root.length + 1);
  return id !== own && looksLikeExperimentId(id);
}

function rootOf(path: string, own: string): string {
  return path.split("/").slice(0, -own.split("/").length).join("/");
}
