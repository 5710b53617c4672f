/**
 * The port to the place where a store's backups lie.
 *
 * @module
 */

import type {
  BackupCheck,
  BackupFault,
  BackupListing,
  BackupProgress,
  CopyManifest,
  CopyScope,
  MetadataHistory,
  Rescue,
  Undoing,
} from "../../lib/backup/backup.ts";
import type { RestoredItem } from "../../lib/backup/report.ts";
import type { BackupContents } from "../../lib/backup/resolve_selection.ts";
import type { OnlyCopies } from "../../lib/backup/plan_expiry.ts";
import type { NonEmpty } from "../../lib/store/snapshot.ts";

/** How to have backups where they are kept unless something else is said, in the imperative. */
export const NAME_NO_DIRECTORY =
  "leave out --backups, or backups.directory where mltidy.yaml sets it";

/** What to take from a backup; neither is everything. */
export interface RestoreSelection {
  /** An experiment's id, with all its runs. */
  readonly experiment?: string;
  /** A run's id; with it come the logged models that it has logged. */
  readonly run?: string;
}

/** Options of what may take long. */
export interface BackupWork {
  /** Looked at between files, and between the pieces of a large one. */
  readonly signal?: AbortSignal | undefined;
  /** Called as work goes on. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What is to lie in a place: copies of the store, or what changes took out of it, too. */
export type BackupUse = "copies" | "changes";

/** Where the backups of a store may lie. */
export interface BackupPlaces {
  /** Whether what a change took may lie in a directory of the user's. Copies may. */
  readonly elsewhere: boolean;
  /** Whether what a change took can be copied to a directory, instead of being brought back. */
  readonly extracts: boolean;
  /**
   * Opens a directory of the user's, or our own by `null`; for copies unless it is said.
   *
   * @throws {UnsupportedStoreError} When this kind of store cannot keep that there.
   */
  open(directory: string | null, use?: BackupUse): Promise<Backups>;
  /**
   * Names locations that differ from this one in the host alone, of which something is kept in our own directory: they
   * may be of the same server.
   *
   * @default {none are}
   */
  namesakes?(): Promise<readonly string[]>;
}

/** The same, of a store that this process alone may change. */
export interface LockedBackupPlaces extends BackupPlaces {
  /**
   * Opens a place for this process alone; for copies unless it is said.
   *
   * @throws {StoreLockedError} When another process writes there.
   */
  lock(directory: string | null, use?: BackupUse): Promise<LockedBackups>;
}

/** What to tell of a backup besides ids. */
export interface ContentsOptions {
  /** The names of runs. @default {false} */
  readonly runNames?: boolean;
  /** Also the runs that left with their experiment, and what each experiment takes. @default {false} */
  readonly whole?: boolean;
}

/** The place where a store's backups lie. */
export interface Backups {
  /** Absolute path. */
  readonly directory: string;
  /** What can be copied; left out: any part of the store. */
  readonly scopes?: readonly CopyScope["kind"][];
  /**
   * Lists the backups of the store, of both kinds, newest first: those of this place, and those that lie in
   * our own directory since they were never moved here, or not wholly.
   */
  list(): Promise<readonly BackupListing[]>;
  /** Names the backups of which both this place and our own directory have something. */
  split(): Promise<readonly string[]>;
  /**
   * Reads a copy backup again and compares it.
   *
   * @throws {InvalidArgumentError} When there is no such copy backup.
   */
  verify(id: string, options?: BackupWork): Promise<BackupCheck>;
  /**
   * Tells what bringing a backup back would do; `null` when there is no such backup.
   *
   * @throws {InvalidArgumentError} When it holds nothing of the selection.
   */
  preview(id: string, selection?: RestoreSelection): Promise<BackupPreview | null>;
  /**
   * Tells of which experiments and runs a backup holds something; `null` when there is no such backup. The names
   * of runs take long to read, and so do, of a directory, the runs that left with their experiment and what an
   * experiment takes: they are told where they are asked for.
   */
  contents(id: string, options?: ContentsOptions): Promise<BackupContents | null>;
  /** Tells what can be undone of a change at the moment; `null` when there is no backup of that change. */
  undoing(id: string): Promise<Undoing | null>;
  /**
   * Finds what would bring back the subjects of a change that the store has no more: the later change that took
   * them, or else a copy; only what nothing is in the way of.
   */
  rescue(id: string, selection?: RestoreSelection): Promise<Rescue | null>;
  /**
   * Copies what a backup holds to another place, under the paths of the store.
   *
   * @returns How many files, directories or trees were copied.
   * @throws {RestoreCollisionError} When something stands at a path that is to be written; then nothing was.
   */
  extract(
    id: string,
    target: string,
    selection?: RestoreSelection,
    options?: BackupWork,
  ): Promise<BroughtBackReport>;
  /** Tells what the metadata history takes; `null` in a place that has none, since it lies in the store. */
  history(): Promise<MetadataHistory | null>;
  /** Counts the copies in the metadata history that are older than that, ms, and that no repair can need. */
  expiredRecords(olderThan: number): Promise<number>;
  /** Finds what some copy backups alone hold; one that holds nothing by itself is not in the answer. */
  onlyCopies(
    ids: readonly string[],
    options?: BackupWork,
  ): Promise<ReadonlyMap<string, OnlyCopies>>;
}

/** What bringing a backup back, or part of it, would do. */
export interface BackupPreview {
  /** The backup. */
  readonly backup: BackupListing;
  /** How many changes it would undo, or how many missing files and directories it would bring back. */
  readonly changes: number;
  /** Each of them; none of a copy that only ever comes back as a whole. */
  readonly items: readonly RestoredItem[];
  /** What is in the way, with both sides named; then nothing would be moved. */
  readonly collisions: readonly string[];
  /** Why it is only ever copied to another place, and how; left out where it can be brought back. */
  readonly apart?: string;
  /** Whether all that it is about stayed in the store, so that there is nothing to copy elsewhere. @default {false} */
  readonly tookNothing?: boolean;
}

/** What was brought back. */
export interface BroughtBackReport {
  /** How many changes were undone, or how many missing files and directories are there again. */
  readonly changes: number;
  /** What a copy could not give since it is damaged. */
  readonly faults: readonly BackupFault[];
  /** The directories that could not get their modification time back; left out for none. */
  readonly lostTimes?: NonEmpty<string>;
}

/** The same place, where this process alone may change something; disposing of it releases it. */
export interface LockedBackups extends Backups, AsyncDisposable {
  /**
   * Copies the store, or a part of it.
   *
   * @throws {InvalidArgumentError} When the store has no such experiment or run.
   * @throws {DOMException} `AbortError` when the signal is aborted; then nothing is kept.
   */
  copy(scope: CopyScope, options?: BackupWork): Promise<CopyManifest>;
  /**
   * Brings back what a backup holds, or part of it.
   *
   * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
   */
  bringBack(
    id: string,
    selection?: RestoreSelection,
    options?: BackupWork,
  ): Promise<BroughtBackReport>;
  /**
   * Moves the backup of a change from our own directory to this place: copied, read back, and only then
   * given up there. What cannot be copied stays there.
   *
   * @returns Absolute path of the backup in this place, and what stays where it was.
   */
  take(id: string, options?: BackupWork): Promise<{
    readonly path: string;
    readonly failures: readonly { readonly path: string; readonly message: string }[];
  }>;
  /** Lets those copies go that `expiredRecords` counts, and tells how many they were. */
  expireRecords(olderThan: number): Promise<number>;
  /**
   * Removes a backup for good, and frees what it takes. When the signal is aborted it is gone all the same,
   * and what is not yet freed waits for the next task that locks the place.
   *
   * @returns Whether all that it took is free.
   */
  remove(id: string, options?: BackupWork): Promise<boolean>;
}
