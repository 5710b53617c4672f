import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { StalePlanError } from "../../../../lib/errors.ts";
import type { DropArtifact } from "../../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../../lib/plan/report.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../../lib/store/path.ts";
import { DROPPED_TAG } from "../../../../lib/store/tags.ts";
import { beginChange } from "../../../../tasks/_file/change/change.ts";
import { readBegin } from "../../../../tasks/_file/own/journal.ts";
import { listJournals } from "../../../../tasks/_file/own/list_journals.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import { readManifest } from "../../../../tasks/_file/own/manifest.ts";
import { ownPaths } from "../../../../tasks/_file/own/own_paths.ts";
import { measureTree, newMeasurer } from "../../../../tasks/_file/scan/measure.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { setTimes, tempStore, writeFiles } from "../../../_support/disk_store.ts";
import {
  beginCleanup,
  type BegunCleanup,
  planFor,
  ROTTEN,
  ROTTEN_ACTIONS,
} from "../../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const ID = "20261101T000000Z-cleanup";

function pathsIn(directory: string): readonly string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

async function performAll({ plan, change }: BegunCleanup): Promise<readonly ActionOutcome[]> {
  const outcomes: ActionOutcome[] = [];
  for (const action of plan.actions) outcomes.push(await change.perform(action));
  return outcomes;
}

Deno.test("beginChange() begins nothing that no planner proposes, such as for our own directory", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const [first] = (await planFor(store.root)).actions;
  const paths = ownPaths(store.root);
  using lock = acquireLock(store.root, "cleanup", NOW);
  for (const path of ["1", ".mltidy.trash/backups"]) {
    const actions = [{ ...first!, path: asStorePath(path) }];
    await assertRejects(
      () =>
        beginChange(lock, {
          root: store.root,
          paths,
          task: "cleanup",
          actions,
          now: NOW,
          keepBackup: true,
        }),
      StalePlanError,
      `Cannot apply plan: action 1 has a path that no soft-delete-run has: "${path}"; plan again`,
    );
  }
  assertEquals(await listJournals(paths.journals), []);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("beginChange() has recorded everything and done nothing when it returns", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  using cleanup = await beginCleanup(store.root);
  assertSameTree(await readTree(store.root, EXCEPT), before);
  const [journal = ""] = await listJournals(cleanup.paths.journals);
  const begin = readBegin(journal);
  assertEquals([begin?.id, begin?.direction, begin?.task, begin?.startedAt], [
    ID,
    "apply",
    "cleanup",
    NOW,
  ]);
  assertEquals(begin?.steps.map(({ action, subject }) => [action, subject]), [...ROTTEN_ACTIONS]);
  assertEquals(
    begin?.directories,
    [`1/${runId(1)}`, `1/${runId(2)}`, "1", ".trash", ""].map((path) => ({
      path,
      before: Deno.statSync(join(store.root, path)).mtime!.getTime(),
    })),
  );
});

Deno.test("beginChange() names each backup differently", async () => {
  await using store = await tempStore(ROTTEN);
  writeFiles(store.root, {
    [`.mltidy.trash/backups/${ID}`]: null,
    [`.mltidy.trash/backups/${ID}-2`]: null,
  });
  using cleanup = await beginCleanup(store.root);
  assertEquals(pathsIn(cleanup.paths.backups), [ID, `${ID}-2`, `${ID}-3`]);
});

