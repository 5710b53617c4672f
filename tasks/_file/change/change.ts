/**
 * One change of a store, from its first step to its backup.
 *
 * *Ordering*: backup directory, then journal (durable), then the steps, each replacing a file only when the
 * old one is in the backup (durable), then the directories that they touched (durable), those of the backup
 * before those of the store, then the manifest (durable), then the journal goes. The manifest is what makes
 * a change undoable; the journal what makes it settleable before that.
 *
 * *Waiting for the disk*: never for one step alone. New files are written and old ones linked into the
 * backup, and both made durable, a group ahead of their turn, see `stage_ahead.ts`, and the directories of
 * the store all together at the end. Nothing is lost by that: only durable files are renamed into place,
 * over what is kept durably, and what a step did before there is a manifest is found out by looking, so no
 * step has to be on disk before the next one begins.
 *
 * *Locking*: the caller holds the store's lock; {@linkcode beginChange} asks for it by its parameter.
 *
 * *After an interruption*: with a manifest the change is complete and only its journal is left to
 * remove; without one every step is taken back. See `settle.ts`.
 *
 * @module
 */

import { join } from "@std/path";
import { StalePlanError } from "../../../lib/errors.ts";
import { pathFault } from "../../../lib/files/action_paths.ts";
import { operationsOf } from "../../../lib/files/operations.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { formatCount } from "../../../lib/text/units.ts";
import { addUsage, type DiskUsage } from "../../../lib/store/usage.ts";
import {
  putTimeBack,
  syncDirectories,
  syncDirectoriesThere,
  syncDirectory,
} from "../../_io/durable.ts";
import { makeLikeParent } from "../../_io/permissions.ts";
import { allocated, failureText, infoOf, timeOf } from "../../_io/read.ts";
import type { FinishWork } from "../../ports/store.ts";
import { type Begin, openJournal, parentsOf, readersOf, type Step } from "../own/journal.ts";
import {
  type ChangeManifest,
  discard,
  freeBackupId,
  nextOrder,
  writeManifest,
} from "../own/manifest.ts";
import type { OwnPaths } from "../own/own_paths.ts";
import { checkSubject, isUntouched } from "./check_subject.ts";
import { movedPaths } from "./rename_tree.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import { carryOut, collisionOf, directoriesToKept, takeBack, type Workplace } from "./operate.ts";
import { copiesOf } from "../copying/copies.ts";
import { settleChange } from "./settle.ts";
import { stageAhead } from "./stage_ahead.ts";

/** A change that is under way. */
export interface FileChange extends Disposable {
  /** Absolute path of its journal. */
  readonly journal: string;
  /**
   * Waits until all is ready that an action needs, so that performing it does not wait for the disk.
   *
   * @param action The action that is performed next.
   */
  ready(action: Action): Promise<void>;
  /**
   * Carries out one of the change's actions, if its subject is still what the plan saw.
   *
   * @param action The action.
   * @returns What came of it; never throws for what the disk does.
   */
  perform(action: Action): Promise<ActionOutcome>;
  /**
   * Leaves one of the change's actions alone that is no longer planned.
   *
   * @param action The action.
   * @returns That it was skipped, and why: what is seen at its subject, or else that something has changed.
   */
  decline(action: Action): Promise<ActionOutcome>;
  /**
   * Ends the change, and frees what is not to be kept.
   *
   * @param work Progress of the freeing.
   * @returns The backup's id and place; `null` when nothing was done or nothing is to be kept.
   */
  finish(
    work?: FinishWork,
  ): Promise<{ readonly id: string; readonly path: string } | null>;
}

/** What a change is about. */
export interface ChangeOptions {
  readonly root: string;
  readonly paths: OwnPaths;
  readonly task: string;
  readonly actions: readonly Action[];
  /** Epoch ms. */
  readonly now: number;
  /** Whether what is taken away stays in a backup. */
  readonly keepBackup: boolean;
  /** Where else backups of the store lie: their ids are not given again. */
  readonly elsewhere?: string;
}

/**
 * Begins a change: when this returns, its intent is on disk. Needs read and write permission.
 *
 * @param _lock The store's lock.
 * @param options What the change is about.
 * @returns The change.
 * @throws {StalePlanError} When an action is about what no planner proposes for it, such as our own directory.
 */
