/**
 * Reading what a policy asks for besides metadata: only the keys that it names.
 *
 * @module
 */

import type { TraceUseRow } from "../../../lib/snapshot/assemble_rows.ts";
import type { Extras, MetricSummary, RunExtras } from "../../../lib/store/extras.ts";
import { number, placesFor, selectRows, type Tables, text } from "./tables.ts";

/**
 * Reads of all runs what was asked for.
 *
 * @param tables The database.
 * @param wanted What was asked for.
 * @returns By run; runs that have none of it are left out.
 */
export function readRunExtras(tables: Tables, wanted: Extras): ReadonlyMap<string, RunExtras> {
  const found = new Map<string, Found>();
  const of = (run: string): Found => {
    let known = found.get(run);
    if (known === undefined) {
      known = { ...NOTHING };
      found.set(run, known);
    }
    return known;
  };
  readMetrics(tables, wanted, of);
  readParams(tables, wanted.params, of);
  if (wanted.uses) {
    for (const { run, model } of readModelLinks(tables, "RUN_INPUT")) {
      const own = of(run);
      if (own.inputs === NOTHING.inputs) own.inputs = [model];
      else own.inputs.push(model);
    }
  }
  return found;
}

interface Found {
  metrics: Map<string, MetricSummary>;
  params: Map<string, string>;
  inputs: string[];
  readonly heavy: RunExtras["heavy"];
}

/** An empty map for each of very many runs takes more than all that was asked for. */
const NOTHING: Found = { metrics: new Map(), params: new Map(), inputs: [], heavy: [] };

/** Puts a value into a map of a run's own. */
function withEntry<T>(map: Map<string, T>, none: Map<string, T>, key: string, value: T) {
  return map === none ? new Map([[key, value]]) : map.set(key, value);
}

/** How MLflow writes an infinity. */
const INFINITE = 1.7976931348623157e308;

interface MetricRow {
  readonly run: string;
  readonly key: string;
  readonly value: number;
  readonly isNan: number;
}

interface HistoryRow {
  readonly run: string;
  readonly key: string;
  readonly least: number;
  readonly greatest: number;
}

function readMetrics(
  tables: Tables,
  { metrics: keys, histories = [] }: Extras,
  of: (run: string) => Found,
): void {
  if (keys.length === 0) return;
  const named = (all: readonly string[]) => `WHERE key IN ${placesFor(all)}`;
  const latest = selectRows<MetricRow>(tables, {
    table: "latest_metrics",
    fields: {
      run: text("run_uuid"),
      key: text("key"),
      value: number("value"),
      isNan: number("is_nan"),
    },
    tail: `${named(keys)} ORDER BY key`,
    values: keys,
  });
  for (const { run, key, value, isNan } of latest) {
    const own = of(run);
    own.metrics = withEntry(own.metrics, NOTHING.metrics, key, {
      latest: isNan === 0 ? finiteOrInfinite(value) : NaN,
      least: null,
      greatest: null,
    });
  }
  // A history has as many rows as all that was logged.
  if (histories.length === 0) return;
  const history = selectRows<HistoryRow>(tables, {
    table: "metrics",
    fields: {
      run: text("run_uuid"),
      key: text("key"),
      least: { name: "value", sql: "CAST(MIN(value) AS REAL)" },
      greatest: { name: "value", sql: "CAST(MAX(value) AS REAL)" },
    },
    tail: `${named(histories)} AND NOT is_nan AND ABS(value) < ${INFINITE} GROUP BY key, run_uuid`,
    values: histories,
  });
  for (const { run, key, least, greatest } of history) {
    const { metrics } = of(run);
    const known = metrics.get(key);
    if (known !== undefined) metrics.set(key, { ...known, least, greatest });
  }
}

function finiteOrInfinite(value: number): number {
  return Math.abs(value) < INFINITE ? value : value > 0 ? Infinity : -Infinity;
}

interface ParamRow {
  readonly run: string;
  readonly key: string;
  readonly value: string | null;
}

function readParams(tables: Tables, keys: readonly string[], of: (run: string) => Found): void {
  if (keys.length === 0) return;
  const rows = selectRows<ParamRow>(tables, {
    table: "params",
    fields: { run: text("run_uuid"), key: text("key"), value: text("value") },
    tail: `WHERE key IN ${placesFor(keys)} ORDER BY key`,
    values: keys,
  });
  for (const { run, key, value } of rows) {
    const own = of(run);
    own.params = withEntry(own.params, NOTHING.params, key, value ?? "");
  }
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
