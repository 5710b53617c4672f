/**
 * Reading what a policy asks for besides metadata: only the keys that it names.
 *
 * @module
 */

import { type Point, pointsToStay } from "../../../lib/records/metric_file.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import type { TraceUseRow } from "../../../lib/snapshot/assemble_rows.ts";
import {
  type Extras,
  type LongMetric,
  type MetricSummary,
  NO_EXTRAS,
  type RunExtras,
} from "../../../lib/store/extras.ts";
import { isKeyName } from "../../../lib/store/names.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { OneEntry } from "./one_entry.ts";
import { placesFor, rowReader, selectRows, type Tables, text } from "./tables.ts";

/** A run of a database. */
export interface PlacedRun {
  readonly id: string;
  /** Where its row is. */
  readonly at: number;
}

/**
 * Makes what reads of some runs after others what was asked for: all of it at once would take more than the runs do.
 *
 * @param tables The database.
 * @param wanted What was asked for.
 * @returns Reads that of runs that lie behind one place and up to another; gives it by run.
 */
export function extrasReader(
  tables: Tables,
  wanted: Extras,
): (after: number, upTo: number) => (run: PlacedRun) => RunExtras {
  const readMetrics = metricsReader(tables, wanted.metrics);
  const readParams = paramsReader(tables, wanted.params);
  const histories = readHistories(tables, wanted.histories ?? []);
  const links = wanted.uses ? readModelLinks(tables, "RUN_INPUT") : [];
  const inputs = Map.groupBy(links, ({ run }) => run);
  const long = wanted.points === undefined ? NO_LONG : readLongMetrics(tables, wanted.points);
  return (after, upTo) => {
    const metrics = readMetrics(after, upTo);
    const params = readParams(after, upTo);
    if (metrics.size + params.size + inputs.size + long.size === 0) return () => NO_EXTRAS;
    return ({ id, at }) => {
      const [own, named] = [metrics.get(at), params.get(at)];
      const models = inputs.size === 0 ? undefined : inputs.get(id);
      const many = long.get(id);
      const isNothing = own === undefined && named === undefined && models === undefined &&
        many === undefined;
      if (isNothing) return NO_EXTRAS;
      const history = histories.get(id);
      return {
        metrics: own && history ? withHistory(own, history) : own ?? NO_EXTRAS.metrics,
        params: named ?? NO_EXTRAS.params,
        inputs: models?.map(({ model }) => model) ?? NO_EXTRAS.inputs,
        heavy: NO_EXTRAS.heavy,
        ...(many === undefined ? {} : { long: many }),
      };
    };
  };
}

const NO_LONG: ReadonlyMap<string, readonly LongMetric[]> = new Map();

interface CountRow {
  readonly run: string;
  readonly experiment: string | null;
  readonly key: string;
}

/** By their runs, the metrics that have more points than so many. */
function readLongMetrics(
  tables: Tables,
  most: number,
): ReadonlyMap<string, readonly LongMetric[]> {
  const rows = selectRows<CountRow>(tables, {
    table: "metrics",
    fields: {
      run: text("run_uuid"),
      experiment: {
        name: "run_uuid",
        sql:
          "(SELECT CAST(experiment_id AS TEXT) FROM runs WHERE runs.run_uuid = metrics.run_uuid)",
      },
      key: text("key"),
    },
    tail: "GROUP BY run_uuid, key HAVING COUNT(*) > ? ORDER BY run_uuid, key",
    values: [most],
  });
  const found = new Map<string, LongMetric[]>();
  for (const { run, experiment, key } of rows) {
    if (experiment === null || !isKeyName(key)) continue;
    const points = pointsOfMetric(tables, run, key);
    const one: LongMetric = {
      key,
      path: asStorePath(`${experiment}/${run}/metrics/${key}`),
      points: points.length,
      stays: pointsToStay(points, most).size,
      stamp: stampOfPoints(points),
    };
    found.getOrInsertComputed(run, () => []).push(one);
  }
  return found;
}

/** A point, and where its row is. */
export interface PlacedPoint extends Point {
  readonly at: number;
}

/**
 * Reads all points of a metric. Needs read permission.
 *
 * @param tables The database.
 * @param run The run's id.
 * @param key The metric's key.
 * @returns The points, in the order in which they were logged.
 */
