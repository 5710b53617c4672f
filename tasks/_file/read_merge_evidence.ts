/**
 * Disk → evidence: of two stores of which one is to be copied into the other, what their snapshots do not tell.
 *
 * The other store is read as carefully as this one: directories for certain, regular files alone, through no link.
 *
 * @module
 */

import { join } from "@std/path";
import { StoreAccessError } from "../../lib/errors.ts";
import { chooseMerge, type MergedExperiment } from "../../lib/merge/choose_merge.ts";
import type { Measured, MergeEvidence, MergePolicy, TraceRecord } from "../../lib/plan/plan.ts";
import { formerPlaces, localPathOf } from "../../lib/records/relocate_uri.ts";
import { namesAlong } from "../../lib/snapshot/find_references.ts";
import { asStorePath, recordFileOf, type StorePath } from "../../lib/store/path.ts";
import type { TextFact } from "../../lib/store/facts.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { infoOf, readText, realPathOrNull } from "../_io/read.ts";
import { takeTurns } from "../_io/take_turns.ts";
import type { Abortable } from "../ports/store.ts";
import { areAlike } from "./copying/compare_things.ts";
import { surveyTree } from "./copying/survey_tree.ts";
import { datasetsOf, placeOf, readTrace, tailFrom } from "./read_places.ts";

/** What is found out bit by bit. */
interface Reading {
  readonly snapshot: StoreSnapshot;
  readonly other: StoreSnapshot;
  readonly turn: () => Promise<void>;
  readonly places: Map<string, string>;
  readonly measured: Map<string, Measured>;
  readonly same: Set<string>;
  readonly there: Set<string>;
}

/**
 * Reads what merging must know of what is chosen of another store. Needs read permission for both.
 *
 * @param snapshot This store.
 * @param other The other one.
 * @param policy What is asked for.
 * @param work The signal.
 * @returns The evidence.
 * @throws {InvalidArgumentError} When a part of the selection fits nothing there.
 */
export async function readMergeEvidence(
  snapshot: StoreSnapshot,
  other: StoreSnapshot,
  policy: MergePolicy,
  { signal }: Abortable = {},
): Promise<MergeEvidence> {
  const { experiments, registeredModels, isSelected } = chooseMerge(snapshot, other, policy);
  const reading: Reading = {
    snapshot,
    other,
    turn: takeTurns(signal),
    places: new Map(),
    measured: new Map(),
    same: new Set(),
    there: new Set(),
  };
  const here = new Map<string, StorePath>(
    // What MLflow does not find here is not the same, whatever it holds.
    snapshot.experiments.flatMap((one) => [...one.runs, ...one.loggedModels])
      .map(({ id, path }) => [id, path]),
  );
  const inputs = new Map<string, readonly string[]>();
  const datasets = new Map<string, string>();
  const records = new Map<string, string>();
  const tags = {
    there: new Map<string, ReadonlyMap<string, string>>(),
    here: new Map<string, ReadonlyMap<string, string>>(),
  };
  const traces = new Map<string, TraceRecord>();
  for (const one of experiments) {
    await readExperiment(one, reading, records, tags);
    for (const name of await traceNames(other.location, one.there.path)) {
      const path = `${one.there.path}/traces/${name}`;
      traces.set(path, readTrace(other.location, path));
    }
  }
  const tracesHere = await findTraces(snapshot, new Set([...traces.keys()].map(nameOf)));
  const look = async (one: MergedExperiment, from: string, uri: string | null) => {
    const id = nameOf(from);
    const at = here.get(id) ?? tracesHere.get(id) ?? null;
    await judge(from, `${one.path}${from.slice(one.there.path.length)}`, at, reading);
    if (uri !== null) await locate(uri, `${from}/artifacts`, reading);
  };
  for (const one of experiments) {
    const { there } = one;
    for (const run of there.runs.filter(({ path }) => isSelected(path))) {
      await look(one, run.path, run.artifactUri);
      const names = await datasetsOf(other.location, run.path);
      inputs.set(run.path, names);
      for (const name of names) {
        const path = `${there.path}/datasets/${name}`;
        const record = readRecord(other.location, path);
        if (record.kind === "text") datasets.set(path, record.text);
        else if (record.kind === "failed" && !reading.same.has(run.path)) {
          reading.measured.set(run.path, { problem: `${path}: ${record.message}` });
        }
        note(`${one.path}/datasets/${name}`, reading);
      }
    }
    for (const model of there.loggedModels) await look(one, model.path, model.artifactLocation);
    for (const name of ["models", "traces", "datasets"]) note(`${one.path}/${name}`, reading);
  }
  const byHome = new Map(experiments.map((one) => [`${one.there.path}`, one]));
  for (const [path, { location }] of traces) {
    const one = byHome.get(path.slice(0, path.indexOf("/")));
    if (one !== undefined) await look(one, path, location);
  }
  const looked = new Set([...reading.measured.keys(), ...reading.same].map(nameOf));
  const known = new Set(snapshot.registeredModels.map(({ name, path }) => `${name}\n${path}`));
  for (const { name, path, versions } of registeredModels) {
    await judge(path, path, known.has(`${name}\n${path}`) ? path : null, reading);
    for (const uri of versions.flatMap((one) => [one.source, one.storageLocation ?? ""])) {
      const own = namesAlong(uri).findLast((id) => looked.has(id));
      if (own !== undefined) await locate(uri, tailFrom(uri, own), reading);
    }
  }
  note("models", reading);
  const { places, measured, same, there } = reading;
  return { places, inputs, datasets, traces, tracesHere, same, records, measured, tags, there };
}

