/**
 * The only five things that ever happen to a store of files, each with its inverse. Read by the adapter of file
 * stores alone.
 *
 * @module
 */

import type { MovedRecord, MovedText } from "../plan/plan.ts";
import type { StorePath } from "../store/path.ts";

/** Keys of a `meta.yaml` to set; all others stay as they are. */
export type MetaChanges = Readonly<Record<string, string | number | null>>;

/** What a file is to hold. */
export type FileContent =
  /** The old `meta.yaml` with some keys set. */
  | { readonly kind: "changes"; readonly changes: MetaChanges }
  /** The beginning of the old file, this many bytes. */
  | { readonly kind: "prefix"; readonly bytes: number }
  /** The old file without some parts: bytes from the first, up to and without the second. */
  | {
    readonly kind: "cuts";
    readonly cuts: readonly { readonly from: number; readonly to: number }[];
  }
  /** A text, in place of the old file. */
  | { readonly kind: "text"; readonly text: string }
  /** A text, in a file that was not there. */
  | { readonly kind: "new-text"; readonly text: string };

/**
 * One reversible change of a store.
 *
 * | operation | forward | inverse |
 * | --- | --- | --- |
 * | `move-tree` | rename from the store into the backup | rename it back |
 * | `rename-tree` | rename within the store | rename it back |
 * | `replace-file` | keep the old file, if any, in the backup, rename a new one over it | put the old one back |
 * | `create-dir` | mkdir | rmdir while empty |
 * | `copy-tree` | copy from another store into staging, rename into the store | remove it while it is what was copied |
 */
export type Operation =
  | { readonly kind: "move-tree"; readonly path: StorePath }
  | { readonly kind: "rename-tree"; readonly path: StorePath; readonly to: StorePath }
  | { readonly kind: "replace-file"; readonly path: StorePath; readonly content: FileContent }
  | { readonly kind: "create-dir"; readonly path: StorePath }
  | CopyTree;

/** Copies a tree of another store to where nothing is. */
export interface CopyTree {
  /** Tells the kinds of operation apart. */
  readonly kind: "copy-tree";
  /** Where it will be. */
  readonly path: StorePath;
  /** The root of the other store: an absolute path. */
  readonly store: string;
  /** Where it is there. */
  readonly from: StorePath;
  /** Its stamp there. */
  readonly stamp: string;
  /** What is set in records of the copy. */
  readonly records: readonly MovedRecord[];
  /** What files of the copy are to hold instead. */
  readonly texts: readonly MovedText[];
}
