import { assertEquals, assertRejects } from "@std/assert";
import { StoreLockedError } from "../../../lib/errors.ts";
import { recover } from "../../../tasks/backups/recover.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { beginCleanup, ROTTEN } from "../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

Deno.test("recover() settles what was cut off, and says what became of it", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  {
    using cleanup = await beginCleanup(place.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  await using store = await openStore(place.root, { now: () => NOW });
  const id = "20261101T000000Z-cleanup";
  assertEquals(await store.changes!.interrupted(), [id]);
  assertEquals((await recover(store)).settled, [
    { id, task: "cleanup", outcome: "reversed", collisions: [] },
  ]);
  assertSameTree(await readTree(place.root, EXCEPT), before);
  assertEquals([await store.changes!.interrupted(), (await recover(store)).settled], [[], []]);
});

Deno.test("recover() touches nothing where nothing was cut off", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  await using store = await openStore(place.root, { now: () => NOW });
  assertEquals(await recover(store), {
    schema: "mltidy/recover/v1",
    store: place.root,
    settled: [],
    remains: [],
  });
  assertSameTree(await readTree(place.root), before);
});

Deno.test("recover() leaves a change alone that is still at work", async () => {
  await using place = await tempStore(ROTTEN);
  using _cleanup = await beginCleanup(place.root);
  await using store = await openStore(place.root);
  await assertRejects(() => recover(store), StoreLockedError, "cleanup (pid");
  assertEquals((await store.changes!.interrupted()).length, 1);
});
