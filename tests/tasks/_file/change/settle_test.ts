import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { DamagedBackupError, RestoreCollisionError } from "../../../../lib/errors.ts";
import { takeBack } from "../../../../tasks/_file/change/operate.ts";
import { selectSteps } from "../../../../tasks/_file/change/select_steps.ts";
import { settleInterrupted, undoChange } from "../../../../tasks/_file/change/settle.ts";
import { type Begin, openJournal, readBegin } from "../../../../tasks/_file/own/journal.ts";
import { listJournals } from "../../../../tasks/_file/own/list_journals.ts";
import { readManifest } from "../../../../tasks/_file/own/manifest.ts";
import { type OwnPaths, ownPaths } from "../../../../tasks/_file/own/own_paths.ts";
import type { SettledChange } from "../../../../tasks/ports/store.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { type TempStore, tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { beginCleanup, ROTTEN, ROTTEN_ACTIONS } from "../../../_support/rotten_store.ts";
import { assertSameTree, readTree, type Tree } from "../../../_support/tree.ts";

const ID = "20261101T000000Z-cleanup";
const REVERSED = { id: ID, task: "cleanup", outcome: "reversed", collisions: [] } as const;
const COMPLETED = { ...REVERSED, outcome: "completed" } as const;

function settle({ root, paths }: Rotten): Promise<readonly SettledChange[]> {
  return listJournals(paths.journals).then((files) =>
    settleInterrupted(root, paths, files).settled
  );
}

interface Rotten extends TempStore {
  readonly paths: OwnPaths;
  /** What the store held before anything began. */
  readonly before: Tree;
}

async function rottenStore(): Promise<Rotten> {
  const store = await tempStore(ROTTEN);
  Deno.chmodSync(join(store.root, `1/${runId(1)}/meta.yaml`), 0o640);
  return { ...store, paths: ownPaths(store.root), before: await readTree(store.root) };
}

function readStore(root: string): Promise<Tree> {
  return readTree(root, { except: [".mltidy.trash"] });
}

/** The change of a process that dies after so many actions. */
async function cutOff(root: string, actions: number): Promise<void> {
  using cleanup = await beginCleanup(root);
  for (const action of cleanup.plan.actions.slice(0, actions)) {
    assertEquals((await cleanup.change.perform(action)).outcome, "applied");
  }
}

/** The whole change, with its backup; optionally its journal is left. */
async function complete(
  root: string,
  options: { keepBackup?: boolean; leaveJournal?: boolean } = {},
) {
  using cleanup = await beginCleanup(root, options);
  for (const action of cleanup.plan.actions) {
    assertEquals((await cleanup.change.perform(action)).outcome, "applied");
  }
  const [journal = ""] = await listJournals(cleanup.paths.journals);
  const text = Deno.readTextFileSync(journal);
  await cleanup.change.finish();
  if (options.leaveJournal) Deno.writeTextFileSync(journal, text);
}

function assertNothingLeft({ journals, staging, backups }: OwnPaths): void {
  assertEquals([journals, staging, backups].map((path) => [...Deno.readDirSync(path)]), [
    [],
    [],
    [],
  ]);
}

for (let actions = 0; actions <= ROTTEN_ACTIONS.length; actions++) {
  Deno.test(`settleInterrupted() takes back a change that was cut off after ${actions} actions`, async () => {
    await using store = await rottenStore();
    await cutOff(store.root, actions);
    assertEquals(await settle(store), [REVERSED]);
    assertSameTree(await readStore(store.root), store.before);
    assertNothingLeft(store.paths);
    assertEquals(await settle(store), [], "once is enough");
    assertSameTree(await readStore(store.root), store.before);
  });
}

/** States in which a process may die within its third action, or the first of a kind. */
const HALF_DONE: Readonly<Record<string, (root: string, paths: OwnPaths) => void>> = {
  "the new meta.yaml was written but the old one not kept": (_root, paths) =>
    writeFiles(paths.staging, { new: "lifecycle_stage: dele" }),
  "the old meta.yaml was kept but the new one not in place": (root, paths) => {
    const meta = `1/${runId(1)}/meta.yaml`;
    const kept = join(paths.backups, ID, "files", meta);
    writeFiles(paths.staging, { new: "lifecycle_stage: deleted\n" });
    Deno.mkdirSync(dirname(kept), { recursive: true });
    Deno.linkSync(join(root, meta), kept);
  },
  "the place for a tree was made but the tree not moved": (_root, paths) =>
    writeFiles(join(paths.backups, ID, "files"), { ".trash": null }),
};

