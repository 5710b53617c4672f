import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../../tasks/backups/backup.ts";
import { verifyBackups } from "../../../tasks/backups/verify_backups.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { experiment, NOW, run, runId } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";

const RUN = `7/${runId(1)}`;

/** A store with one backup. */
async function backedUp() {
  const place = await tempStore({
    experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })],
  });
  const store = await openStore(place.root, { now: () => NOW });
  const { id, path, totals } = await backup(store);
  return {
    root: place.root,
    store,
    id,
    path,
    totals,
    files: join(path, "files"),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

/** Changes one bit in the middle of a file; size and time stay. */
function flipBit(path: string): void {
  const { atime, mtime } = Deno.statSync(path);
  const bytes = Deno.readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  Deno.writeFileSync(path, bytes);
  Deno.utimeSync(path, atime!, mtime!);
}

Deno.test("verifyBackups() finds nothing wrong with a sound backup, and reads all of it", async () => {
  await using made = await backedUp();
  const { store, root, id, totals } = made;
  assertEquals(await verifyBackups(store), {
    schema: "mltidy/backup-verify/v1",
    store: root,
    directory: join(root, ".mltidy.trash/backups"),
    checks: [{ id, files: totals.files, bytes: totals.bytes, faults: [], leftOut: [] }],
    sound: true,
  });
});

Deno.test("verifyBackups() names each file in which a single bit was flipped", async () => {
  await using made = await backedUp();
  const { store, files } = made;
  for (const path of [`${RUN}/metrics/loss`, `${RUN}/params/lr`]) {
    flipBit(join(files, path));
    const { checks, sound } = await verifyBackups(store);
    assertEquals(checks.map(({ faults }) => faults.map(({ path, kind }) => [kind, path])), [
      [["changed", path]],
    ]);
    assertEquals(sound, false);
    flipBit(join(files, path));
  }
});

Deno.test("verifyBackups() names what is missing, what is extra, and what is something else", async () => {
  await using made = await backedUp();
  const { store, files, id } = made;
  Deno.removeSync(join(files, RUN, "artifacts"), { recursive: true });
  Deno.writeTextFileSync(join(files, "7/extra.txt"), "");
  Deno.removeSync(join(files, RUN, "params/lr"));
  Deno.symlinkSync("../meta.yaml", join(files, RUN, "params/lr"));
  Deno.writeTextFileSync(join(files, RUN, "metrics/loss"), "1 2 3\n");
  const { checks: [check] } = await verifyBackups(store, { id });
  assertEquals(check?.faults.map(({ kind, path, message }) => `${kind} ${path}: ${message}`), [
    `missing ${RUN}/artifacts: expected a directory`,
    `missing ${RUN}/artifacts/report.txt: expected a file`,
    `changed ${RUN}/metrics/loss: expected 20 bytes, found 6`,
    `changed ${RUN}/params/lr: expected a file, found a link`,
    "extra 7/extra.txt: a file nobody put there",
  ]);
});

Deno.test("verifyBackups() notices a list of entries, and a manifest, that was changed", async () => {
  await using made = await backedUp();
  const { store, path, id } = made;
  const faults = async () => (await verifyBackups(store)).checks.flatMap((check) => check.faults);
  const list = join(path, "entries.jsonl");
  const entries = Deno.readTextFileSync(list);
  Deno.writeTextFileSync(list, `${entries.trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
  assertEquals((await faults()).map(({ path }) => path), ["entries.jsonl"]);
  Deno.writeTextFileSync(list, entries.replace('"mode":', '"mode": '));
  assertEquals((await faults()).map(({ path }) => path), ["entries.jsonl"]);
  Deno.removeSync(list);
  assertEquals((await faults()).map(({ path }) => path), ["entries.jsonl"]);
  Deno.writeTextFileSync(join(path, "manifest.json"), "{");
  assertEquals((await verifyBackups(store)).checks.map(({ id, faults }) => [id, faults[0]?.path]), [
    [id, "manifest.json"],
  ]);
});

Deno.test("verifyBackups() refuses a backup that is not there", async () => {
  await using made = await backedUp();
  const { store, id } = made;
  for (const wrong of ["nothing", `${id}/files`, ".."]) {
    await assertRejects(() => verifyBackups(store, { id: wrong }), RangeError, "Unknown backup");
  }
});

Deno.test("verifyBackups() stops when it is told to", async () => {
  await using made = await backedUp();
  const signal = AbortSignal.abort();
  const error = await assertRejects(() => verifyBackups(made.store, { signal }), DOMException);
  assertEquals(error.name, "AbortError");
});

Deno.test("verifyBackups() names what a sound copy was made without", async () => {
  await using place = await tempStore({ experiments: [experiment({ id: "1" })] });
  const pipe = join(place.root, "1/pipe");
  const { success } = new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
  if (!success) return;
  await using store = await openStore(place.root);
  const { leftOut } = await backup(store);
  assertEquals(leftOut.map(({ path }) => path), ["1/pipe"]);
  const { checks, sound } = await verifyBackups(store);
  assertEquals([checks[0]?.leftOut, sound], [leftOut, true]);
});
