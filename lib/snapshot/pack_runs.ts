/**
 * Runs ↔ columns: a form in which many runs pass cheaply from one thread to another, and out of which
 * they share all text that they have in common.
 *
 * Text that was cut out of a file keeps the whole file's text alive; what comes out of here does not.
 *
 * @module
 */

import type { RunExtras } from "../store/extras.ts";
import type { ExperimentId, RunId, StorePath } from "../store/path.ts";
import { codeOf, statusOf } from "../store/run_status.ts";
import type { LifecycleStage, Run } from "../store/snapshot.ts";

/** Runs of one experiment, as columns. */
export interface PackedRuns {
  /** One for each run. */
  readonly ids: readonly RunId[];
  /** One for each run. */
  readonly names: readonly string[];
  /** One for each run. */
  readonly stamps: readonly string[];
  /** Each once, as most runs have the same: nothing. */
  readonly extras: readonly RunExtras[];
  /** As many for each run as there are {@linkcode NUMBERS}. */
  readonly numbers: Float64Array;
  /** For each run the number of its tags, then for each tag the places of key and value in `texts`. */
  readonly tags: Uint32Array;
  /** Each text once. */
  readonly texts: readonly string[];
}

const STAGES: readonly LifecycleStage[] = ["active", "deleted"];
const NO_TAGS: ReadonlyMap<string, string> = new Map();

/**
 * What each run has of numbers. An artifact URI is mostly what comes before the run's id, the id, and
 * what comes after: the first and the last are the same for many runs.
 */
const NUMBERS = [
  "status",
  "stage",
  "link",
  "startTime",
  "endTime",
  "deletedTime",
  "lastChange",
  "bytes",
  "files",
  "beforeId",
  "afterId",
  "extras",
] as const;

/**
 * Packs runs.
 *
 * @param runs Runs of one experiment.
 * @returns The columns; nothing in them but plain data that can be copied.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(packRuns([]).ids, []);
 * ```
 */
export function packRuns(runs: readonly Run[]): PackedRuns {
  const texts = new Map<string, number>();
  const numbers = new Float64Array(runs.length * NUMBERS.length);
  const ids: RunId[] = [];
  const names: string[] = [];
  const stamps: string[] = [];
  const extras = new Map<RunExtras, number>();
  const tags: number[] = [];
  let at = 0;
  for (const run of runs) {
    const { id, artifactUri, usage } = run;
    const cut = artifactUri.lastIndexOf(id);
    numbers[at++] = codeOf(run.status);
    numbers[at++] = STAGES.indexOf(run.lifecycleStage);
    numbers[at++] = Number(run.link);
    numbers[at++] = run.startTime;
    numbers[at++] = run.endTime ?? NaN;
    numbers[at++] = run.deletedTime ?? NaN;
    numbers[at++] = run.lastChange ?? NaN;
    numbers[at++] = usage?.bytes ?? NaN;
    numbers[at++] = usage?.files ?? NaN;
    numbers[at++] = placeIn(texts, cut === -1 ? artifactUri : artifactUri.slice(0, cut));
    numbers[at++] = cut === -1 ? NaN : placeIn(texts, artifactUri.slice(cut + id.length));
    numbers[at++] = run.extras === undefined ? NaN : placeIn(extras, run.extras);
    ids.push(id);
    names.push(run.name);
    stamps.push(run.stamp);
    tags.push(run.tags.size);
    for (const [key, value] of run.tags) tags.push(placeIn(texts, key), placeIn(texts, value));
  }
  return {
    ids,
    names: letGo(names),
    stamps,
    extras: [...extras.keys()],
    numbers,
    tags: Uint32Array.from(tags),
    texts: [...texts.keys()],
  };
}

/** Numbers things in the order in which they are first met. */
function placeIn<Thing>(places: Map<Thing, number>, thing: Thing): number {
  return places.getOrInsert(thing, places.size);
}

/** Copies texts, since one that was cut out of a file's text would keep all of that alive. */
function letGo(texts: readonly string[]): readonly string[] {
  const copies = texts.join("\0").split("\0");
  return copies.length === texts.length ? copies : texts;
}

/**
 * Unpacks runs.
 *
 * @param packed The columns.
 * @param experiment The experiment that they belong to: its directory's name, and where it is.
 * @returns The runs as they were packed.
 */
export function unpackRuns(
  packed: PackedRuns,
  experiment: { readonly id: ExperimentId; readonly path: StorePath },
): readonly Run[] {
  const { ids, names, stamps, extras, numbers, tags, texts } = packed;
  // A text that is put together of others, and not looked into, holds them and no copy.
  const folder = `${experiment.path}/`;
  let at = 0;
  let tag = 0;
  const readTags = (): ReadonlyMap<string, string> => {
    const count = tags[tag++]!;
    if (count === 0) return NO_TAGS;
    const read = new Map<string, string>();
    for (let index = 0; index < count; index++) {
      read.set(texts[tags[tag++]!]!, texts[tags[tag++]!]!);
    }
    return read;
  };
  return ids.map((id, index) => {
    const status = statusOf(numbers[at++]!)!;
    const lifecycleStage = STAGES[numbers[at++]!]!;
    const link = numbers[at++] === 1;
    const startTime = numbers[at++]!;
    const endTime = numberOrNull(numbers[at++]!);
    const deletedTime = numberOrNull(numbers[at++]!);
    const lastChange = numbers[at++]!;
    const bytes = numbers[at++]!;
    const files = numbers[at++]!;
    const beforeId = texts[numbers[at++]!]!;
    const afterId = texts[numbers[at++]!];
    const read = extras[numbers[at++]!];
    // To copy each of very many takes long.
    const run: { -readonly [Field in keyof Run]: Run[Field] } = {
      id,
      experimentId: experiment.id,
      path: (folder + id) as StorePath,
      name: names[index]!,
      status,
      lifecycleStage,
      startTime,
      endTime,
      deletedTime,
      artifactUri: afterId === undefined ? beforeId : beforeId + id + afterId,
      link,
      tags: readTags(),
      stamp: stamps[index]!,
      usage: Number.isNaN(bytes) ? null : { bytes, files },
    };
    if (!Number.isNaN(lastChange)) run.lastChange = lastChange;
    if (read !== undefined) run.extras = read;
    return run;
  });
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
