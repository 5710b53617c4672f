/**
 * A database of PostgreSQL that is spoken to as one of SQLite is, in the few turns of SQL that what changes rows uses.
 *
 * *Locking*: a transaction keeps everybody else from writing to what may protect a run, for the milliseconds that it
 * takes, as SQLite does: between the last look at a row and its change nothing comes.
 *
 * @module
 */

import type { Database, Statement, Tables } from "../scan/tables.ts";
import type { SQLInputValue } from "node:sqlite";
import type { BlockingSession } from "./blocking_session.ts";
import { COLUMNS, KEYS, TRIGGERS } from "./copy_tables.ts";
import { inPostgres } from "./in_postgres.ts";

/** What may tell that something has to stay, and what makes a thing what it is. */
export const GUARDED = [
  ...["experiments", "experiment_tags", "endpoints", "runs", "tags", "model_versions", "issues"],
  ...["assessments", "inputs", "logged_models", "logged_model_tags", "trace_info"],
  "trace_request_metadata",
] as const;

/** The tables of a database that are looked at again and changed, which no one else may write to meanwhile. */
function lockStatement(columns: Tables["columns"]): string {
  const present = GUARDED.filter((table) => columns.has(table)).map((table) => `"${table}"`);
  return `LOCK TABLE ${present.join(", ")} IN SHARE MODE`;
}

/**
 * Makes of a session what speaks as SQLite does.
 *
 * @param session The session.
 * @returns Its tables.
 */
export function tablesOf(session: BlockingSession): Tables {
  const columns = new Map(
    [...Map.groupBy(session.ask(COLUMNS).rows, ({ table }) => String(table))]
      .map(([table, own]) => [table, new Set(own.map(({ column }) => String(column)))]),
  );
  let isTransaction = false;
  const control: Readonly<Record<string, () => void>> = {
    "BEGIN IMMEDIATE"() {
      session.ask("BEGIN");
      isTransaction = true;
      session.ask(lockStatement(columns));
    },
    COMMIT() {
      session.ask("COMMIT");
      isTransaction = false;
    },
    ROLLBACK() {
      isTransaction = false;
      session.ask("ROLLBACK");
    },
  };
  const database: Database = {
    get isTransaction() {
      return isTransaction;
    },
    exec(sql) {
      const work = control[sql];
      if (work === undefined) throw new Error(`PostgreSQL is not to be told ${sql}`);
      work();
    },
    prepare: (sql) => statementOf(session, inPostgres(sql)),
  };
  const rules = {
    keys: session.ask(KEYS).rows.map(({ table, column, to }) => ({
      table: String(table),
      column: String(column),
      to: String(to),
    })),
    triggers: session.ask(TRIGGERS).rows.map(({ table }) => String(table)),
  };
  return { database, columns, rules };
}

function statementOf(session: BlockingSession, sql: string): Statement {
  const ask = (values: readonly SQLInputValue[]) => session.ask(sql, values);
  return {
    all: (...values) => [...ask(values).rows],
    get: (...values) => ask(values).rows[0],
    run: (...values) => ({ changes: ask(values).count }),
  };
}
