import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import fc from "../../_support/fast_check.ts";
import type { CopyScope } from "../../../lib/backup/backup.ts";
import { StoreLockedError } from "../../../lib/errors.ts";
import { extractCopy } from "../../../tasks/_file/backups/bring_back.ts";
import { backup } from "../../../tasks/backups/backup.ts";
import { listBackups } from "../../../tasks/backups/list_backups.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { verifyBackups } from "../../../tasks/backups/verify_backups.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { anyTree, writeAnyTree } from "../../_support/any_tree.ts";
import { experiment, loggedModel, NOW, run, runId } from "../../_support/builders.ts";
import { setTimes, tempStore, writeFiles } from "../../_support/disk_store.ts";
import { memoryDirectory, tempDirectory } from "../../_support/temp_directory.ts";
import { assertSameTree, readTree, type Tree } from "../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const STORE = { experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })] };

/** Opens a store whose clock moves one minute with each look at it. */
function open(root: string): Promise<Store> {
  let now = NOW;
  return openStore(root, { now: () => now += 60_000 });
}

function inode(path: string): number | null {
  return Deno.lstatSync(path).ino;
}

Deno.test("backup() and extracting give back the identical tree, whatever it is", async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, async (tree) => {
      await using place = await memoryDirectory();
      const root = join(place.path, "mlruns");
      writeAnyTree(root, tree, NOW - 1e9);
      Deno.chmodSync(root, 0o755);
      Deno.mkdirSync(join(root, ".trash"), { recursive: true });
      const before = await readTree(root);
      await using store = await open(root);
      const report = await backup(store);
      assertSameTree(await readTree(root, EXCEPT), before);
      const target = join(place.path, "target");
      const { faults } = await extractCopy(report.path, {}, target);
      assertEquals([faults, report.complete], [[], true]);
      assertSameTree(await readTree(target), before);
      assertEquals((await verifyBackups(store)).sound, true);
    }),
    { numRuns: 60 },
  );
});

Deno.test("backup() describes what it holds, and lies whole in its place", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const report = await backup(store);
  const { id, path, settled, remains, complete, ...manifest } = report;
  assertEquals(path, join(place.root, ".mltidy.trash/backups", id));
  assertEquals([id, settled, remains, complete], ["20261101T000200Z-backup", [], [], true]);
  const written = JSON.parse(await Deno.readTextFile(join(path, "manifest.json")));
  assertEquals(written, { id, ...manifest });
  assertEquals([manifest.kind, manifest.scope, manifest.changing, manifest.leftOut], [
    "copy",
    { kind: "full" },
    [],
    [],
  ]);
  const tree = [...(await readTree(place.root, EXCEPT)).values()];
  const files = tree.filter(({ kind }) => kind === "file").length;
  const directories = tree.filter(({ kind }) => kind === "directory").length;
  assertEquals([manifest.totals.files, manifest.totals.directories], [files, directories]);
  assertEquals(manifest.entries.count, files + directories);
  assertEquals([...Deno.readDirSync(path)].map(({ name }) => name).sort(), [
    "entries.jsonl",
    "files",
    "manifest.json",
  ]);
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/staging"))], []);
});

Deno.test("backup() shares unchanged files with the last one, and never with the store", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const first = await backup(store);
  const changed = join(place.root, "7/meta.yaml");
  Deno.writeTextFileSync(changed, Deno.readTextFileSync(changed) + "# edited\n");
  const second = await backup(store);
  const { files, shared } = second.totals;
  assertEquals(shared.files, files - 1);
  const run = `7/${runId(1)}/meta.yaml`;
  assertEquals(inode(join(second.path, "files", run)), inode(join(first.path, "files", run)));
  assert(inode(join(second.path, "files", run)) !== inode(join(place.root, run)));
  const own = "7/meta.yaml";
  assert(inode(join(second.path, "files", own)) !== inode(join(first.path, "files", own)));
  for (const { path } of [first, second]) {
    for (const entry of [own, run]) {
      assert(inode(join(path, "files", entry)) !== inode(join(place.root, entry)));
    }
  }
  assertEquals((await verifyBackups(store)).sound, true);
});

Deno.test("backup() shares nothing that was written just before the last one", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  setTimes(place.root, NOW + 120_000 - 1_000);
  await backup(store);
  assertEquals((await backup(store)).totals.shared.files, 0);
});

