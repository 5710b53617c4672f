/**
 * Disk → evidence: of what is damaged, all that may tell how to mend it.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import {
  type EntryEvidence,
  type Evidence,
  NO_EVIDENCE,
  type RecordEvidence,
  type RepairPolicy,
  type RunEvidence,
  type TraceLocation,
} from "../../lib/plan/repair_action.ts";
import { isSoundRecord } from "../../lib/records/check_record.ts";
import { formerPlaces, localPathOf, relativePathOf } from "../../lib/records/relocate_uri.ts";
import {
  namedByRecords,
  type NamedPlace,
  namedPlaces,
  tellingPlaces,
} from "../../lib/repair/prove_moves.ts";
import { mayLeave } from "../../lib/repair/repair_files.ts";
import { ABSENT, type TextFact } from "../../lib/store/facts.ts";
import { asStorePath, recordFileOf, type StorePath, withoutTrash } from "../../lib/store/path.ts";
import { LINE_DAMAGES, type Problem, RECORD_SUBJECTS } from "../../lib/store/problem.ts";
import { isUnfinished } from "../../lib/store/run_status.ts";
import type { Experiment, Orphan, Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { LOCATION_TAG } from "../../lib/store/tags.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { isGone, MOST, readBytes } from "../_io/read.ts";
import { type FindCopy, openCopies } from "./kept_texts.ts";
import { walkKeys } from "./scan/inspection.ts";
import { fileStamp, measureTree, newMeasurer } from "./scan/measure.ts";

/**
 * Reads what repair must know of a store's damage. Needs read permission for the store.
 *
 * @param snapshot The store, read at depth `full`.
 * @param policy What may be done: places are looked for only when records may be relocated.
 * @returns The evidence.
 */
export async function readEvidence(
  snapshot: StoreSnapshot<"full">,
  policy: RepairPolicy,
): Promise<Evidence> {
  const { location: root, experiments, orphans, strays, problems, registeredModels } = snapshot;
  const copies = openCopies(root);
  const records = new Map<string, RecordEvidence>();
  const runs = new Map<string, RunEvidence>();
  const entries = new Map<string, EntryEvidence>();
  const stamps = new Map<string, string>();
  const addRun = async (path: string) => {
    const run = await readRun(root, path);
    if (run !== null) runs.set(path, run);
  };
  const stampOf = (path: string) => stamps.set(path, fileStamp(join(root, recordFileOf(path))));

  const leaving = new Set(problems.filter(mayLeave).map(({ path }) => path));
  for (const problem of problems) {
    const { path, subject, damage } = problem;
    const isSound = SOUND.has(damage);
    if (subject === "run" && !runs.has(path) && damage !== "foreign" && !isSound) {
      await addRun(path);
    }
    if (!entries.has(path)) {
      const entry = await readEntry(root, path, {
        withText: isText(problem),
        withTree: leaving.has(path),
      });
      if (entry !== null) entries.set(path, entry);
    }
    if (RECORD_SUBJECTS.includes(subject) && !records.has(path) && !isSound) {
      const record = await readRecord(root, path, subject, copies);
      if (record !== null) records.set(path, record);
    }
    if (subject === "run" || subject === "model-version" || damage === "wrong-type") stampOf(path);
  }
  for (const { path } of strays) {
    const entry = await readEntry(root, path, { withText: false, withTree: true });
    if (entry !== null) entries.set(path, entry);
  }
  for (const { path } of experiments) stampOf(path);
  for (const run of [...experiments, ...orphans].flatMap(unfinishedRuns)) {
    if (!runs.has(run.path)) await addRun(run.path);
    stampOf(run.path);
  }
  const base = { ...NO_EVIDENCE, records, runs, entries, stamps };
  if (policy.relocate === null) return { ...base, gone: findGone(snapshot) };
  const holders = [...experiments, ...orphans];
  for (const { path } of holders.flatMap((one) => [...one.runs, ...one.loggedModels])) {
    stampOf(path);
  }
  for (const { path } of registeredModels.flatMap(({ versions }) => versions)) stampOf(path);
  const traceLocations: TraceLocation[] = [];
  for (const { path } of holders) traceLocations.push(...await readTraceLocations(root, path));
  const named = [...namedPlaces(snapshot, traceLocations), ...namedByRecords(records)];
  return { ...base, traceLocations, ...await findPlaces(root, named, policy.relocate.from) };
}

/** Of a record that only names another place nothing is to be proven but that place. */
const SOUND: ReadonlySet<Problem["damage"]> = new Set(["moved", "relative"]);