for (const [state, construct] of Object.entries(HALF_DONE)) {
  Deno.test(`settleInterrupted() takes back a change that was cut off when ${state}`, async () => {
    await using store = await rottenStore();
    await cutOff(store.root, 0);
    construct(store.root, store.paths);
    assertEquals(await settle(store), [REVERSED]);
    assertSameTree(await readStore(store.root), store.before);
    assertNothingLeft(store.paths);
  });
}

Deno.test("settleInterrupted() needs no mark to find out how far a change got", async () => {
  await using store = await rottenStore();
  await cutOff(store.root, ROTTEN_ACTIONS.length);
  const [journal = ""] = await listJournals(store.paths.journals);
  const [first] = Deno.readTextFileSync(journal).split("\n");
  Deno.writeTextFileSync(journal, `${first}\n0123`);
  assertEquals(await settle(store), [REVERSED]);
  assertSameTree(await readStore(store.root), store.before);
});

Deno.test("settleInterrupted() goes on where settling was cut off itself", async () => {
  await using store = await rottenStore();
  await cutOff(store.root, ROTTEN_ACTIONS.length);
  const [journal = ""] = await listJournals(store.paths.journals);
  const files = join(store.paths.backups, ID, "files");
  const at = { root: store.root, files, staging: store.paths.staging };
  for (const { operation } of readBegin(journal)!.steps.slice(2)) takeBack(operation, at);
  assertEquals(await settle(store), [REVERSED]);
  assertSameTree(await readStore(store.root), store.before);
});

Deno.test("settleInterrupted() leaves a change complete that has its manifest", async () => {
  await using store = await rottenStore();
  await complete(store.root, { leaveJournal: true });
  const done = await readStore(store.root);
  assertEquals(await settle(store), [COMPLETED]);
  assertSameTree(await readStore(store.root), done);
  const manifest = readManifest(store.paths.backups, ID)!;
  assertEquals(undoChange(store.root, store.paths, manifest, manifest.steps, NOW).changes, 5);
  assertSameTree(await readStore(store.root), store.before);
});

Deno.test("settleInterrupted() frees the rest of a change that keeps no backup", async () => {
  await using store = await rottenStore();
  await complete(store.root, { keepBackup: false, leaveJournal: true });
  const done = await readStore(store.root);
  writeFiles(store.paths.staging, { [`${ID}/files/7/tags/owner`]: "kim" });
  assertEquals(await settle(store), [COMPLETED]);
  assertSameTree(await readStore(store.root), done);
  assertNothingLeft(store.paths);
});

Deno.test("settleInterrupted() knows from a torn first line that nothing had begun", async () => {
  await using store = await rottenStore();
  await cutOff(store.root, 0);
  const [journal = ""] = await listJournals(store.paths.journals);
  Deno.truncateSync(journal, 100);
  assertEquals(await settle(store), []);
  assertSameTree(await readStore(store.root), store.before);
  assertNothingLeft(store.paths);
});

Deno.test("settleInterrupted() touches nothing while one journal cannot be read", async () => {
  await using store = await rottenStore();
  await cutOff(store.root, 3);
  writeFiles(store.paths.journals, { "20261102T000000Z-prune.jsonl": "not one of ours\n" });
  const before = await readTree(store.root);
  await assertRejects(
    () => settle(store),
    DamagedBackupError,
    "line 1 does not match its checksum",
  );
  assertSameTree(await readTree(store.root), before);
});

Deno.test("settleInterrupted() removes a hollow backup and what was staged, and keeps one that holds anything and what is not ours", async () => {
  await using store = await rottenStore();
  writeFiles(store.paths.own, {
    "journal": null,
    "staging/new": "",
    "staging/0-12": "",
    "staging/thesis.txt": "of somebody else",
    "backups/hollow/files/1": null,
    "backups/full/files/1/meta.yaml": "the only copy",
  });
  assertEquals(await settle(store), []);
  assertEquals([...(await readTree(store.paths.own)).keys()], [
    "backups",
    "backups/full",
    "backups/full/files",
    "backups/full/files/1",
    "backups/full/files/1/meta.yaml",
    "journal",
    "staging",
    "staging/thesis.txt",
  ]);
});

