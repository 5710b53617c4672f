/**
 * The task `backup --expire`: lets old copies go.
 *
 * *Ordering*: a backup leaves by one rename; only then what it held is freed. Oldest first.
 *
 * *Locking*: holds the store's lock from the decision to the last removal; a dry run takes none.
 *
 * *After an interruption*: each backup is whole or gone; the rest of one on its way out goes with the
 * next task that locks the store.
 *
 * @module
 */

import {
  expiryCandidates,
  type ExpiryPlan,
  type ExpiryPolicy,
} from "../../lib/backup/plan_expiry.ts";
import { planExpiry, planNamedExpiry } from "../../lib/backup/plan_expiry.ts";
import type { ExpiryReport } from "../../lib/backup/report.ts";
import { type Duration, durationOf } from "../../lib/text/units.ts";
import type { Backups, BackupWork } from "../ports/backups.ts";
import { lockStore } from "../ports/lock_store.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** Which backups may go. */
export interface ExpireBackupsOptions extends BackupWork {
  /**
   * Those that are older, but for the newest so many of each scope, 1 or more; or one by its name, which
   * may be that of any backup.
   */
  readonly which:
    | { readonly olderThan: Duration; readonly keepLast: number }
    | { readonly id: string };
  /** A directory outside of the store. @default {our own, in the store} */
  readonly backups?: string | undefined;
  /** Only tell which would go; needs no write permission. @default {false} */
  readonly dryRun?: boolean;
}

/**
 * Removes copy backups that are old enough and hold nothing by themselves, or one backup by its name. By
 * age it also lets old copies of records go from the metadata history that no repair can need.
 * Needs read permission, and write permission unless it is a dry run.
 *
 * @param store The store.
 * @param options Which backups may go.
 * @returns What went and what stays, each with its reasons.
 * @throws {InvalidArgumentError} When the policy is none, there is no backup of that name, or the directory lies in
 * the store.
 * @throws {StoreLockedError} When another process holds the store's lock.
 * @throws {DamagedBackupError} When a backup is damaged, so that it cannot be told what it holds.
 *
 * @example
 * ```ts
 * import { expireBackups, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const which = { olderThan: "90d", keepLast: 3 };
 * const { expired } = await expireBackups(store, { which, dryRun: true });
 * for (const { id, reasons } of expired) console.log(id, reasons[0].kind);
 * ```
 */
export async function expireBackups(
  store: Store,
  options: ExpireBackupsOptions,
): Promise<ExpiryReport> {
  const { backups = null, dryRun = false, signal, onProgress } = options;
  const which = inMilliseconds(options.which);
  const work: BackupWork = {
    signal,
    onProgress,
  };
  const report = {
    schema: "mltidy/backup-expire/v1",
    store: store.describe().location,
    dryRun,
  } as const;
  if (dryRun) {
    const place = await requireCapability(store, "backups").open(backups);
    const plan = await planIn(place, store.now(), which, work);
    const expiredRecords = "id" in which ? 0 : await place.expiredRecords(which.olderThan);
    const { directory } = place;
    const nothing = { removed: [], complete: true, settled: [], remains: [] };
    return { ...report, ...plan, directory, expiredRecords, ...nothing };
  }
  await using locked = await lockStore(store, { task: "backup", makesRoom: true });
  await using place = await requireCapability(locked, "backups").lock(backups);
  const plan = await planIn(place, store.now(), which, work);
  const removed: string[] = [];
  let complete = true;
  for (const { id } of plan.expired.toReversed()) {
    complete = !signal?.aborted;
    if (!complete) break;
    complete = await place.remove(id, work);
    removed.push(id);
  }
  const isByAge = complete && !("id" in which);
  const expiredRecords = isByAge ? await place.expireRecords(which.olderThan) : 0;
  const { directory } = place;
  const { settled, remains } = locked;
  return { ...report, ...plan, directory, removed, complete, expiredRecords, settled, remains };
}

type Which = ExpiryPolicy | { readonly id: string };

function inMilliseconds(which: ExpireBackupsOptions["which"]): Which {
  return "id" in which ? which : { ...which, olderThan: durationOf(which.olderThan) };
}

async function planIn(
  place: Backups,
  now: number,
  which: Which,
  work: BackupWork,
): Promise<ExpiryPlan> {
  const listed = await place.list();
  if ("id" in which) return planNamedExpiry(listed, which.id);
  const candidates = expiryCandidates(listed, which, { now });
  const only = candidates.length === 0 ? new Map() : await place.onlyCopies(candidates, work);
  return planExpiry(listed, which, { now, only });
}
