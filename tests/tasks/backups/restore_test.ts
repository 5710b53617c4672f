import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { BackupListing } from "../../../lib/backup/backup.ts";
import type { RestoreReport } from "../../../lib/backup/report.ts";
import {
  DamagedBackupError,
  InvalidArgumentError,
  RestoreCollisionError,
} from "../../../lib/errors.ts";
import { backup } from "../../../tasks/backups/backup.ts";
import { listBackups } from "../../../tasks/backups/list_backups.ts";
import { restore, type RestoreOptions } from "../../../tasks/backups/restore.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { prune } from "../../../tasks/prune.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  NOW,
  run,
  runId,
} from "../../_support/builders.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";
import { beginCleanup, ROTTEN } from "../../_support/rotten_store.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

type Change = Extract<BackupListing, { readonly kind: "change" }>;

/** Opens a store whose clock moves one second with each look at it. */
function open(root: string): Promise<Store> {
  let now = NOW;
  return openStore(root, { now: () => now += 1_000 });
}

function taskOf({ backup }: RestoreReport): string | null {
  return backup?.kind === "change" ? backup.task : null;
}

async function changesOf(store: Store): Promise<readonly Change[]> {
  return (await listBackups(store)).backups.filter((one) => one.kind === "change");
}

async function tasksOf(store: Store): Promise<readonly string[]> {
  return (await changesOf(store)).map(({ task }) => task);
}

Deno.test("restore() undoes one change after the other, the newest first", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const trees = [await readTree(place.root)];
  await prune(store, { apply: true });
  trees.push(await readTree(place.root, EXCEPT));
  await cleanup(store, { apply: true });
  assertEquals(await tasksOf(store), ["cleanup", "prune"]);
  for (const [task, changes] of [["cleanup", 3], ["prune", 2]] as const) {
    const report = await restore(store);
    assertEquals([taskOf(report), report.changes, report.settled], [task, changes, []]);
    assertSameTree(await readTree(place.root, EXCEPT), trees.pop()!);
  }
  const { backup, changes } = await restore(store);
  assertEquals([backup, changes, await tasksOf(store)], [null, 0, []]);
});

Deno.test("restore() undoes the change that it is told to", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  await prune(store, { apply: true });
  await cleanup(store, { apply: true });
  const [, older] = await changesOf(store);
  assertEquals((await restore(store, { id: older!.id })).changes, 2);
  assertEquals(await tasksOf(store), ["cleanup"]);
});

Deno.test("restore() refuses the id of no backup, and touches nothing", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const id = "20200101T000000Z-prune";
  const refused = (options: RestoreOptions) =>
    assertRejects(() => restore(store, { id, ...options }), RangeError);
  assertEquals(
    (await refused({})).message,
    `Unknown backup "${id}": there is none in ${place.root}/.mltidy.trash/backups; one that went elsewhere is found with --backups DIR`,
  );
  const { report } = await cleanup(store, { apply: true });
  const before = await readTree(place.root);
  const unknown = `Unknown backup "${id}": expected one of ${report!.backup!.id}`;
  for (const options of [{}, { dryRun: true }, { to: join(place.outside, "copy") }]) {
    assertEquals((await refused(options)).message, unknown);
  }
  assertSameTree(await readTree(place.root), before);
});

Deno.test("restore() refuses a damaged backup, and to guess past it which change was the last", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  await prune(store, { apply: true });
  const pruned = await readTree(place.root, EXCEPT);
  const { report } = await cleanup(store, { apply: true });
  const { id, path } = report!.backup!;
  const manifest = join(path, "manifest.json");
  const text = Deno.readTextFileSync(manifest);
  Deno.writeTextFileSync(manifest, text.slice(0, -9));
  const before = await readTree(place.root, EXCEPT);
  const damaged = await assertRejects(() => restore(store, { id }), DamagedBackupError);
  assertMatch(damaged.message, /^Cannot read .*manifest\.json: .*deno task backup --expire /);
  const unsure = await assertRejects(() => restore(store), DamagedBackupError);
  assertEquals(
    unsure.message,
    `Cannot tell what the last change was: backup ${id} cannot be read; list them with \`deno task restore --store ${place.root}\`, and name the one to undo`,
  );
  assertSameTree(await readTree(place.root, EXCEPT), before);
  assertEquals(await tasksOf(store), ["prune"]);
  Deno.writeTextFileSync(manifest, text);
  await restore(store);
  assertSameTree(await readTree(place.root, EXCEPT), pruned);
});

