/**
 * A change on a disk that has no room for its journal, and of which nothing is to be kept.
 *
 * *Ordering*: what is only to go goes first, one after the other: by one rename out of MLflow's sight, which is
 * made durable, and then it is freed before the next one goes. None of that takes room. With the room that
 * it makes everything else is done as always, see `change.ts`.
 *
 * Where there is not even room for our directory, it goes by a place of its own in the root, see `leavingPlace`.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: each is in the store, whole, or gone; what is left of one on its way out goes with
 * the next task that locks the store. No step of this is taken back: it was to go for good. One that has
 * changed since it was planned is put back or, where something else stands in its place by then, kept in our
 * directory, where nothing frees it.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { operationsOf } from "../../../lib/files/operations.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free, putTimeBack, syncDirectories, writeAll } from "../../_io/durable.ts";
import { hold, moveEntry } from "../../_io/hold.ts";
import { failureText, infoOf, timeOf } from "../../_io/read.ts";
import type { Change } from "../../ports/store.ts";
import { freeName } from "../own/own_directory.ts";
import { leavingPlace, type OwnPaths } from "../own/own_paths.ts";
import { checkSubject, isUntouchedTree } from "./check_subject.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";

/** What such a change is about. */
export interface LeaveFirstOptions {
  readonly root: string;
  readonly paths: OwnPaths;
  readonly actions: readonly Action[];
  /** What lies in our staging directory goes by such an id until it is free. */
  readonly id: string;
  /** Makes our directory where there was no room for it, and tells whether it is there. */
  readonly ready?: () => boolean;
  /** Begins the change that does the rest. */
  readonly begin: (actions: readonly Action[]) => Promise<Change>;
}

/**
 * Tells whether an action does nothing but take something out of the store.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isOnlyTaken(action: Action): boolean {
  return operationsOf(action, { now: 0 }).every(({ kind }) => kind === "move-tree");
}

/** So many blocks are tried at most: a change that takes more seldom meets a disk that has just these. */
const MOST_BLOCKS = 256;
const BLOCK = new Uint8Array(4_096);

/**
 * Tells whether a disk has room for a change, roughly: blocks and names for its journal, for its new files, and
 * for the directories by which old ones are kept until it is finished. Needs write permission for the store.
 *
 * @param actions What is to be done.
 * @param paths Our directory.
 * @returns Whether there is as much; not where there was none for our directory.
 */
export function hasRoomFor(actions: readonly Action[], { staging }: OwnPaths): boolean {
  const steps = actions.flatMap((action) => operationsOf(action, { now: 0 })).length;
  const blocks = Math.min(steps * 3 + 16, MOST_BLOCKS);
  const probe = join(staging, "probe");
  try {
    Deno.mkdirSync(probe);
    using held = hold(probe);
    for (let index = 0; index < blocks; index++) {
      const options = { write: true, createNew: true, mode: 0o600 };
      using file = Deno.openSync(held.at(`${index}`), options);
      writeAll(file, BLOCK);
    }
    return true;
  } catch (error) {
    if (!isDiskFull(error) && !(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  } finally {
    free(probe);
  }
}

/**
 * Begins such a change. Needs read and write permission for the store.
 *
 * @param options What it is about.
 * @returns The change; nothing has been done yet.
 */
export function leaveFirst({ begin, ...options }: LeaveFirstOptions): Change {
  const { actions } = options;
  const remains: Remains[] = [];
  let others: Change | null = null;
  return {
    async *performAll(how = {}) {
      const { signal, isStillPlanned } = how;
      const outcomes = new Map<Action, ActionOutcome>();
      for (const action of actions.filter(isOnlyTaken)) {
        if (signal?.aborted || await isStillPlanned?.(action) === false) continue;
        outcomes.set(action, await leave(action, options, remains));
      }
      const left = actions.filter((action) => !outcomes.has(action));
      const performed = (async function* (): AsyncGenerator<ActionOutcome> {
        if (left.length === 0) return;
        try {
          others = await begin(left);
        } catch (error) {
          const message = failureText(error);
          yield* left.map(({ kind, path }) =>
            ({ kind, path, outcome: "failed", message }) as const
          );
          return;
        }
        yield* others.performAll(how);
      })();
      for (const action of actions) {
        yield outcomes.get(action) ?? (await performed.next()).value;
      }
    },
    async finish(work = {}) {
      const kept = await others?.finish(work) ?? null;
      for (const one of remains) work.onRemains?.(one);
      return kept;
    },
    [Symbol.asyncDispose]: async () => await others?.[Symbol.asyncDispose](),
  };
}

async function leave(
  action: Action,
  { root, paths, id, ready = () => true }: Omit<LeaveFirstOptions, "begin">,
  remains: Remains[],
): Promise<ActionOutcome> {
  const { kind, path } = action;
  const usage = await checkSubject(root, action);
  if (typeof usage === "string") return { kind, path, outcome: "skipped", because: usage };
  const place = join(root, path);
  const isReady = ready();
  const leaving = isReady ? freeName(paths.staging, id) : leavingPlace(root);
  const rootTime = isReady || dirname(place) === root ? null : timeOf(infoOf(root));
  try {
    moveEntry(place, leaving);
  } catch (error) {
    return { kind, path, outcome: "failed", message: failureText(error) };
  }
  let isUntouched = false;
  const faults: string[] = [];
  try {
    isUntouched = await isUntouchedTree(action, leaving);
    if (isUntouched) await syncDirectories([dirname(leaving), dirname(place)]);
  } catch (error) {
    faults.push(failureText(error));
  }
  if (!isUntouched || faults.length > 0) {
    const kept = isReady ? freeName(paths.own, `kept-${id}`) : join(root, `.mltidy-${id}.trash`);
    const elsewhere = putBack(leaving, place, kept);
    if (elsewhere !== null) faults.push(elsewhere);
    return faults.length === 0
      ? { kind, path, outcome: "skipped", because: "changed-since-plan" }
      : { kind, path, outcome: "failed", message: faults.join("; ") };
  }
  const message = await tryFreeTree(leaving);
  if (message !== null) remains.push({ path: leaving, message });
  if (rootTime !== null) putTimeBack(root, "", rootTime);
  return { kind, path, outcome: "applied", usage };
}

/** Says where it lies instead; `null`: it is back. */
function putBack(leaving: string, place: string, kept: string): string | null {
  try {
    moveEntry(leaving, place);
    return null;
  } catch (error) {
    moveEntry(leaving, kept);
    return `it changed while it was taken out and cannot be put back (${
      failureText(error)
    }): it is kept in ${kept}`;
  }
}
