/**
 * Reading logged models, and of those that a clean-up could take away what it must know.
 *
 * @module
 */

import type { LoggedModelRow, ModelExtras } from "../../../lib/snapshot/assemble_rows.ts";
import type { ModelUse, RunUse } from "../../../lib/store/extras.ts";
import { amongIds, locations, number, selectRows, type Tables, text } from "./tables.ts";

/**
 * Reads logged models.
 *
 * @param tables The database.
 * @param ids Of which models alone. @default {all of them}
 * @returns The models, by id.
 */
export function readLoggedModels(
  tables: Tables,
  ids?: readonly string[],
): Iterable<LoggedModelRow> {
  const { tail = "", values = [] } = amongIds("model_id", ids);
  return selectRows<LoggedModelRow>(tables, {
    table: "logged_models",
    fields: {
      id: text("model_id"),
      experiment: text("experiment_id"),
      name: text("name"),
      run: text("source_run_id"),
      stage: text("lifecycle_stage"),
      updated: number("last_updated_timestamp_ms"),
      location: locations(tables, "artifact_location"),
    },
    tail: `${tail} ORDER BY model_id`,
    values,
  });
}

/** Those that are soft-deleted, and those of which no run holds on to the store by itself. */
export const MOVABLE = `SELECT model_id FROM logged_models AS m
  WHERE m.lifecycle_stage = 'deleted' OR m.source_run_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id
    WHERE r.run_uuid = m.source_run_id AND r.lifecycle_stage IS NOT 'deleted'
      AND e.lifecycle_stage IS NOT 'deleted')`;

interface TagRow {
  readonly model: string;
  readonly key: string;
  readonly value: string;
}

interface UseRow {
  readonly model: string;
  readonly by: string;
}

/**
 * Reads of logged models that a clean-up could take away their tags, and what names them besides the run
 * that logged them.
 *
 * @param tables The database.
 * @returns By model.
 */
export function readModelExtras(tables: Tables): ReadonlyMap<string, ModelExtras> {
  const extras = new Map<string, { tags: Map<string, string>; usedBy: ModelUse[] }>();
  if (!tables.columns.has("logged_models")) return extras;
  const movable = selectRows<{ model: string }>(tables, {
    table: "logged_models",
    fields: { model: text("model_id") },
    tail: `WHERE model_id IN (${MOVABLE})`,
  });
  for (const { model } of movable) extras.set(model, { tags: new Map(), usedBy: [] });
  if (extras.size === 0) return extras;
  const tags = selectRows<TagRow>(tables, {
    table: "logged_model_tags",
    fields: { model: text("model_id"), key: text("tag_key"), value: text("tag_value") },
    tail: `WHERE model_id IN (${MOVABLE}) ORDER BY tag_key`,
  });
  for (const { model, key, value } of tags) extras.get(model)?.tags.set(key, value);
  for (const [kind, rows] of USES) {
    for (const { model, by } of rows(tables)) {
      extras.get(model)?.usedBy.push(kind === "trace" ? { kind, trace: by } : { kind, run: by });
    }
  }
  return extras;
}

function linksOf(tables: Tables, source: string, destination: string): Iterable<UseRow> {
  return selectRows<UseRow>(tables, {
    table: "inputs",
    fields: { model: text("destination_id"), by: text("source_id") },
    tail: `WHERE source_type = ? AND destination_type = ? AND destination_id IN (${MOVABLE})
      ORDER BY source_id`,
    values: [source, destination],
  });
}

/** What names a model, in the order of the words for it. */
const USES: readonly (readonly [RunUse | "trace", (tables: Tables) => Iterable<UseRow>])[] = [
  ["input", (tables) => linksOf(tables, "RUN_INPUT", "MODEL_INPUT")],
  [
    "metric",
    (tables) =>
      selectRows<UseRow>(tables, {
        table: "logged_model_metrics",
        fields: { model: text("model_id"), by: text("run_id") },
        tail: `WHERE model_id IN (${MOVABLE}) GROUP BY model_id, run_id ORDER BY run_id`,
      }),
  ],
  ["output", (tables) => linksOf(tables, "RUN_OUTPUT", "MODEL_OUTPUT")],
  [
    "trace",
    (tables) =>
      selectRows<UseRow>(tables, {
        table: "trace_request_metadata",
        fields: { model: text("value"), by: text("request_id") },
        tail: `WHERE key = 'mlflow.modelId' AND value IN (${MOVABLE}) AND request_id IN (
          SELECT request_id FROM trace_info AS t JOIN experiments AS e
          ON e.experiment_id = t.experiment_id WHERE e.lifecycle_stage IS NOT 'deleted')
          ORDER BY request_id`,
      }),
  ],
];