Deno.test("a backup that a newer mltidy wrote is neither undone by halves nor called damaged, and is nothing to another store", async () => {
  await using place = await tempStore(ROTTEN);
  await using other = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  const { path: backups } = elsewhere;
  await using store = await open(place.root);
  await using beside = await open(other.root);
  const original = await readTree(other.root, EXCEPT);
  await cleanup(beside, { apply: true, backups });
  const { id, path } = (await cleanup(store, { apply: true, backups })).report!.backup!;
  const { id: copy, path: copied } = await backup(store, { backups });
  for (const one of [path, copied]) {
    const manifest = join(one, "manifest.json");
    const text = Deno.readTextFileSync(manifest);
    Deno.writeTextFileSync(manifest, text.replace("mltidy/backup/v1", "mltidy/backup/v2"));
  }
  const before = await readTree(place.root);
  for (const one of [id, copy]) {
    const { message } = await assertRejects(
      () => restore(store, { id: one, backups }),
      DamagedBackupError,
    );
    assertEquals(
      message,
      `Cannot read ${join(backups, one, "manifest.json")}: expected schema "mltidy/backup/v1", ` +
        'found "mltidy/backup/v2": a newer version of mltidy wrote it, and can restore it',
    );
  }
  await assertRejects(() => restore(store, { backups }), DamagedBackupError, "cannot be read");
  assertSameTree(await readTree(place.root), before);
  await restore(beside, { backups });
  assertSameTree(await readTree(other.root, EXCEPT), original);
});

Deno.test("restore() undoes the last change whatever older backup or copy is damaged", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { path: older } = (await prune(store, { apply: true })).report!.backup!;
  const before = await readTree(place.root, EXCEPT);
  await cleanup(store, { apply: true });
  const { path: newer } = await backup(store);
  for (const path of [older, newer]) Deno.writeTextFileSync(join(path, "manifest.json"), "{");
  await restore(store);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() needs nothing of ours where there is no backup", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  await using store = await open(place.root);
  assertEquals((await restore(store)).backup, null);
  assertSameTree(await readTree(place.root), before);
});

Deno.test("restore() only tells in a dry run what would come back, and what is in the way", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  await cleanup(store, { apply: true });
  writeFiles(place.root, { "7/meta.yaml": "" });
  const before = await readTree(place.root);
  const [backup] = await (await store.backups!.open(null)).list();
  const orphan = join(place.root, "7");
  assertEquals(await restore(store, { dryRun: true }), {
    schema: "mltidy/restore/v1",
    store: place.root,
    dryRun: true,
    backup: backup!,
    changes: 5,
    items: [
      { path: `1/${runId(1)}/meta.yaml`, how: "as-before" },
      { path: `1/${runId(2)}/meta.yaml`, how: "as-before" },
      { path: `1/${runId(5)}`, how: "returns" },
      { path: ".trash/2", how: "returns" },
      { path: "7", how: "returns" },
    ],
    collisions: [`${orphan} exists again, and ${backup!.path}/files/7 would replace it`],
    rescue: null,
    faults: [],
    to: null,
    settled: [],
    remains: [],
  });
  assertSameTree(await readTree(place.root), before);
});

Deno.test("restore() moves nothing while anything is in the way", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const original = await readTree(place.root);
  await cleanup(store, { apply: true });
  writeFiles(place.root, { "7/meta.yaml": "" });
  const before = await readTree(place.root, { except: [".mltidy.trash/lock"] });
  const error = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(error.collisions.length, 1);
  assertSameTree(await readTree(place.root, { except: [".mltidy.trash/lock"] }), before);
  Deno.removeSync(join(place.root, "7"), { recursive: true });
  assertEquals((await restore(store)).changes, 5);
  assertSameTree(await readTree(place.root, EXCEPT), original);
});

