/**
 * Pinning runs of a database, as a tag of MLflow's.
 *
 * *Ordering*: one transaction, in which it is looked whether the run is there and active.
 *
 * *Locking*: the database's own, for the milliseconds of that transaction.
 *
 * *After an interruption*: the database takes back what was not committed.
 *
 * @module
 */

import { InvalidArgumentError } from "../../lib/errors.ts";
import { PIN_TAG } from "../../lib/store/tags.ts";
import type { OpenedDatabase } from "./rows/owned_rows.ts";
import { inTransaction } from "./log/change_rows.ts";

/**
 * Pins a run, or takes its pin away. Needs write permission.
 *
 * @param opened The database, open to be changed.
 * @param runId The run.
 * @param pinned Whether it is to be pinned.
 * @throws {InvalidArgumentError} When there is no such active run.
 */
export function pinRow(
  { rows: { database } }: OpenedDatabase,
  runId: string,
  pinned: boolean,
): void {
  inTransaction(database, () => {
    const active = database.prepare(
      "SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'",
    ).get(runId);
    if (active === undefined) {
      throw new InvalidArgumentError(`Cannot pin run ${runId}: there is no such active run`);
    }
    const values = [runId, PIN_TAG];
    const has = database.prepare("SELECT 1 FROM tags WHERE run_uuid = ? AND key = ?").get(
      ...values,
    );
    if (pinned && has === undefined) {
      database.prepare("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, '')").run(...values);
    } else if (!pinned) {
      database.prepare("DELETE FROM tags WHERE run_uuid = ? AND key = ?").run(...values);
    }
  });
}