export function pointsOfMetric(tables: Tables, run: string, key: string): readonly PlacedPoint[] {
  const rows = selectRows<PlacedPoint & { readonly isNan: number }>(tables, {
    table: "metrics",
    fields: {
      at: { name: "run_uuid", sql: "rowid" },
      step: { name: "step", sql: "CAST(step AS REAL)" },
      time: { name: "timestamp", sql: "CAST(timestamp AS REAL)" },
      value: { name: "value", sql: "CAST(value AS REAL)" },
      isNan: { name: "is_nan", sql: "CAST(is_nan AS REAL)" },
    },
    tail: "WHERE run_uuid = ? AND key = ? ORDER BY rowid",
    values: [run, key],
  });
  return [...rows].map(({ isNan, ...point }) => isNan === 0 ? point : { ...point, value: NaN });
}

/**
 * Stamps the points of a metric.
 *
 * @param points All of them.
 * @returns Changes when one comes or goes.
 */
export function stampOfPoints(points: readonly PlacedPoint[]): string {
  const last = points.at(-1);
  return fingerprintOf(
    [points.length, last?.at ?? 0, last?.step ?? 0, last?.time ?? 0].map(String),
  );
}

/** By the place of a run: key → what it has by that. */
type ByPlace<T> = ReadonlyMap<number, ReadonlyMap<string, T>>;

/** Reads what runs have by some keys. */
type ReadByPlace<T> = (after: number, upTo: number) => ByPlace<T>;

function byPlaceReader<Row extends { readonly at: number; readonly key: string }, T>(
  tables: Tables,
  { table, keys, fields, valueOf }: {
    readonly table: string;
    readonly keys: readonly string[];
    readonly fields: Readonly<Record<Exclude<keyof Row & string, "at" | "key">, string>>;
    readonly valueOf: (row: Row) => T;
  },
): ReadByPlace<T> {
  if (keys.length === 0) return () => new Map();
  const column = ([field, sql]: [string, string]) => [field, { name: "run_uuid", sql }];
  const all = { at: "runs.rowid", key: "CAST(of.key AS TEXT)", ...fields };
  const read = rowReader<Row>(tables, {
    table: "runs",
    fields: Object.fromEntries(Object.entries<string>(all).map(column)),
    // Where not every run has some, the few of a page are found by the index all the same.
    tail: `CROSS JOIN "${table}" AS of ON of.run_uuid = runs.run_uuid AND of.key IN ${
      placesFor(keys)
    } WHERE runs.rowid > ? AND runs.rowid <= ? ORDER BY runs.rowid, of.key`,
  });
  return (after, upTo) => {
    const found = new Map<number, Map<string, T> | OneEntry<string, T>>();
    for (const row of read(...keys, after, upTo)) {
      const known = found.get(row.at);
      const value = valueOf(row);
      if (known === undefined) found.set(row.at, new OneEntry(row.key, value));
      else if (known instanceof Map) known.set(row.key, value);
      else found.set(row.at, new Map([...known, [row.key, value]]));
    }
    return found;
  };
}

/** How MLflow writes an infinity. */
const INFINITE = 1.7976931348623157e308;

interface MetricRow {
  readonly at: number;
  readonly key: string;
  readonly value: number;
  readonly isNan: number;
}

function metricsReader(tables: Tables, keys: readonly string[]): ReadByPlace<MetricSummary> {
  return byPlaceReader<MetricRow, MetricSummary>(tables, {
    table: "latest_metrics",
    keys,
    fields: { value: "CAST(of.value AS REAL)", isNan: "CAST(of.is_nan AS REAL)" },
    valueOf: ({ value, isNan }) => ({
      latest: isNan === 0 ? finiteOrInfinite(value) : NaN,
      least: null,
      greatest: null,
    }),
  });
}

interface HistoryRow {
  readonly run: string;
  readonly key: string;
  readonly least: number;
  readonly greatest: number;
}

/** Run → what counts of its histories, which may have as many rows as all that was logged. */
function readHistories(
  tables: Tables,
  keys: readonly string[],
): ReadonlyMap<string, readonly HistoryRow[]> {
  if (keys.length === 0) return new Map();
  const rows = selectRows<HistoryRow>(tables, {
    table: "metrics",
    fields: {
      run: text("run_uuid"),
      key: text("key"),
      least: { name: "value", sql: "CAST(MIN(value) AS REAL)" },
      greatest: { name: "value", sql: "CAST(MAX(value) AS REAL)" },
    },
    tail: `WHERE key IN ${
      placesFor(keys)
    } AND NOT is_nan AND ABS(value) < ${INFINITE} GROUP BY key, run_uuid`,
    values: keys,
  });
  return Map.groupBy(rows, ({ run }) => run);
}

