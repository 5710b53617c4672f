/**
 * Artifacts and datasets of a run.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "@std/path";
import { datasetMeta, inputMeta } from "../../../lib/records/tracking_meta.ts";
import type { Dataset } from "../../../lib/store/tracking_model.ts";
import { syncFile, writeAll } from "../../_io/durable.ts";
import { fileUriPath } from "../../_io/file_uri.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { failureText, infoOf, realPathOrNull } from "../../_io/read.ts";
import type { ArtifactContent, Durability, Placement } from "../../ports/tracking.ts";
import {
  makeDirectories,
  makeWay,
  modelAt,
  modelOfCopy,
  openNew,
  writeNew,
} from "../own/make_new.ts";
import { placeNewDirectory, type Writing } from "../own/place.ts";

/** Where a run is written, and how. */
export interface RunPlace {
  /** Absolute path of the run's directory. */
  readonly directory: string;
  /** Where things are written before they get their place. */
  readonly writing: Writing;
  /** When what is written reaches the disk. */
  readonly durability: Durability;
  /** Remembers what has to be made durable, or does it at once. */
  readonly keep: (path: string) => void;
}

/**
 * Puts a file, or a directory with all that is in it, among the artifacts of a run, wherever its artifact URI
 * says that they are. Each file appears whole; what was there under its name is replaced, as MLflow does.
 * The run's own artifacts, when they are in the directory, are left out.
 *
 * @param place The run.
 * @param artifactUri Where its artifacts are.
 * @param path The path below that.
 * @param content A file or directory, or bytes.
 * @returns What came of it.
 * @throws {Deno.errors.NotSupported} When the artifacts are not on a disk of this machine; when something
 *   could not be copied, such as a pipe or a link to nothing, after all the rest has been.
 * @throws {Deno.errors.NotFound} When there is no such file or directory.
 */
export async function putArtifact(
  place: RunPlace,
  artifactUri: string,
  path: string,
  content: ArtifactContent,
): Promise<Placement> {
  const base = localDirectory(artifactUri);
  try {
    if ("bytes" in content) {
      using aside = newAside(place);
      const target = makePlaceFor(place, base, path);
      writeNew(aside.path, content.bytes, modelAt(target), false);
      await putInPlace(place, aside.path, target);
    } else {
      const isUrl = /^file:\/\//i.test(content.path);
      await copySource(place, base, isUrl ? fileUriPath(content.path) : content.path, path);
    }
    return { placed: "logged", twin: null };
  } catch (error) {
    if (
      error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory
    ) return { placed: "blocked", by: path };
    throw error;
  }
}

/** A path for a file that goes to its place, or goes. */
function newAside({ writing }: RunPlace): Disposable & { readonly path: string } {
  const path = writing.newPath();
  return {
    path,
    [Symbol.dispose]() {
      if (infoOf(path)) Deno.removeSync(path);
    },
  };
}

/** On one disk it is there when this returns, awaited or not. */
async function putInPlace(place: RunPlace, aside: string, target: string): Promise<void> {
  // What replaces something durable is durable itself, or a power loss leaves neither.
  const isDurable = place.durability === "always" ||
    place.durability === "end" && infoOf(target) !== null;
  if (isDurable) syncFile(aside);
  try {
    Deno.renameSync(aside, target);
  } catch (error) {
    // An artifact location of its own may lie on another disk.
    const isElsewhere = error instanceof Error && "code" in error && error.code === "EXDEV";
    if (!isElsewhere) throw error;
    await copyBeside(aside, target, isDurable);
  }
  place.keep(target);
}

/** Copies a file to its place so that it appears whole there. */
async function copyBeside(aside: string, target: string, isDurable: boolean): Promise<void> {
  const beside = join(dirname(target), `.mltidy-${crypto.randomUUID()}`);
  try {
    using source = Deno.openSync(aside);
    await copyNew(source, beside, target);
    if (isDurable) syncFile(beside);
    Deno.renameSync(beside, target);
  } catch (error) {
    if (infoOf(beside)) Deno.removeSync(beside);
    throw error;
  }
}

/** Bytes that are copied at once. */
const CHUNK = 1 << 20;

/** Copies what is open, never with a set-ID bit, which the copy would lend to whoever wrote the original. */
async function copyNew(source: Deno.FsFile, path: string, target: string): Promise<void> {
  const info = source.statSync();
  using file = openNew(path, modelOfCopy(info, target));
  const buffer = new Uint8Array(Math.max(1, Math.min(CHUNK, info.size)));
  for (let size; (size = await source.read(buffer)) !== null;) {
    writeAll(file, buffer.subarray(0, size));
  }
}

function makePlaceFor(place: RunPlace, base: string, path: string): string {
  const names = path.split("/");
  makeFolder(place, base, names.slice(0, -1));
  return join(base, ...names);
}