Deno.test("perform() does what each kind of action says, and measures what leaves", async () => {
  await using store = await tempStore(ROTTEN);
  const { root } = store;
  const before = await readTree(root);
  const usageOf = async (path: string) =>
    (await measureTree(join(root, path), newMeasurer()))!.usage;
  const usages = await Promise.all(
    ROTTEN_ACTIONS.map(([kind, path]) =>
      kind === "soft-delete-run" ? { bytes: 0, files: 0 } : usageOf(path)
    ),
  );
  using cleanup = await beginCleanup(root);
  const { paths } = cleanup;
  assertEquals(
    await performAll(cleanup),
    ROTTEN_ACTIONS.map(([kind, path], index) => ({
      kind,
      path,
      outcome: "applied",
      usage: usages[index],
    })) as ActionOutcome[],
  );
  const after = await readTree(root, EXCEPT);
  const moved = ROTTEN_ACTIONS.slice(2).map(([, path]) => path);
  assertEquals(
    [...before.keys()].filter((path) => !after.has(path)),
    [...before.keys()].filter((path) =>
      moved.some((one) => path === one || path.startsWith(`${one}/`))
    ),
  );
  for (const [, path] of ROTTEN_ACTIONS.slice(0, 2)) {
    const text = Deno.readTextFileSync(join(root, path, "meta.yaml"));
    assertStringIncludes(text, `deleted_time: ${NOW}\n`);
    assertStringIncludes(text, "lifecycle_stage: deleted\n");
  }
  const kept = await readTree(join(paths.backups, ID, "files"));
  for (const [path, entry] of before) {
    if (!moved.some((one) => path.startsWith(one))) continue;
    assertEquals(kept.get(path), entry, path);
  }
});

Deno.test("finish() leaves a backup with its manifest, and nothing else", async () => {
  await using store = await tempStore(ROTTEN);
  using cleanup = await beginCleanup(store.root);
  const { plan, change, paths } = cleanup;
  for (const action of plan.actions) await change.perform(action);
  assertEquals(await change.finish(), { id: ID, path: join(paths.backups, ID) });
  assertEquals([pathsIn(paths.journals), pathsIn(paths.staging)], [[], []]);
  assertEquals(pathsIn(join(paths.backups, ID)), ["files", "manifest.json"]);
  const manifest = readManifest(paths.backups, ID);
  // Of what is replaced the whole file is kept, though none leaves the store.
  const replaced = (manifest?.steps ?? []).flatMap(({ operation }) =>
    operation.kind === "replace-file"
      ? [Deno.statSync(join(paths.backups, ID, "files", operation.path)).blocks! * 512]
      : []
  );
  const { bytes, files } = plan.totals.usage;
  assertEquals(replaced.length, 2);
  assertEquals(
    [manifest?.id, manifest?.task, manifest?.store, manifest?.createdAt, manifest?.usage],
    [ID, "cleanup", store.root, NOW, {
      bytes: replaced.reduce((sum, each) => sum + each, bytes),
      files: files + replaced.length,
    }],
  );
  assertEquals(
    manifest?.steps.map(({ action, subject }) => [action, subject]),
    [...ROTTEN_ACTIONS],
  );
});

Deno.test("finish() leaves no trace of a change that did nothing", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  using cleanup = await beginCleanup(store.root);
  assertEquals(await cleanup.change.finish(), null);
  assertSameTree(await readTree(store.root, EXCEPT), before);
  const { journals, backups, staging } = cleanup.paths;
  assertEquals([journals, backups, staging].map(pathsIn), [[], [], []]);
});

Deno.test("finish() keeps nothing when no backup is wanted", async () => {
  await using store = await tempStore(ROTTEN);
  using cleanup = await beginCleanup(store.root, { keepBackup: false });
  const { plan, change, paths } = cleanup;
  for (const action of plan.actions) {
    assertEquals((await change.perform(action)).outcome, "applied");
  }
  assertEquals(await change.finish(), null);
  assertEquals([paths.journals, paths.backups, paths.staging].map(pathsIn), [[], [], []]);
});

Deno.test("finish() says what was taken back and what was not, where it cannot end", async () => {
  await using store = await tempStore(ROTTEN);
  using cleanup = await beginCleanup(store.root);
  const { change, paths } = cleanup;
  await performAll(cleanup);
  const files = join(paths.backups, ID, "files");
  Deno.renameSync(join(files, ".trash"), join(store.outside, "taken"));
  const again = join(store.root, "7");
  writeFiles(again, { "meta.yaml": "experiment_id: '7'\n" });
  const error = await assertRejects(() => change.finish());
  assertEquals(
    (error as Error).message,
    [
      `Cannot finish cleanup: No such file or directory; everything else was taken back, and backup ${ID} keeps what could not be:`,
      `  ${again} exists again, and ${join(files, "7")} would replace it`,
    ].join("\n"),
  );
  assertEquals(readManifest(paths.backups, ID)?.steps.map(({ subject }) => subject), ["7"]);
  assertEquals(pathsIn(paths.journals), []);
});

