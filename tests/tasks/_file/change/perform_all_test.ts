import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { planCleanup } from "../../../../lib/cleanup/plan_cleanup.ts";
import { beginChange } from "../../../../tasks/_file/change/change.ts";
import { performAll } from "../../../../tasks/_file/change/perform_all.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import { ownPaths } from "../../../../tasks/_file/own/own_paths.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  NOW,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";
import { POLICY } from "../../../_support/rotten_store.ts";

const RUN = deletedRun({ deletedTime: NOW - 31 * DAY });
const ALONE = loggedModel({ id: "m-alone", lifecycleStage: "deleted", sourceRunId: RUN.id });
const FOLLOWS = loggedModel({ id: "m-follows", sourceRunId: RUN.id });
const STORE: SnapshotInit = {
  experiments: [experiment({ id: "1", runs: [RUN], loggedModels: [ALONE, FOLLOWS] })],
};

/** What comes of each action, where something happens between plan and act. */
async function outcomesAfter(happens: (root: string) => void): Promise<readonly unknown[]> {
  await using store = await tempStore(STORE);
  const { root } = store;
  const snapshot = await scanStore(root, { depth: "tags", sizes: false, now: NOW });
  const { task, actions } = planCleanup(snapshot, POLICY, { now: NOW });
  happens(root);
  const paths = ownPaths(root);
  using lock = acquireLock(root, "cleanup", NOW);
  using change = await beginChange(lock, {
    root,
    paths,
    task,
    actions,
    now: NOW,
    keepBackup: true,
  });
  const performed = performAll(change, actions, { assertHeld: () => {} });
  const outcomes = await Array.fromAsync(performed);
  await change.finish();
  return outcomes.map((one) => [one.path, one.outcome === "skipped" ? one.because : one.outcome]);
}

Deno.test("performAll() takes logged models behind the run that they are left without", async () => {
  assertEquals(await outcomesAfter(() => {}), [
    [RUN.path, "applied"],
    ["1/models/m-alone", "applied"],
    ["1/models/m-follows", "applied"],
  ]);
});

Deno.test("performAll() takes no logged model whose run has stayed, but one that goes by itself", async () => {
  const touched = await outcomesAfter((root) =>
    Deno.writeTextFileSync(join(root, RUN.path, "artifacts/late.txt"), "still training")
  );
  assertEquals(touched, [
    [RUN.path, "changed-since-plan"],
    ["1/models/m-alone", "applied"],
    ["1/models/m-follows", "changed-since-plan"],
  ]);
});
