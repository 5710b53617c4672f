/**
 * Reading what merging must know of two databases of SQLite.
 *
 * *Locking*: none, but for SQLite's own while rows are read.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { chooseMerge, type MergedExperiment } from "../../../lib/merge/choose_merge.ts";
import type { Measured, MergeEvidence, MergePolicy, TraceRecord } from "../../../lib/plan/plan.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import { addressOf } from "../../../lib/snapshot/assemble_rows.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import { isThere } from "../../_artifacts/tree_place.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { openToLook } from "../rows/sqlite_rows.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import { sameThings } from "./compare_things.ts";
import { rootForMerge } from "./merge_place.ts";
import { requireMergeable } from "./other_database.ts";
import { locationOf, measureThing, placeOfArtifacts, rowStampsOf, type Thing } from "./things.ts";

/** Two databases, and what was read of them. */
export interface MergedDatabases {
  /** Absolute real path of the one into which. */
  readonly path: string;
  /** Absolute real path of the other one. */
  readonly from: string;
  readonly snapshot: StoreSnapshot<"tags">;
  readonly other: StoreSnapshot<"tags">;
  readonly policy: MergePolicy;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what merging must know. Needs read permission for both databases and their artifacts.
 *
 * @param databases The databases.
 * @returns The evidence.
 * @throws {UnsupportedStoreError} When one cannot be merged into the other.
 * @throws {InvalidArgumentError} When a part of the selection fits nothing there.
 */
export async function readMergeEvidence(
  { path, from, snapshot, other, policy, signal }: MergedDatabases,
): Promise<MergeEvidence> {
  using here = openToLook(path);
  using there = openToLook(from);
  requireMergeable({ rows: here, path }, { rows: there, path: from });
  const choice = chooseMerge(snapshot, other, policy);
  const traces = new Map<string, TraceRecord>();
  const things: Placed[] = choice.experiments.flatMap((into) => {
    const traceIds = tracesOf(there, into.there.id);
    const of = (kind: Thing["kind"], id: string, address: StorePath) => ({
      kind,
      id,
      address,
      into,
    });
    return [
      ...into.there.runs.map(({ id, path }) => of("run", id, path)),
      ...into.there.loggedModels.map(({ id, path }) => of("logged-model", id, path)),
      ...traceIds.map((id) => of("trace", id, addressOf(into.there.id, "traces", id))),
    ];
  });
  for (const { kind, id, address } of things) {
    if (kind !== "trace") continue;
    const location = servedLocation(there, locationOf(there, { kind, id }));
    traces.set(address, { keys: ["experiment_id"], location });
  }
  const registered = choice.registeredModels.map(({ name, path }): Placed => ({
    ...{ kind: "registered-model", id: name, address: path, into: null },
  }));
  const experiments = choice.experiments.map((into): Placed => ({
    ...{ kind: "experiment", id: into.there.id, address: into.there.path, into },
  }));
  const root = rootForMerge(here, path);
  const places = placesOf(there, other, things, choice.experiments, root !== null);
  if (root === null && things.some((thing) => placeOfArtifacts(there, thing) !== null)) {
    throw new UnsupportedStoreError(
      `Cannot merge store ${locationOfFile(from)} into ${
        locationOfFile(path)
      }: artifacts of the first lie on this machine, and no experiment of the second has its own there as MLflow makes it; copy them to where that has them by MLflow, and let the rows say so`,
      locationOfFile(path),
    );
  }
  const [same, measured, taken] = [
    new Set<string>(),
    new Map<string, Measured>(),
    new Set<string>(),
  ];
  const turn = takeTurns(signal);
  for (
    const [kind, all] of Map.groupBy([...experiments, ...things, ...registered], (one) => one.kind)
  ) {
    const byId = new Map(all.map((one) => [one.id, one]));
    const isHere = kind === "experiment"
      ? new Set(all.filter(({ into }) => into?.here !== null).map(({ id }) => id))
      : idsIn(here, kind, [...byId.keys()]);
    if (kind !== "experiment") {
      const both = [...isHere].filter((id) => byId.has(id));
      for (const id of await sameThings(here, there, kind, both, signal)) {
        same.add(byId.get(id)!.address);
      }
    }
    const coming = all.filter(({ id }) => !isHere.has(id));
    const stamps = rowStampsIn(there, kind, coming.map(({ id }) => id));
    for (const one of coming) {
      await turn();
      const stamp = stamps.get(one.id);
      if (stamp === undefined) continue;
      const place = placeOfArtifacts(there, one);
      const elsewhere = place === null ? null : elsewhereText(root?.named ?? null, one);
      measured.set(
        one.address,
        elsewhere === null ? await measureThing(place, stamp) : { problem: elsewhere },
      );
      const to = targetOf(one);
      const isTaken = place !== null && to !== null && isThere(`${root!.place.root}/${to}`);
      if (isTaken) taken.add(to);
    }
  }
  return {
    places,
    inputs: new Map(),
    datasets: new Map(),
    records: new Map(),
    traces,
    tracesHere: tracesHere(here, [...traces.keys()]),
    same,
    measured,
    tags: {
      there: tagsOf(there, choice.experiments.map((one) => one.there)),
      here: tagsOf(here, choice.experiments.flatMap((one) => one.here ?? [])),
    },
    there: taken,
  };
}

/** Something that is chosen, and where it is there. */
interface Placed extends Thing {
  readonly address: StorePath;
  readonly into: MergedExperiment | null;
}

/** Where it will be here. */
function targetOf({ kind, address, into }: Placed): string | null {
  if (into === null || kind === "experiment") return null;
  return `${into.path}${address.slice(into.there.path.length)}`;
}

function elsewhereText(root: string | null, { into }: Placed): string | null {
  const here = into?.here ?? null;
  if (here === null || localPathOf(here.artifactLocation) === `${root}/${here.id}`) return null;
  return `its artifacts lie on this machine, and experiment ${here.id} of this store has its own in ${here.artifactLocation}, where mltidy copies nothing`;
}

function servedLocation({ served }: OwnedRows, location: string | null): string | null {
  return location === null ? null : servedPlaceOf(location, served?.isProven ? served.root : null);
}

function tracesOf(rows: OwnedRows, experiment: string): readonly string[] {
  if (!rows.columns.has("trace_info")) return [];
  return statementOf(
    rows,
    "SELECT CAST(request_id AS TEXT) AS id FROM trace_info WHERE experiment_id = ? ORDER BY 1",
  ).all(experiment).map(({ id }) => String(id));
}

/** How many are asked for at once. */
const AT_ONCE = 500;

function rowStampsIn(
  rows: OwnedRows,
  kind: Thing["kind"],
  ids: readonly string[],
): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    for (const [id, stamp] of rowStampsOf(rows, kind, ids.slice(at, at + AT_ONCE))) {
      all.set(id, stamp);
    }
  }
  return all;
}