Deno.test("restore() names both sides where MLflow changed a run since, and moves nothing", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { path: backup } = (await cleanup(store, { apply: true })).report!.backup!;
  const meta = `1/${runId(1)}/meta.yaml`;
  const text = Deno.readTextFileSync(join(place.root, meta));
  const restored = text.replace("lifecycle_stage: deleted", "lifecycle_stage: active");
  writeFiles(place.root, { [meta]: restored.replace(/^deleted_time: .*$/m, "deleted_time: null") });
  const before = await readTree(place.root, { except: [".mltidy.trash/lock"] });
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(collisions, [
    `${join(place.root, meta)} was changed since, and ${backup}/files/${meta} would replace it`,
  ]);
  assertSameTree(await readTree(place.root, { except: [".mltidy.trash/lock"] }), before);
});

Deno.test("restore() brings back part of a backup, and keeps the rest", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const before = await readTree(place.root);
  await cleanup(store, { apply: true });
  const parts: readonly [RestoreOptions, number, number][] = [
    [{ run: runId(1) }, 1, 4],
    [{ experiment: "1" }, 2, 2],
    [{ experiment: "2" }, 1, 1],
    [{}, 1, 0],
  ];
  for (const [options, changes, left] of parts) {
    assertEquals((await restore(store, options)).changes, changes);
    assertEquals((await changesOf(store)).reduce((sum, one) => sum + one.changes, 0), left);
  }
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() takes a run by its name, as backup() does, from a change and from a copy", async () => {
  const one = { endTime: NOW - 90 * DAY };
  const runs = [
    run({ id: runId(1), name: "baseline", ...one }),
    run({ id: runId(2), name: "twin", ...one }),
    run({ id: runId(3), name: "twin", ...one }),
  ];
  await using place = await tempStore({ experiments: [experiment({ id: "7", runs })] });
  await using store = await open(place.root);
  const { id: copy } = await backup(store, { scope: { kind: "run", id: "baseline" } });
  await cleanup(store, { apply: true });
  await assertRejects(() => restore(store, { run: "twin" }), InvalidArgumentError, "which run");
  assertEquals((await restore(store, { run: "baseline" })).changes, 1);
  const record = join(place.root, "7", runId(1), "meta.yaml");
  assertEquals(Deno.readTextFileSync(record).includes("lifecycle_stage: active"), true);
  Deno.removeSync(join(place.root, "7", runId(1)), { recursive: true });
  await restore(store, { id: copy, run: "baseline" });
  assertEquals(Deno.readTextFileSync(record).includes("run_name: baseline"), true);
});

Deno.test("restore() says so when a backup holds nothing of what is wanted", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  await cleanup(store, { apply: true });
  for (const options of [{ run: runId(3) }, { experiment: "9" }, { experiment: "2", run: "x" }]) {
    await assertRejects(
      () => restore(store, options),
      RangeError,
      "the backup holds nothing of it",
    );
  }
});

