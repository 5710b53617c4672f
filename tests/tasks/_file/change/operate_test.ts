import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { type Operation, operationsOf } from "../../../../lib/files/operations.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../../lib/store/path.ts";
import {
  carryOut,
  collisionOf,
  takeBack,
  type Workplace,
} from "../../../../tasks/_file/change/operate.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { type TempStore, tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const RUN = `1/${runId(1)}`;
const META = `${RUN}/meta.yaml`;

const moveRun: Operation = { kind: "move-tree", path: asStorePath(RUN) };
const [replaceMeta] = operationsOf({
  kind: "soft-delete-run",
  path: asStorePath(RUN),
  name: "",
  runId: asRunId(runId(1)),
  experimentId: asExperimentId("1"),
  reasons: [{ kind: "older-than", field: "end_time", time: 0, age: 2, limit: 1 }],
  usage: { bytes: 0, files: 0 },
  stamp: "",
}, { now: NOW });
const writeNew: Operation = {
  kind: "replace-file",
  path: asStorePath(`${RUN}/new`),
  content: { kind: "new-text", text: "new\n" },
};
const replaceParam: Operation = {
  kind: "replace-file",
  path: asStorePath(`${RUN}/params/lr`),
  content: { kind: "text", text: "0.25" },
};
const trimMetric: Operation = {
  kind: "replace-file",
  path: asStorePath(`${RUN}/metrics/loss`),
  content: { kind: "prefix", bytes: 10 },
};
const createDirectory: Operation = { kind: "create-dir", path: asStorePath(`${RUN}/inputs`) };

async function oneRun(): Promise<TempStore & { readonly at: Workplace }> {
  const store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  const at = {
    root: store.root,
    files: join(store.outside, "files"),
    staging: join(store.outside, "staging"),
  };
  writeFiles(store.outside, { files: null, staging: null });
  Deno.chmodSync(join(store.root, META), 0o640);
  return { ...store, at };
}

/** Gives back the times that moving and replacing leave on directories, which a change looks after. */
function keepDirectoryTimes(root: string): () => void {
  const times = ["", "1", RUN, `${RUN}/metrics`, `${RUN}/params`].map((path) => [
    join(root, path),
    Deno.statSync(join(root, path)),
  ]);
  return () => {
    for (const [path, { atime, mtime }] of times as [string, Deno.FileInfo][]) {
      Deno.utimeSync(path, atime!, mtime!);
    }
  };
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  "moving a tree": moveRun,
  "changing a meta.yaml": replaceMeta,
  "writing a new file": writeNew,
  "writing a file anew": replaceParam,
  "cutting a file short": trimMetric,
  "making a directory": createDirectory,
};

for (const [label, operation] of Object.entries(OPERATIONS)) {
  Deno.test(`takeBack() leaves no trace of ${label}, once or twice`, async () => {
    await using store = await oneRun();
    const before = await readTree(store.root);
    const restoreTimes = keepDirectoryTimes(store.root);
    carryOut(operation, store.at);
    assertEquals(collisionOf(operation, store.at), null);
    for (let times = 0; times < 2; times++) {
      takeBack(operation, store.at);
      restoreTimes();
      assertSameTree(await readTree(store.root), before);
    }
    const left = [...(await readTree(store.outside)).values()].filter(({ kind }) =>
      kind === "file"
    );
    assertEquals(left, []);
  });

  Deno.test(`takeBack() leaves the store as it is where ${label} has not begun`, async () => {
    await using store = await oneRun();
    const before = await readTree(store.root);
    assertEquals(collisionOf(operation, store.at), null);
    takeBack(operation, store.at);
    assertSameTree(await readTree(store.root), before);
  });
}

Deno.test("carryOut() moves a tree into the backup as it is", async () => {
  await using store = await oneRun();
  const before = await readTree(join(store.root, RUN));
  carryOut(moveRun, store.at);
  assertSameTree(await readTree(join(store.at.files, RUN)), before);
  assertThrows(() => Deno.lstatSync(join(store.root, RUN)), Deno.errors.NotFound);
});

Deno.test("carryOut() keeps the very file that it replaces, and its mode on the new one", async () => {
  await using store = await oneRun();
  const before = Deno.lstatSync(join(store.root, META));
  const text = Deno.readTextFileSync(join(store.root, META));
  carryOut(replaceMeta, store.at);
  const kept = Deno.lstatSync(join(store.at.files, META));
  const current = Deno.lstatSync(join(store.root, META));
  assertEquals([kept.ino, kept.mtime, kept.mode], [before.ino, before.mtime, before.mode]);
  assertEquals([current.mode, current.nlink, kept.nlink], [before.mode, 1, 1]);
  assertEquals(Deno.readTextFileSync(join(store.at.files, META)), text);
  const rewritten = Deno.readTextFileSync(join(store.root, META));
  assertStringIncludes(rewritten, `deleted_time: ${NOW}\n`);
  assertStringIncludes(rewritten, "lifecycle_stage: deleted\n");
  assertEquals([...Deno.readDirSync(store.at.staging)], []);
});

Deno.test("carryOut() writes what a file is to hold", async () => {
  await using store = await oneRun();
  const metric = join(store.root, RUN, "metrics/loss");
  const before = Deno.readTextFileSync(metric);
  for (const operation of [writeNew, replaceParam, trimMetric]) carryOut(operation, store.at);
  const texts = ["new", "params/lr", "metrics/loss"]
    .map((path) => Deno.readTextFileSync(join(store.root, RUN, path)));
  assertEquals(texts, ["new\n", "0.25", before.slice(0, 10)]);
  assertEquals([...Deno.readDirSync(store.at.staging)], []);
});

