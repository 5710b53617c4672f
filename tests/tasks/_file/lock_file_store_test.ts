import { assertEquals, assertRejects } from "@std/assert";
import { StoreLockedError } from "../../../lib/errors.ts";
import { applyPlan } from "../../../tasks/apply_plan.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { planFor, ROTTEN } from "../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

Deno.test("a locked store changes nothing once its lock is released", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  const plan = await planFor(place.root);
  const { task, actions } = plan;
  await using store = await openStore(place.root, { now: () => NOW });
  const locked = await lockStore(store, { task });
  const change = await locked.begin({ task, actions, now: NOW, keepBackup: true });
  await locked[Symbol.asyncDispose]();
  const released =
    `Cannot change store ${place.root}: its lock, taken for cleanup, has been released; take it again with lockStore()`;
  for (
    const work of [
      () => applyPlan(locked, plan),
      () => locked.begin({ task, actions, now: NOW, keepBackup: true }),
      () => locked.backups!.lock(null),
      () => lockStore(locked, { task }),
      () => Array.fromAsync(change.performAll()),
      () => change.finish(),
    ]
  ) await assertRejects(work, Error, released);
  await change[Symbol.asyncDispose]();
  await using next = await lockStore(store, { task });
  assertEquals(next.settled.map(({ outcome }) => outcome), ["reversed"]);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("a lock may be released twice, and the next holder keeps the one it took", async () => {
  await using place = await tempStore();
  await using store = await openStore(place.root);
  const first = await lockStore(store, { task: "prune" });
  await first[Symbol.asyncDispose]();
  await using _second = await lockStore(store, { task: "cleanup" });
  await first[Symbol.asyncDispose]();
  await assertRejects(() => lockStore(store, { task: "prune" }), StoreLockedError, "cleanup (pid");
});

Deno.test("a task that is given a locked store says so, and what to do instead", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root, { now: () => NOW });
  await using locked = await lockStore(store, { task: "mine" });
  const error = await assertRejects(() => cleanup(locked, { apply: true }), StoreLockedError);
  assertEquals(
    error.message,
    `Cannot lock store ${place.root}: this very store is locked already, for mine; apply a plan to it with applyPlan(), or give a task the store that was opened, once the lock is released`,
  );
  const { plan } = await cleanup(locked);
  assertEquals((await applyPlan(locked, plan)).complete, true);
});