Deno.test("restore() settles first what was cut off", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  {
    using cleanup = await beginCleanup(place.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  await using store = await open(place.root);
  const { settled, backup } = await restore(store);
  assertEquals([settled.map(({ outcome }) => outcome), backup], [["reversed"], null]);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() only copies to another place, also where a change was cut off", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { report } = await prune(store, { apply: true });
  const pruned = await readTree(place.root, EXCEPT);
  {
    using cleanup = await beginCleanup(place.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  const id = report!.backup!.id;
  const to = join(place.outside, "copy");
  const restored = await restore(store, { id, to });
  assertEquals([restored.settled.length, restored.backup?.id, restored.to], [1, id, to]);
  assertEquals(restored.changes > 0 && Deno.statSync(to).isDirectory, true);
  assertSameTree(await readTree(place.root, EXCEPT), pruned);
  assertEquals((await changesOf(store)).map((one) => one.id), [id]);
});

Deno.test("restore() undoes no older change where the newest was cut off, unless it is asked once more", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  await using store = await open(place.root);
  const { report } = await prune(store, { apply: true });
  const pruned = await readTree(place.root, EXCEPT);
  {
    using cleanup = await beginCleanup(place.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  const first = await restore(store);
  assertEquals([first.settled.length, first.backup], [1, null]);
  assertSameTree(await readTree(place.root, EXCEPT), pruned);
  assertEquals((await restore(store)).backup?.id, report?.backup?.id);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() brings back what lies in another place, and gives it up there", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const before = await readTree(place.root);
  const backups = elsewhere.path;
  const { report } = await cleanup(store, { apply: true, backups });
  assertEquals(report?.backup?.path, join(backups, report!.backup!.id));
  assertEquals(await changesOf(store), []);
  assertEquals((await restore(store, { backups, dryRun: true })).collisions, []);
  assertEquals((await restore(store, { backups })).changes, 5);
  assertSameTree(await readTree(place.root, EXCEPT), before);
  assertEquals(await (await store.backups!.open(backups)).list(), []);
});

Deno.test("restore() copies what a backup holds to another place, and keeps it", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const before = await readTree(place.root);
  const { id } = (await cleanup(store, { apply: true })).report!.backup!;
  const after = await readTree(place.root);
  const to = join(elsewhere.path, "copy");
  await restore(store, { to, experiment: "2" });
  const copied = await readTree(to);
  const expected = [...before].filter(([path]) => path.startsWith(".trash/2/"));
  assertEquals([...copied].filter(([path]) => path.startsWith(".trash/2/")), expected);
  assertSameTree(await readTree(place.root), after);
  const { advice, message } = await assertRejects(
    () => restore(store, { to, experiment: "2" }),
    RestoreCollisionError,
    "exists",
  );
  assertEquals([advice.target, message.includes(`Cannot restore ${id}: `)], [to, true]);
});

Deno.test("restore() in a dry run of a copy elsewhere minds nothing of what stands in the store", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { id } = await backup(store);
  writeFiles(place.root, { [`1/${runId(2)}/params/lr`]: "changed" });
  const to = join(place.outside, "copy");
  const { collisions, items } = await restore(store, { id, to, dryRun: true });
  assertEquals([collisions, items], [[], []]);
  assertEquals((await restore(store, { id, to })).collisions, []);
});

Deno.test("restore() of a copy says what is in the way, and brings back a part that nothing is in the way of", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { id, path } = await backup(store);
  const param = `1/${runId(2)}/params/lr`;
  const before = await readTree(place.root, EXCEPT);
  Deno.removeSync(join(place.root, `1/${runId(1)}`), { recursive: true });
  writeFiles(place.root, { [param]: "changed" });
  const { message } = await assertRejects(() => restore(store, { id }), RestoreCollisionError);
  assertEquals(message.split("\n"), [
    `Cannot restore ${id}: nothing was moved`,
    `  ${join(place.root, param)} was changed since, and ${path}/files/${param} would replace it`,
  ]);
  await restore(store, { id, run: runId(1) });
  writeFiles(place.root, { [param]: "0.1" });
  const content = (tree: typeof before) =>
    [...tree].map(([path, entry]) => [path, "content" in entry ? entry.content : entry.kind]);
  assertEquals(content(await readTree(place.root, EXCEPT)), content(before));
});

Deno.test("restore() copies nothing to a place inside the store", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { id } = await backup(store);
  await cleanup(store, { apply: true });
  const before = await readTree(place.root);
  Deno.symlinkSync(join(place.root, ".trash"), join(place.outside, "link"));
  const inside = [
    ".",
    "new",
    "new/deep",
    ".mltidy.trash/new",
    ".mltidy.trash/backups",
    ".trash/new",
  ]
    .map((path) => join(place.root, path));
  for (const to of [...inside, join(place.outside, "link/new")]) {
    for (const which of [{}, { id }]) {
      await assertRejects(
        () => restore(store, { ...which, to }),
        RangeError,
        `: it lies inside store ${place.root}, and MLflow would take it for an experiment; name a directory elsewhere, or leave --to out`,
      );
    }
  }
  assertSameTree(await readTree(place.root), before);
});

