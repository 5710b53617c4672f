/**
 * What was changed in a server's store, behind the port to backups: its log lies on this machine, and there is nothing
 * else that could be brought back.
 *
 * *Ordering*: what is in the way is found before the first request.
 *
 * *Locking*: our own lock is held while something is brought back.
 *
 * *After an interruption*: what has begun to come back comes back with the next task that takes the lock.
 *
 * @module
 */

import { type BackupListing, OF_OTHER, type Undoing } from "../../../lib/backup/backup.ts";
import type { BackupContents } from "../../../lib/backup/resolve_selection.ts";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import {
  type ChangeLog,
  type LoggedChange,
  readChangeLog,
} from "../../_database/log/change_log.ts";
import type { LoggedRow } from "../../_database/log/change_rows.ts";
import { statePaths } from "../../_database/log/state_directory.ts";
import type {
  Backups,
  BackupWork,
  BroughtBackReport,
  LockedBackups,
  RestoreSelection,
} from "../../ports/backups.ts";
import { orStoreError } from "../client/request_error.ts";
import type { ReadingClient } from "../scan/read_pages.ts";
import type { RunRecord } from "../scan/records.ts";
import type { ChangePlace } from "./change_place.ts";
import { readAgain } from "./read_again.ts";
import {
  collisionText,
  deletedExperiments,
  experimentsOf,
  restoreRuns,
  stateOfRun,
} from "./restore_runs.ts";
import { isOtherServer } from "./server_witnesses.ts";

/**
 * Opens what was changed in a server's store for reading. Needs read permission for the log.
 *
 * @param path Absolute path of the file that stands for the server.
 * @param client Asks what reads.
 * @returns The place; nothing of it has been read yet.
 */
export function openServerBackups(path: string, client: ReadingClient): Backups {
  return backupsOf(path, client, async (look) => {
    using log = readChangeLog(path);
    return log === null ? null : await look(log);
  });
}

type Place = Omit<ChangePlace, "change"> & { readonly path: string };

/**
 * Opens the same for whoever holds the lock.
 *
 * @param place Where.
 * @returns The place.
 */
