import { assertEquals, assertNotEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { asStorePath } from "../../../../lib/store/path.ts";
import {
  carryOut,
  type ReplaceFile,
  type Workplace,
} from "../../../../tasks/_file/change/operate.ts";
import { stageAhead } from "../../../../tasks/_file/change/stage_ahead.ts";
import { type TempStore, tempStore, writeFiles } from "../../../_support/disk_store.ts";

/** So many files that a second thread stages them. */
const COUNT = 1_000;

const operations: readonly ReplaceFile[] = Array.from({ length: COUNT }, (_, index) => ({
  kind: "replace-file",
  path: asStorePath(`1/file-${index}`),
  content: { kind: "text", text: `new ${index}` },
}));
const [first, second] = operations as [ReplaceFile, ReplaceFile];

async function manyFiles(): Promise<TempStore & { readonly at: Workplace }> {
  const store = await tempStore();
  writeFiles(store.root, Object.fromEntries(operations.map(({ path }) => [path, "old"])));
  writeFiles(store.outside, { files: null, staging: null });
  const at = {
    root: store.root,
    files: join(store.outside, "files"),
    staging: join(store.outside, "staging"),
  };
  return { ...store, at };
}

/** Of the first so many files. */
function inodesIn(directory: string, count: number): readonly (number | null)[] {
  return operations.slice(0, count)
    .map(({ path }) => Deno.statSync(join(directory, basename(path))).ino);
}

function namesIn(directory: string): readonly string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name);
}

Deno.test("stageAhead() has the files of many operations ready, each for once", async () => {
  await using store = await manyFiles();
  using ahead = stageAhead(operations, store.at);
  assertEquals(ahead.take(first), null, "none before it is asked for");
  for (const operation of operations) {
    await ahead.ready(operation);
    const staged = ahead.take(operation);
    assertNotEquals(staged, null, operation.path);
    carryOut(operation, store.at, staged);
    assertEquals(ahead.take(operation), null);
  }
  assertEquals(
    operations.map(({ path }) => Deno.readTextFileSync(join(store.root, path))),
    operations.map((_, index) => `new ${index}`),
  );
  assertEquals(namesIn(store.at.staging), []);
});

Deno.test("stageAhead() leaves nothing behind of what was not needed", async () => {
  await using store = await manyFiles();
  using ahead = stageAhead(operations, store.at);
  await ahead.ready(first);
  await ahead.clear();
  assertEquals([ahead.take(first), namesIn(store.at.staging)], [null, []]);
});

Deno.test("stageAhead() keeps the files that will be replaced, and lets them go that will not be", async () => {
  await using store = await manyFiles();
  using ahead = stageAhead(operations, store.at);
  await ahead.ready(first);
  const kept = join(store.at.files, "1");
  assertEquals(inodesIn(kept, 2), inodesIn(join(store.root, "1"), 2));
  carryOut(first, store.at, ahead.take(first));
  ahead.drop(second);
  assertEquals(namesIn(kept).includes(basename(second.path)), false);
  await ahead.clear();
  assertEquals(namesIn(kept), ["file-0"]);
});

Deno.test("stageAhead() leaves to its turn what cannot be staged", async () => {
  await using store = await manyFiles();
  Deno.removeSync(join(store.root, first.path));
  Deno.mkdirSync(join(store.root, first.path));
  using ahead = stageAhead(operations, store.at);
  await ahead.ready(first);
  assertEquals(ahead.take(first), null);
  assertNotEquals(ahead.take(second), null);
  await ahead.clear();
});

Deno.test("stageAhead() stages no beginning of a file, which may be as large as a disk", async () => {
  await using store = await manyFiles();
  const trim: ReplaceFile = { ...first, content: { kind: "prefix", bytes: 1 } };
  using ahead = stageAhead([trim], store.at);
  await ahead.ready(trim);
  assertEquals([ahead.take(trim), namesIn(store.at.staging)], [null, []]);
});

Deno.test("carryOut() makes a new file of what a file has become since its own was staged", async () => {
  await using store = await manyFiles();
  const edit: ReplaceFile = {
    ...first,
    content: { kind: "changes", changes: { lifecycle_stage: "deleted" } },
  };
  writeFiles(store.root, { [first.path]: "lifecycle_stage: active\nrun_name: before\n" });
  using ahead = stageAhead([edit], store.at);
  await ahead.ready(edit);
  const staged = ahead.take(edit);
  writeFiles(store.root, { [first.path]: "lifecycle_stage: active\nrun_name: afterwards\n" });
  carryOut(edit, store.at, staged);
  assertEquals(
    Deno.readTextFileSync(join(store.root, first.path)),
    "lifecycle_stage: deleted\nrun_name: afterwards\n",
  );
  assertEquals(namesIn(store.at.staging), []);
});

Deno.test("carryOut() keeps what stands at its turn, not what stood there when files were staged", async () => {
  await using store = await manyFiles();
  using ahead = stageAhead(operations, store.at);
  await ahead.ready(first);
  const staged = ahead.take(first);
  writeFiles(store.root, { elsewhere: "newer" });
  Deno.renameSync(join(store.root, "elsewhere"), join(store.root, first.path));
  carryOut(first, store.at, staged);
  assertEquals(Deno.readTextFileSync(join(store.at.files, first.path)), "newer");
  assertEquals(Deno.readTextFileSync(join(store.root, first.path)), "new 0");
  await ahead.clear();
});
