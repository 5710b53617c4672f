import { assertEquals, assertRejects } from "@std/assert";
import { DamagedBackupError } from "../../../../lib/errors.ts";
import { join } from "@std/path";
import type { CopyManifest } from "../../../../lib/backup/backup.ts";
import { findOnlyCopies } from "../../../../tasks/_file/backups/find_only_copies.ts";
import { backup } from "../../../../tasks/backups/backup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";

const STORE = { experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })] };

/** A store with two copy backups, newest first. */
async function backedUpTwice() {
  const place = await tempStore(STORE);
  const { root } = place;
  const copies: (CopyManifest & { readonly directory: string })[] = [];
  for (const now of [NOW, NOW + 1]) {
    await using store = await openStore(root, { now: () => now });
    const { path } = await backup(store);
    const manifest = JSON.parse(Deno.readTextFileSync(join(path, "manifest.json")));
    copies.unshift({ ...manifest, directory: path });
  }
  const backups = join(root, ".mltidy.trash/backups");
  return {
    root,
    listOf: (index: number) => join(backups, copies[index]!.id, "entries.jsonl"),
    options: { root, copies, candidates: copies.map(({ id }) => id) },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

Deno.test("findOnlyCopies() finds what neither the store nor a newer backup has", async () => {
  await using made = await backedUpTwice();
  const { root, options } = made;
  assertEquals(await findOnlyCopies(options), new Map());
  const path = `7/${runId(1)}/params/lr`;
  const bytes = Deno.statSync(join(root, path)).size;
  Deno.removeSync(join(root, path));
  assertEquals(
    await findOnlyCopies(options),
    new Map([[options.copies[0]!.id, { files: 1, bytes, example: path, unsound: null }]]),
  );
});

// Whatever else it opened, it has to close: the sanitizer finds what stays open.
const closesAll = { sanitizeResources: true };

for (const index of [0, 1]) {
  for (const [label, damage] of [["at its beginning", "\n"], ["further on", ""]] as const) {
    Deno.test({
      ...closesAll,
      name: `findOnlyCopies() closes every list when list ${index} is damaged ${label}`,
      fn: async () => {
        await using made = await backedUpTwice();
        const list = made.listOf(index);
        const lines = Deno.readTextFileSync(list);
        Deno.writeTextFileSync(list, damage || lines.replace(/\n(?=[^\n]+\n$)/, "\nno entry "));
        await assertRejects(
          () => findOnlyCopies(made.options),
          DamagedBackupError,
          `Cannot read ${list}: line`,
        );
      },
    });
  }
}

Deno.test({
  ...closesAll,
  name: "findOnlyCopies() closes every list when a list is gone, or it is stopped",
  fn: async () => {
    await using made = await backedUpTwice();
    const stop = new AbortController();
    const onProgress = () => stop.abort("enough");
    const reason = await findOnlyCopies({ ...made.options, signal: stop.signal, onProgress })
      .catch((reason) => reason);
    assertEquals(reason, "enough");
    Deno.removeSync(made.listOf(1));
    await assertRejects(() => findOnlyCopies(made.options), Deno.errors.NotFound);
  },
});