/** What this account may not look at is left alone: it is reported, and all else is mended. */
function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}

/** Whether records that are called moved name places where something is, which only their owner may give up. */
function findGone(snapshot: StoreSnapshot): ReadonlySet<string> {
  const moved = new Set(
    snapshot.problems.flatMap(({ path, damage }) => damage === "moved" ? [withoutTrash(path)] : []),
  );
  const named = namedPlaces(snapshot, [])
    .filter(({ own }) => own !== null && moved.has(own.replace(/\/artifacts$/, "")));
  return new Set(named.flatMap(({ uri }) => tellingPlaces(uri)).filter(isCertainlyGone));
}

function isCertainlyGone(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  }
}

/** Whether what is in a file, besides records, tells how to mend it. */
function isText({ subject, damage }: Problem): boolean {
  if (subject === "assessment") return damage === "wrong-type";
  return (subject === "metric" || subject === "logged-model-value") &&
    LINE_DAMAGES.includes(damage);
}

function unfinishedRuns({ runs }: Experiment | Orphan): readonly Run[] {
  return runs.filter(({ status }) => isUnfinished(status));
}

/** `null` where something stands there that no file can replace: a directory, a pipe, a device. */
async function readRecord(
  root: string,
  path: StorePath,
  subject: Problem["subject"],
  copies: FindCopy,
): Promise<RecordEvidence | null> {
  const file = subject === "trace" ? "trace_info.yaml" : "meta.yaml";
  const at = join(root, path, file);
  const info = infoOf(at);
  if (info !== null && !info.isFile && !info.isSymlink) return null;
  const changed = info ?? infoOf(dirname(at));
  return {
    file,
    stamp: fileStamp(at),
    text: info?.isFile ? readLeniently(at) : null,
    changed: changed?.mtime?.getTime() ?? 0,
    kept: await copies(
      asStorePath(`${path}/${file}`),
      (text) => isSoundRecord(text, path, subject),
    ),
    hasTags: infoOf(join(root, path, "tags")) !== null,
  };
}

/** What is no text becomes U+FFFD. */
function readLeniently(path: string): string | null {
  try {
    const bytes = readBytes(path, { most: MOST.record });
    return new TextDecoder(encodingOf(bytes)).decode(bytes);
  } catch {
    return null;
  }
}

/** What PowerShell and Notepad write, by its byte order mark, or since a key is ASCII. */
function encodingOf([first, second, third, fourth]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first && second === 0 && third && fourth === 0) return "utf-16le";
  return first === 0 && second && third === 0 && fourth ? "utf-16be" : "utf-8";
}

/** As MLflow reads it, with a byte order mark. */
function readWhole(path: string): string | null {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      readBytes(path, { most: MOST.text }),
    );
  } catch {
    return null;
  }
}

async function readEntry(
  root: string,
  path: StorePath,
  { withText, withTree }: { readonly withText: boolean; readonly withTree: boolean },
): Promise<EntryEvidence | null> {
  const at = join(root, path);
  const info = infoOf(at);
  if (info === null) return null;
  const tree = withTree && !info.isSymlink ? await measureTree(at, newMeasurer()) : null;
  return {
    stamp: fileStamp(at),
    treeStamp: tree?.stamp ?? "",
    usage: tree?.freed ?? { bytes: 0, files: 0 },
    changed: info.mtime?.getTime() ?? 0,
    text: withText ? readWhole(at) : null,
    kind: info.isSymlink ? "link" : info.isDirectory ? "directory" : "file",
  };
}

const NEEDED = ["metrics", "params", "artifacts"];