const OWN: Readonly<Record<Exclude<Thing["kind"], "experiment">, readonly [string, string]>> = {
  "run": ["runs", "run_uuid"],
  "logged-model": ["logged_models", "model_id"],
  "trace": ["trace_info", "request_id"],
  "registered-model": ["registered_models", "name"],
};

function idsIn(
  rows: OwnedRows,
  kind: Exclude<Thing["kind"], "experiment">,
  ids: readonly string[],
): ReadonlySet<string> {
  const [table, column] = OWN[kind];
  if (!rows.columns.has(table)) return new Set();
  return new Set(
    statementOf(
      rows,
      `SELECT CAST("${column}" AS TEXT) AS id FROM "${table}"
        WHERE "${column}" IN (SELECT value FROM json_each(?))`,
    ).all(JSON.stringify(ids)).map(({ id }) => String(id)),
  );
}

function tracesHere(rows: OwnedRows, paths: readonly string[]): ReadonlyMap<string, StorePath> {
  if (!rows.columns.has("trace_info")) return new Map();
  const ids = paths.map((path) => decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)));
  return new Map(
    statementOf(
      rows,
      `SELECT CAST(request_id AS TEXT) AS id, CAST(experiment_id AS TEXT) AS experiment
        FROM trace_info WHERE request_id IN (SELECT value FROM json_each(?))`,
    ).all(JSON.stringify(ids)).map(({ id, experiment }) => [
      String(id),
      addressOf(String(experiment), "traces", String(id)),
    ]),
  );
}

function tagsOf(
  rows: OwnedRows,
  experiments: readonly { readonly id: string; readonly path: StorePath }[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(experiments.map(({ id, path }) => [
    path,
    new Map(
      statementOf(
        rows,
        "SELECT key, CAST(value AS TEXT) AS value FROM experiment_tags WHERE experiment_id = ?",
      ).all(id).map(({ key, value }) => [String(key), String(value ?? "")]),
    ),
  ]));
}

/** What lies on this machine, as the rows name it → its place, by that of what it belongs to. */
function placesOf(
  rows: OwnedRows,
  { registeredModels }: StoreSnapshot,
  things: readonly Placed[],
  experiments: readonly MergedExperiment[],
  hasRoot: boolean,
): ReadonlyMap<string, string> {
  if (!hasRoot) return new Map();
  const places = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const thing of things) {
    const directory = placeOfArtifacts(rows, thing);
    const uri = servedLocation(rows, locationOf(rows, thing));
    if (directory === null || uri === null) continue;
    directories.set(directory, thing.address);
    places.set(uri, `${thing.address}/artifacts`);
  }
  for (const { there } of experiments) {
    if (localPathOf(there.artifactLocation) !== null) {
      places.set(there.artifactLocation, there.path);
    }
  }
  const versions = registeredModels.flatMap((one) => one.versions);
  for (const uri of versions.flatMap(({ source, storageLocation }) => [source, storageLocation])) {
    const path = uri === null ? null : localPathOf(servedLocation(rows, uri)!);
    if (uri === null || path === null || places.has(uri)) continue;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const address = directories.get(path.slice(0, at));
      if (address === undefined) continue;
      places.set(uri, `${address}${path.slice(at)}`);
      break;
    }
  }
  return places;
}
