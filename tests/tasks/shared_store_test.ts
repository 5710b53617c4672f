/**
 * A store of files that a database refers to, through every task that could take something of it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { PlanRefusedError, StalePlanError } from "../../lib/errors.ts";
import { applyPlan } from "../../tasks/apply_plan.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  NOW,
  orphan,
  run,
  runId,
  stray,
  withDefault,
} from "../_support/builders.ts";
import { runTask, startTask } from "../_support/command.ts";
import { writeDatabase } from "../_support/database.ts";
import { diskStore, type TempStore, tempStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

/** Everything of a kind that a clean-up takes, and a repair. */
const STORE = withDefault({
  experiments: [
    experiment({
      id: "1",
      name: "rain",
      runs: [
        run({ id: runId(1), endTime: NOW - 90 * DAY }),
        deletedRun({ id: runId(2), deletedTime: NOW - 90 * DAY }),
      ],
      damagedRuns: [damagedRun({ id: runId(3) })],
    }),
    experiment({
      id: "2",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 90 * DAY,
      runs: [run({ id: runId(4), experimentId: "2" })],
    }),
  ],
  orphans: [orphan({ id: "555" })],
  strays: [stray({ path: "backups", kind: "backup-directory" })],
});

const POLICY = { daysOld: 30, purgeAfter: 30 * DAY, settle: 0 };

const DATABASE = "mlflow.db";
const EXCEPT = { except: [".mltidy.trash"] };

/** Names the artifacts of each run, one way or another, and what has no run of its own. */
function refer({ root }: TempStore, path = join(dirname(root), DATABASE)): void {
  writeDatabase(path, {
    experiments: { "555": `file://${root}/555`, "9": "./mlruns/backups" },
    runs: {
      [runId(1)]: `file://${root}/1/${runId(1)}/artifacts`,
      [runId(3)]: `mlflow-artifacts:/1/${runId(3)}/artifacts`,
      [runId(4)]: `/moved/mlruns/2/${runId(4)}/artifacts`,
    },
    deletedRuns: { [runId(2)]: `${root}/1/${runId(2)}/artifacts` },
  });
}

async function plannedIn({ root }: TempStore) {
  await using store = await openStore(root, { now: () => NOW });
  return (await cleanup(store, POLICY)).plan;
}

Deno.test("what a database refers to stays, whatever its age, and each with its reason", async () => {
  await using store = await tempStore(STORE);
  const pathsOf = (all: readonly { readonly path: string }[]) => all.map(({ path }) => path).sort();
  const all = ["1", `1/${runId(1)}`, `1/${runId(2)}`, ".trash/2", "555"].slice(1).sort();
  assertEquals(pathsOf((await plannedIn(store)).actions), all);
  refer(store);
  const { actions, kept } = await plannedIn(store);
  assertEquals(actions, []);
  const reasons = kept.filter((one) => one.reasons.some(({ kind }) => kind === "database-refers"));
  assertEquals(
    pathsOf(reasons),
    [...all, `1/${runId(3)}`, `.trash/2/${runId(4)}`].sort(),
  );
});

Deno.test("a database elsewhere is heeded where it is named", async () => {
  await using store = await tempStore(STORE);
  writeFiles(store.outside, {});
  const path = join(store.outside, "server.db");
  refer(store, path);
  await using opened = await openStore(store.root, { now: () => NOW, databases: [path] });
  assertEquals((await cleanup(opened, POLICY)).plan.actions, []);
  assert((await plannedIn(store)).actions.length > 0);
});

