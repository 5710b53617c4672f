/**
 * Database → rows: all that a snapshot is made of, in one pass over the columns that it needs.
 *
 * @module
 */

import type {
  AliasRow,
  DatabaseRows,
  ExperimentRow,
  RunRow,
  TraceUseRow,
  VersionRow,
} from "../../../lib/snapshot/assemble_rows.ts";
import { inferArtifactRoot } from "../../../lib/snapshot/artifact_root.ts";
import { type Extras, type RunExtras, tagsFor } from "../../../lib/store/extras.ts";
import { RUN_STATUSES } from "../../../lib/store/run_status.ts";
import type { Depth } from "../../../lib/store/snapshot.ts";
import { findCutRows } from "./dangling_rows.ts";
import { readLoggedModels, readModelExtras } from "./read_models.ts";
import { extrasReader, readTraceUses } from "./read_extras.ts";
import {
  amongIds,
  type Column,
  locations,
  number,
  rowReader,
  selectRows,
  type Tables,
  text,
  type Value,
} from "./tables.ts";

/** How to read. */
export interface RowsOptions<D extends Depth> {
  readonly depth: D;
  /** What alone to read besides metadata. */
  readonly extras?: Extras | undefined;
  /** The store's location. */
  readonly location: string;
  /** Epoch ms. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((runs: number) => void) | undefined;
}

/** Between two looks at whether to stop. */
const RUNS_AT_ONCE = 1_000;

/**
 * Reads the rows of a database. What refers to a run is read before the runs are.
 *
 * @param tables The database, within a transaction.
 * @param options How to read.
 * @returns The rows; runs as they are asked for, so that the database must stay open until then.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export function readRows<D extends Depth>(
  tables: Tables,
  options: RowsOptions<D>,
): DatabaseRows<D> {
  const { depth, extras, location, now } = options;
  const experiments = [...readExperiments(tables)];
  const modelExtras = depth === "meta" ? null : readModelExtras(tables);
  const needsUses = extras?.uses === true || depth === "full";
  const [revision] = selectRows<{ head: string | null }>(tables, {
    table: "alembic_version",
    fields: { head: text("version_num") },
  });
  return {
    location,
    backend: {
      artifactRoot: inferArtifactRoot(experiments),
      revision: revision?.head ?? null,
    },
    depth,
    readAt: now,
    ...(extras === undefined ? {} : { extras }),
    experiments,
    tags: readTags(tables, tagsFor(depth, extras)),
    lastChangeOf: lastChangeFinder(tables),
    loggedModels: [...readLoggedModels(tables)],
    modelExtras,
    registeredModels: [...readVersions(tables, "registered_models")],
    versions: [...readVersions(tables, "model_versions")],
    aliases: [...readAliases(tables)],
    traceUses: needsUses ? sortedUses(tables) : null,
    traces: countRows(tables, "trace_info"),
    datasets: countRows(tables, "datasets"),
    // A model that may go is asked for by traces, too.
    cutRows: modelExtras === null ? [] : findCutRows(tables, needsUses || modelExtras.size > 0),
    runs: readRuns(tables, options),
  };
}

/**
 * Reads rows of experiments.
 *
 * @param tables The database.
 * @param ids Of which experiments alone. @default {all of them}
 * @returns The rows.
 */
export function readExperiments(
  tables: Tables,
  ids?: readonly string[],
): Iterable<ExperimentRow> {
  return selectRows<ExperimentRow>(tables, {
    table: "experiments",
    fields: {
      id: text("experiment_id"),
      name: text("name"),
      location: locations(tables, "artifact_location"),
      stage: text("lifecycle_stage"),
      created: number("creation_time"),
      updated: number("last_update_time"),
    },
    ...amongIds("experiment_id", ids),
  });
}

function* readRuns(
  tables: Tables,
  { extras, signal, onProgress }: RowsOptions<Depth>,
): Iterable<RunRow> {
  const { id, name, started, ended, deleted, location } = runFields(tables);
  const at = { name: "run_uuid", sql: "rowid" };
  const experiment = EXPERIMENT;
  const fields = { id, experiment, name, state: STATE, started, ended, deleted, location, at };
  const tail = `WHERE rowid > ? ORDER BY rowid LIMIT ${RUNS_AT_ONCE}`;
  const read = rowReader<PlacedRow, keyof typeof fields>(tables, {
    table: "runs",
    fields,
    tail,
    make: placedRowMaker(),
  });
  const readExtras = extras === undefined ? null : extrasReader(tables, extras);
  let count = 0;
  let last = Number.MIN_SAFE_INTEGER;
  for (let isMore = true; isMore;) {
    signal?.throwIfAborted();
    const part = read(last);
    const end = part.at(-1)?.at ?? last;
    const extrasOf = readExtras?.(last, end);
    if (extrasOf !== undefined) { for (const run of part) run.extras = extrasOf(run); }
    yield* part;
    isMore = part.length === RUNS_AT_ONCE;
    last = end;
    count += part.length;
    onProgress?.(count);
  }
}

/** A run, and where its row is. */
interface PlacedRow extends RunRow {
  readonly at: number;
  extras: RunExtras | undefined;
}

/** An id that is a number to us, too: there are few, and to make the text of each again takes longer. */
const EXPERIMENT: Column = {
  name: "experiment_id",
  sql: `CASE WHEN experiment_id BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}
    THEN experiment_id ELSE CAST(experiment_id AS TEXT) END`,
};

/** Every state in which a run can be. Each value that SQLite hands out takes as long as ten of its comparisons. */
const STATES = RUN_STATUSES.flatMap((status) =>
  (["active", "deleted"] as const).map((stage) => ({ status, stage, isOfBytes: false }))
);

/** The place of that, or, of any other, all of which it is made. */
const STATE: Column = {
  name: "status",
  sql: `COALESCE(
    CASE WHEN TYPEOF(run_uuid) = 'text' THEN CASE status ${
    RUN_STATUSES.map((status, place) => `WHEN '${status}' THEN ${2 * place}`).join(" ")
  } END + CASE lifecycle_stage WHEN 'active' THEN 0 WHEN 'deleted' THEN 1 END END,
    JSON_ARRAY(CAST(status AS TEXT), CAST(lifecycle_stage AS TEXT), TYPEOF(run_uuid)))`,
};

function stateOf(value: Value): Required<Pick<RunRow, "status" | "stage" | "isOfBytes">> {
  if (typeof value === "number") return STATES[value]!;
  const [status, stage, type] = JSON.parse(value!);
  return { status, stage, isOfBytes: type !== "text" };
}

/** What it makes has its values in the order in which they are read. */
function placedRowMaker(): (values: readonly Value[]) => PlacedRow {
  const texts = new Map<Value, string>();
  return (values) => {
    const experiment = values[1] ?? null;
    const { status, stage, isOfBytes } = stateOf(values[3]!);
    return {
      id: values[0] as string,
      experiment: experiment === null ? null : texts.getOrInsertComputed(experiment, String),
      name: values[2] as string | null,
      status,
      stage,
      started: values[4] as number | null,
      ended: values[5] as number | null,
      deleted: values[6] as number | null,
      location: values[7] as string | null,
      isOfBytes,
      at: values[8] as number,
      extras: undefined,
    };
  };
}

/**
 * Reads rows of runs.
 *
 * @param tables The database.
 * @param ids Of which runs alone. @default {all of them}
 * @returns The rows.
 */
export function selectRuns(tables: Tables, ids?: readonly string[]): Iterable<RunRow> {
  return selectRows<Omit<RunRow, "isOfBytes" | "extras">>(tables, {
    table: "runs",
    fields: runFields(tables),
    ...amongIds("run_uuid", ids),
  });
}

function runFields(
  tables: Tables,
): Readonly<Record<Exclude<keyof RunRow, "isOfBytes" | "extras">, Column>> {
  return {
    id: text("run_uuid"),
    experiment: text("experiment_id"),
    name: tables.columns.get("runs")!.has("name") ? NAME : { ...NAME, name: "run_uuid" },
    status: text("status"),
    stage: text("lifecycle_stage"),
    started: number("start_time"),
    ended: number("end_time"),
    deleted: number("deleted_time"),
    location: locations(tables, "artifact_uri"),
  };
}

/** Before MLflow 1.30 a run had its name in a tag alone. */
const NAME = {
  name: "name",
  sql: `CASE WHEN name <> '' THEN CAST(name AS TEXT) ELSE (SELECT CAST(value AS TEXT) FROM tags
    WHERE tags.run_uuid = runs.run_uuid AND key = 'mlflow.runName') END`,
};

interface TagRow {
  readonly run: string;
  readonly value: string | null;
}

const NO_TAGS: ReadonlyMap<string, string> = new Map();

/** Run → its tags. */
function readTags(
  tables: Tables,
  keys: readonly string[] | null,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const tags = new Map<string, ReadonlyMap<string, string>>();
  if (keys?.length === 0) return tags;
  const all = () =>
    selectRows<{ key: string }>(tables, {
      table: "tags",
      fields: { key: text("key") },
      tail: "GROUP BY key ORDER BY key",
    }).map(({ key }) => key);
  // One by one, so that not all rows are in memory at once.
  for (const key of keys === null ? all() : new Set(keys.toSorted())) {
    const rows = selectRows<TagRow>(tables, {
      table: "tags",
      fields: { run: text("run_uuid"), value: text("value") },
      tail: "WHERE key = ?",
      values: [key],
    });
    // Of the few that somebody asks for very many runs have the same, and a map of each takes more than all else.
    const made = new Map<ReadonlyMap<string, string>, Map<string, ReadonlyMap<string, string>>>();
    for (const { run, value } of rows) {
      const known = tags.get(run) ?? NO_TAGS;
      const longer = made.getOrInsertComputed(known, () => new Map());
      const own = longer.getOrInsertComputed(
        value ?? "",
        () => new Map([...known, [key, value ?? ""]]),
      );
      tags.set(run, own);
    }
  }
  return tags;
}

/** To look for such runs takes a look at every run, and there may be none. */
function lastChangeFinder(tables: Tables): (run: string) => number {
  let known: ReadonlyMap<string, number> | null = null;
  return (run) => (known ??= readLastChanges(tables)).get(run) ?? 0;
}

/** Of runs that were deleted nobody knows when: the newest metric is the last sign of life. */
function readLastChanges(tables: Tables): ReadonlyMap<string, number> {
  if (!tables.columns.get("runs")!.has("deleted_time")) return new Map();
  return newestPoints(tables, UNDATED);
}

/** Which runs were deleted nobody knows when, as SQL. */
export const UNDATED =
  "lifecycle_stage = 'deleted' AND (deleted_time IS NULL OR deleted_time < COALESCE(start_time, 0))";

/** Which runs have not ended, as SQL. */
export const UNFINISHED = "status IN ('RUNNING', 'SCHEDULED')";

/**
 * Reads when metrics of some runs were logged last.
 *
 * @param tables The database.
 * @param which Which runs, as SQL.
 * @returns Epoch ms, by run; runs without a metric are left out.
 */
export function newestPoints(tables: Tables, which: string): ReadonlyMap<string, number> {
  const rows = selectRows<{ run: string; time: number | null }>(tables, {
    table: "latest_metrics",
    fields: { run: text("run_uuid"), time: NEWEST },
    tail: `WHERE run_uuid IN (SELECT run_uuid FROM runs WHERE ${which}) GROUP BY run_uuid`,
  });
  return new Map([...rows].map(({ run, time }) => [run, time ?? 0]));
}

/** When a metric was logged last. */
export const NEWEST = { name: "timestamp", sql: "CAST(MAX(timestamp) AS REAL)" };

/** Which part of a server a row is of, since there are several. */
const WORKSPACE = (tables: Tables, table: string) =>
  tables.columns.get(table)?.has("workspace")
    ? text("workspace")
    : { name: "name", sql: "'default'" };

function readVersions(
  tables: Tables,
  table: "registered_models" | "model_versions",
): Iterable<VersionRow> {
  return selectRows<VersionRow>(tables, {
    table,
    fields: {
      workspace: WORKSPACE(tables, table),
      name: text("name"),
      version: text("version"),
      run: text("run_id"),
      source: text("source"),
      stored: text("storage_location"),
      stage: text("current_stage"),
    },
    ...(table === "model_versions" ? { tail: "ORDER BY version" } : {}),
  });
}

function readAliases(tables: Tables): Iterable<AliasRow> {
  const table = "registered_model_aliases";
  return selectRows<AliasRow>(tables, {
    table,
    fields: {
      workspace: WORKSPACE(tables, table),
      name: text("name"),
      alias: text("alias"),
      version: text("version"),
    },
    tail: "ORDER BY alias",
  });
}

function sortedUses(tables: Tables): readonly TraceUseRow[] {
  return readTraceUses(tables).toSorted((left, right) =>
    keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : 0
  );
}

function keyOf({ trace, assessment, runId, modelId }: TraceUseRow): string {
  return [trace, assessment ?? "", runId ?? "", modelId ?? ""].join("\0");
}

/** Experiment → how many rows are of it. */
function countRows(tables: Tables, table: "trace_info" | "datasets"): ReadonlyMap<string, number> {
  const counted = tables.counts?.get(table);
  if (counted !== undefined) return counted;
  const rows = selectRows<{ experiment: string; count: number }>(tables, {
    table,
    needs: ["experiment_id"],
    fields: {
      experiment: text("experiment_id"),
      count: { name: "experiment_id", sql: "COUNT(*)" },
    },
    tail: "GROUP BY experiment_id",
  });
  return new Map([...rows].map(({ experiment, count }) => [experiment, count]));
}
