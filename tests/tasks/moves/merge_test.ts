import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import type { MergePlan, Plan } from "../../../lib/plan/plan.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { applyPlan } from "../../../tasks/apply_plan.ts";
import { applyWhatStillHolds } from "../../../tasks/apply_what_still_holds.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { merge } from "../../../tasks/moves/merge.ts";
import { move } from "../../../tasks/moves/move.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { experiment, NOW, run, runId } from "../../_support/builders.ts";
import { depth } from "../../_support/depth.ts";
import { experimentMeta, writeFiles, writeStore } from "../../_support/disk_store.ts";
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
import { writeRandomStore } from "../../_support/random_store.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { assertSameTree, readTree, type Tree } from "../../_support/tree.ts";

interface TwoStores {
  readonly desk: Store;
  readonly laptop: Store;
  /** Absolute path of the one into which. */
  readonly root: string;
  /** Absolute path of the other one. */
  readonly other: string;
  readonly look: (root: string) => Promise<Tree>;
}

/** Sets up a store, and another one with runs and all that belongs to them. */
async function withStores(use: (stores: TwoStores) => Promise<void>): Promise<void> {
  await using directory = await tempDirectory();
  const [root, other] = [join(directory.path, "desk"), join(directory.path, "laptop")];
  writeStore({ root, outside: join(directory.path, "a") }, {
    experiments: [experiment({
      id: "0",
      name: "Default",
      artifactLocation: `file://${root}/0`,
      runs: [run({ id: runId(1), artifactUri: `file://${root}/0/${runId(1)}/artifacts` })],
    })],
    hasTrash: true,
  });
  writeStore({ root: other, outside: join(directory.path, "b") }, {
    experiments: [experiment({
      id: "0",
      name: "Default",
      artifactLocation: `file://${other}/0`,
      runs: [run({ id: runId(2), artifactUri: `file://${other}/0/${runId(2)}/artifacts` })],
    })],
    hasTrash: true,
  });
  writeMovable(other);
  writeFiles(other, { [`${LEFT}/tags/team`]: "a" });
  await using desk = await openStore(root);
  await using laptop = await openStore(other);
  const look = (at: string) => readTree(at, { except: [".mltidy.trash"] });
  await use({ desk, laptop, root, other, look });
}

