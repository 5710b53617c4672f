import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../../tasks/backups/backup.ts";
import { listBackups } from "../../../tasks/backups/list_backups.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { prune } from "../../../tasks/prune.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";

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
  const { backups, history, ...rest } = await listBackups(store);
  const [kept] = [...Deno.readDirSync(join(place.root, ".mltidy.trash/metadata"))];
  const { size } = Deno.statSync(join(place.root, ".mltidy.trash/metadata", kept!.name));
  assertEquals(history, { records: 11, copies: 11, bytes: size, newest: now });
  assertEquals(rest, { schema: "mltidy/backup-list/v1", store: place.root, directory });
  const [change, copy, damaged] = backups;
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
    order: NOW,
    scope: { kind: "metadata" },
    files: totals.files,
    bytes: totals.bytes,
    sharedBytes: 0,
  });
  const broken = join(directory, "broken");
  assertEquals(damaged, {
    kind: "damaged",
    id: "broken",
    path: broken,
    message:
      `Cannot read ${broken}/manifest.json: expected schema "mltidy/backup/v1", found "undefined"; ` +
      `copy what you need from ${broken}/files, then remove the backup: deno task backup --expire broken --store ${place.root}`,
  });
  assertEquals(backups.length, 3);
});

Deno.test("listBackups() lists a change of which nothing can be found beside all others", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root, { now: () => NOW });
  const copy = await backup(store, { scope: { kind: "metadata" } });
  const { report } = await cleanup(store, { apply: true });
  const files = join(report!.backup!.path, "files");
  Deno.removeSync(files, { recursive: true });
  Deno.symlinkSync("files", files);
  const { backups } = await listBackups(store);
  assertEquals(backups.map(({ id }) => id).toSorted(), [copy.id, report!.backup!.id].toSorted());
});

Deno.test("listBackups() says of what is damaged elsewhere how to remove it there", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root);
  const backups = join(place.outside, "copies");
  const { id, path } = await backup(store, { scope: { kind: "metadata" }, backups });
  Deno.writeTextFileSync(join(path, "manifest.json"), "");
  const [damaged] = (await listBackups(store, { backups })).backups;
  assertEquals(
    damaged?.kind === "damaged" && damaged.message.slice(damaged.message.indexOf("deno task")),
    `deno task backup --expire ${id} --backups ${backups} --store ${place.root}`,
  );
});

Deno.test("listBackups() finds none where nothing has ever been", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root);
  assertEquals((await listBackups(store)).backups, []);
  const nothing = { records: 0, copies: 0, bytes: 0, newest: null };
  assertEquals((await listBackups(store)).history, nothing);
  const elsewhere = await listBackups(store, { backups: join(place.outside, "new") });
  assertEquals([elsewhere.backups, elsewhere.history], [[], null]);
  assertEquals([...Deno.readDirSync(place.outside)].map(({ name }) => name).includes("new"), false);
});
