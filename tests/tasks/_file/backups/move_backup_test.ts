import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { restore } from "../../../../tasks/backups/restore.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

Deno.test("cleanup() leaves a backup where it is when that is the place that was named", async () => {
  await using place = await tempStore(ROTTEN);
  const backups = join(place.root, ".mltidy.trash", "backups");
  await using store = await openStore(place.root, { now: () => NOW });
  const { report } = await cleanup(store, { apply: true, backups });
  assertEquals(report!.complete, true);
  assertEquals([...Deno.readDirSync(backups)].map(({ name }) => name), [report!.backup!.id]);
});

Deno.test("cleanup() moves a backup on its disk, and restore() brings the very files back", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await memoryDirectory();
  const file = `1/${runId(5)}/artifacts/model.bin`;
  Deno.writeTextFileSync(join(place.root, file), "weights");
  const identity = (directory: string) => {
    const { dev, ino } = Deno.statSync(join(directory, file));
    return [dev, ino];
  };
  const before = identity(place.root);
  await using store = await openStore(place.root, { now: () => NOW });
  const { report } = await cleanup(store, { apply: true, backups: elsewhere.path });
  assertEquals(identity(join(elsewhere.path, report!.backup!.id, "files")), before);
  await restore(store, { backups: elsewhere.path });
  assertEquals(identity(place.root), before);
});
