/**
 * A store with rubbish of every kind, for tests of what a clean-up must leave alone.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { DAY, deletedRun, experiment, NOW, orphan, run, runId } from "../_support/builders.ts";
import {
  type Files,
  setTimes,
  type TempStore,
  tempStore,
  writeFiles,
} from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

/** The run that a clean-up purges. */
export const PURGED = `1/${runId(2)}`;

const OLD = { startTime: NOW - 90 * DAY, endTime: NOW - 89 * DAY };
const LONG_DELETED = { ...OLD, deletedTime: NOW - 80 * DAY };

/**
 * Writes a store with an old run to soft-delete, one to purge, a deleted experiment to purge and an
 * orphan.
 *
 * @returns The store, to be bound by `await using`.
 */
export function rubbish(): Promise<TempStore> {
  return tempStore({
    experiments: [
      experiment({
        id: "1",
        runs: [
          run({ id: runId(1), ...OLD }),
          deletedRun({ id: runId(2), ...LONG_DELETED }),
        ],
      }),
      experiment({
        id: "2",
        lifecycleStage: "deleted",
        recordedStage: "deleted",
        lastUpdateTime: NOW - 80 * DAY,
        runs: [run({ id: runId(3), ...OLD })],
      }),
    ],
    orphans: [orphan({ id: "3" })],
    hasTrash: true,
  });
}

/**
 * Opens a store at the moment for which it was made.
 *
 * @param store The store.
 * @returns The same, open.
 */
export function open({ root }: TempStore): Promise<Store> {
  return openStore(root, { now: () => NOW });
}

/**
 * Writes files outside of a store.
 *
 * @param store The store.
 * @param files What to write.
 * @returns The directory that has them.
 */
export function writeOutside({ outside }: TempStore, files: Files): string {
  const precious = join(outside, "precious");
  writeFiles(precious, files);
  setTimes(outside, NOW - 99 * DAY);
  return precious;
}

/**
 * Puts a link in the place of what stood there.
 *
 * @param path What goes.
 * @param target Where the link leads.
 */
export function replaceByLink(path: string, target: string): void {
  Deno.removeSync(path, { recursive: true });
  Deno.symlinkSync(target, path);
}

/**
 * Cleans up all that may go, with a backup and back again, then without, and asserts that nothing outside
 * of the store has changed.
 *
 * @param store The store.
 */
export async function cleanUpAndBack(store: TempStore): Promise<void> {
  const beside = () => readTree(dirname(store.root), { except: ["mlruns"] });
  const before = await beside();
  await using opened = await open(store);
  for (const backup of [true, false]) {
    await cleanup(opened, { apply: true, olderThan: "1d", purgeAfter: 0, settle: 0, backup });
    if (backup) await restore(opened);
    assertSameTree(await beside(), before);
  }
}