Deno.test("backup() copies afresh what has rotted in the last one", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const first = await backup(store);
  const rotten = join(first.path, "files/7/meta.yaml");
  const { mtime } = Deno.statSync(rotten);
  Deno.writeTextFileSync(rotten, Deno.readTextFileSync(rotten).replace("name", "nama"));
  Deno.utimeSync(rotten, mtime!, mtime!);
  const second = await backup(store);
  assertEquals(second.totals.shared.files, second.totals.files - 1);
  const { checks } = await verifyBackups(store);
  assertEquals(checks.map(({ id, faults }) => [id, faults.map(({ path }) => path)]), [
    [second.id, []],
    [first.id, ["7/meta.yaml"]],
  ]);
});

async function copied(store: Store, options: Parameters<typeof backup>[1]): Promise<Tree> {
  const { path } = await backup(store, options);
  return await readTree(join(path, "files"));
}

Deno.test("backup() of one experiment or run holds that alone", async () => {
  await using place = await tempStore({
    experiments: [
      experiment({ id: "7", runs: [run({ id: runId(1) }), run({ id: runId(2) })] }),
      experiment({ id: "8", runs: [run({ id: runId(3) })] }),
    ],
  });
  await using store = await open(place.root);
  const all = [...(await readTree(place.root, EXCEPT)).keys()];
  const seven = await copied(store, { scope: { kind: "experiment", id: "7" } });
  assertEquals([...seven.keys()], all.filter((path) => path === "7" || path.startsWith("7/")));
  const two = await copied(store, { scope: { kind: "run", id: runId(2) } });
  assertEquals(
    [...two.keys()],
    all.filter((path) => path === "7" || path.startsWith(`7/${runId(2)}`)),
  );
  const { scope } = await backup(store, { scope: { kind: "experiment", id: "experiment 8" } });
  assertEquals(scope, { kind: "experiment", id: "8" });
});

Deno.test("backup() of one run holds its logged models, and restore() brings them back with it", async () => {
  const id = (number: number) => `m-${runId(number)}`;
  await using place = await tempStore({
    experiments: [
      experiment({
        id: "7",
        name: "churn",
        runs: [run({ id: runId(1) }), run({ id: runId(2) })],
        loggedModels: [
          loggedModel({ id: id(1), sourceRunId: runId(1) }),
          loggedModel({ id: id(2), sourceRunId: runId(2) }),
        ],
      }),
      experiment({ id: "8", loggedModels: [loggedModel({ id: id(3) })] }),
    ],
  });
  await using store = await open(place.root);
  const all = await readTree(place.root, EXCEPT);
  const own = [`7/${runId(2)}`, "7/models", `7/models/${id(2)}`];
  const whole = await backup(store);
  const { path, id: one } = await backup(store, { scope: { kind: "run", id: runId(2) } });
  const held = [...(await readTree(join(path, "files"))).keys()];
  assertEquals(
    held,
    [...all.keys()].filter((each) =>
      ["7", "7/models"].includes(each) ||
      [own[0]!, own[2]!].some((at) => each === at || each.startsWith(`${at}/`))
    ),
  );
  const losses = [[one, own.slice(0, 2)], [whole.id, [own[0]!, own[2]!]]] as const;
  for (const [from, lost] of losses) {
    for (const each of lost) Deno.removeSync(join(place.root, each), { recursive: true });
    const { changes, collisions } = await restore(store, {
      id: from,
      experiment: "churn",
      run: runId(2),
    });
    assertEquals([changes, collisions], [2, []]);
    const now = await readTree(place.root, EXCEPT);
    assertEquals(
      [...all.keys()].filter((each) => !now.has(each) && !each.startsWith(`7/models/${id(1)}`)),
      [],
    );
    assertEquals(now.has(`7/models/${id(1)}`), false, "that of another run stays away");
  }
  const begun = runId(2).slice(0, 30);
  await assertRejects(
    () => restore(store, { id: whole.id, run: begun }),
    InvalidArgumentError,
    `Cannot tell which run "${begun}" is: expected one of ${runId(1)}, ${runId(2)}`,
  );
});

Deno.test("backup() of the metadata leaves artifact directories empty", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const all = [...(await readTree(place.root, EXCEPT)).keys()];
  const metadata = await copied(store, { scope: { kind: "metadata" } });
  assertEquals(all.filter((path) => !metadata.has(path)), [
    `7/${runId(1)}/artifacts/report.txt`,
  ]);
});

Deno.test("backup() refuses an experiment or run that is not there, and leaves nothing", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  for (const scope of [{ kind: "experiment", id: "9" }, { kind: "run", id: "9" }] as const) {
    const message = `Cannot back up ${scope.kind} 9: store ${place.root} has none of that id`;
    await assertRejects(() => backup(store, { scope }), RangeError, message);
  }
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/backups"))], []);
});

