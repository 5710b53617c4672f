/**
 * Settling what was cut off, and undoing what was done: both take steps back.
 *
 * *Ordering*: steps are taken back in the reverse of their order, then the times of the directories, all of
 * that is made durable, and only then the backup and the journal go.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: an apply without a manifest is taken back, one with a manifest is complete;
 * a restore is finished. Each is idempotent, so settling may itself be cut off and done again.
 *
 * @module
 */

import { join } from "@std/path";
import { RestoreCollisionError } from "../../../lib/errors.ts";
import type { Operation } from "../../../lib/files/operations.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { free, putTimeBack, syncDirectoryThere } from "../../_io/durable.ts";
import { hold, holdEntry } from "../../_io/hold.ts";
import { listSome } from "../../_io/list_directory.ts";
import { infoOf, readText, timeOf } from "../../_io/read.ts";
import type { SettledChange } from "../../ports/store.ts";
import {
  type Begin,
  openJournal,
  parentsOf,
  readBegin,
  readersOf,
  settleJournal,
  type Step,
} from "../own/journal.ts";
import {
  type ChangeManifest,
  discard,
  orderOfRest,
  readManifest,
  writeManifest,
} from "../own/manifest.ts";
import { emptyStaging } from "../own/own_directory.ts";
import type { OwnPaths } from "../own/own_paths.ts";
import { collisionOf, takeBack, type Workplace } from "./operate.ts";
import { movedPaths } from "./rename_tree.ts";

/**
 * Settles every change that was cut off. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param paths Our directory.
 * @param files The journals of all changes that were cut off, oldest first.
 * @returns What became of each, and what of earlier ones cannot be freed.
 * @throws {DamagedBackupError} When a journal, or the manifest of its backup, is damaged; then nothing is touched.
 */
export function settleInterrupted(
  root: string,
  paths: OwnPaths,
  files: readonly string[],
): { readonly settled: readonly SettledChange[]; readonly remains: readonly Remains[] } {
  const journals = files.map((path) => {
    const begin = readBegin(path);
    if (begin !== null) readManifest(paths.backups, begin.id);
    return { path, begin };
  });
  const settled: SettledChange[] = [];
  for (const { path, begin } of journals) {
    const settle = () => settleJournal(paths.journals, path);
    if (begin === null) {
      // Nothing had begun: the backup of an apply is hollow, that of a restore holds what it held.
      settle();
      continue;
    }
    settled.push(settleChange(root, paths, begin, settle));
  }
  for (const entry of listSome(paths.backups)) {
    // Behind a link lies what is somebody else's.
    if (!entry.isDirectory) continue;
    const backup = join(paths.backups, entry.name);
    if (hasNoManifest(backup)) {
      // A manifest that was never finished says nothing.
      free(join(backup, "manifest.json.new"));
      removeHollow(backup);
    }
  }
  return { settled, remains: emptyStaging(paths.staging) };
}

/**
 * Settles one change that was cut off, or could not be finished. Needs read and write permission for the
 * store.
 *
 * @param root Absolute real path of the store's root.
 * @param paths Our directory.
 * @param begin What the change set out to do.
 * @param settle Removes the journal.
 * @returns What became of it.
 */
export function settleChange(
  root: string,
  paths: OwnPaths,
  begin: Begin,
  settle: () => void,
): SettledChange {
  const { id, task, direction, startedAt } = begin;
  const manifest = readManifest(paths.backups, id);
  const isCommitted = direction === "apply" &&
    (manifest !== null || infoOf(join(paths.backups, id)) === null);
  if (isCommitted) {
    settle();
    return { id, task, outcome: "completed", collisions: [] };
  }
  const at = workplace(root, paths, id);
  const left = takeBackAll(begin.steps, at);
  restoreTimes(root, begin);
  syncParents(root, begin.steps);
  const wanted = new Set(begin.steps.map(keyOf));
  const others = (manifest?.steps ?? []).filter((step) => !wanted.has(keyOf(step)));
  const steps = [...others, ...left.map(({ step }) => step)];
  keepRest(
    paths,
    {
      schema: "mltidy/backup/v1",
      kind: "change",
      id,
      task: manifest?.task ?? task,
      store: root,
      createdAt: manifest?.createdAt ?? startedAt,
      ...orderOf(paths, begin, manifest),
      steps,
      directories: timesLeft(root, manifest?.directories ?? [], begin.steps, steps),
      usage: manifest?.usage ?? { bytes: 0, files: 0 },
    },
    manifest !== null,
    settle,
  );
  return {
    id,
    task,
    outcome: direction === "apply" ? "reversed" : "completed",
    collisions: left.flatMap(({ messages }) => messages),
  };
}