Deno.test("finish() says that everything was taken back where that is so", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  using cleanup = await beginCleanup(store.root);
  await performAll(cleanup);
  const inTheWay = join(cleanup.paths.backups, ID, "manifest.json.new");
  writeFiles(inTheWay, { file: "" });
  const error = await assertRejects(() => cleanup.change.finish());
  assertEquals(
    (error as Error).message,
    "Cannot finish cleanup: Directory not empty; everything was taken back",
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

interface Meddling {
  readonly label: string;
  /** Which of the actions. */
  readonly number: number;
  readonly because: "changed-since-plan" | "gone" | "symbolic-link";
  meddle(root: string, outside: string): void;
}

/** Puts a directory elsewhere and a link to it in its place. */
function swapForLink(root: string, path: string, outside: string): void {
  Deno.renameSync(join(root, path), join(outside, "moved"));
  Deno.symlinkSync(join(outside, "moved"), join(root, path));
}

const MEDDLING: readonly Meddling[] = [
  {
    label: "a run whose meta.yaml was rewritten",
    number: 0,
    because: "changed-since-plan",
    meddle: (root) => {
      const meta = join(root, `1/${runId(1)}/meta.yaml`);
      Deno.writeTextFileSync(meta, Deno.readTextFileSync(meta).replace("status: 3", "status: 1"));
    },
  },
  {
    label: "a run that got a new folder",
    number: 0,
    because: "changed-since-plan",
    meddle: (root) => writeFiles(root, { [`1/${runId(1)}/inputs`]: null }),
  },
  {
    label: "a run that lost its meta.yaml",
    number: 0,
    because: "changed-since-plan",
    meddle: (root) => Deno.removeSync(join(root, `1/${runId(1)}/meta.yaml`)),
  },
  {
    label: "a run that is gone",
    number: 1,
    because: "gone",
    meddle: (root) => Deno.removeSync(join(root, `1/${runId(2)}`), { recursive: true }),
  },
  {
    label: "a deleted run that got an artifact",
    number: 2,
    because: "changed-since-plan",
    meddle: (root) => writeFiles(root, { [`1/${runId(5)}/artifacts/new`]: "" }),
  },
  {
    label: "a deleted experiment in which a file was rewritten",
    number: 3,
    because: "changed-since-plan",
    meddle: (root) => Deno.writeTextFileSync(join(root, `.trash/2/${runId(6)}/params/lr`), "0.2"),
  },
  {
    label: "an orphan that became an experiment",
    number: 4,
    because: "changed-since-plan",
    meddle: (root) => writeFiles(root, { "7/meta.yaml": "experiment_id: '7'\n" }),
  },
  {
    label: "an orphan in whose place another one stands, as old",
    number: 4,
    because: "changed-since-plan",
    meddle: (root, outside) => {
      const { mtime } = Deno.statSync(join(root, "7"));
      Deno.renameSync(join(root, "7"), join(outside, "7"));
      for (const name of ["artifacts", "metrics", "params"]) {
        writeFiles(root, { [`7/${runId(7)}/${name}`]: null });
      }
      setTimes(join(root, "7"), mtime!.getTime());
    },
  },
  {
    label: "a run that is a link now",
    number: 0,
    because: "symbolic-link",
    meddle: (root, outside) => swapForLink(root, `1/${runId(1)}`, outside),
  },
  {
    label: "a run in an experiment that is a link now",
    number: 2,
    because: "symbolic-link",
    meddle: (root, outside) => swapForLink(root, "1", outside),
  },
  {
    label: "an orphan that is a link now",
    number: 4,
    because: "symbolic-link",
    meddle: (root, outside) => swapForLink(root, "7", outside),
  },
];

for (const { label, number, because, meddle } of MEDDLING) {
  Deno.test(`perform() skips ${label}, and touches nothing of it`, async () => {
    await using store = await tempStore(ROTTEN);
    using cleanup = await beginCleanup(store.root);
    meddle(store.root, store.outside);
    const inside = await readTree(store.root, EXCEPT);
    const outside = await readTree(store.outside);
    const action = cleanup.plan.actions[number]!;
    assertEquals(await cleanup.change.perform(action), {
      kind: action.kind,
      path: action.path,
      outcome: "skipped",
      because,
    });
    assertEquals(await cleanup.change.finish(), null);
    assertSameTree(await readTree(store.root, EXCEPT), inside);
    assertSameTree(await readTree(store.outside), outside);
  });
}

Deno.test("perform() reports an action that fails, and leaves its subject as it was", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  using cleanup = await beginCleanup(store.root);
  const { plan, change, paths } = cleanup;
  // Where the backup must make directories, a file stands in the way.
  const files = join(paths.backups, ID, "files");
  Deno.removeSync(files);
  writeFiles(join(paths.backups, ID), { files: "" });
  for (const action of plan.actions) {
    const outcome = await change.perform(action);
    assertEquals([outcome.path, outcome.outcome], [action.path, "failed"]);
    assert(outcome.outcome === "failed" && outcome.message !== "", "it says why");
  }
  assertEquals(await change.finish(), null);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("finish() keeps what was done when other actions failed or were skipped", async () => {
  await using store = await tempStore(ROTTEN);
  using cleanup = await beginCleanup(store.root);
  const { change, paths } = cleanup;
  writeFiles(join(paths.backups, ID, "files"), { ".trash": "" });
  writeFiles(store.root, { [`1/${runId(1)}/inputs`]: null });
  assertEquals((await performAll(cleanup)).map(({ outcome }) => outcome), [
    "skipped",
    "applied",
    "applied",
    "failed",
    "applied",
  ]);
  await change.finish();
  assertEquals(readManifest(paths.backups, ID)?.steps.map(({ subject }) => subject), [
    `1/${runId(2)}`,
    `1/${runId(5)}`,
    "7",
  ]);
});

Deno.test("finish() keeps the old tag of a run of which the first of several files could not be dropped", async () => {
  await using store = await tempStore(ROTTEN);
  const { root } = store;
  const run = `1/${runId(3)}`;
  const tag = `${run}/tags/${DROPPED_TAG}`;
  const names = ["a", "b", "c"];
  writeFiles(root, { [tag]: "long ago" });
  for (const name of names) writeFiles(root, { [`${run}/artifacts/${name}/weights`]: name });
  const actions = await Promise.all(names.map(async (name): Promise<DropArtifact> => {
    const path = asStorePath(`${run}/artifacts/${name}`);
    const { usage, stamp } = (await measureTree(join(root, path), newMeasurer()))!;
    return {
      kind: "drop-artifact",
      path,
      name,
      runId: asRunId(runId(3)),
      experimentId: asExperimentId("1"),
      tagged: true,
      reasons: [{ kind: "heavy-files", glob: "*", time: 0, age: 2, limit: 1 }],
      usage,
      stamp,
    };
  }));
  const paths = ownPaths(root);
  using lock = acquireLock(root, "cleanup", NOW);
  const options = { root, paths, task: "cleanup", actions, now: NOW, keepBackup: true };
  using change = await beginChange(lock, options);
  const files = join(paths.backups, ID, "files");
  await change.ready(actions[0]!);
  // Just now the backup cannot take anything of the run's artifacts.
  writeFiles(files, { [`${run}/artifacts`]: "" });
  const outcomes = [await change.perform(actions[0]!)];
  Deno.removeSync(join(files, run, "artifacts"));
  for (const action of actions.slice(1)) {
    await change.ready(action);
    outcomes.push(await change.perform(action));
  }
  await change.finish();
  assertEquals(outcomes.map(({ outcome }) => outcome), ["failed", "applied", "applied"]);
  assertEquals(Deno.readTextFileSync(join(files, tag)), "long ago");
});