Deno.test("settleInterrupted() keeps in the backup what cannot be taken back, for later", async () => {
  await using store = await rottenStore();
  await cutOff(store.root, ROTTEN_ACTIONS.length);
  const again = join(store.root, "7");
  writeFiles(again, { "meta.yaml": "experiment_id: '7'\n" });
  const kept = join(store.paths.backups, ID, "files/7");
  assertEquals(await settle(store), [{
    ...REVERSED,
    collisions: [`${again} exists again, and ${kept} would replace it`],
  }]);
  assertEquals(await settle(store), []);
  Deno.removeSync(again, { recursive: true });
  const manifest = readManifest(store.paths.backups, ID)!;
  assertEquals(undoChange(store.root, store.paths, manifest, manifest.steps, NOW).changes, 1);
  assertSameTree(await readStore(store.root), store.before);
});

for (let steps = 0; steps <= ROTTEN_ACTIONS.length; steps++) {
  Deno.test(`settleInterrupted() finishes a restore that was cut off after ${steps} steps`, async () => {
    await using store = await rottenStore();
    await complete(store.root);
    const manifest = readManifest(store.paths.backups, ID)!;
    const begin: Begin = {
      type: "begin",
      schema: "mltidy/journal/v1",
      id: ID,
      direction: "restore",
      task: "restore",
      startedAt: NOW,
      steps: manifest.steps,
      directories: manifest.directories,
    };
    const files = join(store.paths.backups, ID, "files");
    using _journal = openJournal(store.paths.journals, begin);
    for (const { operation } of manifest.steps.toReversed().slice(0, steps)) {
      takeBack(operation, { root: store.root, files, staging: store.paths.staging });
    }
    assertEquals(await settle(store), [{ ...COMPLETED, task: "restore" }]);
    assertSameTree(await readStore(store.root), store.before);
    assertNothingLeft(store.paths);
  });
}

Deno.test("undoChange() gives back the very tree, and gives up the backup", async () => {
  await using store = await rottenStore();
  const { mtime } = Deno.statSync(store.root);
  await complete(store.root);
  const manifest = readManifest(store.paths.backups, ID)!;
  assertEquals(undoChange(store.root, store.paths, manifest, manifest.steps, NOW), {
    changes: 5,
    lostTimes: [],
  });
  assertSameTree(await readStore(store.root), store.before);
  assertEquals(Deno.statSync(store.root).mtime, mtime);
  assertNothingLeft(store.paths);
});

Deno.test("undoChange() moves nothing while anything is in the way", async () => {
  await using store = await rottenStore();
  await complete(store.root);
  const manifest = readManifest(store.paths.backups, ID)!;
  writeFiles(store.root, { "7/meta.yaml": "" });
  Deno.writeTextFileSync(join(store.root, `1/${runId(1)}/meta.yaml`), "changed: since\n");
  const before = await readTree(store.root);
  const { collisions } = assertThrows(
    () => undoChange(store.root, store.paths, manifest, manifest.steps, NOW),
    RestoreCollisionError,
  );
  assertEquals(collisions.map((one) => /exists again|was changed since/.exec(one)?.[0]), [
    "was changed since",
    "exists again",
  ]);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("undoChange() gives no old time to a directory that somebody else has changed since", async () => {
  await using store = await rottenStore();
  const { mtime: old } = Deno.statSync(store.root);
  await complete(store.root);
  writeFiles(store.root, { "notes.txt": "" });
  Deno.utimeSync(store.root, new Date(NOW + 5_000), new Date(NOW + 5_000));
  const manifest = readManifest(store.paths.backups, ID)!;
  undoChange(store.root, store.paths, manifest, manifest.steps, NOW);
  assertNotEquals(Deno.statSync(store.root).mtime, old);
  Deno.removeSync(join(store.root, "notes.txt"));
  assertSameTree(await readStore(store.root), store.before);
});

Deno.test("undoChange() brings back one run, later the rest, and then all is as it was", async () => {
  await using store = await rottenStore();
  await complete(store.root);
  for (const selection of [{ run: runId(5) }, { run: runId(2) }, { experiment: "2" }, {}]) {
    const manifest = readManifest(store.paths.backups, ID)!;
    const steps = selectSteps(manifest.steps, selection);
    const expected = "experiment" in selection || "run" in selection ? 1 : 2;
    assertEquals(undoChange(store.root, store.paths, manifest, steps, NOW).changes, expected);
  }
  assertSameTree(await readStore(store.root), store.before);
  assertNothingLeft(store.paths);
});