function withHistory(
  metrics: RunExtras["metrics"],
  history: readonly HistoryRow[],
): RunExtras["metrics"] {
  const all = new Map(metrics);
  for (const { key, least, greatest } of history) {
    const known = all.get(key);
    if (known !== undefined) all.set(key, { ...known, least, greatest });
  }
  return all;
}

function finiteOrInfinite(value: number): number {
  return Math.abs(value) < INFINITE ? value : value > 0 ? Infinity : -Infinity;
}

interface ParamRow {
  readonly at: number;
  readonly key: string;
  readonly value: string | null;
}

function paramsReader(tables: Tables, keys: readonly string[]): ReadByPlace<string> {
  return byPlaceReader<ParamRow, string>(tables, {
    table: "params",
    keys,
    fields: { value: "CAST(of.value AS TEXT)" },
    valueOf: ({ value }) => value ?? "",
  });
}

/** A run, and a logged model that is an input or output of it. */
export interface ModelLink {
  readonly run: string;
  readonly model: string;
}

/**
 * Reads which logged models are inputs or outputs of runs.
 *
 * @param tables The database.
 * @param kind Which of the two.
 * @returns The links, by model.
 */
export function readModelLinks(
  tables: Tables,
  kind: "RUN_INPUT" | "RUN_OUTPUT",
): Iterable<ModelLink> {
  return selectRows<ModelLink>(tables, {
    table: "inputs",
    fields: { run: text("source_id"), model: text("destination_id") },
    tail: "WHERE source_type = ? AND destination_type = ? ORDER BY destination_id",
    values: [kind, kind === "RUN_INPUT" ? "MODEL_INPUT" : "MODEL_OUTPUT"],
  });
}

/** A trace by its experiment, and something that is said of it. */
interface TraceRow {
  readonly experiment: string;
  readonly trace: string;
  readonly key: string;
  readonly value: string | null;
}

/** A trace names a run or a model, an assessment names a run, and MLflow links traces to runs. */
const TRACE_SOURCES = [
  {
    table: "trace_request_metadata",
    needs: ["request_id", "key", "value"],
    fields: {
      experiment: experimentOf("trace_request_metadata", "request_id"),
      trace: text("request_id"),
      key: text("key"),
      value: text("value"),
    },
    tail: "WHERE key IN ('mlflow.sourceRun', 'mlflow.modelId')",
  },
  {
    table: "assessments",
    needs: ["assessment_id", "trace_id", "assessment_metadata"],
    fields: {
      experiment: experimentOf("assessments", "trace_id"),
      trace: text("trace_id"),
      key: text("assessment_id"),
      value: text("assessment_metadata"),
    },
    tail: `WHERE assessment_metadata LIKE '%"mlflow.assessment.sourceRunId"%'`,
  },
  {
    table: "entity_associations",
    needs: ["source_type", "source_id", "destination_type", "destination_id"],
    fields: {
      experiment: experimentOf("entity_associations", "source_id"),
      trace: text("source_id"),
      key: { name: "source_id", sql: "'mlflow.sourceRun'" },
      value: text("destination_id"),
    },
    tail: "WHERE source_type = 'trace' AND destination_type = 'run'",
  },
] as const;

/** A name without its table would be that of the inner one, where it has such a column as well. */
function experimentOf(table: string, column: string) {
  return {
    name: column,
    sql: `(SELECT CAST(experiment_id AS TEXT) FROM trace_info
      WHERE trace_info.request_id = "${table}"."${column}")`,
  };
}

/**
 * Reads what traces and their assessments come from.
 *
 * @param tables The database.
 * @returns One for each trace, assessment or link that names a run or a logged model.
 */
export function readTraceUses(tables: Tables): readonly TraceUseRow[] {
  if (!tables.columns.has("trace_info")) return [];
  return TRACE_SOURCES.flatMap((source) =>
    [...selectRows<TraceRow>(tables, source)].flatMap((row): readonly TraceUseRow[] => {
      const { experiment, trace, key, value } = row;
      // A row that names no trace is one that `gc` has left.
      if (experiment === null || value === null || value === "") return [];
      const none = { experiment, trace, assessment: null, runId: null, modelId: null };
      if (source.table === "assessments") {
        const runId = SOURCE_RUN.exec(value)?.[1];
        return runId === undefined ? [] : [{ ...none, assessment: key, runId }];
      }
      return key === "mlflow.modelId" ? [{ ...none, modelId: value }] : [{ ...none, runId: value }];
    })
  );
}

/** As MLflow looks for it when a run is deleted. */
export const SOURCE_RUN = /"mlflow\.assessment\.sourceRunId"\s*:\s*"([^"]+)"/;
