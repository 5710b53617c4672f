/**
 * A database that this process alone may change, among those that are mltidy.
 *
 * *Ordering*: a change is logged before it touches a row, and ends in the log when all of it is done.
 *
 * *Locking*: our own lock from here to the end, which keeps two tasks of mltidy apart; SQLite's for the
 * milliseconds of each transaction, which keeps MLflow out for as long as it waits anyhow.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { SettledChange } from "../../../lib/backup/report.ts";
import type { Action, SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { stampOf } from "../../../lib/snapshot/assemble_rows.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { guardHeld } from "../../ports/guard_held.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { Change, LockedStore, PerformOptions, Store } from "../../ports/store.ts";
import { type LoggedRow, openChangeLog, type WritableLog } from "./change_log.ts";
import { AT_ONCE, makeChanges, softDeletion, stateOf, undoChanges } from "./change_rows.ts";
import { lockDatabaseBackups } from "./database_backups.ts";
import { openWritable, requireWritable, storeErrorOf } from "../scan/open_database.ts";
import { selectRuns } from "../scan/read_rows.ts";
import { lockDatabase, statePaths } from "./state_directory.ts";
import { placesFor, readTables, selectRows, type Tables, text } from "../scan/tables.ts";

/**
 * Takes the lock of a database and undoes what was cut off. Needs read and write permission for the database and
 * for the directory in which it lies.
 *
 * @param store The store.
 * @param path Absolute real path of its file.
 * @param task The task that takes it, for messages.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When nothing can be written there.
 */
export function lockDatabaseStore(store: Store, path: string, task: string): LockedStore {
  const { location } = store.describe();
  const stack = new DisposableStack();
  try {
    requireWritable(path);
    const lock = stack.use(lockDatabase(path, task, store.now()));
    const log = stack.use(openChangeLog(path));
    const database = stack.use(openWritable(path));
    const settled = settle(log, database);
    const { whileHeld, lock: refuse } = guardHeld(lock, location, task);
    const held = stack.move();
    return {
      ...store,
      settled,
      remains: [],
      changes: {
        ...requireCapability(store, "changes"),
        lock: refuse,
      },
      mending: null,
      backups: {
        ...requireCapability(store, "backups"),
        lock: (directory) =>
          whileHeld(() => lockDatabaseBackups(path, directory, { log, database })),
      },
      begin: ({ actions, task, now, keepBackup }) =>
        whileHeld(() => beginChange({ actions, task, now, keepBackup, log, database, path })),
      [Symbol.asyncDispose]: () => Promise.try(() => held.dispose()),
    };
  } catch (error) {
    stack.dispose();
    throw storeErrorOf(error, path) ?? error;
  }
}

/** What has not come to its end is undone, but for what somebody else has changed since. */
function settle(log: WritableLog, database: DatabaseSync): readonly SettledChange[] {
  return log.list().filter(({ isDone }) => !isDone).map(({ id, task }) => {
    const collisions = undoAll(log, database, id).map((row) =>
      stateOf(database, row) === "gone"
        ? `run ${row.run}: it is in the database no more`
        : `run ${row.run}: it has been changed since, and stays as it is`
    );
    log.remove(id);
    return { id, task, outcome: "reversed", collisions };
  });
}

function undoAll(log: WritableLog, database: DatabaseSync, id: string): readonly LoggedRow[] {
  const rows = log.rowsOf(id);
  const left: LoggedRow[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    left.push(...undoChanges(database, rows.slice(at, at + AT_ONCE)));
  }
  return left;
}

interface BeginOptions {
  readonly actions: readonly Action[];
  readonly task: string;
  readonly now: number;
  readonly keepBackup: boolean;
  readonly log: WritableLog;
  readonly database: DatabaseSync;
  readonly path: string;
}

