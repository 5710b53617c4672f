/**
 * A change of a database on a disk that has no room for its log, and of which nothing is to be kept.
 *
 * *Ordering*: the artifacts of what is to go for good go before its rows, one tree after the other: each by one
 * rename, durably, and then it is freed. None of that takes room. With the room that it makes all rows go as always,
 * see `begin_change.ts`. Rows themselves make none: SQLite keeps what they took for others.
 *
 * *Locking*: the caller holds the store's lock, or holds it as soon as there is room for our directory.
 *
 * *After an interruption*: what was to go is still soft-deleted, without the artifacts that are gone, and goes with
 * the next change; a tree on its way out is freed by whoever locks the store next.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Action } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { isLocalRoot } from "../../../lib/snapshot/artifact_root.ts";
import { addUsage, type DiskUsage, NO_USAGE, type Remains } from "../../../lib/store/usage.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free, writeAll } from "../../_io/durable.ts";
import { failureText, infoOf } from "../../_io/read.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import type { Change } from "../../ports/store.ts";
import type { LoggedTree } from "../log/removed_rows.ts";
import { leavingPlace } from "../log/state_directory.ts";
import type { Tables } from "../scan/tables.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { isPurge, lookAtPurges, type Purge, standsAsPlanned, subjectFor } from "./purge.ts";
import type { ReadNamed } from "../rows/judge_tree.ts";
import { purgeTrees } from "./purge_trees.ts";

/** As much is wanted free before a change begins that is to make room: seldom does its log take more. */
const ROOM = 1 << 20;

/**
 * Tells whether a disk has room for a change, roughly. Needs write permission for it.
 *
 * @param database Absolute real path of the database's file.
 * @returns Whether it has.
 */
export function hasRoom(database: string): boolean {
  const probe = leavingPlace(database);
  try {
    using file = Deno.openSync(probe, { write: true, createNew: true, mode: 0o600 });
    writeAll(file, new Uint8Array(ROOM));
    return true;
  } catch (error) {
    // What could not be freed there tells nothing.
    if (error instanceof Deno.errors.AlreadyExists) return true;
    if (!isDiskFull(error)) throw error;
    return false;
  } finally {
    free(probe);
  }
}

/** What such a change is about. */
export interface LeaveFirstOptions {
  readonly actions: readonly Action[];
  readonly tables: Tables;
  readonly rows: OwnedRows;
  /** Absolute real path of the database's file. */
  readonly path: string;
  readonly readNamed: ReadNamed;
  readonly places: OpenPlace;
  /** What is on its way out has such an id. */
  readonly id: string;
  /** Begins the change that does the rest. */
  readonly begin: () => Promise<Change>;
}

/**
 * Begins such a change. Needs read and write permission for the artifacts.
 *
 * @param options What it is about.
 * @returns The change, of which nothing has been done yet; `null` where nothing of it makes room on that disk.
 */
export async function leaveFirst(
  { actions, tables, rows, path, readNamed, places, id, begin }: LeaveFirstOptions,
): Promise<Change | null> {
  const purges = actions.filter(isPurge);
  const known = lookAtPurges(tables, rows, purges);
  const leaving = new Set(
    purges.flatMap((one) => one.kind === "purge-experiment" ? one.experimentId : []),
  );
  const how = { change: id, keepBackup: false, readNamed, leaving };
  const prepared = await (await purgeTrees({ database: path, places, rows, ...how }))
    .prepare(purges.map(subjectFor));
  const device = infoOf(dirname(path))?.dev;
  const isHere = ({ root, path }: LoggedTree) =>
    isLocalRoot(root) && infoOf(join(root, path))?.dev === device;
  const here = new Map(purges.map((action, index): [Purge, readonly LoggedTree[]] => {
    const one = prepared[index];
    return [action, one?.kind === "ready" ? one.trees.filter(isHere) : []];
  }));
  if ([...here.values()].flat().length === 0) return null;
  const remains: Remains[] = [];
  const leave = async (action: Purge): Promise<DiskUsage> => {
    if (!standsAsPlanned({ tables, rows }, known, action)) return NO_USAGE;
    const gone: DiskUsage[] = [];
    for (const { root, path: tree } of here.get(action)!) {
      const way = leavingPlace(path);
      const asked = [{ change: id, path: tree }];
      const [one] = await (await places(root)).setAside(asked, { keepBackup: false, leaving: way });
      if (one?.kind !== "set-aside") continue;
      const message = await tryFreeTree(way);
      if (message !== null) remains.push({ path: way, message });
      gone.push(one.usage);
    }
    return addUsage(gone);
  };
  let rest: Change | null = null;
  return {
    async *performAll(how = {}) {
      const left = new Map<Action, DiskUsage>();
      for (const action of purges) {
        if (how.signal?.aborted || await how.isStillPlanned?.(action) === false) continue;
        left.set(action, await leave(action));
      }
      try {
        rest = await begin();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const message = failureText(error);
        yield* actions.map(({ kind, path }) =>
          ({ kind, path, outcome: "failed", message }) as const
        );
        return;
      }
      let count = 0;
      for await (const one of rest.performAll(how)) {
        yield withUsage(one, left.get(actions[count++]!));
      }
    },
    async finish(work = {}) {
      const kept = await rest?.finish(work) ?? null;
      for (const one of remains) work.onRemains?.(one);
      return kept;
    },
    [Symbol.asyncDispose]: async () => await rest?.[Symbol.asyncDispose](),
  };
}

function withUsage(one: ActionOutcome, left: DiskUsage | undefined): ActionOutcome {
  if (one.outcome !== "applied" || left === undefined) return one;
  return { ...one, usage: addUsage([one.usage, left]) };
}