/** `null` where not all can be read: what is rebuilt of the rest would be less than there is. */
async function readRun(root: string, path: string): Promise<RunEvidence | null> {
  const inspection = { root, list: listDirectory, problems: [] };
  const folders = NEEDED.map((name) => [name, join(root, path, name)] as const);
  const tags = new Map<string, string>();
  let unread = 0;
  await walkKeys(inspection, `${path}/tags`, (key, _, fact) => {
    if (fact.kind === "text") tags.set(key, fact.text);
    if (isUnread(fact)) unread++;
  });
  let points: { first: number; last: number } | null = null;
  await walkKeys(inspection, `${path}/metrics`, (_key, _path, fact) => {
    if (isUnread(fact)) unread++;
    if (fact.kind !== "text") return;
    for (const [, time] of fact.text.matchAll(/^(\d{1,15}) \S+(?: \S+)*\r?\n/gm)) {
      const at = Number(time);
      points = points === null
        ? { first: at, last: at }
        : { first: Math.min(points.first, at), last: Math.max(points.last, at) };
    }
  });
  const own = await fileTimes(join(root, path), ["tags", "params", "metrics"]);
  const artifacts = await fileTimes(join(root, path), ["artifacts"]);
  const tree = await measureTree(join(root, path), newMeasurer());
  const isKnown = own !== null && artifacts !== null && tree !== null;
  if (!isKnown || unread + inspection.problems.length > 0) return null;
  const all = [...own, ...artifacts];
  return {
    lacks: folders.flatMap(([name, at]) => isGone(at) ? [name] : []),
    blocked: folders.flatMap(([name, at]) => infoOf(at)?.isFile ? [name] : []),
    tags,
    points,
    oldestFile: own.length === 0 ? null : own.reduce((least, time) => Math.min(least, time)),
    newestFile: all.length === 0 ? null : all.reduce((most, time) => Math.max(most, time)),
    newestChange: tree.newestChange,
  };
}

/** What is no text is there and read; what the disk does not give may hold anything. */
function isUnread(fact: TextFact): boolean {
  return fact.kind === "failed" && fact.damage === "io";
}

/** `null` where not all can be listed. */
async function fileTimes(
  directory: string,
  folders: readonly string[],
): Promise<readonly number[] | null> {
  const times: number[] = [];
  const left = folders.map((name) => join(directory, name));
  for (let at; (at = left.pop()) !== undefined;) {
    const listed = await listDirectory(at);
    if (listed.kind === "failed") {
      if (infoOf(at)?.isDirectory) return null;
      continue;
    }
    for (const { name, isDirectory } of listed.entries) {
      const inner = join(at, name);
      if (isDirectory) left.push(inner);
      else times.push(...[infoOf(inner)?.mtime?.getTime() ?? []].flat());
    }
  }
  return times;
}

const LOCATION = `tags/${LOCATION_TAG}`;

async function readTraceLocations(
  root: string,
  experiment: StorePath,
): Promise<readonly TraceLocation[]> {
  const listed = await listDirectory(join(root, experiment, "traces"));
  if (listed.kind === "failed") return [];
  return listed.entries.flatMap(({ name }) => {
    const path = `${experiment}/traces/${name}/${LOCATION}`;
    const stamp = fileStamp(join(root, path));
    const uri = stamp === ABSENT ? null : readLeniently(join(root, path));
    return uri === null ? [] : [{ path: asStorePath(path), uri, stamp }];
  });
}

/** Of all places that records may mean, those where something is, and of those they name those where nothing is. */
async function findPlaces(
  root: string,
  named: readonly NamedPlace[],
  from: string | null,
): Promise<Pick<Evidence, "places" | "filled" | "gone">> {
  const places = new Set<string>();
  const filled = new Set<string>();
  const gone = new Set<string>();
  for (const { uri, own } of named) {
    if (own !== null && uri === `file://${root}/${own}`) continue;
    for (const place of formerPlaces(uri, { root, own, from })) {
      const at = [join(root, place), join(root, ".trash", place)]
        .find((each) => infoOf(each) !== null);
      if (at === undefined) continue;
      const isArtifacts = own?.includes("/") === true;
      if (isArtifacts && !await showsAll(at, shownAt(root, uri))) continue;
      places.add(place);
      if (isArtifacts && await holdsSomething(at)) filled.add(place);
    }
    for (const path of tellingPlaces(uri)) if (isCertainlyGone(path)) gone.add(path);
  }
  return { places, filled, gone };
}

async function holdsSomething(path: string): Promise<boolean> {
  const listed = await listDirectory(path);
  return listed.kind !== "failed" && listed.entries.length > 0;
}

/** Where MLflow finds what a URI names, if it is started beside the store; `null`: nowhere. */
function shownAt(root: string, uri: string): string | null {
  const relative = relativePathOf(uri);
  return relative === null ? localPathOf(uri) : join(dirname(root), relative);
}

/** Whether MLflow shows all that it has shown once it looks at another place. */
async function showsAll(place: string, before: string | null): Promise<boolean> {
  const shown = before === null ? null : await listDirectory(before);
  if (shown === null || shown.kind === "failed" || shown.entries.length === 0) return true;
  const listed = await listDirectory(place);
  if (listed.kind === "failed") return false;
  const names = new Set(listed.entries.map(({ name }) => name));
  return shown.entries.every(({ name }) => names.has(name));
}