export async function beginChange(_lock: Disposable, options: ChangeOptions): Promise<FileChange> {
  const { root, paths, task, actions, now, keepBackup } = options;
  refuseMisplaced(actions);
  const places = [paths.backups, ...(options.elsewhere === undefined ? [] : [options.elsewhere])];
  const id = freeBackupId([...places, paths.staging], task, now);
  const order = await nextOrder(places, now);
  const backup = join(paths.backups, id);
  const at: Workplace = { root, files: join(backup, "files"), staging: paths.staging };
  makeLikeParent(backup);
  makeLikeParent(at.files);
  const stepsOf = new Map(actions.map((action) => [action, unfold(action, now)]));
  const all = [...stepsOf.values()].flat();
  const indexOf = new Map(all.map((step, index) => [step, index]));
  const begin: Begin = {
    type: "begin",
    schema: "mltidy/journal/v1",
    id,
    direction: "apply",
    task,
    startedAt: now,
    steps: all,
    directories: directoryTimes(root, all),
  };
  syncDirectory(backup);
  syncDirectory(paths.backups);
  const readers = readersOf(root, all);
  const journal = openJournal(paths.journals, begin, readers);
  const ahead = stageAhead(all.map(({ operation }) => operation), at);
  const copies = copiesOf(at);
  const operationsIn = (action: Action) =>
    (stepsOf.get(action) ?? []).map(({ operation }) => operation);
  const done: Step[] = [];
  // What several actions ask for alike, such as the tag of their run, the first that gets to it does.
  const standing = new Set<string>();
  const passed = new Set<string>();
  let usage: DiskUsage = { bytes: 0, files: 0 };
  // What cannot be taken back just now stays in the backup, and so in its manifest.
  const stuck: Step[] = [];
  const undo = (steps: readonly Step[]) => {
    const left: Step[] = [];
    for (const step of steps) {
      for (const path of parentsOf([step])) passed.add(path);
      // What came before a step that stays may hold it, so it stays, too.
      if (left.length > 0 || !tryTakeBack(step, at)) left.unshift(step);
      else standing.delete(keyOf(step));
    }
    stuck.push(...left);
  };

  const carryOutStep = ({ operation }: Step): Deno.FileInfo | null => {
    if (operation.kind !== "copy-tree") return carryOut(operation, at, ahead.take(operation));
    copies.bring(operation);
    return null;
  };
  const skip = (action: Action, because: SkipReason): ActionOutcome => {
    for (const { operation } of stepsOf.get(action) ?? []) ahead.drop(operation);
    return { kind: action.kind, path: action.path, outcome: "skipped", because };
  };

  return {
    journal: journal.path,
    async ready(action) {
      const operations = operationsIn(action);
      for (const operation of operations) await ahead.ready(operation);
      await copies.ready(operations);
    },
    async decline(action) {
      const seen = await checkSubject(root, action);
      return skip(action, typeof seen === "string" ? seen : "changed-since-plan");
    },
    async perform(action) {
      const subject = { kind: action.kind, path: action.path };
      const steps = stepsOf.get(action) ?? [];
      await using _rest = { [Symbol.asyncDispose]: () => copies.drop(operationsIn(action)) };
      const before = await checkSubject(root, action);
      if (typeof before === "string") return skip(action, before);
      // What stands there by now was not there when it was planned.
      if (steps.some((step) => isInTheWay(step, root))) return skip(action, "changed-since-plan");
      const fault = copies.faultOf(operationsIn(action));
      if (fault?.kind === "changed") return skip(action, "changed-since-plan");
      const own: Step[] = [];
      const kept: DiskUsage[] = [before];
      try {
        if (fault !== null) throw new Error(fault.message);
        for (const step of steps) {
          const index = indexOf.get(step)!;
          const key = keyOf(step);
          if (standing.has(key)) continue;
          journal.mark("start", index);
          own.unshift(step);
          standing.add(key);
          const replaced = carryOutStep(step);
          // It is kept as it was, though none leaves the store.
          if (replaced !== null) kept.push({ bytes: allocated(replaced), files: 1 });
          journal.mark("done", index);
        }
        if (!await isUntouched(action, at.files)) {
          undo(own);
          return { ...subject, outcome: "skipped", because: "changed-since-plan" };
        }
      } catch (error) {
        undo(own);
        // What it had kept ahead would be in the way of another that asks for the same.
        for (const { operation } of steps) ahead.drop(operation);
        return { ...subject, outcome: "failed", message: failureText(error) };
      }
      done.push(...own.toReversed());
      usage = addUsage([usage, ...kept]);
      return { ...subject, outcome: "applied", usage: before };
    },
    async finish(work = {}) {
      const settle = () => journal.settle();
      const steps = [...done, ...stuck];
      try {
        await ahead.clear();
        const directories = settleTimes(root, begin, steps, passed);
        await syncTouched(at, steps, passed);
        if (steps.length === 0 || !keepBackup && stuck.length === 0) {
          const leaving = discard(paths, id, settle);
          const message = await tryFreeTree(leaving, work);
          if (message !== null) work.onRemains?.({ path: leaving, message });
          return null;
        }
        writeManifest(paths.backups, {
          schema: "mltidy/backup/v1",
          kind: "change",
          id,
          task,
          store: root,
          createdAt: now,
          order,
          steps,
          directories,
          usage,
        }, readers);
      } catch (error) {
        const { outcome, collisions } = settleChange(root, paths, begin, settle);
        if (outcome === "reversed") {
          throw new Error(
            `Cannot finish ${task}: ${failureText(error)}; ${takenBackText(id, collisions)}`,
            { cause: error },
          );
        }
        return { id, path: backup };
      }
      settle();
      return { id, path: backup };
    },
    [Symbol.dispose]() {
      ahead[Symbol.dispose]();
      journal[Symbol.dispose]();
    },
  };
}

