/**
 * All that is written where something of another store is copied into this one.
 *
 * @module
 */

import type {
  CopiedTree,
  CopyIn,
  KeepReason,
  Measured,
  MergeEvidence,
  MergePolicy,
  MergeReason,
  MovedRecord,
  MovedText,
} from "../plan/plan.ts";
import { ABSENT } from "../store/facts.ts";
import { asStorePath, pathsUp, recordFileOf, type StorePath } from "../store/path.ts";
import type { NonEmpty, StoreSnapshot } from "../store/snapshot.ts";
import { LOCATION_TAG } from "../store/tags.ts";
import { addUsage, NO_USAGE } from "../store/usage.ts";
import { editMetaYaml } from "../yaml/meta_yaml.ts";
import { copiedUri } from "./copied_uri.ts";
import type { Coming } from "./judge_things.ts";

/** What copying depends on. */
export interface Copying {
  /** This store. */
  readonly snapshot: StoreSnapshot;
  /** What was read of both. */
  readonly evidence: MergeEvidence;
  /** What is asked for. */
  readonly policy: MergePolicy;
  /** Where things lie there → where they lie here, or will. */
  readonly placed: ReadonlyMap<string, string>;
}

/**
 * Finds all that is written for something that is copied.
 *
 * @param thing What it is.
 * @param copying What it depends on.
 * @returns The action; or why it cannot be told what its places are called here.
 */
export function copyParts(
  thing: Coming,
  copying: Copying,
): CopyIn | { readonly unclear: KeepReason } {
  const { evidence, policy } = copying;
  const all: NonEmpty<Coming> = [thing, ...thing.parts];
  const naming = namingOf(copying);
  const records = all.flatMap((one) => recordsOf(one, naming, evidence));
  const texts = thing.what === "experiment"
    ? textsOfExperiment(thing, records[0]!, evidence)
    : all.flatMap((one) => textsOf(one, naming, evidence));
  const [unclear] = naming.unclear;
  if (unclear !== undefined) return { unclear };
  const trees: NonEmpty<CopiedTree> = [
    treeOf(thing, evidence),
    ...thing.parts.map((part) => treeOf(part, evidence)),
  ];
  const datasets = datasetsOf(thing, evidence);
  return {
    kind: "copy-in",
    what: thing.what,
    path: thing.path,
    name: thing.name,
    reasons: reasonsOf(thing, naming.staying),
    usage: NO_USAGE,
    stamp: ABSENT,
    source: policy.from,
    id: thing.id,
    experimentId: thing.into?.id ?? null,
    parent: thing.parent !== null && !evidence.same.has(thing.parent.path) ? thing.parent.id : null,
    trees,
    records,
    texts,
    datasets,
    folders: thing.what === "experiment"
      ? foldersOf(texts)
      : foldersFor(thing, trees, datasets, evidence.there),
    copied: addUsage(all.flatMap(({ from }) => usageOf(evidence.measured.get(from)))),
  };
}

/** What a URI is called here, and what was met with that. */
interface Naming {
  readonly name: (uri: string, path: StorePath) => string | null;
  /** URIs that stay as they are. */
  readonly staying: string[];
  readonly unclear: KeepReason[];
}

function namingOf({ snapshot, evidence, placed }: Copying): Naming {
  const root = snapshot.backend === undefined ? snapshot.location : snapshot.backend.artifactRoot;
  const staying: string[] = [];
  const unclear: KeepReason[] = [];
  const name = (uri: string, path: StorePath) => {
    const place = evidence.places.get(uri);
    const owner = place === undefined ? undefined : pathsUp(place).find((one) => placed.has(one));
    // What lies in an experiment comes with what it is of: what stays keeps its place there.
    const isCopied = owner !== undefined && (owner === place || owner.includes("/"));
    if (place === undefined || !isCopied || root === null) {
      staying.push(uri);
      return null;
    }
    const to = `${placed.get(owner)}${place.slice(owner.length)}`;
    const named = copiedUri(uri, place, { root, to });
    if (named === null) {
      const message = `${uri} leads to ${place} in an unusual way`;
      unclear.push({ kind: "unreadable", path, message });
    }
    return named;
  };
  return { name, staying, unclear };
}

