/**
 * The metadata history: copies of the store's records, so that the next one that is lost comes back as it
 * was.
 *
 * ```
 * .mltidy.trash/metadata/TIME.jsonl   first {"schema":"mltidy/metadata/v1","keptAt":MS},
 *                                     then [path, stamp, text] for each record that had changed
 * ```
 *
 * A file holds only what had changed since the ones before it; when there are more than five, they become
 * one with the newest copy of each record whose directory is still there.
 *
 * *Ordering*: a file is written in `staging/`, synced, and renamed into place; files that it replaces go
 * after that.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: what was cut off lies in `staging/`, which the next lock empties.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { dirname, join } from "@std/path";
import type { StoreSnapshot } from "../../lib/model.ts";
import type { KeptText } from "../../lib/repair.ts";
import { fileStamp } from "./measure.ts";
import { infoOf, type OwnPaths, syncDirectory, writeAndSync } from "./own_directory.ts";
import { listDirectory, readText } from "./read.ts";

/** How many files there are at most. */
const MOST_FILES = 5;

/** A copy of one record. */
interface Copy {
  readonly path: string;
  readonly stamp: string;
  readonly text: string;
}

interface Part {
  /** Epoch ms. */
  readonly keptAt: number;
  readonly copies: readonly Copy[];
}

/**
 * Keeps copies of the records that changed since they were kept last: the `meta.yaml` of experiments,
 * runs, logged models, registered models and their versions, where MLflow can read it. Needs read and
 * write permission for the store.
 *
 * @param paths Our directory.
 * @param snapshot The store as it is.
 * @param now Epoch ms.
 */
export function keepMetadata(paths: OwnPaths, snapshot: StoreSnapshot, now: number): void {
  const files = partFiles(paths);
  const parts = files.map(readPart);
  const known = new Map(
    parts.flatMap(({ copies }) => copies.map(({ path, stamp }) => [path, stamp] as const)),
  );
  const changed = recordsOf(snapshot).flatMap((path): readonly Copy[] => {
    const at = join(snapshot.root, path);
    const stamp = fileStamp(at);
    if (known.get(path) === stamp) return [];
    const fact = readText(at);
    return fact.kind === "text" ? [{ path, stamp, text: fact.text }] : [];
  });
  if (changed.length === 0) return;
  const merges = files.length >= MOST_FILES;
  const copies = merges
    ? newestOf([...parts.flatMap((part) => part.copies), ...changed])
      .filter(({ path }) => infoOf(join(snapshot.root, dirname(path))) !== null)
    : changed;
  writePart(paths, { keptAt: now, copies });
  if (merges) { for (const file of files) Deno.removeSync(file); }
}

/**
 * Reads the newest copy of each record. Needs read permission for the store.
 *
 * @param paths Our directory.
 * @returns Copies by their path in the store.
 */
export function readHistory(paths: OwnPaths): ReadonlyMap<string, KeptText> {
  return new Map(
    partFiles(paths).map(readPart).flatMap(({ keptAt, copies }) =>
      copies.map(({ path, text }) => [path, { text, source: "the metadata kept", keptAt }] as const)
    ),
  );
}

function newestOf(copies: readonly Copy[]): readonly Copy[] {
  return [...new Map(copies.map((copy) => [copy.path, copy])).values()];
}

/** The records that MLflow can read, and that lie in the store itself. */
function recordsOf(snapshot: StoreSnapshot): readonly string[] {
  const { experiments, orphans, registeredModels, problems } = snapshot;
  const broken = new Set<string>(problems.map(({ path }) => path));
  const holders = [...experiments, ...orphans].filter(({ link }) => !link);
  const places = [
    ...experiments.filter(({ link }) => !link),
    ...holders.flatMap(({ runs, loggedModels }) => [
      ...runs.filter(({ link }) => !link),
      ...loggedModels,
    ]),
    ...registeredModels.flatMap((model) => [
      ...(broken.has(model.path) ? [] : [model]),
      ...model.versions,
    ]),
  ];
  return places.map(({ path }) => `${path}/meta.yaml`);
}

function partFiles({ own }: OwnPaths): readonly string[] {
  const directory = join(own, "metadata");
  const listed = listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries.filter(({ name, isFile }) => isFile && name.endsWith(".jsonl"))
    .map(({ name }) => join(directory, name)).toSorted();
}

/** A line that is damaged is none: whatever it held is kept again. */
function readPart(file: string): Part {
  const [first = "", ...lines] = Deno.readTextFileSync(file).split("\n");
  const header = parse(first) as { readonly schema?: string; readonly keptAt?: number } | null;
  if (header?.schema !== SCHEMA || typeof header.keptAt !== "number") {
    return { keptAt: 0, copies: [] };
  }
  const copies = lines.flatMap((line) => {
    const fields = line === "" ? null : parse(line);
    if (!Array.isArray(fields) || fields.some((field) => typeof field !== "string")) return [];
    const [path, stamp, text] = fields as readonly string[];
    return path === undefined || stamp === undefined || text === undefined
      ? []
      : [{ path, stamp, text }];
  });
  return { keptAt: header.keptAt, copies };
}

const SCHEMA = "mltidy/metadata/v1";

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function writePart(paths: OwnPaths, { keptAt, copies }: Part): void {
  const directory = join(paths.own, "metadata");
  ensureDirSync(directory);
  const lines = [
    JSON.stringify({ schema: SCHEMA, keptAt }),
    ...copies.map(({ path, stamp, text }) => JSON.stringify([path, stamp, text])),
  ];
  const staged = join(paths.staging, "metadata");
  writeAndSync(staged, lines.map((line) => `${line}\n`).join(""));
  Deno.renameSync(staged, join(directory, newName(directory, keptAt)));
  syncDirectory(directory);
}

/** Later files come later in the alphabet. */
function newName(directory: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, "");
  for (let count = 0;; count++) {
    const name = `${time}-${String(count).padStart(3, "0")}.jsonl`;
    if (infoOf(join(directory, name)) === null) return name;
  }
}
