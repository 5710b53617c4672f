/**
 * The file store behind the ports.
 *
 * @module
 */

import { basename } from "@std/path";
import type { Evidence, RepairPolicy } from "../../lib/plan/repair_action.ts";
import type { Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { Backups } from "../ports/backups.ts";
import type { LockedStore, ReadOptions, Store, StoreDescription } from "../ports/store.ts";
import type { Tracking } from "../ports/tracking.ts";
import { locateStore } from "./locate_store.ts";
import { listJournals } from "./own/list_journals.ts";
import { ownPaths } from "./own/own_directory.ts";
import { scanStore } from "./scan/scan.ts";

/**
 * Opens a file store. Needs read permission for it; locking needs write permission.
 *
 * @param location A directory or a `file:` URI.
 * @param options How it was chosen, and the clock.
 * @returns The store.
 */
export async function openFileStore(
  location: string,
  options: { readonly chosenBy: string; readonly now: () => number },
): Promise<Store> {
  const { chosenBy, now } = options;
  const root = await locateStore(location);
  const paths = ownPaths(root);
  let tracking: Promise<Tracking> | undefined;
  // Asynchronous to the outside, so that another adapter may wait for a network here. What not every task
  // needs is loaded when it is needed, as it would cost the others time at their start.
  const store: Store = {
    describe: (): StoreDescription => ({ location: root, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>): Promise<StoreSnapshot<D>> =>
      scanStore(root, { ...options, sizes: options.sizes ?? false, now: now() }),
    async evidence(snapshot: StoreSnapshot<"full">, policy: RepairPolicy): Promise<Evidence> {
      const { readEvidence } = await import("./read_evidence.ts");
      return readEvidence(snapshot, policy);
    },
    async backupsIn(directory: string | null): Promise<Backups> {
      const { openBackups } = await import("./file_backups.ts");
      return openBackups({ root, directory, now });
    },
    tracking: (): Promise<Tracking> =>
      tracking ??= import("./file_tracking.ts").then(({ openTracking }) => openTracking(root, now)),
    interrupted: async (): Promise<readonly string[]> =>
      (await listJournals(paths.journals)).map((path) => basename(path, ".jsonl")),
    async lock({ task }): Promise<LockedStore> {
      const { lockStore } = await import("./lock_store.ts");
      return lockStore(store, task);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return store;
}