/** As it is printed. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const outcomes = (report: { outcomes: readonly { path: string; outcome: string }[] } | null) =>
  report?.outcomes.map(({ path, outcome }) => `${outcome} ${path}`);

Deno.test("merge() copies what another store has, which stays as it is, and restore() gives back the same bytes", () =>
  withStores(async ({ desk, laptop, root, other, look }) => {
    const [before, source] = [await look(root), await look(other)];
    const { plan, report } = await merge(desk, { from: laptop, apply: true });
    assertEquals(plan.kept, []);
    assertEquals(outcomes(report), [
      `applied ${LEFT}`,
      "applied 902",
      `applied 0/${runId(2)}`,
      `applied ${LEFT}/${PARENT}`,
      `applied ${LEFT}/${OTHER}`,
      `applied ${LEFT}/${CHILD}`,
      "applied models/wheat",
    ]);
    assertSameTree(await look(other), source);
    const after = await look(root);
    const text = (path: string) => Deno.readTextFileSync(join(root, path));
    for (
      const path of [
        `${LEFT}/${PARENT}/meta.yaml`,
        `${LEFT}/models/${MODEL}/meta.yaml`,
        `${LEFT}/traces/${TRACE}/tags/mlflow.artifactLocation`,
        `${LEFT}/meta.yaml`,
        "models/wheat/version-1/meta.yaml",
      ]
    ) {
      assertEquals([text(path).includes(other), text(path).includes(root)], [false, true], path);
    }
    assertEquals(text(`${LEFT}/tags/team`), "a");
    assertEquals(
      text(`${LEFT}/datasets/${DATASET}/meta.yaml`),
      Deno.readTextFileSync(join(other, `${LEFT}/datasets/${DATASET}/meta.yaml`)),
    );
    // What is no record is the same, with its time.
    for (const [path, entry] of source) {
      if (!path.startsWith(`${LEFT}/${PARENT}/`) || entry.kind !== "file") continue;
      if (path.endsWith("meta.yaml")) continue;
      assertEquals(after.get(path), entry, path);
    }
    const errors = verifySnapshot(await desk.read({ depth: "full" }));
    assertEquals(errors.filter(({ severity }) => severity === "error"), []);
    const again = await merge(desk, { from: laptop });
    assertEquals([again.plan.actions, again.plan.kept], [[], []]);
    assertEquals((again.plan as MergePlan).already, {
      "experiment": 3,
      "run": 4,
      "logged-model": 1,
      "trace": 1,
      "registered-model": 1,
    });
    await restore(desk, { id: report!.backup!.id });
    assertSameTree(await look(root), before);
    assertSameTree(await look(other), source);
    assertEquals([...Deno.readDirSync(join(root, ".mltidy.trash", "staging"))], []);
  }));

Deno.test("restore() refuses to undo a merge while an experiment that it filled is deleted", () =>
  withStores(async ({ desk, laptop, root, look }) => {
    await merge(desk, { from: laptop, apply: true });
    deleteExperiment(root, LEFT);
    const deleted = await look(root);
    const { collisions } = await assertRejects(() => restore(desk), RestoreCollisionError);
    assertEquals(
      collisions.filter((one) => one.includes(CHILD)),
      [
        `experiment ${LEFT}: expected it active, since ${root}/${LEFT}/${CHILD} was copied into it, found it deleted in ${root}/.trash/${LEFT}; restore it first with \`mlflow experiments restore --experiment-id ${LEFT}\``,
      ],
    );
    assertSameTree(await look(root), deleted);
  }));

Deno.test("restore() keeps what was changed since it was copied, and takes back a run that is named", () =>
  withStores(async ({ desk, laptop, root, look }) => {
    const { report } = await merge(desk, { from: laptop, apply: true });
    const id = report!.backup!.id;
    writeFiles(root, { [`${LEFT}/${CHILD}/tags/note`]: "seen since" });
    // MLflow writes the same again where it loads a model, and that is no change.
    const model = join(root, LEFT, "models", MODEL, "artifacts", "MLmodel");
    Deno.writeTextFileSync(model, Deno.readTextFileSync(model));
    const before = await look(root);
    const error = await assertRejects(() => restore(desk, { id }), RestoreCollisionError);
    assertStringIncludes(
      error.message,
      `${
        join(root, LEFT, CHILD)
      } was changed since it was copied, and undoing that would remove it`,
    );
    assertSameTree(await look(root), before);
    await restore(desk, { id, run: OTHER });
    const there = () => [...Deno.readDirSync(join(root, LEFT))].map(({ name }) => name);
    assertEquals([there().includes(OTHER), there().includes(PARENT)], [false, true]);
    // Of the same length, and not the same.
    const text = Deno.readTextFileSync(model);
    Deno.writeTextFileSync(model, text.replace("{}", "[]"));
    await assertRejects(() => restore(desk, { id, run: PARENT }), RestoreCollisionError, MODEL);
    Deno.writeTextFileSync(model, text);
    await restore(desk, { id, run: PARENT });
    assertEquals(there().includes(PARENT), false);
  }));

Deno.test("merge() joins an experiment of the same name, and gives one whose id is taken another", () =>
  withStores(async ({ desk, laptop, root, look }) => {
    for (const [id, name] of [[LEFT, "mine"], ["7", "keepers"]] as const) {
      const one = experiment({ id, name, artifactLocation: `file://${root}/${id}` });
      writeFiles(root, { [`${id}/meta.yaml`]: experimentMeta(one) });
    }
    const before = await look(root);
    const { plan, report } = await merge(desk, { from: laptop, apply: true });
    const made = plan.actions[0]?.path ?? "";
    assertEquals(/^\d{18}$/.test(made), true);
    assertEquals(report?.complete, true);
    const { experiments } = await desk.read({ depth: "tags" });
    assertEquals(
      plain(experiments.map(({ id, name, runs }) => [id, name, runs.length])),
      [["0", "Default", 2], ["7", "keepers", 0], [made, "scratch", 3], [LEFT, "mine", 0]]
        .toSorted(([one], [other]) => `${one}` < `${other}` ? -1 : 1),
    );
    assertEquals((await merge(desk, { from: laptop })).plan.actions, []);
    await restore(desk, { id: report!.backup!.id });
    assertSameTree(await look(root), before);
  }));

Deno.test("merge() opens nothing that is closed in the other store, and copies no set-user-ID bit", () =>
  withStores(async ({ desk, laptop, root, other }) => {
    const at = `${LEFT}/${PARENT}/artifacts/notes/report.txt`;
    const modes = async (mode: number) => {
      Deno.chmodSync(join(other, at), mode);
      const { report } = await merge(desk, { from: laptop, apply: true });
      const copied = (Deno.lstatSync(join(root, at)).mode ?? 0) & 0o7777;
      await restore(desk, { id: report!.backup!.id });
      return copied;
    };
    assertEquals(await modes(0o600), 0o600);
    assertEquals(await modes(0o4755) & 0o4000, 0);
  }));

Deno.test("merge() finds the artifacts of a store that was brought here from another machine", () =>
  withStores(async ({ desk, laptop, root, other }) => {
    const meta = join(other, LEFT, PARENT, "meta.yaml");
    const record = Deno.readTextFileSync(meta).replaceAll(other, "/home/lea/mlruns");
    Deno.writeTextFileSync(meta, record);
    const { plan } = await merge(desk, { from: laptop });
    const action = (plan as MergePlan).actions.find(({ id }) => id === PARENT);
    assertEquals(action?.reasons.length, 1);
    assertEquals(
      action?.records[0]?.changes["artifact_uri"],
      `file://${root}/${LEFT}/${PARENT}/artifacts`,
    );
  }));

Deno.test("merge() leaves a run with a link or a file that is none, and one that runs or changes while it is copied", () =>
  withStores(async ({ desk, laptop, root, other, look }) => {
    Deno.symlinkSync("/etc", join(other, LEFT, PARENT, "artifacts", "etc"));
    const { plan } = await merge(desk, { from: laptop });
    assertEquals(plain(plan.kept.map(({ path, reasons }) => [path, reasons])), [
      [`${LEFT}/${PARENT}`, [{
        kind: "unreadable",
        path: `${LEFT}/${PARENT}`,
        message: "artifacts/etc is a symbolic link",
      }]],
      [`${LEFT}/${CHILD}`, [{ kind: "child-of-kept", parent: PARENT }]],
    ]);
    const before = await look(root);
    {
      await using locked = await lockStore(desk, { task: "merge" });
      await using change = await locked.begin({
        task: "merge",
        actions: plan.actions,
        now: desk.now(),
        keepBackup: true,
      });
      writeFiles(other, { [`${LEFT}/${OTHER}/metrics/late`]: `${NOW} 1 1\n` });
      const seen: string[] = [];
      for await (const one of change.performAll()) {
        if (one.outcome === "skipped") seen.push(`${one.because} ${one.path}`);
      }
      assertEquals(seen, [`changed-since-plan ${LEFT}/${OTHER}`]);
    }
    // What was not finished is taken back.
    assertSameTree(await look(root), before);
    const record = join(other, LEFT, OTHER, "meta.yaml");
    Deno.writeTextFileSync(record, Deno.readTextFileSync(record).replace("status: 3", "status: 1"));
    const kept = (await merge(desk, { from: laptop })).plan.kept;
    assertEquals(plain(kept.find(({ path }) => path.endsWith(OTHER))?.reasons), [
      { kind: "not-finished", status: "RUNNING" },
    ]);
  }));

Deno.test("merge() lets records name the place that they named where nothing of it comes", () =>
  withStores(async ({ desk, laptop, root, other }) => {
    const record = join(other, LEFT, OTHER, "meta.yaml");
    Deno.writeTextFileSync(record, Deno.readTextFileSync(record).replace("status: 3", "status: 1"));
    const version = join(other, "models", "wheat", "version-1", "meta.yaml");
    const source = `file://${other}/${LEFT}/${OTHER}/artifacts/notes`;
    const text = Deno.readTextFileSync(version).replace(`models:/${MODEL}`, source);
    Deno.writeTextFileSync(version, text);
    const { plan } = await merge(desk, { from: laptop });
    const action = (plan as MergePlan).actions.find(({ id }) => id === "wheat");
    assertEquals(plain(action?.reasons), [
      { kind: "lacking-here" },
      { kind: "place-stays", uri: source },
    ]);
    assertEquals(plain(action?.records), [{
      path: "models/wheat/version-1",
      changes: { storage_location: `file://${root}/${LEFT}/models/${MODEL}/artifacts` },
    }]);
  }));

Deno.test("merge() lets records name where a run lies here that was moved since it was copied", () =>
  withStores(async ({ desk, laptop, root, other }) => {
    await merge(desk, { from: laptop, apply: true });
    await move(desk, { runs: [PARENT], to: "keepers", apply: true });
    const source = `file://${other}/${LEFT}/${PARENT}/artifacts`;
    writeFiles(other, {
      "models/rye/meta.yaml":
        `creation_timestamp: ${NOW}\ndescription: null\nlast_updated_timestamp: ${NOW}\nname: rye\n`,
      "models/rye/version-1/meta.yaml":
        `creation_timestamp: ${NOW}\ncurrent_stage: None\ndescription: null\nlast_updated_timestamp: ${NOW}\nname: rye\nrun_id: ${PARENT}\nrun_link: null\nsource: ${source}\nstatus: READY\nstatus_message: null\nuser_id: null\nversion: 1\n`,
    });
    const { plan } = await merge(desk, { from: laptop });
    const action = (plan as MergePlan).actions.find(({ id }) => id === "rye");
    assertEquals(plain(action?.records), [{
      path: "models/rye/version-1",
      changes: { source: `file://${root}/${ENTERED}/${PARENT}/artifacts` },
    }]);
  }));

Deno.test("merge() does not take for the same what MLflow does not find here", () =>
  withStores(async ({ desk, laptop, root, other }) => {
    // Its record names another experiment.
    await new Deno.Command("cp", {
      args: ["-a", join(other, LEFT, OTHER), join(root, "0", OTHER)],
    }).output();
    const { plan } = await merge(desk, { from: laptop });
    const kept = plan.kept.map(({ path, reasons }) => [path, reasons]);
    assertEquals(plain(kept), [
      [`${LEFT}/${OTHER}`, [{ kind: "differs-here", path: `0/${OTHER}` }]],
    ]);
    assertEquals((plan as MergePlan).already.run, 0);
  }));

Deno.test("merge() leaves a run whose dataset cannot be copied with it", () =>
  withStores(async ({ desk, laptop, other }) => {
    const datasets = join(other, LEFT, "datasets");
    const keptWith = async () => {
      const { plan } = await merge(desk, { from: laptop });
      return plan.kept.flatMap(({ reasons }) =>
        reasons.flatMap((one) => one.kind === "unreadable" ? [one.message] : [])
      );
    };
    const named = `${LEFT}/datasets/${DATASET}: a symbolic link leads to it`;
    Deno.renameSync(datasets, `${other}-datasets`);
    Deno.symlinkSync(`${other}-datasets`, datasets);
    assertEquals(await keptWith(), [named, named, named]);
    Deno.removeSync(datasets);
    Deno.mkdirSync(join(datasets, DATASET, "meta.yaml"), { recursive: true });
    const none = `${LEFT}/datasets/${DATASET}: Is a directory`;
    assertEquals(await keptWith(), [none, none, none]);
  }));

Deno.test("merge() lets a place that is missing lead out of the other store by no name in its way", () =>
  withStores(async ({ desk, laptop, other }) => {
    const meta = join(other, LEFT, PARENT, "meta.yaml");
    const uri = `file://${other}/${LEFT}/../../gone/artifacts`;
    const record = Deno.readTextFileSync(meta).replace(/artifact_uri: .*/, `artifact_uri: ${uri}`);
    Deno.writeTextFileSync(meta, record);
    const { plan } = await merge(desk, { from: laptop });
    const action = (plan as MergePlan).actions.find(({ id }) => id === PARENT);
    assertEquals(plain(action?.reasons.slice(1)), [{ kind: "place-stays", uri }]);
  }));