/** Another operation on the same path takes nothing of this one back. */
function keyOf({ operation }: Step): string {
  return JSON.stringify(operation);
}

/** What is left of an older backup has the place of that, if it has any. */
function orderOf(
  { backups }: OwnPaths,
  { startedAt }: Begin,
  manifest: ChangeManifest | null,
): Pick<ChangeManifest, "order"> {
  if (manifest === null) return { order: orderOfRest(backups, startedAt) };
  return manifest.order === undefined ? {} : { order: manifest.order };
}

/**
 * Says which times are still to be put back once some steps were taken back: what is taken back now changes
 * directories that still miss something, so their time is ours again.
 *
 * @param root Absolute real path of the store's root.
 * @param directories The times that were to be put back.
 * @param taken The steps that were taken back.
 * @param left The steps that were not.
 * @returns Those of directories that still miss something.
 */
export function timesLeft(
  root: string,
  directories: ChangeManifest["directories"],
  taken: readonly Step[],
  left: readonly Step[],
): ChangeManifest["directories"] {
  const missing = parentsOf(left);
  const touched = parentsOf(taken);
  const placeOf = movedPaths(root, left);
  return directories.filter(({ path }) => missing.has(path)).map((directory) => {
    const now = timeOf(infoOf(join(root, placeOf(directory.path))));
    return touched.has(directory.path)
      ? { ...directory, after: now ?? directory.after }
      : directory;
  });
}

/**
 * A backup lives as long as it holds something. One with a manifest goes before its journal, so that
 * none is left that promises what it has not; one without goes after it, for a journal without a backup
 * says that its change was completed.
 */
function keepRest(
  paths: OwnPaths,
  rest: ChangeManifest,
  hadManifest: boolean,
  settle: () => void,
): void {
  if (rest.steps.length > 0) {
    writeManifest(paths.backups, rest, readersOf(rest.store, rest.steps));
    settle();
    return;
  }
  // What no step names was not brought back, so it stays, and a manifest without it would hide it.
  const backup = join(paths.backups, rest.id);
  removeHollow(join(backup, "files"));
  if (infoOf(join(backup, "files")) !== null) {
    settle();
    free(join(backup, "manifest.json"));
  } else if (hadManifest) {
    free(discard(paths, rest.id, settle));
  } else {
    settle();
    free(discard(paths, rest.id, () => {}));
  }
}

