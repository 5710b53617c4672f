/**
 * Which rows of a database have trees of artifacts, and which of them go with something.
 *
 * @module
 */

import { servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import type { DatabaseRow } from "../../../lib/store/snapshot.ts";
import { type OwnedRows, statementOf } from "./owned_rows.ts";
import type { Subject } from "../log/removed_rows.ts";

/** Where things of each kind stand: table, id and location. */
const PLACES = {
  "experiment": ["experiments", "experiment_id", "artifact_location"],
  "run": ["runs", "run_uuid", "artifact_uri"],
  "logged-model": ["logged_models", "model_id", "artifact_location"],
} as const;

/** What of a database has artifacts. */
export interface TreeOwner {
  readonly kind: keyof typeof PLACES;
  readonly id: string;
  readonly location: string;
}

/**
 * Finds what goes with a subject and has artifacts. Needs read permission for the database.
 *
 * @param rows The database.
 * @param subject What goes.
 * @returns The experiment itself before what lies in it.
 */
export function* ownersIn(rows: OwnedRows, { kind, id }: Subject): Iterable<TreeOwner> {
  if (kind === "metric-points" || kind === "dangling-rows") return;
  yield* ownersWhere(rows, kind, PLACES[kind][1], id);
  if (kind !== "experiment") return;
  yield* ownersWhere(rows, "run", "experiment_id", id);
  yield* ownersWhere(rows, "logged-model", "experiment_id", id);
}

function* ownersWhere(
  rows: OwnedRows,
  kind: keyof typeof PLACES,
  column: string,
  value: string,
): Iterable<TreeOwner> {
  const [table, id, location] = PLACES[kind];
  if (!rows.columns.get(table)?.includes(location)) return;
  const served = rows.served?.isProven ? rows.served.root : null;
  const statement = statementOf(
    rows,
    `SELECT CAST(${id} AS TEXT) AS id, ${location} AS location FROM ${table} WHERE ${column} = ?`,
  );
  for (const { id, location } of statement.all(value)) {
    const place = typeof location === "string" ? location : "";
    yield { kind, id: `${id}`, location: servedPlaceOf(place, served) };
  }
}

/**
 * Tells whether a row goes with a subject, or has gone since. Needs read permission for the database.
 *
 * @param rows The database.
 * @param subject What goes.
 * @param row Which row.
 * @returns Whether nothing is left of it once the subject is gone.
 */
export function isGoneWith(rows: OwnedRows, subject: Subject, { kind, id }: DatabaseRow): boolean {
  if (kind === "model-version") return false;
  if (kind === subject.kind && id === subject.id) return true;
  const [table, column] = kind === "trace" ? ["trace_info", "request_id"] : PLACES[kind];
  if (!rows.columns.has(table)) return true;
  const found = statementOf(
    rows,
    `SELECT CAST(experiment_id AS TEXT) AS experiment FROM ${table} WHERE ${column} = ?`,
  ).get(id);
  return found === undefined ||
    subject.kind === "experiment" && found["experiment"] === subject.id;
}