Deno.test("a saved plan does nothing to what a database refers to since", async () => {
  await using store = await tempStore(STORE);
  const plan = await plannedIn(store);
  refer(store);
  const before = await readTree(store.root, EXCEPT);
  await using opened = await openStore(store.root, { now: () => NOW });
  await using locked = await lockStore(opened, { task: "apply" });
  await assertRejects(() => applyPlan(locked, plan), StalePlanError, "does not come of its policy");
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("a database that refers to something while a plan is at work keeps what is not yet gone", async () => {
  await using store = await tempStore(STORE);
  const { policy } = await plannedIn(store);
  await using opened = await openStore(store.root, { now: () => NOW });
  await using locked = await lockStore(opened, { task: "apply" });
  const since = await locked.read({ depth: "tags" });
  assert(!("retention" in policy));
  const plan = planCleanup(since, policy as Parameters<typeof planCleanup>[1], { now: NOW });
  const { outcomes } = await applyPlan(locked, plan, {
    since,
    onProgress: (done) => {
      if (done > 1) return;
      refer(store);
      // Work that takes longer than a look at the store.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    },
  });
  assertEquals(outcomes.map(({ outcome }) => outcome), [
    "applied",
    ...["skipped", "skipped", "skipped"],
  ]);
});

Deno.test("nothing goes while a database cannot be read, and the message says what helps", async () => {
  await using store = await diskStore(STORE);
  const path = join(dirname(store.root), DATABASE);
  writeFiles(dirname(store.root), { [DATABASE]: "not a database" });
  const says =
    `database ${path}, which may refer to what goes, cannot be read: it is no database of SQLite; bring it back, or move it away`;
  const before = await readTree(store.root, EXCEPT);
  const planned = await runTask("cleanup", ["--store", store.root]);
  assertEquals(planned.code, 0);
  assertStringIncludes(planned.out, `This plan cannot be applied:\n  ${says}\n`);
  assert(!planned.out.includes("To carry it out"));
  for (const task of ["cleanup:apply", "prune:apply", "repair:apply"]) {
    const { code, err } = await runTask(task, ["--force", "--store", store.root]);
    assertEquals(code, 13, task);
    assertStringIncludes(err, `Cannot apply plan: ${says}\n`);
  }
  const { out } = await runTask("verify", ["--store", store.root]);
  assert(!/→.*out of the store/.test(out), out);
  assertStringIncludes(out, `Leave it where it is while database ${path} cannot be read`);
  assertSameTree(await readTree(store.root, EXCEPT), before);
  await using opened = await openStore(store.root);
  await assertRejects(() => cleanup(opened, { apply: true }), PlanRefusedError, says);
});

Deno.test("a process that may not look for a database applies no plan until it may", async () => {
  await using store = await diskStore(STORE);
  refer(store);
  const beside = dirname(store.root);
  const planned = async (...readable: readonly string[]) => {
    const permissions = [
      "--no-prompt",
      `--allow-read=${[".", store.root, ...readable].join(",")}`,
      "-E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
    ];
    const words = ["--json", "--no-config", "--store", store.root];
    const { code, out, err } = await startTask("cleanup", words, { permissions });
    assertEquals(code, 0, err);
    const { actions, stops } = JSON.parse(out);
    return [actions.length, stops];
  };
  const path = join(beside, DATABASE);
  const [, [stop]] = await planned();
  assertEquals(stop, {
    kind: "database-unreadable",
    database: path,
    message: `it is not open to this task; grant --allow-read=${path}`,
  });
  assertEquals(await planned(path), [0, undefined]);
  assertEquals(await planned(beside), [0, undefined]);
});

Deno.test("neither verify nor repair would take from its place what a database refers to", async () => {
  await using store = await diskStore(STORE);
  refer(store);
  const { out } = await runTask("verify", ["--store", store.root]);
  assert(!/→.*(out of the store|cleanup|repair`)/.test(out), out);
  const database = join(dirname(store.root), DATABASE);
  for (
    const row of [`experiment 555`, `experiment 9`, `run ${runId(3)}`]
  ) {
    assertStringIncludes(
      out,
      `Leave it where it is: ${row} of database ${database} has its files there`,
    );
  }
  const repaired = await runTask("repair", ["--store", store.root]);
  assertStringIncludes(repaired.out, "Nothing to do.");
  assertStringIncludes(repaired.out, " 3 that a database refers to");
});

Deno.test("a tracking URI that names another store is refused, or said", async () => {
  await using store = await diskStore(STORE);
  const directory = dirname(store.root);
  const environment = { MLFLOW_TRACKING_URI: "mysql://kim:secret@localhost/mlflow" };
  for (const task of ["summary", "verify", "cleanup", "cleanup:apply", "preflight", "backup"]) {
    const words = task === "cleanup:apply" ? ["--force"] : [];
    const { code, out, err } = await runTask(task, words, { directory, environment });
    assertEquals([code, out], [12, ""], task);
    assertEquals(
      err,
      `Cannot open store mysql://localhost/mlflow, which MLFLOW_TRACKING_URI names: it is a database of MySQL, which mltidy cannot read: it has no driver for it; PostgreSQL and SQLite it can; to look at a directory all the same, name it, such as --store ${store.root}\n`,
    );
  }
  const named = await runTask("cleanup", ["--store", "mlruns"], { directory, environment });
  assertEquals(named.code, 0);
  assertStringIncludes(
    named.err,
    "MLFLOW_TRACKING_URI names another store, mysql://localhost/mlflow, which is not looked at\n",
  );
  for (const uri of ["./mlruns", ".", `file://${store.root}`, store.root]) {
    const { err } = await runTask("summary", ["--store", "mlruns"], {
      directory,
      environment: { MLFLOW_TRACKING_URI: uri },
    });
    assert(!err.includes("another store"), uri);
  }
});

Deno.test("the database that MLFLOW_TRACKING_URI names protects what it refers to in a store that is named", async () => {
  await using store = await diskStore(STORE);
  writeFiles(store.outside, {});
  refer(store, join(store.outside, "server.db"));
  const words = ["--json", "--store", store.root];
  const planned = async (uri: string) => {
    const environment = { MLFLOW_TRACKING_URI: uri };
    const { out, err } = await runTask("cleanup", words, {
      directory: store.outside,
      environment,
    });
    assertStringIncludes(err, ", which is asked at most for what it refers to here\n");
    return JSON.parse(out).actions.length;
  };
  assertEquals(await planned("sqlite:///server.db"), 0);
  assertEquals(await planned(`sqlite:///${store.outside}/server.db`), 0);
  assert(await planned("sqlite:///other.db") > 0);
});

Deno.test("a policy that may soft-delete everything leaves the heavy files of a database's runs alone", async () => {
  await using store = await diskStore(STORE);
  writeFiles(store.root, { [`1/${runId(1)}/artifacts/model.ckpt`]: "x" });
  const policy =
    "retention: { keep_last: 9 }\npurge: { after: 30d, artifacts_only: '*.ckpt' }\nprotect: { unsafe_registered: true, unsafe_traces: true }\n";
  writeFiles(dirname(store.root), { "mltidy.yaml": policy });
  const planned = async () => {
    const { out, err } = await runTask("cleanup", ["--json", "--store", store.root]);
    if (out === "") throw new Error(err);
    return (JSON.parse(out).actions as readonly { readonly kind: string }[])
      .filter(({ kind }) => kind === "drop-artifact").length;
  };
  assertEquals(await planned(), 1);
  refer(store);
  assertEquals(await planned(), 0);
  using database = new DatabaseSync(join(dirname(store.root), DATABASE));
  database.exec("DELETE FROM runs");
  assertEquals(await planned(), 1);
});
