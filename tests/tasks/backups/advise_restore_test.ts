import { assertEquals, assertRejects } from "@std/assert";
import { RestoreCollisionError } from "../../../lib/errors.ts";
import { adviseRestore } from "../../../tasks/backups/advise_restore.ts";
import { backup } from "../../../tasks/backups/backup.ts";
import { listBackups } from "../../../tasks/backups/list_backups.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { prune } from "../../../tasks/prune.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const PURGE = { apply: true, purgeAfter: 0 } as const;

/** Opens a store whose clock moves one second with each look at it. */
function open(root: string): Promise<Store> {
  let now = NOW;
  return openStore(root, { now: () => now += 1_000 });
}

async function undoingOf(store: Store, id: string): Promise<unknown> {
  const one = (await listBackups(store)).backups.find((each) => each.id === id);
  return one?.kind === "change" && { changes: one.changes, ...one.undoing };
}

async function adviceOf(store: Store): Promise<unknown> {
  return await adviseRestore(store, (await listBackups(store)).backups);
}

Deno.test("what a purge kept nothing of comes back from a copy, and from no change", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const original = await readTree(place.root, EXCEPT);
  const copy = await backup(store);
  const { id } = (await prune(store, { apply: true })).report!.backup!;
  assertEquals(await undoingOf(store, id), { changes: 2, possible: 2, waiting: 0, gone: 0 });
  const none = { rescue: null, isPartly: false, apart: null };
  assertEquals(await adviceOf(store), { ...none, whole: id, isNewest: true });
  // Newer, and has the records of what goes, but not its artifacts.
  await backup(store, { scope: { kind: "metadata" } });
  await cleanup(store, { ...PURGE, backup: false });
  assertEquals(await undoingOf(store, id), { changes: 2, possible: 0, waiting: 0, gone: 2 });
  const rescue = { id: copy.id, kind: "copy" } as const;
  assertEquals(await adviceOf(store), {
    whole: null,
    isNewest: false,
    rescue,
    isPartly: false,
    apart: null,
  });
  const command = `deno task restore ${copy.id} --store ${place.root}`;
  const { rescue: told } = await restore(store, { dryRun: true });
  const { advice: thrown } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals([told, thrown.rescue], [command, command]);
  await restore(store, { id: copy.id });
  assertSameTree(await readTree(place.root, EXCEPT), original);
});

Deno.test("what a later purge took waits for that to be undone", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const original = await readTree(place.root, EXCEPT);
  await backup(store);
  const { id } = (await prune(store, { apply: true })).report!.backup!;
  const { id: later } = (await cleanup(store, PURGE)).report!.backup!;
  assertEquals(await undoingOf(store, id), { changes: 2, possible: 0, waiting: 2, gone: 0 });
  const { advice } = await assertRejects(() => restore(store, { id }), RestoreCollisionError);
  assertEquals(advice.rescue, `deno task restore ${later} --store ${place.root}`);
  for (const one of [later, id]) {
    const advice = { whole: one, isNewest: true, rescue: null, isPartly: false, apart: null };
    assertEquals(await adviceOf(store), advice);
    await restore(store, { id: one });
  }
  assertSameTree(await readTree(place.root, EXCEPT), original);
  assertEquals(
    await adviceOf(store),
    { whole: null, isNewest: false, rescue: null, isPartly: false, apart: null },
  );
});

Deno.test("a copy of which something else has changed since gives back a part of what is gone", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const copy = await backup(store);
  const { plan } = await prune(store, { apply: true });
  const runs = plan.actions.map(({ path }) => path);
  await cleanup(store, { ...PURGE, backup: false });
  Deno.writeTextFileSync(`${place.root}/1/meta.yaml`, "changed since");
  const { rescue } = await adviseRestore(store, (await listBackups(store)).backups);
  assertEquals(rescue, { id: copy.id, kind: "copy", run: runs[0]!.split("/")[1]! });
  await restore(store, { ...rescue!, backups: undefined });
  assertEquals(Deno.statSync(`${place.root}/${runs[0]}/meta.yaml`).isFile, true);
});