Deno.test("a saved merge is carried out as it is, or as far as it holds", () =>
  withStores(async ({ desk, laptop, other }) => {
    const { plan } = await merge(desk, { from: laptop });
    const saved: Plan = parsePlan(JSON.stringify(plan), "plan.json");
    writeFiles(other, { [`${LEFT}/${OTHER}/tags/note`]: "seen since" });
    {
      await using locked = await lockStore(desk, { task: "apply" });
      await assertRejects(() => applyPlan(locked, saved), Error, "does not come of its policy");
    }
    const { report, plan: held } = await applyWhatStillHolds(desk, saved, { apply: true });
    assertEquals(held.reviewed?.lapsed.map(({ path, because }) => `${path} ${because}`), [
      `${LEFT}/${OTHER} changed-since-plan`,
    ]);
    assertEquals(report?.totals.applied, plan.actions.length - 1);
  }));

Deno.test("merge() refuses a store that is this one, or lies in it, and another kind", () =>
  withStores(async ({ desk, laptop, root }) => {
    await assertRejects(
      () => merge(desk, { from: desk }),
      InvalidArgumentError,
      `Cannot merge ${root} into itself`,
    );
    const inner = join(root, "0", "inner");
    writeStore({ root: inner, outside: `${inner}-outside` }, {
      experiments: [experiment({ id: "0", name: "Default" })],
    });
    await using nested = await openStore(inner);
    await assertRejects(() => merge(desk, { from: nested }), InvalidArgumentError, "lies in");
    await assertRejects(() => merge(nested, { from: desk }), InvalidArgumentError, "lies in");
    await assertRejects(
      () => merge({ ...desk, merging: null }, { from: laptop }),
      UnsupportedStoreError,
    );
    await assertRejects(
      () => merge(desk, { from: laptop, experiments: ["nowhere"] }),
      InvalidArgumentError,
      "no experiment or orphan",
    );
  }));

