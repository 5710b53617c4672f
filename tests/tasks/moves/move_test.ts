import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  StalePlanError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import type { MoveRun } from "../../../lib/plan/plan.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import { byPath } from "../../../lib/store/path.ts";
import { MOVE_EXTRAS } from "../../../lib/move/choose_runs.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { applyPlan } from "../../../tasks/apply_plan.ts";
import { applyWhatStillHolds } from "../../../tasks/apply_what_still_holds.ts";
import { backup } from "../../../tasks/backups/backup.ts";
import { recover } from "../../../tasks/backups/recover.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { openJournal, readersOf } from "../../../tasks/_file/own/journal.ts";
import { readManifest } from "../../../tasks/_file/own/manifest.ts";
import { ownPaths } from "../../../tasks/_file/own/own_paths.ts";
import { move } from "../../../tasks/moves/move.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { experiment } from "../../_support/builders.ts";
import { writeFiles, writeStore } from "../../_support/disk_store.ts";
import {
  CHILD,
  DATASET,
  deleteExperiment,
  ENTERED,
  LEFT,
  MODEL,
  OTHER,
  PARENT,
  TRACE,
  writeMovable,
} from "../../_support/movable.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { assertSameTree, readTree, type Tree } from "../../_support/tree.ts";

/** Sets up a store with runs that can be moved, and gives what tells of its files. */
async function withStore(
  use: (store: Store, root: string, look: () => Promise<Tree>) => Promise<void>,
): Promise<void> {
  await using directory = await tempDirectory();
  const root = join(directory.path, "mlruns");
  writeStore({ root, outside: join(directory.path, "outside") }, {
    experiments: [experiment({ id: "0", name: "Default" })],
    hasTrash: true,
  });
  writeMovable(root);
  await using store = await openStore(root);
  await use(store, root, () => readTree(root, { except: [".mltidy.trash"] }));
}

