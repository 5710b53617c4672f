import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runTask } from "../../../_support/command.ts";
import { diskStore } from "../../../_support/disk_store.ts";
import { rottenAt } from "../../../_support/rotten_store.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const ROTTEN = rottenAt(Date.now());

/** What is said where no backup is found. */
const NOWHERE = "A backup that --backups DIR sent elsewhere is found with the same flag. ";

Deno.test("recover and its dry run say at which store they look", async () => {
  await using store = await diskStore(ROTTEN);
  for (const words of [[], ["--dry-run"]]) {
    const ran = await runTask("recover", [...words, "--store", store.root]);
    assertEquals(ran, {
      code: 0,
      out: "Nothing to recover.\n",
      err: `Store ${store.root} (chosen by --store)\n`,
    });
  }
});

Deno.test("restore says where else a backup may be, as long as no place was named and none is found", async () => {
  await using store = await diskStore(ROTTEN);
  const at = ["--store", store.root];
  const backups = ["--backups", join(store.outside, "kept")];
  const restore = async (...words: readonly string[]) =>
    (await runTask("restore", [...words, ...at])).err.replace(/^Store .*\n/, "");
  await runTask("cleanup:apply", ["--force", ...backups, ...at]);
  for (const words of [[], ["--last"]]) {
    assertStringIncludes(await restore(...words), NOWHERE);
    assertEquals(await restore(...words, "--quiet"), "");
  }
  assertEquals(await restore("--last", "--backups", join(store.outside, "empty")), "");
  assertEquals(await restore("--last", ...backups), "");
});

Deno.test("cleanup says that a backup elsewhere is a copy only where it is on another file system", async () => {
  await using store = await diskStore(ROTTEN);
  await using memory = await memoryDirectory();
  const said = async (backups: string) =>
    (await runTask("cleanup", ["--backups", backups, "--store", store.root])).err
      .includes("The place of backups is on another file system");
  const isOther = Deno.statSync(memory.path).dev !== Deno.statSync(store.root).dev;
  assertEquals(await said(join(store.outside, "new", "kept")), false);
  assertEquals(await said(join(memory.path, "new", "kept")), isOther);
});

Deno.test("a flag that is given twice counts as it stands last, which is said", async () => {
  await using store = await diskStore(ROTTEN);
  const words = ["--top", "1", "--top=2", "--store", store.root];
  const { err } = await runTask("summary", words);
  assertStringIncludes(err, "--top was given more than once: 2 counts, which stands last\n");
  assertEquals((await runTask("summary", [...words, "--quiet"])).err, "");
});
