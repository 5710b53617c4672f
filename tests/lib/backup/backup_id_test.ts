import { assertEquals } from "@std/assert";
import { newBackupId } from "../../../lib/backup/backup_id.ts";
import { NOW } from "../../_support/builders.ts";

Deno.test("newBackupId() counts where another backup has the moment and the task", () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    ids.push(newBackupId("prune", NOW, (id) => ids.includes(id)));
  }
  assertEquals(ids, [
    "20261101T000000Z-prune",
    "20261101T000000Z-prune-2",
    "20261101T000000Z-prune-3",
  ]);
});
