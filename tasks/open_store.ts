/**
 * From what a user names to an open store: the one place that knows which adapter it is.
 *
 * @module
 */

import { openFileStore } from "./_file/file_store.ts";
import type { Store } from "./ports/store.ts";

/** How to open a store. */
export interface OpenOptions {
  /** How the location was chosen, for messages. @default {"the caller"} */
  readonly chosenBy?: string;
  /** The clock, epoch ms. @default {Date.now} */
  readonly now?: () => number;
  /**
   * Absolute paths of SQLite databases whose rows may name what lies in the store, besides those that lie
   * in it or beside it: that stays. @default {[]}
   */
  readonly databases?: readonly string[];
  /** Make an empty store where nothing is yet; needs write permission. @default {false} */
  readonly create?: boolean;
}

/**
 * Opens an MLflow file store. Needs read permission for it, and, to plan, for the directory in which it
 * lies: a database there may refer to it.
 *
 * @param location A directory, or a `file:` URI: the store's root, or a directory that has it as `mlruns`.
 *   Relative ones, such as `file:./mlruns`, to the current directory.
 * @param options How the location was chosen, and the clock.
 * @returns The store; nothing of it has been read yet.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read, or made.
 * @throws {UnsupportedStoreError} When it is no file store.
 *
 * @example
 * ```ts
 * import { openStore, summary } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * console.log((await summary(store)).runs.total);
 * ```
 */
export async function openStore(location: string, options: OpenOptions = {}): Promise<Store> {
  const { chosenBy = "the caller", now = Date.now, databases } = options;
  if (options.create) await (await import("./_file/create_store.ts")).createStore(location, now());
  return openFileStore(location, { chosenBy, now, databases });
}
