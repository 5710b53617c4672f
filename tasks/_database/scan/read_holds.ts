/**
 * Reading what keeps things from being removed for good: rows that would name nothing then, and tables that are not
 * known.
 *
 * @module
 */

import {
  findUnknownTables,
  type ForeignKey,
  type Owner,
} from "../../../lib/snapshot/owned_tables.ts";
import type { Hold } from "../../../lib/store/snapshot.ts";
import { SOURCE_RUN } from "./read_extras.ts";
import { selectRows, type Tables, text } from "./tables.ts";

/**
 * Reads what keeps things from being removed for good.
 *
 * @param tables The database, within a transaction.
 * @returns What does.
 */
export function readHolds(tables: Tables): readonly Hold[] {
  const unknown = findUnknownTables(tables.columns, foreignKeysOf(tables), triggersOf(tables));
  return [
    ...unknown.flatMap(({ owner, table }) =>
      HOLDERS[owner].map((of): Hold => ({ of, id: null, table, row: null }))
    ),
    ...readIssues(tables),
    ...readEndpoints(tables),
    ...readGuardrails(tables),
    ...readAssessments(tables),
  ];
}

/** What goes with what may be named. */
const HOLDERS: Readonly<Record<Owner, readonly Hold["of"][]>> = {
  "run": ["run", "experiment"],
  "logged-model": ["logged-model", "experiment"],
  "trace": ["experiment"],
  "experiment": ["experiment"],
};

/**
 * Reads what refers to what. Needs read permission.
 *
 * @param tables The database.
 * @returns Its foreign keys.
 */
export function foreignKeysOf({ database, rules }: Tables): readonly ForeignKey[] {
  if (rules !== undefined) return rules.keys;
  return database.prepare(
    `SELECT m.name AS "table", f."from" AS "column", f."table" AS "to"
      FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'`,
  ).all().map(({ table, column, to }) => ({
    table: String(table),
    column: String(column),
    to: String(to),
  }));
}

/**
 * Reads what does something by itself. Needs read permission.
 *
 * @param tables The database.
 * @returns The tables of which a row does so when it changes.
 */
export function triggersOf({ database, rules }: Tables): readonly string[] {
  if (rules !== undefined) return rules.triggers;
  return database.prepare("SELECT tbl_name AS name FROM sqlite_master WHERE type = 'trigger'")
    .all().map(({ name }) => String(name));
}

interface HoldRow {
  readonly id: string;
  readonly row: string;
}

/** Issues of another experiment than the run's, or of one that stays. */
function readIssues(tables: Tables): readonly Hold[] {
  const rows = selectRows<HoldRow>(tables, {
    table: "issues",
    fields: { id: text("source_run_id"), row: text("issue_id") },
    needs: ["source_run_id"],
    tail: `WHERE source_run_id IS NOT NULL AND (${
      // What PostgreSQL would make of the row by itself could not be undone.
      tables.rules === undefined ? "FALSE" : "TRUE"} OR experiment_id IN (
        SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'active')
      OR experiment_id IS NOT (SELECT r.experiment_id FROM runs AS r
        WHERE r.run_uuid = issues.source_run_id))`,
  });
  return [...rows].map(({ id, row }): Hold => ({ of: "run", id, table: "issues", row }));
}

function readEndpoints(tables: Tables): readonly Hold[] {
  const rows = selectRows<HoldRow>(tables, {
    table: "endpoints",
    fields: { id: text("experiment_id"), row: text("endpoint_id") },
    needs: ["experiment_id"],
    tail: "WHERE experiment_id IS NOT NULL",
  });
  return [...rows].map(({ id, row }): Hold => ({ of: "experiment", id, table: "endpoints", row }));
}

function readGuardrails(tables: Tables): readonly Hold[] {
  if (!tables.columns.has("scorers")) return [];
  const rows = selectRows<HoldRow>(tables, {
    table: "guardrails",
    fields: { id: { name: "scorer_id", sql: SCORED }, row: text("guardrail_id") },
    needs: ["scorer_id"],
    tail: "WHERE scorer_id IN (SELECT scorer_id FROM scorers)",
  });
  return [...rows].map(({ id, row }): Hold => ({ of: "experiment", id, table: "guardrails", row }));
}

const SCORED = `(SELECT CAST(s.experiment_id AS TEXT) FROM scorers AS s
  WHERE s.scorer_id = guardrails.scorer_id)`;

interface AssessmentRow extends HoldRow {
  readonly metadata: string | null;
  readonly trace: string;
}

/** Those of traces that stay: the run that they name is told by their metadata, or by a column. */
function readAssessments(tables: Tables): readonly Hold[] {
  if (!tables.columns.has("trace_info")) return [];
  const [any] = selectRows<{ id: string }>(tables, {
    table: "assessments",
    fields: { id: text("assessment_id") },
    tail: "LIMIT 1",
  });
  // To look for a deleted run may take a look at every run.
  const [deleted] = any === undefined ? [] : selectRows<{ id: string }>(tables, {
    table: "runs",
    fields: { id: text("run_uuid") },
    tail: "WHERE lifecycle_stage = 'deleted' LIMIT 1",
  });
  if (deleted === undefined) return [];
  const rows = selectRows<AssessmentRow>(tables, {
    table: "assessments",
    fields: {
      id: text("run_id"),
      row: text("assessment_id"),
      metadata: text("assessment_metadata"),
      trace: text("trace_id"),
    },
    needs: ["run_id", "assessment_metadata"],
    tail: `WHERE (run_id IS NOT NULL OR assessment_metadata LIKE '%sourceRunId%')
      AND trace_id IN (SELECT request_id FROM trace_info AS t JOIN experiments AS e
        ON e.experiment_id = t.experiment_id WHERE e.lifecycle_stage = 'active')`,
  });
  return [...rows].flatMap(({ id, row, metadata, trace }) =>
    [id, SOURCE_RUN.exec(metadata ?? "")?.[1]].flatMap((id): readonly Hold[] =>
      id ? [{ of: "run", id, table: "assessments", row, trace }] : []
    )
  );
}