Deno.test("backup() copies links as links, and nothing that lies outside", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  writeFiles(place.outside, { "secret.txt": "secret\n" });
  Deno.symlinkSync(place.outside, join(place.root, "9"));
  Deno.symlinkSync(join(place.outside, "secret.txt"), join(place.root, "7/link.txt"));
  const tree = await copied(store, {});
  assertEquals(tree.get("9")?.kind, "link");
  assertEquals(tree.get("7/link.txt")?.kind, "link");
  assertEquals([...tree.keys()].filter((path) => path.startsWith("9/")), []);
});

Deno.test("backup() leaves sockets and pipes out, and says so", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  using _socket = Deno.listen({ transport: "unix", path: join(place.root, "7/socket") });
  const { leftOut, complete } = await backup(store);
  assertEquals(leftOut, [
    { path: "7/socket", because: "special", message: "it is a socket, pipe or device" },
  ]);
  assertEquals(complete, true);
});

Deno.test("backup() into a directory elsewhere makes it, and leaves the store alone", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const backups = join(place.outside, "new/place");
  const first = await backup(store, { backups });
  const second = await backup(store, { backups });
  assertEquals(first.path, join(backups, first.id));
  assertEquals(second.totals.shared.files, second.totals.files);
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/backups"))], []);
  assertEquals(
    [...Deno.readDirSync(backups)].map(({ name }) => name).sort(),
    [
      ".mltidy",
      first.id,
      second.id,
    ].sort(),
  );
});

Deno.test("backup() refuses a directory inside the store, under whatever name", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  Deno.symlinkSync(place.root, join(place.outside, "alias"));
  const before = await readTree(place.root, EXCEPT);
  for (
    const backups of [
      join(place.root, "backups"),
      join(place.root, "7"),
      place.root,
      join(place.root, ".mltidy.trash/mine"),
      join(place.outside, "alias/new/backups"),
    ]
  ) {
    await assertRejects(() => backup(store, { backups }), RangeError, "it lies inside store");
  }
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("backup() refuses another store, and what lies in one, as a place for backups", async () => {
  await using place = await tempStore(STORE);
  await using other = await tempStore({
    experiments: [experiment({ id: "0" }), ...STORE.experiments],
  });
  await using store = await open(place.root);
  const before = await readTree(other.root);
  for (const backups of [other.root, join(other.root, "new/backups"), join(other.root, "7")]) {
    await assertRejects(
      () => backup(store, { backups }),
      InvalidArgumentError,
      `it lies inside store ${other.root}`,
    );
  }
  assertSameTree(await readTree(other.root), before);
  // What holds a store is none, and what was kept in one is found.
  await backup(store, { backups: other.outside });
  writeFiles(other.root, { ".mltidy/README.txt": null });
  assertEquals((await listBackups(store, { backups: other.root })).backups, []);
});

Deno.test("backup() refuses what is no directory as a place for backups", async () => {
  await using place = await tempStore(STORE);
  await using store = await openStore(place.root);
  const file = join(place.outside, "file");
  Deno.writeTextFileSync(file, "mine");
  for (const backups of [file, join(file, "below"), "/dev/null"]) {
    await assertRejects(
      () => backup(store, { backups }),
      InvalidArgumentError,
      "expected a directory, found something else; name a directory",
    );
  }
  assertEquals(Deno.readTextFileSync(file), "mine");
});

Deno.test("no link that leads in a circle is a place for backups, or for what they hold", async () => {
  await using place = await tempStore(STORE);
  await using store = await openStore(place.root);
  const { id } = await backup(store);
  const loop = join(place.outside, "loop");
  Deno.symlinkSync("loop", loop);
  for (const directory of [loop, join(loop, "below")]) {
    const why = `Cannot keep anything in ${directory}: Too many levels of symbolic links; name`;
    for (
      const attempt of [
        () => backup(store, { backups: directory }),
        () => listBackups(store, { backups: directory }),
        () => restore(store, { id, to: directory }),
      ]
    ) await assertRejects(attempt, InvalidArgumentError, why);
  }
});

Deno.test("backup() keeps the backups of two stores in one place apart", async () => {
  await using one = await tempStore(STORE);
  await using other = await tempStore(STORE);
  await using place = await tempDirectory();
  const options = { backups: place.path };
  await using ours = await open(one.root);
  await using theirs = await open(other.root);
  const first = await backup(ours, options);
  const second = await backup(theirs, options);
  assert(first.id !== second.id);
  assertEquals(second.totals.shared.files, 0, "the same paths, but of another store");
  const listed = async (store: Store) =>
    (await (await store.backups!.open(place.path)).list()).map(({ id }) => id);
  assertEquals([await listed(ours), await listed(theirs)], [[first.id], [second.id]]);
});

Deno.test("backup() waits for nobody: a locked store or place is refused", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const backups = join(place.outside, "place");
  {
    await using _lock = await lockStore(store, { task: "cleanup" });
    await assertRejects(() => backup(store), StoreLockedError);
  }
  Deno.mkdirSync(join(backups, ".mltidy"), { recursive: true });
  using file = Deno.openSync(join(backups, ".mltidy/lock"), { write: true, create: true });
  file.lockSync(true);
  await assertRejects(() => backup(store, { backups }), StoreLockedError, "another process writes");
});

