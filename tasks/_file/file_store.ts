/**
 * The file store behind the ports.
 *
 * @module
 */

import { basename } from "@std/path";
import { ACTION_KINDS } from "../../lib/plan/action_kind.ts";
import type { Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { ReadOptions, Store } from "../ports/store.ts";
import { locateStore } from "./locate_store.ts";
import { listJournals } from "./own/list_journals.ts";
import { listStaged, ownPaths } from "./own/own_paths.ts";
import { scanStore } from "./scan/scan.ts";

/**
 * Opens a file store. Needs read permission for it; locking needs write permission.
 *
 * @param location A directory or a `file:` URI.
 * @param options How it was chosen, the clock, and what may refer to it.
 * @returns The store.
 */
export async function openFileStore(
  location: string,
  options: {
    readonly chosenBy: string;
    readonly now: () => number;
    /** Absolute paths of databases elsewhere that may refer to it. */
    readonly databases?: readonly string[] | undefined;
    /** The flag that names another one, for messages. @default {"--store"} */
    readonly flag?: string | undefined;
  },
): Promise<Store> {
  const { chosenBy, now, databases: named, flag } = options;
  const root = await locateStore(location, flag);
  const paths = ownPaths(root);
  const tracking = async () => (await import("./file_tracking.ts")).openTracking(root, now);
  // Asynchronous to the outside, so that another adapter may wait for a network here. What not every task
  // needs is loaded when it is needed, as it would cost the others time at their start.
  const store: Store = {
    describe: () => ({ location: root, chosenBy }),
    now,
    async read<D extends Depth>(options: ReadOptions<D>): Promise<StoreSnapshot<D>> {
      const { sizes = false } = options;
      const snapshot = await scanStore(root, { ...options, sizes, now: now() });
      if (options.depth === "meta") return snapshot;
      // Behind the scan: MLflow writes a run's row before its files.
      const { readDatabases } = await import("../_database/read_databases.ts");
      const databases = await readDatabases(root, { named });
      return databases.length === 0 ? snapshot : { ...snapshot, databases };
    },
    changes: {
      kinds: new Set(ACTION_KINDS),
      interrupted: async () =>
        (await listJournals(paths.journals)).map((path) => basename(path, ".jsonl")),
      holder: async () => (await import("./own/lock.ts")).holderOf(paths.lock),
      lostTimes: async (actions) =>
        (await import("./change/lost_times.ts")).lostTimes(root, actions),
      linked: async (actions) =>
        (await import("./change/linked_places.ts")).linkedPlaces(root, actions),
      staged: () => listStaged(paths.staging),
      async lock(options) {
        const { lockFileStore } = await import("./lock_file_store.ts");
        return lockFileStore(store, options);
      },
    },
    mending: {
      async evidence(snapshot, policy) {
        const { readEvidence } = await import("./read_evidence.ts");
        return readEvidence(snapshot, policy);
      },
    },
    merging: {
      kind: "directory",
      async read(snapshot, policy, work = {}) {
        const { readMergeSource } = await import("./read_merge_source.ts");
        const open = (from: string) =>
          openFileStore(from, { chosenBy: "by --from", now, flag: "--from" });
        return readMergeSource(snapshot, policy, { ...work, open });
      },
    },
    moving: {
      async evidence(snapshot, policy) {
        const { readMoveEvidence } = await import("./read_move_evidence.ts");
        return readMoveEvidence(snapshot, policy);
      },
    },
    backups: {
      elsewhere: true,
      extracts: true,
      async open(directory) {
        const { openBackups } = await import("./file_backups.ts");
        return openBackups({ root, directory, now });
      },
    },
    pinning: {
      async pin(run, pinned) {
        const { pinFileRun } = await import("./tracking/pin_run.ts");
        pinFileRun(root, run, pinned);
      },
    },
    tracking: {
      variables: {},
      setupExperiment: async (request) => (await tracking()).setupExperiment(request),
      startRun: async (request) => (await tracking()).startRun(request),
      resumeRun: async (request) => (await tracking()).resumeRun(request),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return store;
}
