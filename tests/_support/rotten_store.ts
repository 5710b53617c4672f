/**
 * A small store in which a clean-up finds one thing or more of every kind to do, and something to
 * keep of every kind.
 *
 * @module
 */

import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import { beginChange, type FileChange } from "../../tasks/_file/change/change.ts";
import { acquireLock } from "../../tasks/_file/own/lock.ts";
import { type OwnPaths, ownPaths } from "../../tasks/_file/own/own_paths.ts";
import { scanStore } from "../../tasks/_file/scan/scan.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
  type SnapshotInit,
} from "./builders.ts";

/**
 * Describes the store.
 *
 * @param now Epoch ms: the moment from which ages count back.
 * @returns What it holds.
 */
export function rottenAt(now: number): SnapshotInit {
  const old = { startTime: now - 50 * DAY, endTime: now - 40 * DAY };
  const young = { startTime: now - 2 * DAY, endTime: now - DAY };
  return {
    experiments: [
      experiment({
        id: "1",
        runs: [
          run({ id: runId(1), name: "first", ...old }),
          run({ id: runId(2), name: "second", ...old, tags: { "team/name": "vision" } }),
          run({ id: runId(3), name: "young", ...young }),
          run({ id: runId(4), name: "registered", ...old }),
          deletedRun({ id: runId(5), name: "gone", ...old, deletedTime: now - 31 * DAY }),
        ],
      }),
      experiment({
        id: "2",
        lifecycleStage: "deleted",
        lastUpdateTime: now - 31 * DAY,
        runs: [deletedRun({ id: runId(6), ...old, deletedTime: now - 31 * DAY })],
      }),
    ],
    orphans: [
      orphan({
        id: "7",
        newestChange: now - 60 * DAY,
        damagedRuns: [damagedRun({ id: runId(7) })],
      }),
      orphan({
        id: "8",
        newestChange: now - 60 * DAY,
        runs: [run({ id: runId(8), ...old })],
      }),
    ],
    registeredModels: [registeredModel({ versions: [modelVersion({ runId: runId(4) })] })],
  };
}

/** The store in which ages count back from {@link NOW}. */
export const ROTTEN: SnapshotInit = rottenAt(NOW);

/** What is to be cleaned up. */
export const POLICY = {
  olderThan: 30 * DAY,
  purgeAfter: 30 * DAY,
  quarantineOrphans: true,
  settle: DAY / 144,
};

/** What the clean-up of {@link ROTTEN} does, in order. */
export const ROTTEN_ACTIONS: readonly [Action["kind"], string][] = [
  ["soft-delete-run", `1/${runId(1)}`],
  ["soft-delete-run", `1/${runId(2)}`],
  ["purge-run", `1/${runId(5)}`],
  ["purge-experiment", ".trash/2"],
  ["quarantine-orphan", "7"],
];

/**
 * Plans the clean-up of a store on the disk.
 *
 * @param root The store's root.
 * @returns The plan by {@link POLICY}.
 */
export async function planFor(root: string): Promise<Plan> {
  const read = await scanStore(root, { depth: "tags", sizes: false, now: NOW });
  return planCleanup(read, POLICY, { now: NOW });
}

/** A clean-up that has begun and not ended; disposed of, it is left as by a process that died. */
export interface BegunCleanup extends Disposable {
  /** What it sets out to do. */
  readonly plan: Plan;
  readonly change: FileChange;
  readonly paths: OwnPaths;
}

/**
 * Begins the clean-up of a store on the disk.
 *
 * @param root The store's root.
 * @param options Whether what is taken away stays in a backup.
 * @returns The change, under a lock of its own.
 */
export async function beginCleanup(
  root: string,
  options: { readonly keepBackup?: boolean } = {},
): Promise<BegunCleanup> {
  const { keepBackup = true } = options;
  const paths = ownPaths(root);
  const lock = acquireLock(root, "cleanup", NOW);
  const plan = await planFor(root);
  const { task, actions } = plan;
  const change = await beginChange(lock, { root, paths, task, actions, now: NOW, keepBackup });
  return {
    plan,
    change,
    paths,
    [Symbol.dispose]() {
      change[Symbol.dispose]();
      lock[Symbol.dispose]();
    },
  };
}
