/**
 * The file store behind the ports.
 *
 * @module
 */

import { basename, join } from "@std/path";
import type { Depth, StoreSnapshot } from "../../lib/model.ts";
import type { Evidence, RepairPolicy } from "../../lib/repair.ts";
import type { BackupSummary, LockedStore, ReadOptions, Store, StoreDescription } from "../store.ts";
import type { Backups } from "../backups.ts";
import type { Tracking } from "../tracking.ts";
import { beginChange } from "./change.ts";
import { listJournals } from "./journal.ts";
import { locateStore } from "./locate_store.ts";
import { acquireLock } from "./lock.ts";
import { type ChangeManifest, listManifests, readManifest } from "./manifest.ts";
import { ownPaths } from "./own_directory.ts";
import { readStore } from "./read_store.ts";
import { selectSteps } from "./select_steps.ts";
import { settleInterrupted, undoChange } from "./settle.ts";

/**
 * Opens a file store. Needs read permission for it; locking needs write permission.
 *
 * @param location A directory or a `file:` URI.
 * @param options How it was chosen, and the clock.
 * @returns The store.
 */
export function openFileStore(
  location: string,
  options: { readonly chosenBy: string; readonly now: () => number },
): Store {
  const { chosenBy, now } = options;
  const root = locateStore(location);
  const paths = ownPaths(root);
  let tracking: Promise<Tracking> | undefined;
  // Asynchronous to the outside, so that another adapter may wait for a network here.
  const reading = {
    describe: (): StoreDescription => ({ root, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>): Promise<StoreSnapshot<D>> =>
      readStore(root, options, now()),
    // Loaded when it is needed, as it would cost every other task time at its start.
    async evidence(snapshot: StoreSnapshot<"full">, policy: RepairPolicy): Promise<Evidence> {
      const { readEvidence } = await import("./read_evidence.ts");
      return readEvidence(snapshot, policy);
    },
    backups: (): Promise<readonly BackupSummary[]> =>
      attempt(() => listManifests(paths.backups).map(summaryOf)),
    // Loaded when it is needed, as it would cost every other task time at its start.
    async backupsIn(directory: string | null): Promise<Backups> {
      const { openBackups } = await import("./file_backups.ts");
      return openBackups({ root, directory, now });
    },
    tracking: (): Promise<Tracking> =>
      tracking ??= import("./file_tracking.ts").then(({ openTracking }) => openTracking(root, now)),
    interrupted: (): Promise<readonly string[]> =>
      attempt(() => listJournals(paths.journals).map((path) => basename(path, ".jsonl"))),
  };
  const summaryOf = (manifest: ChangeManifest): BackupSummary => ({
    id: manifest.id,
    task: manifest.task,
    createdAt: manifest.createdAt,
    changes: manifest.steps.length,
    bytes: manifest.usage.bytes,
    path: join(paths.backups, manifest.id),
  });
  const store: Store = {
    ...reading,
    lock: ({ task }) => attempt(() => lockedStore(acquireLock(root, task, now()))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  function lockedStore(lock: Disposable): LockedStore {
    try {
      const settled = settleInterrupted(root, paths);
      return {
        ...store,
        settled,
        begin: (options) =>
          attempt(() => {
            const change = beginChange(lock, { root, paths, ...options });
            return {
              perform: (action) => attempt(() => change.perform(action)),
              finish: () => attempt(() => change.finish()),
              [Symbol.dispose]: () => change[Symbol.dispose](),
            };
          }),
        async keepMetadata(snapshot) {
          const { keepMetadata } = await import("./metadata_history.ts");
          keepMetadata(paths, snapshot, now());
        },
        undo: (id, selection = {}) =>
          attempt(() => {
            const manifest = readManifest(paths.backups, id);
            if (manifest === null) return null;
            const steps = selectSteps(manifest.steps, selection);
            return undoChange(root, paths, manifest, steps, now());
          }),
        async lockBackups(directory) {
          const { lockBackups } = await import("./file_backups.ts");
          return lockBackups(lock, { root, directory, now });
        },
        [Symbol.asyncDispose]: () => attempt(() => lock[Symbol.dispose]()),
      };
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  return store;
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
