import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { BackupProgress } from "../../../../lib/backup/backup.ts";
import { DamagedBackupError, RestoreCollisionError } from "../../../../lib/errors.ts";
import {
  type BringBackOptions,
  extractCopy,
  restoreFromCopy,
} from "../../../../tasks/_file/backups/bring_back.ts";
import type { Selection } from "../../../../tasks/_file/change/select_steps.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import { ownPaths } from "../../../../tasks/_file/own/own_paths.ts";
import { backup } from "../../../../tasks/backups/backup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree, type Tree } from "../../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const [ONE, TWO] = [runId(1), runId(2)];

/** A store with one full backup, and with files of its own. */
async function backedUp(files: Readonly<Record<string, string>> = {}) {
  const place = await tempStore({
    experiments: [
      experiment({ id: "7", runs: [run({ id: ONE }), run({ id: TWO })] }),
      experiment({ id: "8", runs: [run({ id: runId(3) })] }),
    ],
  });
  const { root, outside } = place;
  writeFiles(root, files);
  const store = await openStore(root, { now: () => NOW });
  const { path } = await backup(store);
  return {
    root,
    path,
    outside,
    before: await readTree(root, EXCEPT),
    async restore(selection: Selection = {}, options: BringBackOptions = {}) {
      using lock = acquireLock(root, "restore", NOW);
      return await restoreFromCopy(lock, root, ownPaths(root), path, selection, options);
    },
    remove: (...paths: readonly string[]) =>
      paths.forEach((each) => Deno.removeSync(join(root, each), { recursive: true })),
    tree: () => readTree(root, EXCEPT),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

function part(tree: Tree, inside: (path: string) => boolean): Tree {
  return new Map([...tree].filter(([path]) => inside(path)));
}

Deno.test("restoreFromCopy() brings back whatever is missing, as it was", async () => {
  await using made = await backedUp();
  const gone = ["7", `8/${runId(3)}/metrics`, "8/meta.yaml"];
  made.remove(...gone);
  const { trees, faults } = await made.restore();
  assertEquals([trees, faults], [["7", `8/${runId(3)}/metrics`, "8/meta.yaml"], []]);
  assertSameTree(await made.tree(), made.before);
  assertEquals([...Deno.readDirSync(ownPaths(made.root).staging)], []);
});

Deno.test("restoreFromCopy() has nothing to do where nothing is missing", async () => {
  await using made = await backedUp();
  assertEquals(await made.restore(), { trees: [], files: 0, bytes: 0, faults: [] });
  assertSameTree(await made.tree(), made.before);
});

Deno.test("restoreFromCopy() brings back one run, and nothing else that is missing", async () => {
  await using made = await backedUp();
  made.remove(`7/${ONE}`, `7/${TWO}`, "8");
  const { trees } = await made.restore({ run: ONE });
  assertEquals<readonly string[]>(trees, [`7/${ONE}`]);
  const isBack = (path: string) => !path.includes(TWO) && !/^8(\/|$)/.test(path);
  assertSameTree(await made.tree(), part(made.before, isBack));
});

Deno.test("restoreFromCopy() leaves alone what has come since, and what is the same", async () => {
  await using made = await backedUp();
  made.remove(`7/${ONE}`);
  writeFiles(made.root, { "9/meta.yaml": "name: new\n", [`7/${TWO}/tags/new`]: "new" });
  const touched = join(made.root, "7/meta.yaml");
  Deno.utimeSync(touched, 1, 1);
  await made.restore();
  const after = await made.tree();
  assertEquals(after.get(`7/${ONE}/meta.yaml`), made.before.get(`7/${ONE}/meta.yaml`));
  assertEquals(after.get("7/meta.yaml")?.mtimeMs, 1_000);
  assertEquals(after.has("9/meta.yaml") && after.has(`7/${TWO}/tags/new`), true);
});

Deno.test("restoreFromCopy() refuses every collision with both sides named, and moves nothing", async () => {
  await using made = await backedUp();
  const { root, path, outside } = made;
  made.remove(`7/${ONE}`, `7/${TWO}/metrics`);
  writeFiles(root, { "8/meta.yaml": "name: changed\n", [`7/${TWO}/metrics`]: "a file\n" });
  Deno.symlinkSync(outside, join(root, "7", ONE));
  const before = await made.tree();
  const error = await assertRejects(() => made.restore(), RestoreCollisionError);
  const kept = (entry: string) => join(path, "files", entry);
  assertEquals(error.collisions, [
    `${join(root, "7", ONE)} exists, and ${kept(`7/${ONE}`)} would replace it`,
    `${join(root, "7", TWO, "metrics")} exists, and ${kept(`7/${TWO}/metrics`)} would replace it`,
    `${join(root, "8/meta.yaml")} was changed since, and ${kept("8/meta.yaml")} would replace it`,
  ]);
  assertSameTree(await made.tree(), before);
  assertEquals([...Deno.readDirSync(outside)], []);
});

Deno.test("restoreFromCopy() neither tears a run from its experiment nor doubles an experiment", async () => {
  await using made = await backedUp();
  const { root, path } = made;
  made.remove("8");
  const torn = await assertRejects(() => made.restore({ run: runId(3) }), RestoreCollisionError);
  assertEquals(torn.collisions, [
    `${root}/8 is gone, and ${path}/files/8/${
      runId(3)
    } belongs into it; restore the whole experiment`,
  ]);
  Deno.renameSync(join(root, "7"), join(root, ".trash/7"));
  const doubled = await assertRejects(
    () => made.restore({ experiment: "7" }),
    RestoreCollisionError,
  );
  assertEquals(doubled.collisions, [
    `${root}/.trash/7 is the same experiment, and ${path}/files/7 would double it`,
  ]);
});

Deno.test("restoreFromCopy() brings back all but what is damaged, and names that", async () => {
  await using made = await backedUp();
  made.remove("7");
  const rotten = `7/${ONE}/params/lr`;
  Deno.writeTextFileSync(join(made.path, "files", rotten), "9.9");
  Deno.removeSync(join(made.path, "files/7/meta.yaml"));
  const { faults, trees } = await made.restore();
  assertEquals<readonly string[]>(trees, ["7"]);
  assertEquals(faults.map(({ path, kind }) => [path, kind]), [
    [rotten, "changed"],
    ["7/meta.yaml", "missing"],
  ]);
  const isWhole = (path: string) => path !== rotten && path !== "7/meta.yaml";
  assertSameTree(await made.tree(), part(made.before, isWhole));
});

Deno.test("restoreFromCopy() writes nothing where the list of entries is damaged", async () => {
  await using made = await backedUp();
  made.remove("7");
  const before = await made.tree();
  const list = join(made.path, "entries.jsonl");
  const text = Deno.readTextFileSync(list);
  const link = JSON.stringify({ path: "7", kind: "link", target: made.outside, mtime: 1 });
  const hostile = [
    text.replace('"path":"7/', '"path":"../'),
    text.replace('"path":"7/', '"path":"/7/'),
    text.replace(/\{"path":"7",[^}]*\}/, link),
    text.slice(0, -10),
    text.replace('"size":', '"size":-'),
    text + text,
    "\n",
    "",
  ];
  for (const wrong of hostile) {
    Deno.writeTextFileSync(list, wrong);
    await assertRejects(() => made.restore(), DamagedBackupError, `Cannot read ${list}: `);
    assertSameTree(await made.tree(), before);
  }
});

Deno.test("restoreFromCopy() tells what failed, though it was to stop as well", async () => {
  // Nobody asks whether to stop once empty files are written, for there is nothing to read back.
  const [first, last] = [`7/${ONE}/artifacts/first`, "zzz"];
  await using made = await backedUp({ [first]: "", [last]: "" });
  made.remove(first, last);
  const stop = new AbortController();
  const onProgress = ({ files }: BackupProgress) => {
    if (files < 2) return;
    queueMicrotask(() => {
      stop.abort();
      writeFiles(made.root, { [last]: "new" });
    });
  };
  await assertRejects(
    () => made.restore({}, { signal: stop.signal, onProgress }),
    Error,
    `Cannot bring back ${join(made.root, last)}: something was put there meanwhile`,
  );
  assertEquals(stop.signal.aborted, true);
  assertEquals(Deno.readTextFileSync(join(made.root, first)), "");
  assertEquals(Deno.readTextFileSync(join(made.root, last)), "new");
});

Deno.test("restoreFromCopy() brings back everything when it is told to stop too late", async () => {
  const last = "zzz";
  await using made = await backedUp({ [last]: "" });
  made.remove(last);
  const stop = new AbortController();
  const onProgress = () => queueMicrotask(() => stop.abort());
  const { trees } = await made.restore({}, { signal: stop.signal, onProgress });
  assertEquals<readonly string[]>(trees, [last]);
  assertEquals(stop.signal.aborted, true);
  assertSameTree(await made.tree(), made.before);
});

Deno.test("restoreFromCopy() refuses what the backup has nothing of", async () => {
  await using made = await backedUp();
  await assertRejects(() => made.restore({ experiment: "9" }), RangeError, "restore experiment 9");
  await assertRejects(() => made.restore({ run: "9" }), RangeError, "restore run 9");
});

Deno.test("extractCopy() copies an experiment to another place, times and modes included", async () => {
  await using made = await backedUp();
  const target = join(made.outside, "a/b");
  const { trees } = await extractCopy(made.path, { experiment: "7" }, target);
  assertEquals<readonly string[]>(trees, ["7"]);
  const isSeven = (path: string) => /^7(\/|$)/.test(path);
  assertSameTree(await readTree(target), part(made.before, isSeven));
  const before = await readTree(target);
  const again = await assertRejects(
    () => extractCopy(made.path, { run: ONE }, target),
    RestoreCollisionError,
  );
  assertEquals(again.collisions, [
    `${target}/7/${ONE} exists, and ${made.path}/files/7/${ONE} would replace it`,
  ]);
  assertSameTree(await readTree(target), before);
});

Deno.test("extractCopy() leaves nothing behind when it is stopped", async () => {
  await using made = await backedUp();
  const target = join(made.outside, "target");
  const controller = new AbortController();
  const error = await assertRejects(() =>
    extractCopy(made.path, {}, target, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    }), DOMException);
  assertEquals([error.name, error.message, error.cause], [
    "AbortError",
    "Restore stopped: nothing was brought back",
    controller.signal.reason,
  ]);
  assertEquals([...Deno.readDirSync(target)], []);
});