Deno.test("backup() that is interrupted keeps nothing", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const before = await readTree(place.root, EXCEPT);
  const controller = new AbortController();
  const steps: string[] = [];
  const error = await assertRejects(() =>
    backup(store, {
      signal: controller.signal,
      onProgress: ({ step, files }) => {
        steps.push(step);
        if (step === "Copying" && files === 2) controller.abort();
      },
    })
  );
  assertInstanceOf(error, DOMException);
  assertEquals([error.name, error.message], [
    "AbortError",
    "Backup stopped: nothing of it was kept",
  ]);
  assert(steps.includes("Counting"));
  for (const name of ["staging", "backups"]) {
    assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash", name))], []);
  }
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("backup() keeps the last copy of a file that never rests, and names it", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const metric = `7/${runId(1)}/metrics/loss`;
  const path = join(place.root, metric);
  let appended = 0;
  const report = await backup(store, {
    onProgress: ({ step }) => {
      if (step !== "Copying" || appended > 500) return;
      Deno.writeTextFileSync(path, `${appended} 0.5 ${appended++}\n`, { append: true });
    },
  });
  assertEquals([report.changing, report.complete], [[metric], false]);
  const kept = Deno.readTextFileSync(join(report.path, "files", metric));
  assert(Deno.readTextFileSync(path).startsWith(kept) && kept !== "");
  assertEquals((await verifyBackups(store)).sound, true);
});

Deno.test("backup() passes over what is removed while it runs", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  const gone = `7/${runId(1)}/tags`;
  writeFiles(place.root, { [`${gone}/note`]: "to be removed" });
  let removed = false;
  const report = await backup(store, {
    onProgress: ({ step }) => {
      if (step !== "Copying" || removed) return;
      removed = true;
      Deno.removeSync(join(place.root, gone), { recursive: true });
    },
  });
  assertEquals([report.complete, report.leftOut], [true, []]);
  assertEquals((await verifyBackups(store)).sound, true);
});

Deno.test("backup() refuses a scope of no kind that there is, and copies nothing", async () => {
  await using place = await tempStore(STORE);
  await using store = await open(place.root);
  for (
    const scope of [{ kind: "everything" }, { kind: "run" }, { kind: "experiment", id: 7 }, {}]
  ) {
    const error = await assertRejects(
      () => backup(store, { scope: scope as unknown as CopyScope }),
      RangeError,
    );
    assertStringIncludes(
      error.message,
      `Cannot back up ${JSON.stringify(scope)}: expected a scope`,
    );
  }
  assertEquals(await (await store.backups!.open(null)).list(), []);
});

Deno.test("backup() fails cleanly when the disk is full", async (t) => {
  await using place = await tempStore(STORE);
  const backups = join(place.outside, "small");
  Deno.mkdirSync(backups);
  const mounted = await mount(backups, "64k");
  if (!mounted) {
    // deno-lint-ignore no-console -- a test that is skipped says why.
    console.log(`Skipped ${t.name}: mounting a small file system needs root`);
    return;
  }
  try {
    writeFiles(place.root, { [`7/${runId(1)}/artifacts/model.pkl`]: "x".repeat(200_000) });
    await using store = await open(place.root);
    const before = await readTree(place.root, EXCEPT);
    const error = await assertRejects(() => backup(store, { backups }), Error);
    assertEquals(
      error.message,
      `Cannot back up store ${place.root} into ${backups}: No space left on device; nothing was kept, and the store is as it was; make room there, or name a directory on another disk with --backups`,
    );
    assertEquals([...Deno.readDirSync(join(backups, ".mltidy/staging"))], []);
    assertEquals(await (await store.backups!.open(backups)).list(), []);
    assertSameTree(await readTree(place.root, EXCEPT), before);
  } finally {
    await new Deno.Command("umount", { args: [backups] }).output();
  }
});

async function mount(directory: string, size: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const args = ["-t", "tmpfs", "-o", `size=${size}`, "none", directory];
  return (await new Deno.Command("mount", { args }).output()).success;
}