Deno.test("random stores are merged to their union, nothing of this one changed, nothing left to do, and undone to the last byte", async () => {
  let copied = 0;
  for (let seed = 0; seed < depth(3, 40); seed++) {
    await using directory = await tempDirectory();
    const [root, other] = [join(directory.path, "desk"), join(directory.path, "laptop")];
    writeRandomStore({ root, outside: join(directory.path, "a") }, 2 * seed, NOW);
    writeRandomStore({ root: other, outside: join(directory.path, "b") }, 2 * seed + 1, NOW);
    await using desk = await openStore(root);
    await using laptop = await openStore(other);
    const look = (at: string) => readTree(at, { except: [".mltidy.trash"] });
    const [before, source] = [await look(root), await look(other)];
    const { plan, report } = await merge(desk, { from: laptop, apply: true });
    copied += plan.actions.length;
    const after = await look(root);
    for (const [path, entry] of before) {
      if (entry.kind === "file") assertEquals(after.get(path), entry, path);
    }
    assertSameTree(await look(other), source);
    assertEquals(report?.complete ?? true, true, `seed ${seed}`);
    const again = await merge(desk, { from: laptop });
    assertEquals(again.plan.actions, [], `seed ${seed}`);
    if (report?.backup) await restore(desk, { id: report.backup.id });
    assertSameTree(await look(root), before);
  }
  assertEquals(copied > 0, true);
});