Deno.test("carryOut() writes no new file over one that somebody else has written", async () => {
  await using store = await oneRun();
  writeFiles(store.root, { [`${RUN}/new`]: "theirs" });
  const before = await readTree(store.root);
  assertThrows(() => carryOut(writeNew, store.at), Deno.errors.AlreadyExists);
  takeBack(writeNew, store.at);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("carryOut() writes a new file where there are no links, but over no other", async () => {
  await using store = await oneRun();
  // No system links a directory: it refuses as one does that has no links at all.
  const path = join(store.at.staging, "ahead");
  const target = join(store.root, `${RUN}/new`);
  Deno.mkdirSync(path);
  Deno.mkdirSync(target);
  const ahead = { path, old: Deno.lstatSync(target), isKept: false };
  assertThrows(() => carryOut(writeNew, store.at, ahead), Deno.errors.AlreadyExists);
  Deno.removeSync(target);
  carryOut(writeNew, store.at, { path, old: null, isKept: false });
  assertEquals(Deno.statSync(target).isDirectory, true);
  assertEquals([...Deno.readDirSync(store.at.staging)], []);
});

Deno.test("takeBack() undoes a replacement that was cut off before the new file came", async () => {
  await using store = await oneRun();
  const before = await readTree(store.root);
  const kept = join(store.at.files, META);
  Deno.mkdirSync(dirname(kept), { recursive: true });
  Deno.linkSync(join(store.root, META), kept);
  assertEquals(collisionOf(replaceMeta, store.at), null);
  takeBack(replaceMeta, store.at);
  assertSameTree(await readTree(store.root), before);
  assertThrows(() => Deno.lstatSync(kept), Deno.errors.NotFound);
});

Deno.test("carryOut() leaves the store as it is when the backup has no room for it", async () => {
  for (const operation of [moveRun, replaceMeta]) {
    await using store = await oneRun();
    writeFiles(store.at.files, { "1": "in the way" });
    const before = await readTree(store.root);
    assertThrows(() => carryOut(operation, store.at));
    assertSameTree(await readTree(store.root), before);
  }
});

Deno.test("carryOut() replaces nothing that the backup holds already", async () => {
  await using store = await oneRun();
  writeFiles(store.at.files, { [META]: "the only copy" });
  const before = await readTree(store.root);
  assertThrows(() => carryOut(replaceMeta, store.at), Deno.errors.AlreadyExists);
  assertSameTree(await readTree(store.root), before);
  assertEquals(Deno.readTextFileSync(join(store.at.files, META)), "the only copy");
});

Deno.test("carryOut() leaves a meta.yaml alone that cannot be edited", async () => {
  await using store = await oneRun();
  Deno.writeTextFileSync(join(store.root, META), "status: [");
  const before = await readTree(store.root);
  assertThrows(() => carryOut(replaceMeta, store.at), SyntaxError);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("collisionOf() names both sides where a moved tree has come to exist again", async () => {
  await using store = await oneRun();
  carryOut(moveRun, store.at);
  writeFiles(store.root, { [META]: "" });
  assertEquals(
    collisionOf(moveRun, store.at),
    `${join(store.root, RUN)} exists again, and ${join(store.at.files, RUN)} would replace it`,
  );
});

Deno.test("collisionOf() says that the directory is gone into which a tree belongs", async () => {
  await using store = await oneRun();
  carryOut(moveRun, store.at);
  Deno.removeSync(join(store.root, "1"), { recursive: true });
  assertEquals(
    collisionOf(moveRun, store.at),
    `${join(store.root, "1")} is gone, and ${join(store.at.files, RUN)} belongs into it`,
  );
});

Deno.test("collisionOf() says that a replaced file was changed since, or is gone", async () => {
  await using store = await oneRun();
  carryOut(replaceMeta, store.at);
  const [target, kept] = [join(store.root, META), join(store.at.files, META)];
  Deno.writeTextFileSync(target, "lifecycle_stage: active\n");
  assertEquals(
    collisionOf(replaceMeta, store.at),
    `${target} was changed since, and ${kept} would replace it`,
  );
  Deno.removeSync(target);
  assertEquals(
    collisionOf(replaceMeta, store.at),
    `${target} is gone, and ${kept} would bring it back`,
  );
});

Deno.test("carryOut() and takeBack() go through no link that has come to stand on the way", async () => {
  await using store = await oneRun();
  const kept = join(store.at.files, RUN);
  carryOut(moveRun, store.at);
  Deno.renameSync(join(store.root, "1"), join(store.outside, "1"));
  Deno.symlinkSync(join(store.outside, "1"), join(store.root, "1"));
  assertEquals(
    collisionOf(moveRun, store.at),
    `a symbolic link leads to ${join(store.root, RUN)}, and ${kept} belongs there`,
  );
  Deno.renameSync(kept, join(store.outside, RUN));
  const before = await readTree(store.outside);
  for (const operation of [moveRun, replaceMeta, createDirectory]) {
    assertThrows(() => carryOut(operation, store.at), Error, "a symbolic link leads to it");
  }
  assertSameTree(await readTree(store.outside), before);
});

Deno.test("takeBack() leaves a created directory that has come to hold something", async () => {
  await using store = await oneRun();
  carryOut(createDirectory, store.at);
  writeFiles(store.root, { [`${RUN}/inputs/1/meta.yaml`]: "" });
  assertEquals(collisionOf(createDirectory, store.at), null);
  takeBack(createDirectory, store.at);
  assertEquals(Deno.lstatSync(join(store.root, RUN, "inputs/1/meta.yaml")).isFile, true);
});