async function beginChange(options: BeginOptions): Promise<Change> {
  const { actions, task, now, keepBackup, log, database, path } = options;
  const tables = readTables(database);
  const isDated = tables.columns.get("runs")!.has("deleted_time");
  const known = await lookAtRuns(tables, actions.filter(isSoftDelete));
  const { id } = log.begin(task, now);
  let isOpen = true;
  let done = 0;
  const perform = (chunk: readonly SoftDeleteRun[]): readonly ActionOutcome[] => {
    const reasons = new Map<string, SkipReason>();
    const stay = (run: string, because: SkipReason) => void reasons.set(run, because);
    const rows = log.add(
      id,
      chunk.map(({ runId, experimentId }) => ({
        experiment: experimentId,
        run: runId,
        ...softDeletion(runId, isDated ? now : null),
      })),
    );
    let changed: ReadonlySet<LoggedRow> = new Set();
    try {
      let versions: ReadonlyMap<string, string> | null = null;
      const stamps = new Map<string, string>(chunk.map(({ runId, stamp }) => [runId, stamp]));
      changed = new Set(makeChanges(database, rows, ({ run }) => {
        versions ??= versionsOf(tables, chunk.map(({ runId }) => runId));
        const [found] = selectRuns(tables, run);
        if (found === undefined) stay(run, "gone");
        return found !== undefined && stampOf(found) === stamps.get(run) &&
          digestOf(tables, run, versions) === known.get(run);
      }));
    } finally {
      log.drop(rows.filter((row) => !changed.has(row)));
    }
    done += changed.size;
    const deleted = new Set([...changed].map(({ run }) => run));
    return chunk.map(({ kind, path, runId }) =>
      deleted.has(runId)
        ? { kind, path, outcome: "applied", usage: NO_USAGE }
        : { kind, path, outcome: "skipped", because: reasons.get(runId) ?? "changed-since-plan" }
    );
  };
  return {
    performAll: (how) => performAll(actions.filter(isSoftDelete), perform, path, how),
    finish: () =>
      Promise.try(() => {
        isOpen = false;
        if (done > 0 && keepBackup) {
          log.finish(id);
          return { id, path: statePaths(path).changes };
        }
        log.remove(id);
        return null;
      }),
    [Symbol.dispose]() {
      if (!isOpen) return;
      isOpen = false;
      undoAll(log, database, id);
      log.remove(id);
    },
  };
}

async function* performAll(
  actions: readonly SoftDeleteRun[],
  perform: (chunk: readonly SoftDeleteRun[]) => readonly ActionOutcome[],
  path: string,
  { signal, isStillPlanned }: PerformOptions = {},
): AsyncGenerator<ActionOutcome> {
  for (let at = 0; at < actions.length; at += AT_ONCE) {
    const chunk = actions.slice(at, at + AT_ONCE);
    const refused = new Set<SoftDeleteRun>();
    for (const action of chunk) {
      if (await isStillPlanned?.(action) === false) refused.add(action);
    }
    const { aborted = false } = signal ?? {};
    const wanted = aborted ? [] : chunk.filter((action) => !refused.has(action));
    const performed = tryPerform(wanted, perform, path).values();
    for (const action of chunk) {
      const { kind, path } = action;
      if (aborted) yield { kind, path, outcome: "not-run", because: "interrupted" };
      else if (!refused.has(action)) yield performed.next().value!;
      else yield { kind, path, outcome: "skipped", because: "changed-since-plan" };
    }
  }
}

/** What happens in the store is an outcome: none of them has been changed then. */
function tryPerform(
  chunk: readonly SoftDeleteRun[],
  perform: (chunk: readonly SoftDeleteRun[]) => readonly ActionOutcome[],
  path: string,
): readonly ActionOutcome[] {
  try {
    return chunk.length === 0 ? [] : perform(chunk);
  } catch (error) {
    const { message } = storeErrorOf(error, path) ?? error as Error;
    return chunk.map(({ kind, path }) => ({ kind, path, outcome: "failed", message }));
  }
}

function isSoftDelete(action: Action): action is SoftDeleteRun {
  return action.kind === "soft-delete-run";
}

/** How each run stands before the change, see {@linkcode digestOf}. */
async function lookAtRuns(
  tables: Tables,
  actions: readonly SoftDeleteRun[],
): Promise<ReadonlyMap<string, string>> {
  const turn = takeTurns();
  const known = new Map<string, string>();
  for (let at = 0; at < actions.length; at += AT_ONCE) {
    await turn();
    const ids = actions.slice(at, at + AT_ONCE).map(({ runId }) => runId);
    const versions = versionsOf(tables, ids);
    for (const id of ids) known.set(id, digestOf(tables, id, versions));
  }
  return known;
}

/** What of a run's tags and of the registry may protect it, since a stamp tells of its own row alone. */
function digestOf(tables: Tables, run: string, versions: ReadonlyMap<string, string>): string {
  const tags = selectRows<{ key: string; value: string | null }>(tables, {
    table: "tags",
    fields: { key: text("key"), value: text("value") },
    tail: "WHERE run_uuid = ? ORDER BY key",
    values: [run],
  });
  return fingerprintOf([
    ...[...tags].flatMap(({ key, value }) => [key, value ?? ""]),
    "",
    versions.get(run) ?? "",
  ]);
}

/** Run → which versions name it. MLflow has no index for that, so it is asked of many runs at once. */
function versionsOf(tables: Tables, runs: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const rows = selectRows<{ run: string; name: string; version: string }>(tables, {
    table: "model_versions",
    fields: { run: text("run_id"), name: text("name"), version: text("version") },
    needs: ["run_id"],
    tail: `WHERE run_id IN ${placesFor(runs)} ORDER BY name, version`,
    values: runs,
  });
  for (const { run, name, version } of rows) {
    found.set(run, fingerprintOf([found.get(run) ?? "", name, version]));
  }
  return found;
}
