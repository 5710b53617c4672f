/**
 * What may keep a thing besides its own row, as it stands at a moment: a stamp tells of the row alone.
 *
 * @module
 */

import { experimentStampOf, modelStampOf, stampOf } from "../../../lib/snapshot/row_stamps.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import { readLoggedModels } from "../scan/read_models.ts";
import { readExperiments, selectRuns } from "../scan/read_rows.ts";
import { amongIds, type Column, selectRows, type Tables, text } from "../scan/tables.ts";

/** How a thing stands. */
export interface Standing {
  /** That of its own row, see `stampOf`. */
  readonly stamp: string;
  /** What else may protect it, a digest of each. */
  readonly facts: ReadonlySet<string>;
}

/** How things stand, by their ids; those that are gone are left out. */
export type Standings = ReadonlyMap<string, Standing>;

/**
 * Tells whether a thing stands as it stood. What has gone protects it no more: its runs and models may just have
 * been taken away by the same change.
 *
 * @param found How it stands.
 * @param known How it stood.
 * @returns Whether its row is the same, and nothing else has come to protect it.
 */
export function standsAs(found: Standing | undefined, known: Standing | undefined): boolean {
  return found !== undefined && found.stamp === known?.stamp && found.facts.isSubsetOf(known.facts);
}

interface FactRow {
  readonly of: string;
  readonly key: string | null;
  readonly value: string | null;
}

/** A table in which something may name a thing, and what tells that it still does in the same way. */
interface Source {
  readonly table: string;
  readonly of: string;
  readonly key: Column;
  readonly value: Column;
}

/** MLflow has no index for most of these, so they are asked of many things at once. */
const OF_RUNS: readonly Source[] = [
  { table: "tags", of: "run_uuid", key: text("key"), value: text("value") },
  { table: "model_versions", of: "run_id", key: text("name"), value: text("version") },
  { table: "issues", of: "source_run_id", key: text("issue_id"), value: text("status") },
  { table: "assessments", of: "run_id", key: text("assessment_id"), value: text("valid") },
];

const OF_MODELS: readonly Source[] = [
  { table: "logged_model_tags", of: "model_id", key: text("tag_key"), value: text("tag_value") },
  { table: "inputs", of: "destination_id", key: text("source_type"), value: text("source_id") },
];

const OF_EXPERIMENTS: readonly Source[] = [
  { table: "endpoints", of: "experiment_id", key: text("endpoint_id"), value: text("name") },
  { table: "experiment_tags", of: "experiment_id", key: text("key"), value: text("value") },
];

/**
 * Looks at how runs stand. Needs read permission.
 *
 * @param tables The database.
 * @param ids The runs.
 * @returns How they stand.
 */
export function standingsOfRuns(tables: Tables, ids: readonly string[]): Standings {
  const facts = factsOf(tables, OF_RUNS, ids);
  return new Map(
    [...selectRuns(tables, ids)].map((row) => [row.id, standing(stampOf(row), facts.get(row.id))]),
  );
}

/**
 * Looks at how logged models stand. Needs read permission.
 *
 * @param tables The database.
 * @param ids The models.
 * @returns How they stand.
 */
export function standingsOfModels(tables: Tables, ids: readonly string[]): Standings {
  const facts = factsOf(tables, OF_MODELS, ids);
  const wanted = new Set(ids);
  const sources = selectRows<FactRow>(tables, {
    table: "model_versions",
    fields: { of: text("source"), key: text("name"), value: text("version") },
    needs: ["source"],
    tail: "WHERE source LIKE '%m-%' ORDER BY name, version",
  });
  for (const { of, key, value } of sources) {
    for (const id of of.match(MODEL_ID) ?? []) if (wanted.has(id)) add(facts, id, [key, value]);
  }
  const traces = selectRows<FactRow>(tables, {
    table: "trace_request_metadata",
    fields: { of: text("value"), key: text("key"), value: text("request_id") },
    tail: `WHERE key = 'mlflow.modelId' AND value IN (SELECT value FROM json_each(?))
      ORDER BY request_id`,
    values: [JSON.stringify(ids)],
  });
  for (const { of, key, value } of traces) add(facts, of, [key, value]);
  return new Map(
    [...readLoggedModels(tables, ids)]
      .map((row) => [row.id, standing(modelStampOf(row), facts.get(row.id))]),
  );
}

/** As MLflow names a logged model. */
const MODEL_ID = /m-[0-9a-f]{32}/g;

/**
 * Looks at how experiments stand, but for their runs. Needs read permission.
 *
 * @param tables The database.
 * @param runs The experiments, and how many runs each is to have.
 * @returns How they stand.
 */
export function standingsOfExperiments(
  tables: Tables,
  runs: ReadonlyMap<string, number>,
): Standings {
  const ids = [...runs.keys()];
  const facts = factsOf(tables, OF_EXPERIMENTS, ids);
  return new Map(
    [...readExperiments(tables, ids)]
      .map((
        row,
      ) => [row.id, standing(experimentStampOf(row, runs.get(row.id)!), facts.get(row.id))]),
  );
}

function standing(stamp: string, facts: readonly string[] = []): Standing {
  return { stamp, facts: new Set(facts) };
}

function factsOf(
  tables: Tables,
  sources: readonly Source[],
  ids: readonly string[],
): Map<string, string[]> {
  const facts = new Map<string, string[]>();
  for (const { table, of, key, value } of sources) {
    const { tail, values = [] } = amongIds(of, ids);
    const rows = selectRows<FactRow>(tables, {
      table,
      fields: { of: text(of), key, value },
      needs: [of],
      tail: `${tail} ORDER BY 1, 2, 3`,
      values,
    });
    for (const row of rows) add(facts, row.of, [table, row.key, row.value]);
  }
  return facts;
}

function add(facts: Map<string, string[]>, of: string, words: readonly (string | null)[]): void {
  const fact = fingerprintOf(words.map((word) => word ?? ""));
  const known = facts.get(of);
  if (known === undefined) facts.set(of, [fact]);
  else known.push(fact);
}
