/**
 * What can be undone of a change at the moment, and what else brings back what is gone.
 *
 * A change can no longer be undone once its subject has left the store: a later change took it, and has it
 * in its backup, or kept nothing of it. Then a copy of the store may have it.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import {
  type BackupListing,
  isWholeCopy,
  type Rescue,
  type Undoing,
} from "../../../lib/backup/backup.ts";
import { DamagedBackupError, InvalidArgumentError } from "../../../lib/errors.ts";
import { infoOf } from "../../_io/read.ts";
import type { BackupPreview } from "../../ports/backups.ts";
import type { Selection } from "../change/select_steps.ts";
import type { Step } from "../own/journal.ts";
import type { ChangeManifest } from "../own/manifest.ts";
import { findParts, type Parts, type UndoJob } from "./undo_parts.ts";

/** The other backups of the store. */
export interface Around {
  readonly list: () => Promise<readonly BackupListing[]>;
  /** What each place has of the backup of a change. */
  readonly changesIn: (
    id: string,
  ) => readonly { readonly directory: string; readonly manifest: ChangeManifest }[];
  readonly directoryOf: (id: string) => Promise<string>;
  readonly preview: (id: string, selection: Selection) => Promise<BackupPreview | null>;
}

/**
 * Tells what can be undone of a change. Needs read permission.
 *
 * @param job The change.
 * @param around The other backups.
 * @returns How many of its changes; `null` when there is no backup of it.
 * @throws {DamagedBackupError} When a manifest is damaged.
 */
export async function undoingOf(job: UndoJob, around: Around): Promise<Undoing | null> {
  const parts = await findParts(job);
  if (parts === null) return null;
  const possible = parts.selected - parts.stuck.length;
  const steps = goneIn(job.root, parts);
  if (steps.length === 0) return { possible, waiting: 0, gone: 0 };
  const takers = await takersOf(job.root, steps, job.id, around);
  return { possible, waiting: takers.size, gone: steps.length - takers.size };
}

/**
 * Finds what would bring back what the undoing of a change finds gone. Needs read permission.
 *
 * @param job The change, and what of it.
 * @param around The other backups.
 * @returns A backup of which all, or the part that is named, comes back; `null` when there is none.
 */
export async function findRescue(job: UndoJob, around: Around): Promise<Rescue | null> {
  const parts = await findParts(job);
  const gone = parts === null ? [] : goneIn(job.root, parts);
  if (gone.length === 0) return null;
  const takers = await takersOf(job.root, gone, job.id, around);
  const later = (await around.list()).filter(({ id }) => [...takers.values()].includes(id));
  for (const { id } of later) {
    if (await isFree(around, id, {})) return { id, kind: "change" };
  }
  const lost = gone.filter((step) => !takers.has(step) && !isElsewhere(job.root, step));
  return await findCopy(lost, around);
}

/** What is in the way of these steps is that the store has nothing any more of what they were about. */
function goneIn(root: string, { stuck }: Parts): readonly Step[] {
  const isMissing = (path: string) => infoOf(join(root, path)) === null;
  return stuck.filter(({ operation: { kind, path } }) => {
    const isTree = kind === "move-tree" || kind === "rename-tree";
    const needed = isTree && isMissing(dirname(path)) ? dirname(path) : path;
    return isMissing(path) && isMissing(withoutTrash(needed)) &&
      isMissing(`.trash/${withoutTrash(needed)}`);
  });
}

/** Where an experiment, or something of one, lies that MLflow has not deleted. */
function withoutTrash(path: string): string {
  return path.replace(/^\.trash\//, "");
}

/** Which other change took what a step is about; steps of which none did are not in the answer. */
async function takersOf(
  root: string,
  steps: readonly Step[],
  id: string,
  around: Around,
): Promise<ReadonlyMap<Step, string>> {
  const takers = new Map<string, string>();
  for (const other of await around.list()) {
    if (other.kind !== "change" || other.id === id) continue;
    for (const { directory, manifest } of around.changesIn(other.id)) {
      for (const { operation: { kind, path } } of manifest.steps) {
        const isKept = kind === "move-tree" && infoOf(join(directory, "files", path)) !== null;
        const isFurther = kind === "rename-tree" && infoOf(join(root, path)) === null;
        const name = withoutTrash(path);
        if ((isKept || isFurther) && !takers.has(name)) takers.set(name, other.id);
      }
    }
  }
  const takerOf = (path: string): string | undefined =>
    path === "." ? undefined : takers.get(path) ?? takerOf(dirname(path));
  return new Map(steps.flatMap((step) => {
    const taker = takerOf(withoutTrash(placeOf(root, step)));
    return taker === undefined ? [] : [[step, taker]];
  }));
}

/** A copy would give the store a second one of what is in another place of it. */
function isElsewhere(root: string, { operation }: Step): boolean {
  return operation.kind === "rename-tree" && infoOf(join(root, operation.to)) !== null;
}

/** Where something was last, or what it goes back to where that is missing. */
function placeOf(root: string, step: Step): string {
  const { operation } = step;
  const { path } = operation;
  return operation.kind === "rename-tree" && !isElsewhere(root, step) ? operation.to : path;
}

/** So many are looked for in each copy: what one change was about lies mostly in one. */
const SAMPLE = 200;
/** A copy may be long to read, and is read for each of these. */
const TRIALS = 3;

/** The copy that has the most of it, the newest of several; one without artifacts would not bring it back. */
async function findCopy(gone: readonly Step[], around: Around): Promise<Rescue | null> {
  const every = Math.max(1, Math.floor(gone.length / SAMPLE));
  const sample = gone.filter((_, index) => index % every === 0);
  let best: { readonly id: string; readonly has: readonly Step[] } | null = null;
  for (const listed of await around.list()) {
    if (!isWholeCopy(listed)) continue;
    const { id } = listed;
    const files = join(await around.directoryOf(id), "files");
    const has = sample.filter(({ operation }) => infoOf(join(files, operation.path)) !== null);
    if (has.length > (best?.has.length ?? 0)) best = { id, has };
  }
  if (best === null) return null;
  const { id, has } = best;
  if (await isFree(around, id, {})) return { id, kind: "copy" };
  for (const selection of has.flatMap((step) => selectionOf(step) ?? []).slice(0, TRIALS)) {
    if (await isFree(around, id, selection)) return { id, kind: "copy", ...selection };
  }
  return null;
}

function selectionOf({ subject }: Step): Selection | null {
  const [experiment, run, ...more] = withoutTrash(subject).split("/");
  if (experiment === undefined || more.length > 0) return null;
  return run === undefined ? { experiment } : { run };
}

async function isFree(around: Around, id: string, selection: Selection): Promise<boolean> {
  try {
    const found = await around.preview(id, selection);
    return found !== null && found.changes > 0 && found.collisions.length === 0;
  } catch (error) {
    if (error instanceof InvalidArgumentError || error instanceof DamagedBackupError) return false;
    throw error;
  }
}
