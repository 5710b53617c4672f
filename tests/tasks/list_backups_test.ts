import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../tasks/backup.ts";
import { listBackups } from "../../tasks/list_backups.ts";
import { prune } from "../../tasks/prune.ts";
import { openStore } from "../../tasks/store.ts";
import { NOW } from "../_support/builders.ts";
import { tempStore } from "../_support/disk_store.ts";
import { ROTTEN } from "../_support/rotten_store.ts";

Deno.test("listBackups() lists copies and changes, newest first, then what is damaged", async () => {
  await using place = await tempStore(ROTTEN);
  let now = NOW;
  await using store = await openStore(place.root, { now: () => now });
  const { id, path, totals } = await backup(store, { scope: { kind: "metadata" } });
  now += 60_000;
  const { report } = await prune(store, { apply: true });
  const directory = join(place.root, ".mltidy.trash/backups");
  Deno.mkdirSync(join(directory, "broken"));
  Deno.writeTextFileSync(join(directory, "broken/manifest.json"), "[]");
  Deno.mkdirSync(join(directory, "unfinished"));
  const { backups, ...rest } = await listBackups(store);
  assertEquals(rest, { schema: "mltidy/backup-list/v1", store: place.root, directory });
  const [change, copy, broken] = backups;
  assertEquals(change && change.kind === "change" && [change.id, change.task, change.createdAt], [
    report!.backup!.id,
    "prune",
    now,
  ]);
  assertEquals(copy, {
    kind: "copy",
    id,
    path,
    createdAt: NOW,
    scope: { kind: "metadata" },
    files: totals.files,
    bytes: totals.bytes,
    sharedBytes: 0,
  });
  assertEquals(broken && [broken.id, broken.kind], ["broken", "damaged"]);
  assertEquals(backups.length, 3);
});

Deno.test("listBackups() finds none where nothing has ever been", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root);
  assertEquals((await listBackups(store)).backups, []);
  assertEquals((await listBackups(store, { backups: join(place.outside, "new") })).backups, []);
  assertEquals([...Deno.readDirSync(place.outside)].map(({ name }) => name).includes("new"), false);
});