/** What has gone meanwhile, or is another directory by now, is nothing to be settled. */
function hasNoManifest(backup: string): boolean {
  try {
    using held = hold(backup);
    return infoOf(held.at("manifest.json")) === null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

/** Removes what is empty in a directory tree, and the tree if it holds no file; nothing that a link leads to. */
function removeHollow(directory: string): void {
  try {
    {
      using held = hold(directory);
      for (const entry of listSome(held.path)) {
        if (entry.isDirectory) removeHollow(join(directory, entry.name));
      }
    }
    using entry = holdEntry(directory);
    Deno.removeSync(entry.path);
  } catch (error) {
    // Not empty, or no directory: what it holds may be somebody's only copy.
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Undoes a change, or part of it: brings back what its backup holds. Needs read and write permission for
 * the store.
 *
 * @param root Absolute real path of the store's root.
 * @param paths Our directory.
 * @param manifest The backup.
 * @param steps Which of its steps.
 * @param now Epoch ms.
 * @param elsewhere Steps of the same change that another place keeps.
 * @returns How many steps were taken back, and which directories could not get their modification time back.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 */
export function undoChange(
  root: string,
  paths: OwnPaths,
  manifest: ChangeManifest,
  steps: readonly Step[],
  now: number,
  elsewhere: readonly Step[] = [],
): { readonly changes: number; readonly lostTimes: readonly string[] } {
  const collisions = collisionsOf(root, paths, manifest.id, steps);
  if (collisions.length > 0) throw new RestoreCollisionError(manifest.id, collisions);
  // A directory that somebody else changed since keeps the time of that change; one that still misses
  // something keeps for now that of ours, by which what brings the rest back knows it.
  const wanted = new Set(steps);
  const left = manifest.steps.filter((step) => !wanted.has(step));
  const unfinished = parentsOf([...left, ...elsewhere]);
  const placeOf = movedPaths(root, manifest.steps);
  const directories = manifest.directories
    .filter(({ path, after }) => timeOf(infoOf(join(root, placeOf(path)))) === after)
    .map((one) => unfinished.has(one.path) ? { ...one, before: one.after } : one);
  const begin: Begin = {
    type: "begin",
    schema: "mltidy/journal/v1",
    id: manifest.id,
    direction: "restore",
    task: "restore",
    startedAt: now,
    steps,
    directories,
  };
  using journal = openJournal(paths.journals, begin, readersOf(root, steps));
  const settled = settleChange(root, paths, begin, () => journal.settle());
  if (settled.collisions.length > 0) {
    throw new RestoreCollisionError(manifest.id, settled.collisions);
  }
  const lostTimes = directories.filter((one) => hasLostTime(root, one)).map(({ path }) => path);
  return { changes: steps.length, lostTimes };
}

/** Only its owner, or root, may set the time of a directory. */
function hasLostTime(root: string, { path, before }: Begin["directories"][number]): boolean {
  const time = timeOf(infoOf(join(root, path)));
  return time !== null && time !== before;
}

/**
 * Finds what is in the way of taking steps back. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param paths Our directory.
 * @param id The backup.
 * @param steps Which of its steps.
 * @returns Each collision in words, with both sides named.
 */
export function collisionsOf(
  root: string,
  paths: OwnPaths,
  id: string,
  steps: readonly Step[],
): readonly string[] {
  const at = workplace(root, paths, id);
  const placeOf = movedPaths(root, steps);
  return steps.flatMap(({ operation }) =>
    collisionOf(operation, at, placeOf(operation.path)) ?? []
  );
}

function takeBackAll(
  steps: readonly Step[],
  at: Workplace,
): readonly { readonly step: Step; readonly messages: readonly string[] }[] {
  const left: { step: Step; messages: readonly string[] }[] = [];
  const away = new Set<string>();
  for (const step of steps.toReversed()) {
    const { subject, operation } = step;
    const found = collisionOf(operation, at);
    if (found !== null && isAway(operation, at)) away.add(subject);
    const staysAway = away.has(subject);
    // Where a record lies by now, nothing is in the way of it.
    const message = staysAway && operation.kind !== "rename-tree" ? null : found;
    const holdsLeft = operation.kind === "create-dir" &&
      left.some((other) => other.step.operation.path.startsWith(`${operation.path}/`));
    if (message !== null) left.unshift({ step, messages: [message] });
    else if (holdsLeft || staysAway) left.unshift({ step, messages: [] });
    else if (!isInUse(step, at)) takeBack(operation, at);
  }
  return left;
}

/** What cannot come back from where it was renamed to keeps the records that tell that it is there. */
function isAway(operation: Operation, { root }: Workplace): boolean {
  return operation.kind === "rename-tree" && infoOf(join(root, operation.path)) === null;
}

/** An experiment that has come to hold something stays, and so does the record that shows it, or that a run needs. */
function isInUse({ action, subject, operation }: Step, { root }: Workplace): boolean {
  if (action === "move-run") return isDatasetInUse(root, operation);
  const isCopied = action === "copy-in" && !subject.includes("/");
  if (action === "copy-in" && !isCopied) return isDatasetInUse(root, operation);
  const at = join(root, subject);
  return (isCopied || action === "create-experiment") && infoOf(at)?.isDirectory === true &&
    listSome(at).some(({ name }) => name !== "meta.yaml" && !(isCopied && name === "tags"));
}

/** Whether this would take the record of a dataset away that a run has come to name. */
function isDatasetInUse(root: string, operation: Operation): boolean {
  const [experiment = "", folder, id] = operation.path.split("/");
  if (operation.kind !== "replace-file" || operation.content.kind !== "new-text") return false;
  if (folder !== "datasets" || id === undefined) return false;
  return namesIn(join(root, experiment)).some((name) => {
    const inputs = join(root, experiment, name, "inputs");
    return namesIn(inputs).some((input) => {
      const read = readText(join(inputs, input, "meta.yaml"));
      return read.kind === "text" && read.text.includes(id);
    });
  });
}

function namesIn(directory: string): readonly string[] {
  try {
    return listSome(directory).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [];
  }
}

function restoreTimes(root: string, { directories }: Begin): void {
  for (const { path, before } of directories) {
    putTimeBack(root, path, before);
  }
}

/** What is back must be there for good before what leads to it in the backup goes. */
function syncParents(root: string, steps: readonly Step[]): void {
  for (const path of parentsOf(steps)) syncDirectoryThere(join(root, path));
}

function workplace(root: string, paths: OwnPaths, id: string): Workplace {
  return { root, files: join(paths.backups, id, "files"), staging: paths.staging };
}
