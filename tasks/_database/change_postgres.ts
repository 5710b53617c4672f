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
import type { OpenedDatabase } from "./change/lock_database.ts";
import type { OwnedRows } from "./change/owned_rows.ts";
import { postgresRowsOf } from "./postgres_rows.ts";
import { type BlockingSession, openBlockingSession } from "./postgres/blocking_session.ts";
import { tablesOf } from "./postgres/postgres_database.ts";
import type { Reach } from "./postgres/session.ts";

/** "mlti", by which the lock is known to be ours. */
const LOCK = 0x6d6c7469;

/**
 * Opens a database to be changed. Needs net permission for its host.
 *
 * @param reach The database.
 * @returns It, to be bound by `using`.
 * @throws {StoreAccessError} When its user may not change runs, or the server lets nobody do so.
 * @throws {StoreLockedError} When a task on another machine has it.
 */
export function openPostgresToChange(reach: Reach): OpenedDatabase {
  const { location } = reach.name;
  const session = openBlockingSession(reach, "change");
  try {
    const tables = tablesOf(session);
    refuseReadOnly(session, location);
    const [lock] = session.ask(`SELECT pg_try_advisory_lock(${LOCK})::text AS taken`).rows;
    if (lock?.["taken"] !== "true") {
      throw new StoreLockedError(
        `Cannot lock store ${location}: a task of mltidy on another machine, or of another account, has it; try again once it is done`,
        location,
      );
    }
    return {
      tables,
      rows: postgresRowsOf(tables),
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
 * @returns It, to be bound by `using`.
 */
export function openPostgresToLook(reach: Reach): OwnedRows & Disposable {
  const session = openBlockingSession(reach, "read");
  try {
    return {
      ...postgresRowsOf(tablesOf(session)),
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

function refuseReadOnly(session: BlockingSession, location: string): void {
  const [found] = session.ask(
    `SELECT current_user::text AS name, has_table_privilege('runs', 'UPDATE')::text AS may,
      pg_is_in_recovery()::text AS standby`,
  ).rows;
  const refuse = (why: string) => {
    throw new StoreAccessError(
      `Cannot change store ${location}: ${why}; nothing was touched`,
      location,
    );
  };
  if (found?.["standby"] === "true") refuse("this server is a copy that can only be read");
  if (found?.["may"] !== "true") refuse(`user ${found?.["name"]} may not change its runs`);
}
