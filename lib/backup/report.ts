/**
 * What came of bringing a backup back, of letting backups go, and of settling what had been cut off. All
 * are JSON values.
 *
 * @module
 */

import type { NonEmpty } from "../store/snapshot.ts";
import type { Remains } from "../store/usage.ts";
import type { BackupFault, BackupListing } from "./backup.ts";
import type { ExpiryPlan } from "./plan_expiry.ts";

/** A change that was cut off and has been settled. */
export interface SettledChange {
  /** The change's id: that of its backup. */
  readonly id: string;
  /** The task that was cut off. */
  readonly task: string;
  /** `completed`: all of it is done; `reversed`: the store is as it was before. */
  readonly outcome: "completed" | "reversed";
  /** What could not be taken back; it stays in the backup. */
  readonly collisions: readonly string[];
}

/** One thing that a restore brings back, or makes good again. */
export interface RestoredItem {
  /** Where: a path in the store, or the address of a row. */
  readonly path: string;
  /** `returns`: it left the store; `as-before`: it was changed; `goes`: it was made. */
  readonly how: "returns" | "as-before" | "goes";
}

/** What was, or would be, brought back. */
export interface RestoreReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/restore/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** The backup; `null` when none was named and there is no change to undo. */
  readonly backup: BackupListing | null;
  /** How many changes were undone, or files and directories brought back; or would be. */
  readonly changes: number;
  /** In a dry run, each of them; none of a copy that only ever comes back as a whole. */
  readonly items: readonly RestoredItem[];
  /** In a dry run, what is in the way, with both sides named. */
  readonly collisions: readonly string[];
  /** In a dry run, the command that brings back what is gone; `null` when there is none, or no need. */
  readonly rescue: string | null;
  /** What a copy could not give since it is damaged. */
  readonly faults: readonly BackupFault[];
  /**
   * The directories, by their paths, that could not get their modification time back, since that of a directory is
   * set by its owner and by root alone; left out for none.
   */
  readonly lostTimes?: NonEmpty<string>;
  /** Whether nothing was done. */
  readonly dryRun: boolean;
  /** Where it was copied to; `null` for the store. */
  readonly to: string | null;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
}

/** Which backups went, or would go, and which stay. */
export interface ExpiryReport extends ExpiryPlan {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/backup-expire/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Absolute path of the directory that has them. */
  readonly directory: string;
  /** Whether nothing was removed since it was only asked what would be. */
  readonly dryRun: boolean;
  /** Ids of those that are gone. */
  readonly removed: readonly string[];
  /**
   * Whether all that was to go is gone, and free what it took. It is not after an interruption: then the
   * next task that changes the store frees what the last one of `removed` took.
   */
  readonly complete: boolean;
  /**
   * How many kept copies of records went from the metadata history, or would go: older than the limit,
   * and either followed by a newer copy or of what has left the store.
   */
  readonly expiredRecords: number;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
}
