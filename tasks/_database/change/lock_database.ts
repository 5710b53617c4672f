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
import { StoreLockedError } from "../../../lib/errors.ts";
import type { Action, SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { stampOf } from "../../../lib/snapshot/assemble_rows.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import type { RunId } from "../../../lib/store/path.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { Change, LockedStore, PerformOptions, Store } from "../../ports/store.ts";
import { type LoggedRow, openChangeLog, type RowChange, type WritableLog } from "./change_log.ts";
import { AT_ONCE, makeChanges, undoChanges } from "./change_rows.ts";
import { lockDatabaseBackups } from "./database_backups.ts";
import { openWritable, storeErrorOf } from "../scan/open_database.ts";
import { selectRuns } from "../scan/read_rows.ts";
import { lockDatabase, statePaths } from "./state_directory.ts";
import { readTables, selectRows, type Tables, text } from "../scan/tables.ts";

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
    const lock = stack.use(lockDatabase(path, task, store.now()));
    const log = stack.use(openChangeLog(path));
    const database = stack.use(openWritable(path));
    const settled = settle(log, database);
    const assertHeld = () => {
      if (lock.isHeld()) return;
      throw new Error(
        `Cannot change store ${location}: its lock, taken for ${task}, has been released; take it again with lockStore()`,
      );
    };
    const held = stack.move();
    return {
      ...store,
      settled,
      remains: [],
      changes: {
        ...requireCapability(store, "changes"),
        lock: () =>
          Promise.try(() => {
            assertHeld();
            throw new StoreLockedError(
              `Cannot lock store ${location}: this very store is locked already, for ${task}; apply a plan to it with applyPlan(), or give a task the store that was opened, once the lock is released`,
              location,
            );
          }),
      },
      mending: null,
      backups: {
        ...requireCapability(store, "backups"),
        lock: (directory) =>
          Promise.try(() => {
            assertHeld();
            return lockDatabaseBackups(path, directory, { log, database });
          }),
      },
      begin: ({ actions, task, now, keepBackup }) =>
        Promise.try(() => {
          assertHeld();
          return beginChange({ actions, task, now, keepBackup, log, database, path });
        }),
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
    const collisions = undoAll(log, database, id).map(({ run }) =>
      `run ${run}: it has been changed since, and stays as it is`
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

function beginChange(options: BeginOptions): Change {
  const { actions, task, now, keepBackup, log, database, path } = options;
  const tables = readTables(database);
  const known = new Map(
    actions.filter(isSoftDelete).map(({ runId }) => [runId, digestOf(tables, runId)]),
  );
  const { id } = log.begin(task, now);
  let isOpen = true;
  let done = 0;
  const perform = (chunk: readonly SoftDeleteRun[]): readonly ActionOutcome[] => {
    const reasons = new Map<RunId, SkipReason>();
    const isAsPlanned = ({ runId, stamp }: SoftDeleteRun): boolean => {
      const [run] = selectRuns(tables, runId);
      const isSame = run !== undefined && stampOf(run) === stamp &&
        digestOf(tables, runId) === known.get(runId);
      if (!isSame) reasons.set(runId, run === undefined ? "gone" : "changed-since-plan");
      return isSame;
    };
    const wanted = new Map(
      chunk.filter(isAsPlanned).map((action) => [action.runId as string, action]),
    );
    const rows = log.add(id, [...wanted.values()].map((action) => softDeletion(action, now)));
    const changed = new Set(
      makeChanges(database, rows, ({ run }) => isAsPlanned(wanted.get(run)!)),
    );
    log.drop(rows.filter((row) => !changed.has(row)));
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

/** As MLflow's SQL store deletes a run: `mlflow/store/tracking/sqlalchemy_store.py`, `delete_run`. */
function softDeletion({ runId, experimentId }: SoftDeleteRun, now: number): RowChange {
  return {
    experiment: experimentId,
    run: runId,
    table: "runs",
    key: { run_uuid: runId },
    before: { lifecycle_stage: "active", deleted_time: null },
    after: { lifecycle_stage: "deleted", deleted_time: now },
  };
}

/** What of a run's tags and of the registry may protect it, since a stamp tells of its own row alone. */
function digestOf(tables: Tables, run: string): string {
  const tags = selectRows<{ key: string; value: string | null }>(tables, {
    table: "tags",
    fields: { key: text("key"), value: text("value") },
    tail: "WHERE run_uuid = ? ORDER BY key",
    values: [run],
  });
  const versions = selectRows<{ name: string; version: string }>(tables, {
    table: "model_versions",
    fields: { name: text("name"), version: text("version") },
    needs: ["run_id"],
    tail: "WHERE run_id = ? ORDER BY name, version",
    values: [run],
  });
  return fingerprintOf([
    ...[...tags].flatMap(({ key, value }) => [key, value ?? ""]),
    "",
    ...[...versions].flatMap(({ name, version }) => [name, version]),
  ]);
}
