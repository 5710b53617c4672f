/**
 * Artifacts and datasets of a run.
 *
 * @module
 */

import { dirname, fromFileUrl, isAbsolute, join } from "@std/path";
import { md5 } from "../../lib/md5.ts";
import { datasetMeta, inputMeta } from "../../lib/tracking_meta.ts";
import type { Dataset } from "../../lib/tracking_model.ts";
import type { ArtifactContent, Durability, Placement } from "../tracking.ts";
import { infoOf } from "./own_directory.ts";
import { makeDirectories, placeNewDirectory, syncEntry, syncFile, type Writing } from "./place.ts";

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
 * Puts a file, or all files of a directory, among the artifacts of a run, wherever its artifact URI says
 * that they are. Each file appears whole; what was there under its name is replaced, as MLflow does.
 *
 * @param place The run.
 * @param artifactUri Where its artifacts are.
 * @param path The path below that.
 * @param content A file or directory, or bytes.
 * @returns What came of it.
 * @throws {Deno.errors.NotSupported} When the artifacts are not on a disk of this machine.
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
      Deno.writeFileSync(aside.path, content.bytes);
      await putInPlace(place, aside.path, base, path);
    } else {
      for (const [source, name] of filesOf(content.path, path)) {
        using aside = newAside(place);
        await Deno.copyFile(source, aside.path);
        await putInPlace(place, aside.path, base, name);
      }
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
async function putInPlace(
  place: RunPlace,
  aside: string,
  base: string,
  name: string,
): Promise<void> {
  const isDurable = place.durability === "always";
  if (isDurable) syncFile(aside);
  const target = makePlaceFor(place, base, name);
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
async function copyBeside(source: string, target: string, isDurable: boolean): Promise<void> {
  const beside = join(dirname(target), `.mltidy-${crypto.randomUUID()}`);
  try {
    await Deno.copyFile(source, beside);
    if (isDurable) syncFile(beside);
    Deno.renameSync(beside, target);
  } catch (error) {
    if (infoOf(beside)) Deno.removeSync(beside);
    throw error;
  }
}

function makePlaceFor({ directory, keep }: RunPlace, base: string, path: string): string {
  const names = path.split("/");
  if (base === join(directory, "artifacts")) {
    makeDirectories(directory, ["artifacts", ...names.slice(0, -1)], keep);
  } else {
    Deno.mkdirSync(dirname(join(base, ...names)), { recursive: true });
  }
  return join(base, ...names);
}

function localDirectory(artifactUri: string): string {
  if (/^file:/i.test(artifactUri)) return fromFileUrl(artifactUri).replace(/\/+$/, "");
  if (isAbsolute(artifactUri)) return artifactUri;
  throw new Deno.errors.NotSupported(
    `the artifacts of this run are at ${
      artifactUri || "no known place"
    }, not on a disk of this machine`,
  );
}

/** The files below a path, each with the name that it gets; links are followed, loops are not. */
function* filesOf(
  path: string,
  name: string,
  above: readonly string[] = [],
): Generator<readonly [source: string, name: string]> {
  const { isFile, isDirectory } = Deno.statSync(path);
  if (isFile) yield [path, name];
  if (!isDirectory) return;
  const real = Deno.realPathSync(path);
  if (above.includes(real)) return;
  for (const entry of [...Deno.readDirSync(path)]) {
    yield* filesOf(join(path, entry.name), `${name}/${entry.name}`, [...above, real]);
  }
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
  makeDirectories(base, [folder], keep);
  const target = join(base, folder, id);
  const isNew = placeNewDirectory(writing, target, (aside) => {
    Deno.writeTextFileSync(join(aside, "meta.yaml"), text);
    if (durability === "always") syncEntry(join(aside, "meta.yaml"));
  });
  if (isNew) keep(join(target, "meta.yaml"));
  return isNew;
}

function digest(text: string): string {
  return md5(new TextEncoder().encode(text));
}