function makeFolder(
  { directory, writing, keep }: RunPlace,
  base: string,
  names: readonly string[],
): void {
  if (base === join(directory, "artifacts")) {
    makeDirectories(directory, ["artifacts", ...names], writing.newPath, keep);
  } else {
    makeWay(join(base, ...names));
  }
}

function localDirectory(artifactUri: string): string {
  if (/^file:/i.test(artifactUri)) return fileUriPath(artifactUri).replace(/\/+$/, "");
  if (isAbsolute(artifactUri)) return artifactUri;
  throw new Deno.errors.NotSupported(
    `the artifacts of this run are at ${
      artifactUri || "no known place"
    }, not on a disk of this machine`,
  );
}

/** What is to be copied, each with the name that it gets, and what cannot be. */
interface Sources {
  readonly files: (readonly [source: string, name: string])[];
  readonly emptyDirectories: string[];
  readonly left: string[];
}

async function copySource(
  place: RunPlace,
  base: string,
  source: string,
  name: string,
): Promise<void> {
  // All of it is listed before anything is copied: the run may lie in it.
  const { files, emptyDirectories, left } = await listSources(source, name, realPathOrNull(base));
  for (const directory of emptyDirectories) makeFolder(place, base, directory.split("/"));
  for (const [path, name] of files) {
    const source = openSource(path, left);
    if (source === null) continue;
    using _open = source;
    using aside = newAside(place);
    const target = makePlaceFor(place, base, name);
    await copyNew(source, aside.path, target);
    await putInPlace(place, aside.path, target);
  }
  if (left.length === 0) return;
  const shown = left.slice(0, MOST_SHOWN).join("; ");
  const more = left.length > MOST_SHOWN ? `; and ${left.length - MOST_SHOWN} more` : "";
  throw new Deno.errors.NotSupported(`could not copy ${shown}${more}`);
}

function openSource(path: string, left: string[]): Deno.FsFile | null {
  try {
    return Deno.openSync(path);
  } catch (error) {
    const isItsOwn = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (!isItsOwn) throw error;
    left.push(`${path}: ${failureText(error)}`);
    return null;
  }
}

/** So many of what could not be copied are named. */
const MOST_SHOWN = 5;

/** Links are followed, loops are not. */
async function listSources(
  source: string,
  name: string,
  ownArtifacts: string | null,
): Promise<Sources> {
  const found: Sources = { files: [], emptyDirectories: [], left: [] };
  const add = async (path: string, name: string, above: readonly string[]): Promise<void> => {
    const { isFile, isDirectory } = Deno.statSync(path);
    if (isFile) return void found.files.push([path, name]);
    // To open a pipe is to wait for whoever writes into it.
    if (!isDirectory) return void found.left.push(`${path}: it is no file and no directory`);
    const real = Deno.realPathSync(path);
    if (real === ownArtifacts && above.length === 0) {
      return void found.left.push(`${path}: these are the run's artifacts already`);
    }
    if (above.includes(real) || real === ownArtifacts) return;
    const listed = await listDirectory(path);
    if (listed.kind === "failed") return void found.left.push(`${path}: ${listed.message}`);
    const { entries } = listed;
    if (entries.length === 0) found.emptyDirectories.push(name);
    for (const entry of entries) {
      const below = join(path, entry.name);
      try {
        await add(below, `${name}/${entry.name}`, [...above, real]);
      } catch (error) {
        found.left.push(`${below}: ${failureText(error)}`);
      }
    }
  };
  await add(source, name, []);
  return found;
}

/**
 * Records that a run used a dataset: once in its experiment, once in the run, under the ids that MLflow
 * computes.
 *
 * @param place The run.
 * @param runId Its id.
 * @param dataset The dataset.
 * @param tags What it was to the run.
 * @returns What came of it.
 */
export function putInput(
  place: RunPlace,
  runId: string,
  dataset: Dataset,
  tags: ReadonlyMap<string, string>,
): Placement {
  const datasetId = digest(dataset.name + dataset.digest);
  const inputId = digest(datasetId + runId);
  const experiment = dirname(place.directory);
  // First what is referred to, then what refers to it.
  placeMeta(place, experiment, ["datasets", datasetId], datasetMeta(dataset));
  const isNew = placeMeta(place, place.directory, ["inputs", inputId], inputMeta(datasetId, tags));
  return { placed: isNew ? "logged" : "unchanged", twin: null };
}

function placeMeta(
  { writing, keep, durability }: RunPlace,
  base: string,
  [folder, id]: readonly [string, string],
  text: string,
): boolean {
  makeDirectories(base, [folder], writing.newPath, keep);
  const target = join(base, folder, id);
  const isDurable = durability === "always";
  const isNew = placeNewDirectory(writing, target, { files: [["meta.yaml", text]] }, isDurable);
  if (isNew) keep(join(target, "meta.yaml"));
  return isNew;
}

/** MLflow's names of datasets and of inputs are MD5s; they protect nothing here. */
function digest(text: string): string {
  // An import would cost all that start, and this is seldom.
  // deno-lint-ignore no-process-global
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("md5").update(text).digest("hex");
}