function recordsOf(
  { what, from, path, into, run, model, registered }: Coming,
  naming: Naming,
  { traces, places }: MergeEvidence,
): readonly MovedRecord[] {
  const of = (key: string, uri: string) => {
    const named = naming.name(uri, from);
    return named === null ? {} : { [key]: named };
  };
  const own: Readonly<Record<string, string>> = into === null
    ? {}
    : { experiment_id: `${into.id}` };
  switch (what) {
    case "experiment": {
      const { artifactLocation } = into!.there;
      return [{ path, changes: { ...own, ...of("artifact_location", artifactLocation) } }];
    }
    case "run":
      return [{ path, changes: { ...own, ...of("artifact_uri", run!.artifactUri) } }];
    case "logged-model":
      return [{ path, changes: { ...own, ...of("artifact_location", model!.artifactLocation) } }];
    case "trace": {
      const keys = traces.get(from)?.keys ?? [];
      if (keys.length === 0) {
        const message = "no record tells its experiment";
        naming.unclear.push({ kind: "unreadable", path: from, message });
      }
      return [{ path, changes: Object.fromEntries(keys.map((key) => [key, `${into!.id}`])) }];
    }
    case "registered-model":
      return registered!.versions.flatMap((version) => {
        const uris = { source: version.source, storage_location: version.storageLocation };
        const changes = Object.entries(uris).flatMap(([key, uri]) => {
          // Such as `models:/m-1`: what names no place stays right.
          const named = uri === null || !places.has(uri) ? null : naming.name(uri, version.path);
          return named === null ? [] : [[key, named] as const];
        });
        return changes.length === 0
          ? []
          : [{ path: version.path, changes: Object.fromEntries(changes) }];
      });
  }
}

function textsOf(
  { what, from, path }: Coming,
  naming: Naming,
  { traces }: MergeEvidence,
): readonly MovedText[] {
  const location = what === "trace" ? traces.get(from)?.location ?? null : null;
  const text = location === null ? null : naming.name(location, from);
  return text === null ? [] : [{ path: asStorePath(`${path}/tags/${LOCATION_TAG}`), text }];
}

/** An experiment of files is not copied, but made: it comes without what is in it. */
function textsOfExperiment(
  { from, path }: Coming,
  { changes }: MovedRecord,
  { records, tags }: MergeEvidence,
): readonly MovedText[] {
  const record = records.get(from);
  if (record === undefined) return [];
  return [
    { path: recordFileOf(path), text: editMetaYaml(record, changes) },
    ...[...tags.there.get(from) ?? []].map(([key, text]) => ({
      path: asStorePath(`${path}/tags/${key}`),
      text,
    })),
  ];
}

/** All that files lie in, outermost first. */
function foldersOf(texts: readonly MovedText[]): readonly StorePath[] {
  const parents = texts.flatMap((text) => pathsUp(text.path).slice(1));
  return [...new Set(parents)].toSorted().map(asStorePath);
}

function treeOf({ from, path }: Coming, { measured }: MergeEvidence): CopiedTree {
  const found = measured.get(from);
  return { from, to: path, stamp: found !== undefined && "stamp" in found ? found.stamp : ABSENT };
}

function usageOf(measured: Measured | undefined) {
  return measured === undefined || "problem" in measured ? [] : [measured.usage];
}

function datasetsOf(
  { run, into }: Coming,
  { inputs, datasets, there }: MergeEvidence,
): readonly MovedText[] {
  if (run === null || into === null) return [];
  return (inputs.get(run.path) ?? []).toSorted().flatMap((id): readonly MovedText[] => {
    const text = datasets.get(`${into.there.path}/datasets/${id}`);
    const path = asStorePath(`${into.path}/datasets/${id}`);
    return text === undefined || there.has(path) ? [] : [{ path, text }];
  });
}

/** An experiment, and what is right below the root, need none. */
function foldersFor(
  { into }: Coming,
  trees: readonly CopiedTree[],
  datasets: readonly MovedText[],
  there: ReadonlySet<string>,
): readonly StorePath[] {
  const parentOf = (one: string) => one.slice(0, Math.max(0, one.lastIndexOf("/")));
  const wanted = [
    ...trees.map(({ to }) => parentOf(to)),
    ...datasets.flatMap((one) => [parentOf(one.path), one.path]),
  ];
  const home = into?.path ?? "";
  return [...new Set(wanted)]
    .filter((one) => one !== "" && one !== home && !there.has(one))
    .map(asStorePath);
}

function reasonsOf(
  { what, into }: Coming,
  staying: readonly string[],
): NonEmpty<MergeReason> {
  const why: MergeReason = what === "experiment" || into === null
    ? { kind: "lacking-here" }
    : { kind: "copied-into", experiment: into.id, name: into.there.name };
  const isRenumbered = what === "experiment" && into !== null && into.id !== into.there.id;
  return [
    why,
    ...(isRenumbered ? [{ kind: "id-taken", id: into.there.id } as const] : []),
    // Where the first stays, those of its models and traces do as well.
    ...staying.slice(0, 1).map((uri): MergeReason => ({ kind: "place-stays", uri })),
  ];
}