function readRecord(root: string, path: string): TextFact {
  const directory = join(root, path);
  const real = realPathOrNull(directory);
  return real === null || real === directory
    ? readText(join(directory, "meta.yaml"), { links: "refused" })
    : { kind: "failed", damage: "unreadable", message: "a symbolic link leads to it" };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function readExperiment(
  { there, here, path }: MergedExperiment,
  reading: Reading,
  records: Map<string, string>,
  tags: { readonly there: Map<string, unknown>; readonly here: Map<string, unknown> },
): Promise<void> {
  const { snapshot, other } = reading;
  await locate(there.artifactLocation, there.path, reading);
  const own = await readTags(join(other.location, there.path, "tags"));
  if (typeof own !== "string") tags.there.set(there.path, own);
  if (here !== null) {
    const found = await readTags(join(snapshot.location, here.path, "tags"));
    if (typeof found !== "string") tags.here.set(here.path, found);
    return;
  }
  note(path, reading);
  const record = readText(join(other.location, recordFileOf(there.path)), { links: "refused" });
  if (record.kind !== "text" || typeof own === "string") {
    const problem = typeof own === "string" ? own : "its meta.yaml cannot be read";
    reading.measured.set(there.path, { problem });
    return;
  }
  records.set(there.path, record.text);
  const texts = [record.text, ...own.values()];
  const bytes = texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
  reading.measured.set(there.path, { usage: { bytes, files: texts.length }, stamp: there.stamp });
}

/** Key → value, or what cannot be read: a key with slashes is a file in directories. */
async function readTags(
  directory: string,
  prefix = "",
): Promise<ReadonlyMap<string, string> | string> {
  const tags = new Map<string, string>();
  if (infoOf(directory) === null) return tags;
  const survey = prefix === "" ? await surveyTree(directory) : null;
  if (survey !== null && "problem" in survey) return `tags/${survey.problem}`;
  for (const name of (await namesFor(directory)).toSorted()) {
    const path = join(directory, name);
    const key = `${prefix}${name}`;
    if (infoOf(path)?.isDirectory) {
      const inner = await readTags(path, `${key}/`);
      if (typeof inner === "string") return inner;
      for (const [at, value] of inner) tags.set(at, value);
      continue;
    }
    const read = readText(path, { links: "refused" });
    if (read.kind !== "text") return `tags/${key} is no text`;
    tags.set(key, read.text);
  }
  return tags;
}

async function traceNames(root: string, experiment: string): Promise<readonly string[]> {
  const folder = join(root, experiment, "traces");
  return (await namesFor(folder)).filter((name) => infoOf(join(folder, name))?.isDirectory)
    .toSorted();
}

/** What is not seen would be taken for what is not there. */
async function namesFor(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "listed") return listed.entries.map(({ name }) => name);
  if (listed.missing) return [];
  throw new StoreAccessError(
    `Cannot list ${directory}: ${listed.message}; nothing was touched: plan again as an account that may read it`,
    directory,
  );
}

/** Where traces lie here that have these names. */
async function findTraces(
  { location, experiments, orphans }: StoreSnapshot,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StorePath>> {
  const found = new Map<string, StorePath>();
  if (names.size === 0) return found;
  for (const { path } of [...experiments, ...orphans]) {
    for (const name of await namesFor(join(location, path, "traces"))) {
      if (names.has(name)) found.set(name, asStorePath(`${path}/traces/${name}`));
    }
  }
  return found;
}

/** What has its id here is compared, all else is measured. */
async function judge(
  from: string,
  to: string,
  here: string | null,
  { snapshot, other, measured, same, there, turn }: Reading,
): Promise<void> {
  const source = join(other.location, from);
  if (here !== null) {
    if (await areAlike(source, join(snapshot.location, here), { from, turn })) same.add(from);
    return;
  }
  if (infoOf(join(snapshot.location, to)) !== null) there.add(to);
  measured.set(from, await surveyTree(source, { turn }));
}

function note(path: string, { snapshot, there }: Reading): void {
  if (infoOf(join(snapshot.location, path)) !== null) there.add(path);
}

/**
 * A store that was brought here from another machine names the place where it was: what lies nowhere on this one, and
 * at its own place in the store, is that.
 */
async function locate(
  uri: string,
  own: string | null,
  { other: { location }, places }: Reading,
): Promise<void> {
  if (uri === "" || places.has(uri)) return;
  const named = localPathOf(uri);
  const place = await placeOf(location, uri, own);
  if (place !== null) {
    places.set(uri, place);
    return;
  }
  if (own === null || named !== null && infoOf(named) !== null) return;
  const [former] = formerPlaces(uri, { root: location, own, from: null });
  if (former === own && infoOf(join(location, own))?.isDirectory) places.set(uri, own);
}
