/**
 * The database from which a merge copies: it is only read, and nothing that it has may be lost on the way.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { findLostTables } from "../log/added_tables.ts";
import { findUnknownTables } from "../../../lib/snapshot/owned_tables.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { foreignKeysOf, triggersOf } from "../scan/read_holds.ts";
import { readTables } from "../scan/tables.ts";

/** A database of SQLite that is open. */
export interface LocatedRows {
  readonly rows: OwnedRows;
  /** Absolute real path of its file. */
  readonly path: string;
}

/**
 * Refuses two databases of which one cannot be merged into the other. Needs read permission.
 *
 * @param here The one into which.
 * @param there The one from which.
 * @throws {UnsupportedStoreError} When they are the same, or of different versions of MLflow, or hold what a merge does
 *   not know.
 */
export function requireMergeable(here: LocatedRows, there: LocatedRows): void {
  const [into, from] = [here, there].map(({ path }) => locationOfFile(path)) as [string, string];
  const refuse = (why: string): never => {
    throw new UnsupportedStoreError(`Cannot merge store ${from} into ${into}: ${why}`, into);
  };
  const [own, other] = [here, there].map(({ rows }) => revisionOf(rows)) as [string, string];
  if (own !== other) {
    const upgrades = [into, from].map((location) =>
      `\`${shellWords(["mlflow", "db", "upgrade", location])}\``
    );
    refuse(
      `expected both at one revision of MLflow's schema, found ${own} here and ${other} there; ${
        upgrades.join(" and ")
      } of one MLflow, with no server running, bring both to that of its own`,
    );
  }
  for (const one of [here, there]) {
    const { database, columns } = one.rows;
    const tables = readTables(database);
    const [unknown] = findUnknownTables(columns, foreignKeysOf(tables), triggersOf(tables));
    if (unknown !== undefined) {
      refuse(
        `table ${unknown.table} of ${
          locationOfFile(one.path)
        } refers to a ${unknown.owner} in a way that this version of mltidy does not know`,
      );
    }
    for (const table of WITH_WORKSPACES) {
      if (!columns.get(table)?.includes("workspace")) continue;
      const [found] = database.prepare(
        `SELECT workspace FROM "${table}" WHERE workspace <> 'default' LIMIT 1`,
      ).all();
      if (found !== undefined) {
        refuse(`expected the workspace default alone, found ${found["workspace"]} as well`);
      }
    }
  }
  for (const [table, names] of there.rows.columns) {
    const missing = names.find((name) => !here.rows.columns.get(table)?.includes(name));
    if (missing !== undefined) {
      refuse(`expected column ${missing} of table ${table} here, found none`);
    }
  }
  const lost = findLostTables(tablesWithRows(there.rows));
  if (lost.length > 0) {
    refuse(
      `it has rows in tables of which this version of mltidy copies nothing: ${
        lost.join(", ")
      }; remove by MLflow, in a copy of it, what they hold, and merge that`,
    );
  }
}

const WITH_WORKSPACES = ["experiments", "registered_models"] as const;

function revisionOf({ database, columns }: OwnedRows): string {
  if (!columns.has("alembic_version")) return "none";
  return database.prepare("SELECT version_num AS head FROM alembic_version").all()
    .map(({ head }) => String(head)).join(" and ") || "none";
}

function tablesWithRows({ database, columns }: OwnedRows): readonly string[] {
  return [...columns.keys()].filter((table) =>
    database.prepare(`SELECT 1 FROM "${table.replaceAll('"', '""')}" LIMIT 1`).get() !== undefined
  );
}
