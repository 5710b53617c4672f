/**
 * A database of PostgreSQL that is open to be changed: what changes rows of SQLite changes its rows.
 *
 * *Ordering*: as `change/lock_database.ts` has it; what is logged lies in a directory of the user's on this machine.
 *
 * *Locking*: our own lock there, and the server's own for as long as the session lives, which keeps tasks on other
 * machines out.
 *
 * *After an interruption*: the server takes back what was not committed, and gives its lock up.
 *
 * @module
 */

import { StoreAccessError, StoreLockedError } from "../../lib/errors.ts";
import { OWNED_TABLES } from "../../lib/snapshot/owned_tables.ts";
import { formatCount } from "../../lib/text/units.ts";
import type { OpenedDatabase } from "./rows/owned_rows.ts";
import type { OwnedRows } from "./rows/owned_rows.ts";
import { postgresRowsOf } from "./postgres_rows.ts";
import { type BlockingSession, openBlockingSession } from "./postgres/blocking_session.ts";
import { GUARDED, tablesOf } from "./postgres/postgres_database.ts";
import type { Reach } from "./postgres/session.ts";
import type { Tables } from "./scan/tables.ts";
import { type Serving, withServed } from "./trees/served_artifacts.ts";

/** "mlti", by which the lock is known to be ours. */
const LOCK = 0x6d6c7469;

/**
 * Opens a database to be changed. Needs net permission for its host.
 *
 * @param reach The database.
 * @param serving Knows where a server keeps its artifacts.
 * @returns It, to be bound by `using`.
 * @throws {StoreAccessError} When its user may not change runs, or the server lets nobody do so.
 * @throws {StoreLockedError} When a task on another machine has it.
 */
export function openPostgresToChange(reach: Reach, serving: Serving): OpenedDatabase {
  const { location } = reach.name;
  const session = openBlockingSession(reach, "change");
  try {
    const tables = tablesOf(session);
    refuseReadOnly(session, tables.columns, location);
    const [lock] = session.ask(`SELECT pg_try_advisory_lock(${LOCK})::text AS taken`).rows;
    if (lock?.["taken"] !== "true") {
      throw new StoreLockedError(
        `Cannot lock store ${location}: a task of mltidy on another machine, or of another account, has it; try again once it is done`,
        location,
      );
    }
    return {
      tables: withServed(serving, tables),
      rows: postgresRowsOf(tables, serving),
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

/**
 * Opens a database for looking at what of a change still stands. Needs net permission for its host.
 *
 * @param reach The database.
 * @param serving Knows where a server keeps its artifacts.
 * @returns It, to be bound by `using`.
 */
export function openPostgresToLook(reach: Reach, serving: Serving): OwnedRows & Disposable {
  const session = openBlockingSession(reach, "read");
  try {
    return {
      ...postgresRowsOf(tablesOf(session), serving),
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

/** What a change asks of tables, and by what rights it may do so. */
function rightsFor(
  columns: Tables["columns"],
): readonly (readonly [table: string, right: string])[] {
  const owned = new Set(Object.values(OWNED_TABLES).flat().map(({ table }) => table));
  const rights = [
    ["runs", "UPDATE"] as const,
    ...[...owned].flatMap((table) => ["DELETE", "INSERT"].map((right) => [table, right] as const)),
    // Who may do none of these may not keep others from writing either.
    ...GUARDED.map((table) => [table, "UPDATE, DELETE"] as const),
  ];
  return rights.filter(([table]) => columns.has(table));
}

function refuseReadOnly(session: BlockingSession, columns: Tables["columns"], location: string) {
  const [found] = session.ask(
    `SELECT current_user::text AS name, pg_is_in_recovery()::text AS standby,
      (SELECT relnamespace::regnamespace::text FROM pg_catalog.pg_class
        WHERE oid = to_regclass('runs')) AS schema`,
  ).rows;
  const refuse = (why: string) => {
    throw new StoreAccessError(
      `Cannot change store ${location}: ${why}; nothing was touched`,
      location,
    );
  };
  if (found?.["standby"] === "true") refuse("this server is a copy that can only be read");
  const missing = session.ask(
    `SELECT v->>0 AS table, v->>1 AS right FROM json_array_elements($1::text::json) AS given(v)
      WHERE NOT has_table_privilege(quote_ident(v->>0), v->>1)`,
    [JSON.stringify(rightsFor(columns))],
  ).rows;
  const [first, ...others] = missing;
  if (first === undefined) return;
  const { name, schema } = found!;
  const right = String(first["right"]).replace(", ", " or ");
  const more = others.length === 0 ? "" : `, nor ${formatCount(others.length)} more`;
  refuse(
    `user ${name} lacks the right to ${right} in table ${
      first["table"]
    }${more}; its owner grants that by \`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO "${name}"\``,
  );
}