Deno.test("cleanup() leaves its backup where it is when the other place cannot take it", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const before = await readTree(place.root);
  const { report } = await cleanup(store, {
    apply: true,
    backups: elsewhere.path,
    onProgress: (label, done) => {
      if (label !== "Applying" || done !== 1) return;
      Deno.removeSync(elsewhere.path, { recursive: true });
      Deno.writeTextFileSync(elsewhere.path, "in the way");
    },
  });
  assertEquals([report?.complete, report?.totals.applied], [false, 5]);
  assertMatch(report?.backup?.problem ?? "", /^it could not be moved to /);
  assertEquals((await restore(store)).changes, 5);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("cleanup() refuses a place for its backup inside the store before anything happens", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const before = await readTree(place.root, EXCEPT);
  const backups = join(place.root, "backups");
  await assertRejects(() => cleanup(store, { apply: true, backups }), RangeError, "inside store");
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() undoes what was written last, whatever the clock says", async () => {
  await using place = await tempStore(ROTTEN);
  const trees = [await readTree(place.root)];
  // A day before; then in the year 1969, and in 9999.
  const moments = [NOW, NOW - 86_400_000, -1, Date.UTC(9999, 11, 31, 23, 59, 59), NOW + 1_000];
  const ids: string[] = [];
  for (const now of moments) {
    await using store = await openStore(place.root, { now: () => now });
    ids.unshift(await applyFirst(store));
    trees.push(await readTree(place.root, EXCEPT));
  }
  trees.pop();
  await using store = await open(place.root);
  assertEquals((await changesOf(store)).map(({ id }) => id), ids);
  for (const id of ids) {
    assertEquals((await restore(store)).backup?.id, id);
    assertSameTree(await readTree(place.root, EXCEPT), trees.pop()!);
  }
});

Deno.test("restore() goes by the dates of backups that an older version wrote", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await open(place.root);
  const { path: first } = (await prune(store, { apply: true })).report!.backup!;
  await cleanup(store, { apply: true });
  for (const { path } of await changesOf(store)) {
    const manifest = join(path, "manifest.json");
    const { order: _, ...old } = JSON.parse(Deno.readTextFileSync(manifest));
    Deno.writeTextFileSync(manifest, JSON.stringify(old, null, 1));
  }
  assertEquals(await tasksOf(store), ["cleanup", "prune"]);
  const manifest = join(first, "manifest.json");
  const old = JSON.parse(Deno.readTextFileSync(manifest));
  Deno.writeTextFileSync(manifest, JSON.stringify({ ...old, createdAt: 4e12 }, null, 1));
  assertEquals(await tasksOf(store), ["prune", "cleanup"]);
});

/** Carries out the first action of a clean-up alone, and gives the backup's id. */
async function applyFirst(store: Store): Promise<string> {
  await using planning = await open(store.describe().location);
  const { plan } = await cleanup(planning);
  await using locked = await lockStore(store, { task: "cleanup" });
  const [action] = plan.actions;
  const options = { task: plan.task, actions: [action!], now: store.now(), keepBackup: true };
  await using change = await locked.begin(options);
  await Array.fromAsync(change.performAll());
  return (await change.finish())!.id;
}

Deno.test("restore() of a run that an older backup has names that one", async () => {
  await using place = await tempStore(ROTTEN);
  const store = await open(place.root);
  const first = await prune(store, { apply: true });
  const run = first.report!.outcomes[0]!.path.split("/").at(-1)!;
  await cleanup(store, { apply: true });
  const { message } = await assertRejects(() => restore(store, { run }), InvalidArgumentError);
  const { id } = first.report!.backup!;
  assertEquals(
    message.slice(message.indexOf("; an older one")),
    `; an older one has it: \`deno task restore ${id} --run ${run} --store ${place.root}\``,
  );
  assertEquals((await restore(store, { id, run })).changes, 1);
  await assertRejects(() => restore(store, { run: "none" }), InvalidArgumentError, "by itself");
});

Deno.test("restore() brings back with a run the logged models that went with it", async () => {
  const gone = { deletedTime: NOW - 31 * DAY };
  await using place = await tempStore({
    experiments: [experiment({
      id: "1",
      runs: [deletedRun({ id: runId(1), ...gone }), deletedRun({ id: runId(2), ...gone })],
      loggedModels: [
        loggedModel({ id: "m-1", sourceRunId: runId(1) }),
        loggedModel({ id: "m-2", sourceRunId: runId(2) }),
      ],
    })],
  });
  await using store = await open(place.root);
  const before = await readTree(place.root);
  await cleanup(store, { apply: true });
  const { changes } = await restore(store, { run: runId(1) });
  assertEquals(changes, 2);
  const found = [`1/${runId(1)}`, "1/models/m-1", `1/${runId(2)}`, "1/models/m-2"]
    .filter((path) => exists(place.root, path));
  assertEquals(found, [`1/${runId(1)}`, "1/models/m-1"]);
  await restore(store);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

function exists(root: string, path: string): boolean {
  try {
    return Deno.lstatSync(join(root, path)).isDirectory;
  } catch {
    return false;
  }
}
