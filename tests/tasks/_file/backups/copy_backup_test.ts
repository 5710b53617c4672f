import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { BackupProgress } from "../../../../lib/backup/backup.ts";
import { copyBackup, type CopyOptions } from "../../../../tasks/_file/backups/copy_backup.ts";
import { NOW } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

/** A tree of empty files to copy: nobody asks whether to stop once they are written. */
async function emptyFiles() {
  const store = await tempStore();
  const { outside } = store;
  writeFiles(outside, { "tree/a": "", "tree/b": "", "backups": null, "staging": null });
  const place = {
    backups: join(outside, "backups"),
    staging: join(outside, "staging"),
    lock: null,
    isShared: false,
  };
  const root = join(outside, "tree");
  return {
    root,
    place,
    copy: (options: Pick<CopyOptions, "signal" | "onProgress">) =>
      copyBackup([], { root, place, scope: { kind: "full" }, now: NOW, ...options }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

Deno.test("copyBackup() tells what failed, though it was to stop as well", async () => {
  await using made = await emptyFiles();
  const { root, place, copy } = made;
  const stop = new AbortController();
  const onProgress = ({ step, files }: BackupProgress) => {
    if (step !== "Copying" || files < 2) return;
    queueMicrotask(() => {
      stop.abort();
      Deno.removeSync(place.backups);
    });
  };
  const error = await assertRejects(() => copy({ signal: stop.signal, onProgress }));
  assertInstanceOf(error, Error);
  assertEquals(
    error.message,
    `Cannot back up store ${root} into ${place.backups}: No such file or directory; nothing was kept, and the store is as it was`,
  );
  assertInstanceOf(error.cause, Deno.errors.NotFound);
  assert(stop.signal.aborted);
  assertEquals([...Deno.readDirSync(place.staging)], []);
});

Deno.test("copyBackup() keeps nothing when it is stopped, whatever the reason", async () => {
  await using made = await emptyFiles();
  const { place, copy } = made;
  for (const reason of [undefined, "enough", new Error("enough")]) {
    const stop = new AbortController();
    const onProgress = () => stop.abort(reason);
    const error = await assertRejects(() => copy({ signal: stop.signal, onProgress }));
    assertInstanceOf(error, DOMException);
    assertEquals([error.name, error.message, error.cause], [
      "AbortError",
      "Backup stopped: nothing of it was kept",
      stop.signal.reason,
    ]);
    assertEquals([...Deno.readDirSync(place.backups), ...Deno.readDirSync(place.staging)], []);
  }
});

Deno.test("copyBackup() names what would have too long a path in the backup, and copies the rest", async () => {
  await using made = await emptyFiles();
  // So long that the store can hold it, and not what is longer by the place of the backup.
  const names: string[] = [];
  while (join(made.root, ...names).length < 4_085) {
    names.push("d".repeat(Math.min(200, 4_088 - join(made.root, ...names).length)));
  }
  Deno.mkdirSync(join(made.root, ...names), { recursive: true });
  const { leftOut, totals } = await made.copy({});
  assertEquals(totals.files, 2);
  assert(leftOut.length > 0);
  for (const { path, message } of leftOut) {
    assert(path.startsWith(names[0]!));
    assertMatch(message, /^it cannot be copied: /);
  }
});