const SAMPLE = 10;

function takenBackText(id: string, collisions: readonly string[]): string {
  if (collisions.length === 0) return "everything was taken back";
  const more = collisions.length - SAMPLE;
  return [
    `everything else was taken back, and backup ${id} keeps what could not be:`,
    ...collisions.slice(0, SAMPLE).map((collision) => `  ${collision}`),
    ...(more > 0 ? [`  … and ${formatCount(more)} more`] : []),
  ].join("\n");
}

function unfold(action: Action, now: number): readonly Step[] {
  return operationsOf(action, { now }).map((operation) => ({
    action: action.kind,
    subject: action.path,
    ...(action.kind === "purge-logged-model" && action.withoutRun !== null
      ? { run: action.withoutRun }
      : {}),
    operation,
  }));
}

function keyOf({ operation }: Step): string {
  return JSON.stringify(operation);
}

function isInTheWay({ operation }: Step, root: string): boolean {
  return operation.kind === "rename-tree" && infoOf(join(root, operation.to)) !== null ||
    operation.kind === "copy-tree" && infoOf(join(root, operation.path)) !== null;
}

function refuseMisplaced(actions: readonly Action[]): void {
  for (const [index, action] of actions.entries()) {
    const fault = pathFault(action);
    if (fault === null) continue;
    throw new StalePlanError(`Cannot apply plan: action ${index + 1} ${fault}; plan again`);
  }
}

function tryTakeBack({ operation }: Step, at: Workplace): boolean {
  try {
    if (collisionOf(operation, at) !== null) return false;
    takeBack(operation, at);
    return true;
  } catch {
    return false;
  }
}

function directoryTimes(root: string, steps: readonly Step[]): Begin["directories"] {
  return [...parentsOf(steps)].flatMap((path) => {
    const time = timeOf(infoOf(join(root, path)));
    return time === null ? [] : [{ path, before: time }];
  });
}

/** Records the times that the change left behind; directories that it only passed get their own back. */
function settleTimes(
  root: string,
  begin: Begin,
  done: readonly Step[],
  passed: ReadonlySet<string>,
): ChangeManifest["directories"] {
  const touched = parentsOf(done);
  const placeOf = movedPaths(root, done);
  return begin.directories.flatMap(({ path, before }) => {
    const after = timeOf(infoOf(join(root, placeOf(path))));
    if (after === null) return [];
    if (touched.has(path)) return [{ path, before, after }];
    if (passed.has(path)) {
      putTimeBack(root, path, before);
    }
    return [];
  });
}

/**
 * In the backup the directories that were made for trees that came there, then those of the store, also
 * where all was taken back. What a replaced file was is in the backup durably since before it was replaced.
 */
async function syncTouched(
  at: Workplace,
  done: readonly Step[],
  passed: ReadonlySet<string>,
): Promise<void> {
  const moved = done.map(({ operation }) => operation).filter(({ kind }) => kind === "move-tree");
  await syncDirectories(new Set(moved.flatMap((operation) => directoriesToKept(operation, at))));
  const placeOf = movedPaths(at.root, done);
  const touched = new Set([...parentsOf(done), ...passed].flatMap((path) => [path, placeOf(path)]));
  await syncDirectoriesThere([...touched].map((path) => join(at.root, path)));
}