/** As it is printed. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const entriesAt = (root: string, path: string) =>
  [...Deno.readDirSync(join(root, path))].map(({ name }) => name).toSorted();

Deno.test("move() takes a run with its children, model, trace and dataset into another experiment, and restore() gives back the same bytes", () =>
  withStore(async (store, root, look) => {
    const before = await look();
    const { plan, report } = await move(store, { runs: [PARENT], to: "keepers", apply: true });
    assertEquals(plain(report?.outcomes.map(({ path, outcome }) => [path, outcome])), [
      [`${LEFT}/${PARENT}`, "applied"],
      [`${LEFT}/${CHILD}`, "applied"],
    ]);
    assertEquals(entriesAt(root, LEFT), [OTHER, "datasets", "meta.yaml", "models", "traces"]);
    assertEquals(
      entriesAt(root, ENTERED),
      [PARENT, CHILD, "datasets", "meta.yaml", "models", "traces"],
    );
    const text = (path: string) => Deno.readTextFileSync(join(root, path));
    assertEquals(
      text(`${ENTERED}/datasets/${DATASET}/meta.yaml`),
      text(`${LEFT}/datasets/${DATASET}/meta.yaml`),
    );
    assertEquals(
      text(`${ENTERED}/traces/${TRACE}/tags/mlflow.artifactLocation`),
      `file://${root}/${ENTERED}/traces/${TRACE}/artifacts`,
    );
    for (const path of [`${PARENT}/meta.yaml`, `models/${MODEL}/meta.yaml`]) {
      assertEquals(/\b901\b/.test(text(`${ENTERED}/${path}`)), false, path);
    }
    assertEquals(text("models/wheat/version-1/meta.yaml").includes(`${root}/${LEFT}`), false);
    const after = await store.read({ depth: "full" });
    assertEquals(verifySnapshot(after).filter(({ severity }) => severity === "error"), []);
    assertEquals((await move(store, { runs: [PARENT], to: "keepers" })).plan.actions, []);
    await restore(store, { id: report!.backup!.id });
    assertSameTree(await look(), before);
    assertEquals(plan.totals.moveRuns, 2);
  }));

Deno.test("move() does to a store what simulatePlan() says of it", () =>
  withStore(async (store) => {
    const read = () => store.read({ depth: "tags", extras: MOVE_EXTRAS });
    const before = await read();
    const { plan } = await move(store, { experiments: ["scratch"], to: ENTERED, apply: true });
    const stampless = (one: Awaited<ReturnType<typeof read>>) =>
      one.experiments.map((each) => ({
        ...each,
        stamp: "",
        runs: each.runs.map((run) => ({ ...run, stamp: "" })).toSorted(byPath),
        loggedModels: each.loggedModels.map((model) => ({ ...model, stamp: "" })),
      }));
    const simulated = simulatePlan(before, plan, { now: store.now() });
    const after = await read();
    assertEquals(stampless(after), stampless(simulated));
    assertEquals(after.registeredModels, simulated.registeredModels);
  }));

Deno.test("move() keeps a run whose place is taken, and touches neither", () =>
  withStore(async (store, root, look) => {
    writeFiles(root, { [`${ENTERED}/models/${MODEL}/meta.yaml`]: "name: another\n" });
    const before = await look();
    const { plan, report } = await move(store, { runs: [PARENT], to: ENTERED, apply: true });
    assertEquals([plan.actions, report], [[], null]);
    assertEquals(
      plain(plan.kept.map(({ reasons: [reason] }) => reason)),
      [
        { kind: "in-the-way", path: `${ENTERED}/models/${MODEL}` },
        { kind: "child-of-kept", parent: PARENT },
      ],
    );
    assertSameTree(await look(), before);
  }));

Deno.test("move() into a folder that a symbolic link stands for takes back what it had done, and restore() the rest", () =>
  withStore(async (store, root, look) => {
    for (const folder of ["models", "traces"]) {
      const place = join(root, ENTERED, folder);
      const aside = join(dirname(root), folder);
      if (entriesAt(root, ENTERED).includes(folder)) Deno.renameSync(place, aside);
      else Deno.mkdirSync(aside);
      Deno.symlinkSync(aside, place);
      const before = await look();
      const { report } = await move(store, { runs: [PARENT], to: ENTERED, apply: true });
      const outcomes = report?.outcomes.map(({ outcome }) => outcome).toSorted() ?? [];
      assertEquals(outcomes, ["applied", "failed"], folder);
      await restore(store);
      assertSameTree(await look(), before);
      Deno.removeSync(place);
      Deno.renameSync(aside, place);
    }
  }));

Deno.test("a saved move is carried out as it is, refused once its store has changed, or carried out as far as it holds", () =>
  withStore(async (store, root) => {
    const { plan: made } = await move(store, { experiments: [LEFT], to: ENTERED });
    const saved = parsePlan(JSON.stringify(made), "plan.json");
    writeFiles(root, { [`${LEFT}/${OTHER}/tags/note`]: "seen since" });
    const meta = join(root, LEFT, OTHER, "meta.yaml");
    Deno.writeTextFileSync(meta, Deno.readTextFileSync(meta).replace(/status: 3/, "status: 1"));
    {
      await using locked = await lockStore(store, { task: "apply" });
      await assertRejects(() => applyPlan(locked, saved), StalePlanError, "has changed since");
    }
    const { plan, report } = await applyWhatStillHolds(store, saved, { apply: true });
    assertEquals(report?.totals.applied, 2);
    assertEquals(plan.reviewed?.lapsed.map(({ name, because }) => [name, because]), [
      ["other", "kept"],
    ]);
    assertEquals(entriesAt(root, LEFT).includes(OTHER), true);
  }));

Deno.test("a saved move that somebody has edited is refused", () =>
  withStore(async (store, root, look) => {
    const { plan: made } = await move(store, { runs: [OTHER], to: ENTERED });
    const [action] = made.actions as readonly MoveRun[];
    const before = await look();
    const forged = (change: Partial<MoveRun>) =>
      parsePlan(JSON.stringify({ ...made, actions: [{ ...action, ...change }] }), "plan.json");
    const [tree] = action!.trees;
    const wrong: readonly Partial<MoveRun>[] = [
      { trees: [{ ...tree, to: `0/${OTHER}` as never }] },
      { trees: [tree, { from: `${LEFT}/models` as never, to: `${ENTERED}/models` as never }] },
      { records: [{ path: `${LEFT}/${OTHER}` as never, changes: { artifact_uri: "/etc" } }] },
      { texts: [{ path: `${LEFT}/${OTHER}/tags/a` as never, text: "b" }] },
    ];
    for (const change of wrong) {
      await using locked = await lockStore(store, { task: "apply" });
      await assertRejects(() => applyPlan(locked, forged(change)), StalePlanError);
    }
    assertEquals(dirname(root) !== root, true);
    assertSameTree(await look(), before);
  }));

Deno.test("move() undone in part leaves a dataset that another run has come to name", () =>
  withStore(async (store, root) => {
    const { report } = await move(store, { experiments: [LEFT], to: ENTERED, apply: true });
    const { id } = report!.backup!;
    await restore(store, { id, run: OTHER });
    assertEquals(entriesAt(root, LEFT).includes(OTHER), true);
    assertEquals(entriesAt(root, `${ENTERED}/datasets`), [DATASET]);
    await restore(store, { id, run: PARENT });
    assertEquals(entriesAt(root, ENTERED), ["meta.yaml"]);
  }));

for (const [which, run] of [["child", CHILD], ["parent", PARENT]] as const) {
  Deno.test(`restore() of a ${which} that has moved brings the tree of it back, and no other run`, () =>
    withStore(async (store, root) => {
      await move(store, { experiments: [LEFT], to: ENTERED, apply: true });
      const { items } = await restore(store, { run, dryRun: true });
      assertEquals(
        items.map(({ path }) => `${path}`).filter((path) => /^901\/\w+$/.test(path)),
        [PARENT, CHILD].map((id) => `${LEFT}/${id}`),
      );
      await restore(store, { run });
      assertEquals(
        [LEFT, ENTERED].map((at) => entriesAt(root, at).filter((name) => name.length === 32)),
        [[PARENT, CHILD], [OTHER]],
      );
    }));
}

for (
  const [which, id, need] of [
    ["left", LEFT, (root: string) => `${root}/${ENTERED}/${OTHER} belongs into it`],
    [
      "entered",
      ENTERED,
      (root: string) => `${root}/${ENTERED}/${OTHER} belongs to ${root}/${LEFT}/${OTHER}`,
    ],
  ] as const
) {
  Deno.test(`a move is not undone while the experiment that it ${which} is deleted, and is once that is back`, () =>
    withStore(async (store, root, look) => {
      const before = await look();
      await move(store, { runs: [OTHER], to: ENTERED, apply: true });
      deleteExperiment(root, id);
      const deleted = await look();
      const error = await assertRejects(() => restore(store), RestoreCollisionError);
      assertEquals(
        error.collisions.filter((one) => one.startsWith("experiment ")),
        [
          `experiment ${id}: expected it active, since ${
            need(root)
          }, found it deleted in ${root}/.trash/${id}; restore it first with \`mlflow experiments restore --experiment-id ${id}\``,
        ],
      );
      assertSameTree(await look(), deleted);
      Deno.renameSync(join(root, ".trash", id), join(root, id));
      const meta = join(root, id, "meta.yaml");
      const text = Deno.readTextFileSync(meta).replace("stage: deleted", "stage: active");
      Deno.writeTextFileSync(meta, text);
      await restore(store);
      const times = (tree: Tree) => [...tree.keys()];
      assertEquals(times(await look()), times(before));
    }));
}

Deno.test("what was moved is not copied elsewhere, since it is in the store, and nobody is told to", () =>
  withStore(async (store, root, look) => {
    const { report } = await move(store, { runs: [PARENT], to: ENTERED, apply: true });
    const { id } = report!.backup!;
    const to = join(dirname(root), "elsewhere");
    const before = await look();
    for (const selection of [{}, { run: PARENT }]) {
      for (const dryRun of [true, false]) {
        const words = "run" in selection ? ` --run ${PARENT}` : "";
        await assertRejects(
          () => restore(store, { to, dryRun, ...selection }),
          InvalidArgumentError,
          `Cannot copy what ${id} holds to ${to}: it took nothing out of the store, where all of it still is; \`deno task restore ${id}${words} --store ${root}\` undoes it there`,
        );
      }
    }
    assertEquals(entriesAt(dirname(root), "."), ["mlruns", "outside"]);
    assertSameTree(await look(), before);
    deleteExperiment(root, LEFT);
    const { advice } = await assertRejects(() => restore(store), RestoreCollisionError);
    assertEquals(advice.elsewhere, false);
    assertEquals("tookNothing" in await restore(store, { dryRun: true }), false);
  }));

for (const leadsTo of ["outside", `mlruns/${LEFT}/${OTHER}/artifacts`]) {
  Deno.test(`move() renames artifacts with their run that a link leads from it to ${leadsTo}`, () =>
    withStore(async (store, root, look) => {
      const place = join(root, LEFT, PARENT, "artifacts");
      Deno.removeSync(place, { recursive: true });
      Deno.symlinkSync(join(dirname(root), leadsTo), place);
      const before = await look();
      const { report } = await move(store, { runs: [PARENT], to: ENTERED, apply: true });
      assertEquals(report?.totals.applied, 2);
      const artifacts = `${root}/${ENTERED}/${PARENT}/artifacts`;
      const meta = Deno.readTextFileSync(join(root, ENTERED, PARENT, "meta.yaml"));
      assertEquals(/^artifact_uri: (.*)$/m.exec(meta)?.[1], `file://${artifacts}`);
      assertEquals(Deno.lstatSync(artifacts).isSymlink, true);
      await restore(store);
      assertSameTree(await look(), before);
    }));
}

Deno.test("restore() of an older move names the newer one of the same run, which comes first", () =>
  withStore(async (store, root, look) => {
    const before = await look();
    const older = await move(store, { runs: [OTHER], to: ENTERED, apply: true });
    const newer = await move(store, { runs: [OTHER], to: "0", apply: true });
    const { id } = older.report!.backup!;
    const { collisions, advice } = await assertRejects(
      () => restore(store, { id }),
      RestoreCollisionError,
    );
    const place = `${root}/${ENTERED}/${OTHER}`;
    assertEquals(
      collisions.includes(`${place} is gone, and belongs to ${root}/${LEFT}/${OTHER}`),
      true,
    );
    assertEquals(
      advice.rescue,
      `deno task restore ${newer.report!.backup!.id} --store ${root}`,
    );
    await restore(store);
    await restore(store, { id });
    assertSameTree(await look(), before);
  }));

Deno.test("a move is not undone into an experiment that is gone for good", () =>
  withStore(async (store, root, look) => {
    await backup(store);
    await move(store, { runs: [OTHER], to: ENTERED, apply: true });
    Deno.removeSync(join(root, LEFT), { recursive: true });
    const gone = await look();
    const error = await assertRejects(() => restore(store), RestoreCollisionError);
    assertEquals(error.advice.rescue, null);
    assertEquals(error.collisions, [
      `${root}/${LEFT} is gone, and ${root}/${ENTERED}/${OTHER} belongs into it`,
    ]);
    assertSameTree(await look(), gone);
  }));

Deno.test("a move that is being undone when its experiment is deleted is settled, and the run stays whole where it is", () =>
  withStore(async (store, root, look) => {
    const { report } = await move(store, { runs: [PARENT], to: ENTERED, apply: true });
    deleteExperiment(root, LEFT);
    const moved = await look();
    const { backups, journals } = ownPaths(root);
    const { id, steps, directories } = readManifest(backups, report!.backup!.id)!;
    openJournal(journals, {
      ...{ type: "begin", schema: "mltidy/journal/v1", id, direction: "restore" },
      ...{ task: "restore", startedAt: 1, steps, directories },
    }, readersOf(root, steps))[Symbol.dispose]();
    assertEquals((await store.changes!.interrupted()).length, 1);
    const { settled } = await recover(store);
    assertEquals(settled.map(({ outcome }) => outcome), ["completed"]);
    assertEquals(await store.changes!.interrupted(), []);
    const files = (tree: Tree) => [...tree].filter(([, { kind }]) => kind === "file");
    assertEquals(files(await look()), files(moved));
    assertEquals(
      verifySnapshot(await store.read({ depth: "full" })).filter((one) => one.severity === "error"),
      [],
    );
  }));

Deno.test("move() says that a kind of store cannot do that", async () => {
  await using directory = await tempDirectory();
  writeStore({ root: join(directory.path, "mlruns"), outside: join(directory.path, "outside") });
  await using store = await openStore(join(directory.path, "mlruns"));
  await assertRejects(
    () => move({ ...store, moving: null }, { runs: ["a"], to: "1" }),
    UnsupportedStoreError,
    "Cannot move runs of store",
  );
});
