/**
 * Moving runs of a database into another experiment: all rows of a run, of its models and its traces that name the
 * one that it leaves. Artifacts stay where they are, as the rows say.
 *
 * *Ordering*: what is made of the rows of a run is logged before any is touched; then all of them change in one
 * transaction, or none does.
 *
 * *Locking*: the database's own, for a fraction of a second in each transaction, in which all is looked at again.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type { Action, MoveRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import type { WritableLog } from "../log/change_log.ts";
import { makeAllChanges, mayBeChanged } from "../log/change_rows.ts";
import {
  copiedDataset,
  DATASET_COLUMNS,
  MOVED_TABLES,
  movedInput,
  type MovedRows,
  movedRows,
} from "../log/moved_rows.ts";
import { selectRows, type Tables, text, type Value } from "../scan/tables.ts";

/** Where runs are moved. */
export interface MovePlace {
  readonly tables: Tables;
  readonly log: WritableLog;
  /** The change's id. */
  readonly change: string;
  /** Gives the stamp of a run as it is; `undefined` where there is none. */
  readonly stampOf: (run: string) => string | undefined;
}

/**
 * Tells whether an action moves a run.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isMove(action: Action): action is MoveRun {
  return action.kind === "move-run";
}

/**
 * Moves runs that stand as they were planned. Needs write permission.
 *
 * @param place Where.
 * @param actions What is to move.
 * @returns One outcome for each.
 */
export function moveRuns(place: MovePlace, actions: readonly MoveRun[]): readonly ActionOutcome[] {
  return actions.map((action) => moveRun(place, action));
}

function moveRun({ tables, log, change, stampOf }: MovePlace, action: MoveRun): ActionOutcome {
  const { kind, path, runId: run, experimentId: experiment, to, stamp } = action;
  const { database } = tables;
  const skipped = (because: SkipReason) => ({ kind, path, outcome: "skipped", because } as const);
  const found = stampOf(run);
  if (found !== stamp) return skipped(found === undefined ? "gone" : "changed-since-plan");
  const rows = log.add(change, rowsOf(tables, action).map((row) => ({ experiment, run, ...row })));
  try {
    const isDone = makeAllChanges(
      database,
      rows,
      () => stampOf(run) === stamp && isActive(tables, to),
    );
    if (isDone) return { kind, path, outcome: "applied", usage: NO_USAGE };
  } catch (error) {
    // A server that is heard of no more may have done it all the same.
    log.drop(rows.filter((row) => !mayBeChanged(database, row)));
    throw error;
  }
  log.drop(rows);
  return skipped("changed-since-plan");
}

function isActive(tables: Tables, experiment: string): boolean {
  const [row] = selectRows<{ stage: string | null }>(tables, {
    table: "experiments",
    fields: { stage: text("lifecycle_stage") },
    tail: "WHERE experiment_id = ?",
    values: [Number(experiment)],
  });
  return row?.stage === "active";
}

/** Undoing goes by the same order, so what names a copied dataset comes before that. */
function rowsOf(tables: Tables, action: MoveRun): readonly MovedRows[] {
  const { runId, experimentId, to, records } = action;
  const experiments = { from: Number(experimentId), to: Number(to) };
  const idsIn = (folder: string) =>
    records.flatMap(({ path }) => {
      const [, found, id] = path.split("/");
      return found === folder && id !== undefined ? [decodeURIComponent(id)] : [];
    });
  const ids: Readonly<Record<string, readonly string[]>> = {
    run_uuid: [runId],
    model_id: idsIn("models"),
    request_id: idsIn("traces"),
    trace_id: idsIn("traces"),
  };
  const moved = Object.entries(MOVED_TABLES).flatMap(([name, column]) => {
    const table = name as keyof typeof MOVED_TABLES;
    if (!tables.columns.get(table)?.has("experiment_id")) return [];
    return (ids[column] ?? []).map((id) => movedRows(table, id, experiments))
      .filter((row) => isThere(tables, row));
  });
  return [...moved, ...datasetsOf(tables, runId, experiments)];
}

function isThere(tables: Tables, { table, key, before }: MovedRows): boolean {
  const columns = Object.keys({ ...key, ...before });
  const condition = columns.map((column) => `"${column}" = ?`).join(" AND ");
  return selectRows<{ experiment: string }>(tables, {
    table,
    fields: { experiment: text("experiment_id") },
    tail: `WHERE ${condition} LIMIT 1`,
    values: Object.values({ ...key, ...before }),
  }).length > 0;
}

/** MLflow keeps datasets by their experiment, and what removes that for good takes them. */
function datasetsOf(
  tables: Tables,
  run: string,
  { from, to }: { readonly from: number; readonly to: number },
): readonly MovedRows[] {
  const inputs = selectRows<{ input: string; source: string }>(tables, {
    table: "inputs",
    fields: { input: text("input_uuid"), source: text("source_id") },
    tail:
      "WHERE destination_id = ? AND destination_type = 'RUN' AND source_type = 'DATASET' ORDER BY source_id",
    values: [run],
  });
  const columns = DATASET_COLUMNS.filter((column) => tables.columns.get("datasets")?.has(column));
  const [renamed, copied]: [MovedRows[], MovedRows[]] = [[], []];
  for (const { input, source } of inputs) {
    const [dataset] = selectRows<Readonly<Record<string, Value>>>(tables, {
      table: "datasets",
      fields: Object.fromEntries(
        columns.map((name) => [name, name === "experiment_id" ? { name, sql: name } : text(name)]),
      ),
      tail: "WHERE dataset_uuid = ? AND experiment_id = ?",
      values: [source, from],
    });
    if (dataset === undefined) continue;
    const [twin] = selectRows<{ id: string }>(tables, {
      table: "datasets",
      fields: { id: text("dataset_uuid") },
      tail: "WHERE experiment_id = ? AND name = ? AND digest = ?",
      values: [to, dataset["name"] ?? null, dataset["digest"] ?? null],
    });
    const id = twin?.id ?? copyId(source, to);
    renamed.push(movedInput(input, { from: source, to: id }));
    if (twin === undefined) copied.push(copiedDataset(id, { ...dataset, experiment_id: to }));
  }
  return [...renamed, ...copied];
}

/** As long as MLflow's, and the same whoever copies it. */
function copyId(dataset: string, experiment: number): string {
  return fingerprintOf([dataset, experiment]) + fingerprintOf([experiment, dataset]);
}
