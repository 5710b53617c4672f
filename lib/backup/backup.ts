/**
 * The nouns of copy backups: what one holds, and what is found when it is checked. All are JSON values.
 *
 * A *change backup* holds what an apply took out of a store, as the only copy; a *copy backup* holds a
 * copy of the store, or of a part of it, and the store is none the poorer.
 *
 * @module
 */

import type { StorePath } from "../store/path.ts";

/** What a copy backup is a copy of. */
export type CopyScope =
  /** The whole store. */
  | { readonly kind: "full" }
  /** One experiment, active or in `.trash/`, with all its runs. */
  | { readonly kind: "experiment"; readonly id: string }
  /** One run, with the logged models that it has logged. */
  | { readonly kind: "run"; readonly id: string }
  /** The whole store but the content of artifact directories: see `isInScope`. */
  | { readonly kind: "metadata" };

/** One thing that a copy backup holds: one line of its `entries.jsonl`, which is ordered by path. */
export type BackupEntry =
  & {
    readonly path: StorePath;
    /** Modification time in the store, epoch ms. */
    readonly mtime: number;
  }
  & (
    | { readonly kind: "directory"; readonly mode: number }
    | {
      readonly kind: "file";
      readonly mode: number;
      /** Bytes. */
      readonly size: number;
      /** 64 hexadecimal digits. */
      readonly sha256: string;
    }
    | { readonly kind: "link"; readonly target: string }
  );

/** Something of the store that a copy backup does not hold, and why. */
export interface LeftOut {
  /** Where it is in the store. */
  readonly path: string;
  /** `special`: a socket, pipe or device, which is none of MLflow's. `unreadable`: see the message. */
  readonly because: "special" | "unreadable";
  /** Why, for people. */
  readonly message: string;
}

/** Sums over a copy backup. */
export interface CopyTotals {
  /** Directories, empty ones included. */
  readonly directories: number;
  /** Regular files. */
  readonly files: number;
  /** Symbolic links, kept as links. */
  readonly links: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Those of the files that are the very files of an earlier backup (hard links). */
  readonly shared: { readonly files: number; readonly bytes: number };
}

/** What a copy backup is: its `manifest.json`, beside `entries.jsonl` and `files/`. */
export interface CopyManifest {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/backup/v1";
  /** Tells a copy from what a change left behind. */
  readonly kind: "copy";
  /** The backup's id: the name of its directory. */
  readonly id: string;
  /** The task that makes copies. */
  readonly task: "backup";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Its place among all backups, which no clock that was set back disturbs; not in older ones. */
  readonly order?: number;
  /** What it is a copy of. */
  readonly scope: CopyScope;
  /** Of the copy of a database: what it holds. */
  readonly database?: {
    /** The database's file: its path below `files/`. */
    readonly file: StorePath;
    /** How many rows it has, in all tables. */
    readonly rows: number;
    /** Absolute path of the directory whose artifacts the copy holds, by its own name; `null`: none. */
    readonly artifacts: string | null;
    /** How many runs and logged models have their artifacts elsewhere, so that no copy holds them. */
    readonly elsewhere: number;
  };
  /** How much it holds. */
  readonly totals: CopyTotals;
  /** `entries.jsonl`: its number of lines, and what it must hash to. */
  readonly entries: { readonly count: number; readonly sha256: string };
  /** Files that somebody wrote to during each of several attempts; their last copy is kept. */
  readonly changing: readonly StorePath[];
  /** What it does not hold, and why. */
  readonly leftOut: readonly LeftOut[];
}

/** What can be undone of a change at the moment, by numbers of its changes. */
export interface Undoing {
  /** Those that nothing is in the way of. */
  readonly possible: number;
  /** Those whose subject a later change took out of the store: they can be undone once that is. */
  readonly waiting: number;
  /** Those whose subject neither the store nor the backup of a change has any more. */
  readonly gone: number;
  /** Whether they were made in another store than is there now: then none can be undone, nor a part. @default {false} */
  readonly isOfOther?: true;
}

/** Of a change that was made in another store. */
export const OF_OTHER: Undoing = { possible: 0, waiting: 0, gone: 0, isOfOther: true };

/** A backup, or a part of it, that would bring back what is gone. */
export interface Rescue {
  /** The backup's id. */
  readonly id: string;
  /** What it is. */
  readonly kind: "copy" | "change";
  /** Not all of it can be brought back, but this is an experiment that can. */
  readonly experiment?: string;
  /** Likewise, a run. */
  readonly run?: string;
}

/** One backup in a list. */
export type BackupListing =
  & {
    readonly id: string;
    /** Absolute path. */
    readonly path: string;
  }
  & (
    | {
      readonly kind: "copy";
      /** Epoch ms. */
      readonly createdAt: number;
      /** Its place among all backups; see {@linkcode CopyManifest.order}. */
      readonly order?: number;
      readonly scope: CopyScope;
      readonly files: number;
      /** Bytes of all files, those included that are shared with an earlier backup. */
      readonly bytes: number;
      /** Bytes of the files that are shared with an earlier backup. */
      readonly sharedBytes: number;
    }
    | {
      readonly kind: "change";
      readonly task: string;
      /** Epoch ms. */
      readonly createdAt: number;
      /** Its place among all backups; see {@linkcode CopyManifest.order}. */
      readonly order?: number;
      readonly changes: number;
      readonly files: number;
      readonly bytes: number;
      /** What can be undone of it; only where that was looked at. */
      readonly undoing?: Undoing;
    }
    | {
      readonly kind: "damaged";
      /** What is wrong with its manifest, and what to do about it. */
      readonly message: string;
    }
  );

/**
 * Tells whether a backup is a copy that has the artifacts, too, of what it is a copy of.
 *
 * @param backup The backup.
 * @returns Whether it brings back what it names as it was.
 */
export function isWholeCopy(
  backup: { readonly kind: BackupListing["kind"]; readonly scope?: CopyScope },
): boolean {
  return backup.kind === "copy" && backup.scope?.kind !== "metadata";
}

/** Something in a copy backup that is not as its entries say. */
export interface BackupFault {
  /** Below `files/`; or `entries.jsonl`, the list itself. */
  readonly path: string;
  /** What is wrong. */
  readonly kind: "missing" | "changed" | "extra" | "unreadable";
  /** What was expected and what was found. */
  readonly message: string;
}

/** What came of reading a copy backup again. */
export interface BackupCheck {
  /** The backup's id. */
  readonly id: string;
  /** Files that were read. */
  readonly files: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** None in a sound backup. */
  readonly faults: readonly BackupFault[];
  /** What it never held, as its making said; a sound backup may lack it. */
  readonly leftOut: readonly LeftOut[];
}

/** How far copying or checking is. */
export interface BackupProgress {
  /** What is being done. */
  readonly step: "Counting" | "Copying" | "Checking" | "Bringing back" | "Comparing" | "Freeing";
  /** Files that are done. */
  readonly files: number;
  /** Bytes that are done. */
  readonly bytes: number;
  /** What there is to do; `null` while that is being counted. */
  readonly total: { readonly files: number; readonly bytes: number } | null;
}

/** What the metadata history takes: the copies of records that every apply and every preflight keep. */
export interface MetadataHistory {
  /** How many records have a copy. */
  readonly records: number;
  /** How many copies there are, older ones of a record among them. */
  readonly copies: number;
  /** What they take on the disk. */
  readonly bytes: number;
  /** When the newest was kept, epoch ms; `null` when there is none. */
  readonly newest: number | null;
}
