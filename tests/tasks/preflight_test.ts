import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { renderPreflight } from "../../lib/render/preflight.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { preflight } from "../../tasks/preflight.ts";
import { DAY, experiment, HOUR } from "../_support/builders.ts";
import { child, EMPTY, layOutHealthy, MAIN, openDamaged, RUNNING } from "../_support/damage.ts";
import { tempStore } from "../_support/disk_store.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const NOW = Date.UTC(2026, 4, 5);

interface Opened extends ReturnType<typeof openDamaged>, AsyncDisposable {
  readonly store: Store;
}

async function storeWith(damage: (store: ReturnType<typeof openDamaged>) => void): Promise<Opened> {
  const directory = await memoryDirectory();
  const root = join(directory.path, "mlruns");
  layOutHealthy(root, "2.22");
  const damaged = openDamaged(root);
  damage(damaged);
  damaged.age(".", NOW - 2 * DAY);
  const store = await openStore(root, { now: () => NOW });
  return {
    ...damaged,
    store,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

type Damaged = ReturnType<typeof openDamaged>;
const treeOf = (root: string) => readTree(root, { except: [".mltidy.trash"] });

Deno.test("preflight() finds a healthy store ready, keeps its records and sets the experiment up", async () => {
  await using opened = await storeWith(() => {});
  const before = await treeOf(opened.root);
  const report = await preflight(opened.store);
  assertEquals([report.ready, report.checked, report.experiment], [true, false, null]);
  assertEquals(report.done, { repair: null, quarantine: null });
  assertEquals([report.errors, report.left], [[], []]);
  assertSameTree(await treeOf(opened.root), before);
  const kept = [...Deno.readDirSync(join(opened.root, ".mltidy.trash/metadata"))];
  assertEquals(kept.length, 1);

  const first = await preflight(opened.store, "churn");
  assertEquals(first.experiment?.outcome, "created");
  const second = await preflight(opened.store, "churn");
  assertEquals(second.experiment, { ...first.experiment!, outcome: "reused" });
});

Deno.test("preflight() mends, quarantines what is empty, and can be undone", async () => {
  await using opened = await storeWith((s) => {
    s.write(`${child}/meta.yaml`, "");
    s.makeDirectory("77");
  });
  const before = await treeOf(opened.root);
  const report = await preflight(opened.store);
  assertEquals([report.ready, report.errors, report.left], [true, [], []]);
  assertEquals(report.done.repair?.outcomes.map(({ kind, path }) => `${kind} ${path}`), [
    `write-meta ${child}`,
  ]);
  assertEquals(report.done.quarantine?.outcomes.map(({ path }) => `${path}`), ["77"]);
  for (const id of [report.done.quarantine!.backup!.id, report.done.repair!.backup!.id]) {
    await restore(opened.store, { id });
  }
  assertSameTree(await treeOf(opened.root), before);
});

Deno.test("preflight() says that there is no default experiment, and makes it", async () => {
  await using opened = await storeWith((s) => s.remove("0"));
  const before = await treeOf(opened.root);
  const checked = await preflight(opened.store, undefined, { check: true });
  assertEquals([checked.ready, checked.pending, checked.findings.warning], [
    true,
    { repairs: 1, quarantines: 0 },
    1,
  ]);
  assertMatch(renderPreflight(checked), /^1 repair possible$/m);
  assertSameTree(await treeOf(opened.root), before);
  const report = await preflight(opened.store);
  assertEquals([report.ready, report.findings.warning], [true, 0]);
  assertMatch(renderPreflight(report), /^Changed: 1 created; to undo: deno task restore /m);
  await restore(opened.store, { id: report.done.repair!.backup!.id });
  assertSameTree(await treeOf(opened.root), before);
});

Deno.test("preflight() says how a deleted default experiment is restored, and leaves it", async () => {
  await using opened = await storeWith((s) => {
    s.set("0/meta.yaml", "lifecycle_stage", "deleted");
    s.move("0", ".trash/0");
  });
  const report = await preflight(opened.store);
  assertEquals([report.ready, report.done.repair, report.findings.warning], [true, null, 1]);
  assertMatch(
    renderPreflight(report),
    /^Left to you: \.trash\/0: .* restore it with `mlflow experiments restore --experiment-id 0`$/m,
  );
});

Deno.test("preflight() says what restoring an experiment brought back, how to undo that, and asks for it no more", async () => {
  await using opened = await storeWith((s) => {
    for (const id of ["0", MAIN]) {
      s.set(`${id}/meta.yaml`, "lifecycle_stage", "deleted");
      s.move(id, `.trash/${id}`);
    }
  });
  const { experiments } = await opened.store.read({ depth: "meta" });
  const { name, runs } = experiments.find(({ id }) => id === MAIN)!;
  const restored = await preflight(opened.store, name);
  assertEquals([restored.left.length, restored.findings.warning], [1, 1]);
  assertMatch(
    renderPreflight(restored),
    new RegExp(
      `^Experiment ${MAIN}: restored, with ${runs.length} runs; ` +
        `to undo: mlflow experiments delete --experiment-id ${MAIN}\n`,
      "m",
    ),
  );
  // MLflow deletes no default experiment.
  const back = await preflight(opened.store, "Default");
  assertEquals([back.left, back.findings.warning], [[], 0]);
  assertMatch(
    renderPreflight(back),
    /runs\nExperiment 0: restored, with \d+ runs?\nReady \(0 warnings, 1 info\)\n$/,
  );
});

Deno.test("preflight() rebuilds an experiment with runs instead of quarantining it", async () => {
  await using opened = await storeWith((s) => s.remove(`${MAIN}/meta.yaml`));
  const report = await preflight(opened.store);
  assertEquals(report.done.quarantine, null);
  assertEquals(report.ready, true);
});

Deno.test("preflight() makes no experiment while one has lost its name that may be it", async () => {
  await using opened = await storeWith((s) => s.remove(`${MAIN}/meta.yaml`));
  const report = await preflight(opened.store, "vision 2");
  assertEquals([report.ready, report.experiment, report.errors], [false, null, []]);
  assertEquals(report.unnamed, [
    { experimentId: MAIN, name: `recovered-${MAIN}`, wanted: "vision 2" },
  ]);
  const text = renderPreflight(report);
  assertMatch(
    text,
    new RegExp(`If it is: mlflow experiments rename --experiment-id ${MAIN} --new-name 'vision 2'`),
  );
  assertMatch(text, new RegExp(`Not ready: no experiment is called vision 2, .* of ${MAIN} was`));
  // One that is there is meant, and once the lost one is called otherwise, another may be made.
  assertEquals((await preflight(opened.store, "Default")).ready, true);
  opened.edit(`${MAIN}/meta.yaml`, (meta) => meta.replace(`recovered-${MAIN}`, "speech"));
  assertEquals((await preflight(opened.store, "vision 2")).experiment?.outcome, "created");
});

Deno.test("preflight() quarantines no orphan while a repair is left undone", async () => {
  const damage = `${EMPTY}/meta.yaml`;
  await using opened = await storeWith((s) => {
    s.remove(`${MAIN}/meta.yaml`);
    s.drop(damage, "lifecycle_stage");
  });
  const { done, ready } = await preflight(opened.store, undefined, {
    onProgress: (label, number) => {
      if (label !== "Applying" || number !== 1) return;
      opened.write(damage, "name: [");
      opened.age(EMPTY, NOW - 2 * DAY);
    },
  });
  assertEquals(done.repair?.outcomes.map(({ path, outcome }) => [`${path}`, outcome]), [
    [MAIN, "applied"],
    [EMPTY, "skipped"],
  ]);
  assertEquals([done.quarantine, ready], [null, false]);
});

Deno.test("preflight() restores exactly what an earlier one kept", async () => {
  await using opened = await storeWith(() => {});
  await preflight(opened.store);
  const path = join(opened.root, MAIN, "meta.yaml");
  const before = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, "");
  const report = await preflight(opened.store, undefined, { settle: 0 });
  assert(report.ready);
  assertEquals(Deno.readTextFileSync(path), before);
});

Deno.test("preflight() only looks with check, and says what it would do", async () => {
  await using opened = await storeWith((s) => {
    s.write(`${child}/meta.yaml`, "");
    s.makeDirectory("77");
  });
  const before = await readTree(opened.root);
  const report = await preflight(opened.store, "churn", { check: true });
  assertEquals([report.ready, report.checked, report.experiment], [false, true, null]);
  assertEquals(report.pending, { repairs: 1, quarantines: 1 });
  assertSameTree(await readTree(opened.root), before);
});

Deno.test("preflight() quarantines what holds nothing, were it litter, and says of all else why it stays", async () => {
  const run = "77/0123456789abcdef0123456789abcdef";
  const cases: readonly (readonly [inflict: (s: Damaged) => void, left: string | null])[] = [
    [(s) => s.makeDirectory("77"), null],
    [(s) => s.write("77/.DS_Store", "litter"), null],
    [(s) => s.write("77/tags/team", "vision"), null],
    [(s) => s.makeDirectory(`${run}/metrics`), null],
    [(s) => s.write(`${run}/meta.yaml`, ""), null],
    [
      (s) => s.write("77/traces/tr-1/request_metadata/mlflow.user", "kim"),
      "Left to you: 77: meta.yaml does not exist: bring its meta.yaml back from a backup of your " +
      "own, or move the directory out of the store; holds 1 trace",
    ],
    [
      (s) => s.write("77/notes.txt", "mine"),
      "Left to you: 77: meta.yaml does not exist: bring its meta.yaml back from a backup of your " +
      "own, or move the directory out of the store; holds what MLflow did not write: notes.txt",
    ],
    [
      (s) => s.write(`${run}/artifacts/model.pkl`, "of a database's run"),
      "Left to you: 77: meta.yaml does not exist: bring its meta.yaml back from a backup of your " +
      "own, or move the directory out of the store; holds what MLflow did not write: " +
      run.slice(3),
    ],
  ];
  for (const [inflict, left] of cases) {
    await using opened = await storeWith(inflict);
    const checked = await preflight(opened.store, undefined, { check: true });
    assertEquals(checked.pending, { repairs: 0, quarantines: left === null ? 1 : 0 });
    const report = await preflight(opened.store);
    assertEquals(report.done.quarantine?.outcomes.length, left === null ? 1 : undefined);
    const lines = renderPreflight(report).split("\n").filter((line) => line.startsWith("Left"));
    assertEquals(lines, left === null ? [] : [left]);
  }
});

Deno.test("preflight() leaves a young orphan to settle, which asks nothing of its owner", async () => {
  await using opened = await storeWith((s) => s.makeDirectory("77"));
  opened.age("77", NOW - 5 * HOUR / 60);
  const text = renderPreflight(await preflight(opened.store));
  assertMatch(text, /^Left alone: 77: changed 5 min ago, limit 10 min: it may be in the making$/m);
});

Deno.test("preflight() with check counts no orphan to quarantine that it would rebuild", async () => {
  await using opened = await storeWith((s) => s.remove(`${MAIN}/meta.yaml`));
  const report = await preflight(opened.store, undefined, { check: true });
  assertEquals(report.pending, { repairs: 1, quarantines: 0 });
  const text = renderPreflight(report);
  assertMatch(text, /^1 repair possible\nTo do so: deno task preflight\n/m);
});

Deno.test("preflight() names once what one command mends of many", async () => {
  await using opened = await storeWith((s) =>
    [MAIN, EMPTY].forEach((id) =>
      s.edit(
        `${id}/meta.yaml`,
        (text) => text.replace(/^artifact_location: .*$/m, `artifact_location: ./mlruns/${id}`),
      )
    )
  );
  const report = await preflight(opened.store, undefined, { check: true });
  assert(report.left.length > 1);
  const lines = renderPreflight(report).split("\n").filter((line) => /^Left to you/.test(line));
  assertEquals(lines, [
    `Left to you: ${report.left[0]!.path} and ${
      report.left.length - 1
    } more: start MLflow where the place leads here, or rewrite the place that it names with \`deno task repair --relocate\``,
  ]);
});

Deno.test("preflight() is not ready while MLflow raises, and sets nothing up", async () => {
  await using opened = await storeWith((s) => s.makeDirectory("lost+found"));
  const report = await preflight(opened.store, "churn");
  assertEquals([report.ready, report.experiment], [false, null]);
  assertEquals(report.left.map(({ path }) => `${path}`), ["lost+found"]);
  const text = renderPreflight(report, {
    command: (task) => `deno task ${task} --store /data/mlruns`,
  });
  assertMatch(text, /Left to you: lost\+found: .*: move it out of the store/);
  assertMatch(text, /Not ready: 1 error/);
  assertMatch(text, /For all findings: deno task verify --store \/data\/mlruns\n$/);
});

Deno.test("preflight() goes on in a store that another process is changing", async () => {
  await using opened = await storeWith((s) => s.remove(`${MAIN}/meta.yaml`));
  await using _ = await lockStore(opened.store, { task: "cleanup" });
  const report = await preflight(opened.store, "churn");
  assertEquals([report.checked, report.pending.repairs], [true, 1]);
  assertEquals(report.experiment?.outcome, "created");
});

Deno.test("preflight() goes on while another store's backups are moved to the same place", async () => {
  await using opened = await storeWith((s) => s.remove(`${MAIN}/meta.yaml`));
  await using other = await storeWith(() => {});
  const backups = join(opened.root, "../backups");
  await Deno.mkdir(backups);
  await using locked = await lockStore(other.store, { task: "cleanup" });
  await using _ = await locked.backups!.lock(backups);
  const report = await preflight(opened.store, "churn", { backups });
  assertEquals([report.checked, report.pending.repairs], [true, 1]);
  assertEquals(report.experiment?.outcome, "created");
});

Deno.test("preflight() ends stale runs, not one that was alive this week", async () => {
  await using opened = await storeWith(() => {});
  assertEquals((await preflight(opened.store)).done.repair, null);
  const { done } = await preflight(opened.store, undefined, { staleAfter: DAY });
  assertEquals(done.repair?.outcomes.map(({ path }) => `${path}`), [`${MAIN}/${RUNNING}`]);
});

Deno.test("preflight() says with check what it would do with the experiment, and then does that", async () => {
  await using opened = await storeWith(() => {});
  const { experimentId } = (await preflight(opened.store, "churn")).experiment!;
  const awaited = async (onDeleted: "restore" | "replace" = "restore") => {
    const before = await treeOf(opened.root);
    const report = await preflight(opened.store, "churn", {
      check: true,
      experiment: { onDeleted },
    });
    assertSameTree(await treeOf(opened.root), before);
    return report;
  };
  assertEquals((await preflight(opened.store, "new", { check: true })).awaited, {
    name: "new",
    experimentId: null,
    would: "create",
    replaced: [],
    runs: 0,
    replaceable: true,
  });
  const known = { name: "churn", experimentId, replaced: [], runs: 0, replaceable: true };
  assertEquals((await awaited()).awaited, { ...known, would: "reuse" });
  opened.edit(
    `${experimentId}/meta.yaml`,
    (text) => text.replace("lifecycle_stage: active", "lifecycle_stage: deleted"),
  );
  Deno.renameSync(join(opened.root, experimentId), join(opened.root, ".trash", experimentId));
  const report = await awaited();
  assertEquals(report.awaited, { ...known, would: "restore" });
  assertMatch(
    renderPreflight(report),
    /churn, is deleted: it would be restored, with 0 runs\nTo have a new one of that name instead: deno task preflight --on-deleted replace\n/,
  );
  const replacing = { ...known, would: "replace" as const, replaced: [experimentId] };
  assertEquals((await awaited("replace")).awaited, replacing);
  const replaced = await preflight(opened.store, "churn", { experiment: { onDeleted: "replace" } });
  assertEquals(
    [replaced.experiment?.outcome, replaced.awaited, replaced.stood],
    ["created", null, replacing],
  );
  assertMatch(
    renderPreflight(replaced),
    new RegExp(
      String
        .raw`^Experiment (\d{18}): created; to undo: mlflow experiments delete --experiment-id \1\n` +
        `Experiment ${experimentId}, churn, stays deleted, under another name; ` +
        `to bring it back under that: mlflow experiments restore --experiment-id ${experimentId}\n`,
      "m",
    ),
  );
  assertEquals((await awaited()).awaited?.would, "reuse");
});

Deno.test("preflight() names each deleted experiment of the name that a new one replaces", async () => {
  const namesake = { name: "churn", lifecycleStage: "deleted" } as const;
  await using opened = await tempStore({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "11", ...namesake, creationTime: 1 }),
      experiment({ id: "12", ...namesake, creationTime: 2 }),
      experiment({ id: "13", ...namesake, name: "churning" }),
    ],
  });
  await using store = await openStore(opened.root);
  const replace = { experiment: { onDeleted: "replace" } } as const;
  const would = renderPreflight(await preflight(store, "churn", { ...replace, check: true }));
  assertStringIncludes(
    would,
    `\
Experiment 12, churn, is deleted: it would stay so under another name
Experiment 11, churn, is deleted: it would stay so under another name
A new one would be created
`,
  );
  const report = renderPreflight(await preflight(store, "churn", replace));
  assertEquals(
    report.match(/^Experiment \d+, churn, stays deleted.*restore --experiment-id \d+$/gm),
    ["12", "11"].map((id) =>
      `Experiment ${id}, churn, stays deleted, under another name; to bring it back under that: ` +
      `mlflow experiments restore --experiment-id ${id}`
    ),
  );
  const { experiments } = await store.read({ depth: "meta" });
  assertEquals(
    experiments.flatMap(({ id, name }) => id.length === 2 ? [`${id} ${name}`] : []).toSorted(),
    ["11 churn (replaced 11)", "12 churn (replaced 12)", "13 churning"],
  );
});

Deno.test("preflight() refuses a name that MLflow cannot look up", async () => {
  await using opened = await storeWith(() => {});
  await assertRejects(() => preflight(opened.store, "it's"), RangeError, "single quote");
});

Deno.test("renderPreflight() says in a few lines what was done, and how to undo it", async () => {
  await using opened = await storeWith((s) => {
    s.write(`${child}/meta.yaml`, "");
    s.edit(
      `${EMPTY}/meta.yaml`,
      (text) => text.replace(/^lifecycle_stage.*/m, "lifecycle_stage: x"),
    );
  });
  const text = renderPreflight(await preflight(opened.store, "churn"));
  assertMatch(
    text,
    /^\d active experiments, \d+ runs\nChanged: 1 corrected, 1 rewritten; to undo: deno task restore 20260505T000000Z-repair\nExperiment (\d{18}): created; to undo: mlflow experiments delete --experiment-id \1\nReady \(0 warnings, 1 info\)\n$/,
  );
});
