/**
 * By what a database is known to be the one in which something was changed, wherever its file is by now: the
 * experiments that were there then. MLflow never changes when one was made, to the millisecond, and another database
 * has others, be their ids the same.
 *
 * A copy of a database, or an older state of it, is the same by that: what belongs into one belongs into the other.
 *
 * @module
 */

import type { Database } from "../scan/tables.ts";

/** An experiment that is in a database. */
export interface Witness {
  readonly experiment: string;
  /** When it was made; where an old MLflow did not write that down, where its artifacts lie. */
  readonly made: string;
}

/** A database, and its tables. */
export interface WitnessedDatabase {
  readonly database: Database;
  readonly columns: ReadonlyMap<string, Iterable<string>>;
}

/** How many of the first experiments, and of the last ones, are enough. */
const ENOUGH = 100;

/**
 * Reads what a database is to be known by.
 *
 * @param rows The database.
 * @param concerned Experiments of which each counts.
 * @returns These, as far as they are there, and some others.
 */
export function witnessesIn(
  rows: WitnessedDatabase,
  concerned: ReadonlySet<string>,
): readonly Witness[] {
  const all = madeIn(rows);
  const kept = [...all].filter(([id], at) =>
    at < ENOUGH || at >= all.size - ENOUGH || concerned.has(id)
  );
  return kept.map(([experiment, made]) => ({ experiment, made }));
}

/**
 * Tells whether a database is another one than that in which witnesses were seen.
 *
 * @param rows The database.
 * @param witnesses What was seen; none tell nothing.
 * @returns Whether it is.
 */
export function isOther(rows: WitnessedDatabase, witnesses: readonly Witness[]): boolean {
  if (witnesses.length === 0) return false;
  const all = madeIn(rows);
  return !witnesses.some(({ experiment, made }) => all.get(experiment) === made);
}

/**
 * Tells when an experiment was made.
 *
 * @param rows The database.
 * @param experiment Its id.
 * @param prepare Makes statements.
 * @returns As {@linkcode Witness} has it; `null` where there is none.
 */
export function madeNow(
  rows: WitnessedDatabase,
  experiment: string,
  prepare: Database["prepare"],
): string | null {
  const found = prepare(`SELECT ${madeOf(rows)} AS made FROM experiments WHERE experiment_id = ?`)
    .get(experiment);
  return found === undefined ? null : `${found["made"]}`;
}

/** By id, in the order in which they were made. */
function madeIn(rows: WitnessedDatabase): ReadonlyMap<string, string> {
  const found = rows.database.prepare(
    `SELECT CAST(experiment_id AS TEXT) AS id, ${madeOf(rows)} AS made FROM experiments
      ORDER BY experiment_id`,
  ).all();
  return new Map(found.map(({ id, made }) => [`${id}`, `${made}`]));
}

function madeOf({ columns }: WitnessedDatabase): string {
  const has = new Set(columns.get("experiments"));
  const parts = ["creation_time", "artifact_location"].filter((name) => has.has(name))
    .map((name) => `CAST(${name} AS TEXT)`);
  return `COALESCE(${[...parts, "''"].join(", ")})`;
}
