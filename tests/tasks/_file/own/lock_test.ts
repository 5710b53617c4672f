import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { StoreLockedError } from "../../../../lib/errors.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import { NOW } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

Deno.test("acquireLock() refuses while the lock is held, and names who holds it", async () => {
  await using store = await tempStore();
  using _lock = acquireLock(store.root, "cleanup", NOW);
  const error = assertThrows(
    () => acquireLock(store.root, "restore", NOW + 1),
    StoreLockedError,
    `Cannot lock store ${store.root}: cleanup (pid ${Deno.pid}`,
  );
  assertStringIncludes(error.message, "since 2026-11-01T00:00:00.000Z) holds the lock");
  assertEquals(error.store, store.root);
});

Deno.test("acquireLock() gives the lock to the next once it is released", async () => {
  await using store = await tempStore();
  for (const task of ["prune", "cleanup", "restore"]) {
    using _lock = acquireLock(store.root, task, NOW);
  }
  const lock = join(store.root, ".mltidy.trash/lock");
  assertEquals(Deno.readTextFileSync(lock), "", "the file stays, and names nobody");
});

Deno.test("acquireLock() binds one store only", async () => {
  await using one = await tempStore();
  await using other = await tempStore();
  using _one = acquireLock(one.root, "cleanup", NOW);
  using _other = acquireLock(other.root, "cleanup", NOW);
});

Deno.test("acquireLock() does not mind what a holder that died has left behind", async () => {
  await using store = await tempStore();
  for (const text of ['{"pid":1,"host":null,"task":"cleanup","since":"2026"}', "{", "\0"]) {
    writeFiles(store.root, { ".mltidy.trash/lock": text });
    using _lock = acquireLock(store.root, "cleanup", NOW);
    assertThrows(
      () => acquireLock(store.root, "prune", NOW),
      StoreLockedError,
      `cleanup (pid ${Deno.pid}`,
    );
  }
});

Deno.test("acquireLock() refuses even when it cannot tell who holds the lock", async () => {
  await using store = await tempStore();
  using _lock = acquireLock(store.root, "cleanup", NOW);
  writeFiles(store.root, { ".mltidy.trash/lock": "" });
  assertThrows(
    () => acquireLock(store.root, "prune", NOW),
    StoreLockedError,
    "another process holds the lock",
  );
});

Deno.test({
  name: "acquireLock() refuses while somebody has locked the root alone",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using store = await tempStore();
    {
      using root = Deno.openSync(store.root);
      root.lockSync(true);
      assertThrows(
        () => acquireLock(store.root, "prune", NOW),
        StoreLockedError,
        "another process holds the lock",
      );
    }
    assertEquals([...Deno.readDirSync(store.root)].map(({ name }) => name), [".trash"]);
    using lock = acquireLock(store.root, "prune", NOW);
    assertEquals(lock.complete(), true);
  },
});

Deno.test("acquireLock() frees what a process that was killed had taken out where there was no room for our directory", async () => {
  await using store = await tempStore();
  writeFiles(store.root, {
    ".mltidy-leaving.trash/artifacts/model.bin": "half",
    ".mltidy-20261101T000000Z-cleanup.trash/meta.yaml": "what changed meanwhile is kept",
  });
  acquireLock(store.root, "recover", NOW)[Symbol.dispose]();
  assertEquals([...Deno.readDirSync(store.root)].map(({ name }) => name).sort(), [
    ".mltidy-20261101T000000Z-cleanup.trash",
    ".mltidy.trash",
    ".trash",
  ]);
});

Deno.test("acquireLock() takes the lock of a process that was killed", async () => {
  await using store = await tempStore();
  const lock = new URL("../../../../tasks/_file/own/lock.ts", import.meta.url).href;
  const holder = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--config",
      new URL("../../../../deno.json", import.meta.url).pathname,
      `import { acquireLock } from ${JSON.stringify(lock)};
       acquireLock(Deno.env.get("STORE"), "cleanup", ${NOW});
       Deno.stdout.writeSync(new Uint8Array([10]));
       setInterval(() => {}, 1_000);`,
    ],
    env: { STORE: store.root },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  assertThrows(
    () => acquireLock(store.root, "prune", NOW),
    StoreLockedError,
    `cleanup (pid ${holder.pid}`,
  );
  holder.kill("SIGKILL");
  await holder.status;
  await reader.cancel();
  using _lock = acquireLock(store.root, "prune", NOW);
});