export function lockServerBackups(place: Place): LockedBackups {
  const { path, client, log } = place;
  return {
    ...backupsOf(path, client, async (look) => await look(log)),
    copy: () => unsupported(client, "copy"),
    bringBack: (id, selection = {}, work = {}) =>
      orStoreError(client.server.location, () => bringBack(place, id, selection, work)),
    // It has been there from the beginning.
    take: () => Promise.resolve({ path: statePaths(path).directory, failures: [] }),
    expireRecords: () => Promise.resolve(0),
    remove: (id) => {
      log.remove(id);
      return Promise.resolve(true);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** How many runs come back before the signal is looked at again. */
const CHUNK = 40;

async function bringBack(
  place: Place,
  id: string,
  selection: RestoreSelection,
  { signal }: BackupWork,
): Promise<BroughtBackReport> {
  const { log } = place;
  const rows = rowsOf(log, id, selection);
  const { collisions, deleted } = await lookAt(place.client, log, id, rows);
  if (collisions.length > 0) throw new RestoreCollisionError(id, collisions);
  const isWhole = (selection.experiment ?? selection.run) === undefined;
  // What has begun to come back comes back as a whole; of a part, no run is left on its way.
  if (isWhole) log.reopen(id);
  else log.finish(id, true);
  const inTheWay: string[] = [];
  for (let at = 0; at < rows.length && !signal?.aborted; at += CHUNK) {
    const { back, left } = await restoreRuns(
      { ...place, change: id },
      rows.slice(at, at + CHUNK),
      deleted,
    );
    log.drop(back);
    inTheWay.push(...[...left.values()].map(({ text }) => text));
  }
  if (inTheWay.length > 0) {
    log.finish(id, true);
    throw new RestoreCollisionError(id, inTheWay);
  }
  if (log.rowsOf(id).length === 0) log.remove(id);
  else {
    log.finish(id);
    signal?.throwIfAborted();
  }
  return { changes: rows.length, faults: [] };
}

interface Looked {
  readonly found: ReadonlyMap<string, RunRecord>;
  readonly collisions: readonly string[];
  readonly deleted: ReadonlySet<string>;
  /** Whether the server has another store by now; then nothing was looked at. */
  readonly isOfOther?: true;
}

async function lookAt(
  client: ReadingClient,
  log: ChangeLog,
  id: string,
  rows: readonly LoggedRow[],
): Promise<Looked> {
  if (await isOtherServer(client, log.witnessesOf(id))) {
    return { found: new Map(), collisions: [OTHER], deleted: new Set(), isOfOther: true };
  }
  const found = await readAgain(client, rows);
  const deleted = await deletedExperiments(client, rows);
  const collisions = rows.flatMap((row) =>
    collisionText(stateOfRun(row, found.get(row.run) ?? null), row, deleted) ?? []
  );
  return { found, collisions, deleted };
}

const OTHER =
  "the server: expected the store in which this was changed, found another one: it has none of the experiments that were there";

type Look = <T>(look: (log: ChangeLog) => Promise<T> | T) => Promise<T | null>;

function backupsOf(path: string, client: ReadingClient, within: Look): Backups {
  const { location } = client.server;
  const list = async () =>
    await within((log) =>
      log.list().filter(({ isDone }) => isDone).map((one) => listingOf(path, one))
    ) ?? [];
  const hasLook = <T>(look: (log: ChangeLog) => Promise<T>) =>
    orStoreError(location, () => within(look));
  return {
    directory: statePaths(path).directory,
    list,
    split: () => Promise.resolve([]),
    verify: (id) =>
      Promise.reject(
        new InvalidArgumentError(`Cannot verify ${id}: there are no copies of store ${location}`),
      ),
    async preview(id, selection = {}) {
      const backup = (await list()).find((one) => one.id === id);
      if (backup === undefined) return null;
      return await hasLook(async (log) => {
        const rows = rowsOf(log, id, selection);
        const { collisions } = await lookAt(client, log, id, rows);
        const items = rows.map(({ experiment, run }) => ({
          path: `${experiment}/${run}`,
          how: "as-before" as const,
        }));
        return { backup, changes: rows.length, items, collisions };
      });
    },
    contents: (id) => hasLook((log) => contentsOf(client, log.rowsOf(id))),
    undoing: (id) =>
      hasLook(async (log): Promise<Undoing | null> => {
        if (!log.list().some((one) => one.id === id)) return null;
        const rows = log.rowsOf(id);
        const { found, collisions, isOfOther } = await lookAt(client, log, id, rows);
        if (isOfOther) return OF_OTHER;
        const gone = rows.filter(({ run }) => !found.has(run)).length;
        return { possible: Math.max(0, rows.length - collisions.length), waiting: 0, gone };
      }),
    rescue: () => Promise.resolve(null),
    extract: () => unsupported(client, "copy to another place what was changed in"),
    history: () => Promise.resolve(null),
    expiredRecords: () => Promise.resolve(0),
    onlyCopies: () => Promise.resolve(new Map()),
  };
}

async function contentsOf(
  client: ReadingClient,
  rows: readonly LoggedRow[],
): Promise<BackupContents> {
  const found = await readAgain(client, rows);
  const experiments = await experimentsOf(client, rows);
  return {
    experiments: [...experiments].map(([id, row]) => ({ id, name: row?.name ?? undefined })),
    runs: rows.map(({ run: id, experiment }) => ({
      id,
      name: found.get(id)?.row.name ?? undefined,
      experiment,
    })),
  };
}

function listingOf(
  path: string,
  { id, order, task, createdAt, count }: LoggedChange,
): BackupListing {
  const { changes } = statePaths(path);
  return {
    id,
    path: changes,
    kind: "change",
    task,
    createdAt,
    order,
    changes: count,
    files: 0,
    bytes: 0,
  };
}

function rowsOf(log: ChangeLog, id: string, selection: RestoreSelection): readonly LoggedRow[] {
  const rows = log.rowsOf(id, selection);
  const { experiment, run } = selection;
  if (rows.length > 0 || (experiment ?? run) === undefined) return rows;
  const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
  throw new InvalidArgumentError(
    `Cannot restore ${wanted} from ${id}: the change holds nothing of it`,
  );
}

function unsupported({ server: { location } }: ReadingClient, what: string): Promise<never> {
  return Promise.reject(
    new UnsupportedStoreError(
      `Cannot ${what} store ${location}: mltidy only undoes what it changed over a server; name its database instead, where that can be reached`,
      location,
    ),
  );
}
