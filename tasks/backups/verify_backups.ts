/**
 * The task `backup --verify`.
 *
 * @module
 */

import { namedBackup } from "../../lib/backup/named_backup.ts";
import type { BackupCheck } from "../../lib/backup/backup.ts";
import type { BackupWork } from "../ports/backups.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** Which backups to check. */
export interface VerifyBackupsOptions extends BackupWork {
  /** The id of one copy backup, or as much of its beginning as no other has. @default {all of them} */
  readonly id?: string;
  /** A directory outside of the store. @default {our own, in the store} */
  readonly backups?: string | undefined;
}

/** What came of checking. */
export interface BackupVerification {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/backup-verify/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Absolute path of the directory that has the backups. */
  readonly directory: string;
  /** One for each backup, newest first. */
  readonly checks: readonly BackupCheck[];
  /** Whether there is no fault in any. */
  readonly sound: boolean;
}

/**
 * Reads copy backups again and compares every file with its SHA-256. Needs read permission.
 *
 * @param store The store.
 * @param options Which backups to check.
 * @returns The faults of each.
 * @throws {InvalidArgumentError} When there is no such copy backup, or the directory lies in the store.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 *
 * @example
 * ```ts
 * import { openStore, verifyBackups } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * if (!(await verifyBackups(store)).sound) Deno.exitCode = 3;
 * ```
 */
export async function verifyBackups(
  store: Store,
  options: VerifyBackupsOptions = {},
): Promise<BackupVerification> {
  const { id, backups = null, ...work } = options;
  const place = await requireCapability(store, "backups").open(backups);
  work.signal?.throwIfAborted();
  const checks: BackupCheck[] = [];
  const copies = (await place.list()).filter(({ kind }) => kind !== "change");
  for (const copy of id === undefined ? copies : [namedBackup(copies, id)]) {
    checks.push(
      copy.kind === "damaged"
        ? withoutManifest(copy.id, copy.message)
        : await place.verify(copy.id, work),
    );
  }
  return {
    schema: "mltidy/backup-verify/v1",
    store: store.describe().location,
    directory: place.directory,
    checks,
    sound: checks.every(({ faults }) => faults.length === 0),
  };
}

function withoutManifest(id: string, message: string): BackupCheck {
  const faults = [{ path: "manifest.json", kind: "changed", message }] as const;
  return { id, files: 0, bytes: 0, faults, leftOut: [] };
}
