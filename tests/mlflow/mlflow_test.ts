/**
 * The promise to the user, put to real MLflow: it counts what we count, after a clean-up it has
 * nothing to complain of, and what was done can be undone by MLflow and by us.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import type { Summary } from "../../lib/answers/summarize.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import type { Finding } from "../../lib/verify/verify_snapshot.ts";
import { editMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { runForJson } from "../_support/command.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import {
  type Answer,
  askMlflow,
  type LiveStore,
  type RunAnswer,
  writeStore,
} from "./live_store.ts";
import { runMlflow } from "./python.ts";

const LONG_AGO = Date.now() - 40 * 24 * 60 * 60 * 1000;
const OURS = ".mltidy.trash";

testEachVersion(
  "summary counts what MLflow counts, verify finds only the name that a deleted experiment holds",
  async (version) => {
    await using store = await writeStore(version);
    const answer = await askMlflow(version, store.path);
    const summary = await runForJson<Summary>("summary", store.path);

    assertEquals(answer.complaints, []);
    assertEquals(
      {
        experiments: summary.experiments,
        runs: summary.runs,
        perExperiment: new Map(summary.perExperiment.map((each) => [each.id as string, {
          name: each.name,
          stage: each.stage as string,
          active: each.activeRuns,
          deleted: each.deletedRuns,
        }])),
        models: summary.registeredModels,
      },
      countsOf(answer),
    );
    const { findings } = await runForJson<{ readonly findings: readonly Finding[] }>(
      "verify",
      store.path,
    );
    assertEquals(findings.map(({ rule, path }) => [rule, path]), [
      ["experiment-name-held", `.trash/${store.experiment("deleted")}`],
    ]);
  },
);

testEachVersion("after cleanup:apply MLflow complains of nothing any more", async (version) => {
  await using store = await writeStore(version);
  await letRot(store);
  const before = await askMlflow(version, store.path);
  const orphans = [store.experiment("alsoEmpty"), store.experiment("empty")].sort();
  assertEquals(
    before.complaints.map((each) => each.replace(/\. Detailed error .*/s, "")).sort(),
    orphans.map((id) => `WARNING: Malformed experiment '${id}'`),
  );

  const plan = await runForJson<Plan>("cleanup", store.path);
  assertEquals(
    plan.actions.map(({ kind, path }) => `${kind} ${path}`).sort(),
    [
      ...softDeleted(store).map((path) => `soft-delete-run ${path}`),
      `purge-run ${pathOfRun(store, "main", "removed")}`,
      `purge-experiment .trash/${store.experiment("deleted")}`,
      ...orphans.map((id) => `quarantine-orphan ${id}`),
    ].sort(),
  );

  await runForJson("cleanup:apply", store.path, "--force");
  assertEquals(await askMlflow(version, store.path), cleanedUp(before, store));
  assertEquals((await runForJson<Plan>("cleanup", store.path)).actions, []);
  // The store has two runs that never ended; MLflow has nothing against them.
  const { findings } = await runForJson<{ readonly findings: readonly Finding[] }>(
    "verify",
    store.path,
  );
  assertEquals(findings.map(({ rule, severity }) => `${severity} ${rule}`), [
    "info stale-run",
    "info stale-run",
  ]);
});

testEachVersion("MLflow itself restores what cleanup:apply soft-deleted", async (version) => {
  await using store = await writeStore(version);
  await letRot(store);
  const before = cleanedUp(await askMlflow(version, store.path), store, { restored: true });
  await runForJson("cleanup:apply", store.path, "--force");

  const ids = softDeleted(store).map((path) => path.slice(path.indexOf("/") + 1));
  const flags = ids.flatMap((id) => ["--restore-run", id]);
  assertEquals(await askMlflow(version, store.path, flags), before);
});

testEachVersion("mlflow gc takes what cleanup:apply soft-deleted, and no more", async (version) => {
  await using store = await writeStore(version);
  await letRot(store);
  const before = await askMlflow(version, store.path);
  await runForJson("cleanup:apply", store.path, "--force");
  const backups = await readTree(join(store.path, OURS));

  await runMlflow(version, store.path, "gc");
  assertEquals(await askMlflow(version, store.path), cleanedUp(before, store, { purged: true }));
  assertSameTree(await readTree(join(store.path, OURS)), backups);
});

testEachVersion("restore --last gives back the identical store", async (version) => {
  await using store = await writeStore(version);
  await letRot(store);
  const before = await readTree(store.path, { except: [OURS] });
  await runForJson("cleanup:apply", store.path, "--force");
  const after = await readTree(store.path, { except: [OURS] });
  await runForJson("restore", store.path, "--last");

  assertNotEquals(after.size, before.size);
  assertSameTree(await readTree(store.path, { except: [OURS] }), before);
});

/** Two experiments lose their metadata, and much of the store grows old. */
async function letRot(store: LiveStore): Promise<void> {
  for (const role of ["empty", "alsoEmpty"]) {
    await Deno.remove(join(store.path, store.experiment(role), "meta.yaml"));
  }
  const ended = { start_time: LONG_AGO - 1000, end_time: LONG_AGO };
  for (const path of softDeleted(store)) await edit(store, path, ended);
  // Old as well, but its child is not; and old, but registered.
  await edit(store, pathOfRun(store, "main", "parent"), ended);
  await edit(store, pathOfRun(store, "main", "registered"), ended);
  for (const role of ["running", "scheduled"]) {
    await edit(store, pathOfRun(store, "main", role), { start_time: LONG_AGO });
  }
  await edit(store, pathOfRun(store, "main", "removed"), { ...ended, deleted_time: LONG_AGO });
  const deleted = { creation_time: LONG_AGO, last_update_time: LONG_AGO };
  await edit(store, `.trash/${store.experiment("deleted")}`, deleted);
  await backDate(store.path);
}

/** The runs that a clean-up of a rotten store soft-deletes. */
function softDeleted(store: LiveStore): readonly string[] {
  return [
    pathOfRun(store, "main", "failed"),
    pathOfRun(store, "main", "killed"),
    pathOfRun(store, "main", "grandchild"),
    pathOfRun(store, "restored", "inRestored"),
  ];
}

function pathOfRun(store: LiveStore, experiment: string, run: string): string {
  return `${store.experiment(experiment)}/${store.run(run)}`;
}

async function edit(
  store: LiveStore,
  path: string,
  changes: Readonly<Record<string, number>>,
): Promise<void> {
  const meta = join(store.path, path, "meta.yaml");
  await Deno.writeTextFile(meta, editMetaYaml(await Deno.readTextFile(meta), changes));
}

/** Makes everything in a tree, and then itself, look unchanged for a long time. */
async function backDate(path: string): Promise<void> {
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory) await backDate(join(path, entry.name));
    else await Deno.utime(join(path, entry.name), new Date(LONG_AGO), new Date(LONG_AGO));
  }
  await Deno.utime(path, new Date(LONG_AGO), new Date(LONG_AGO));
}

/**
 * What MLflow must say after a clean-up, made from what it said before: all is as it was, but the
 * old runs are deleted, what was deleted long ago is gone, and there is nothing to complain of.
 */
function cleanedUp(
  before: Answer,
  store: LiveStore,
  since: { readonly restored?: boolean; readonly purged?: boolean } = {},
): Answer {
  const marked = new Set(softDeleted(store));
  const gone = pathOfRun(store, "main", "removed");
  const { [store.experiment("deleted")]: _purged, ...runs } = before.runs;
  return {
    ...before,
    experiments: { active: before.experiments.active, deleted: {} },
    runs: mapValues(runs, (ofExperiment, experiment) =>
      Object.fromEntries(
        Object.entries(ofExperiment)
          .filter(([id]) => `${experiment}/${id}` !== gone)
          .filter(([id]) => !(since.purged && marked.has(`${experiment}/${id}`)))
          .map(([id, run]) =>
            marked.has(`${experiment}/${id}`) && !since.restored ? [id, asDeleted(run)] : [id, run]
          ),
      )),
    complaints: [],
  };
}

function asDeleted(run: RunAnswer): RunAnswer {
  return { ...run, info: { ...run.info, lifecycle_stage: "deleted" } };
}

/** What a summary must say, counted in MLflow's answer. */
function countsOf(answer: Answer): unknown {
  const runs = Object.values(answer.runs).flatMap((each) => Object.values(each));
  const inStage = (all: readonly RunAnswer[], stage: string) =>
    all.filter(({ info }) => info.lifecycle_stage === stage).length;
  const withStatus = (status: string) => runs.filter(({ info }) => info.status === status).length;
  const { active, deleted } = answer.experiments;
  return {
    experiments: {
      active: Object.keys(active).length,
      deleted: Object.keys(deleted).length,
      orphaned: 0,
    },
    runs: {
      total: runs.length,
      active: inStage(runs, "active"),
      deleted: inStage(runs, "deleted"),
      byStatus: Object.fromEntries(
        ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
          .map((status) => [status, withStatus(status)]),
      ),
    },
    perExperiment: new Map(
      Object.entries({ active, deleted }).flatMap(([stage, experiments]) =>
        Object.entries(experiments).map(([id, { name }]) => {
          const all = Object.values(answer.runs[id] ?? {});
          return [id, {
            name,
            stage,
            active: inStage(all, "active"),
            deleted: inStage(all, "deleted"),
          }] as const;
        })
      ),
    ),
    models: {
      models: Object.keys(answer.registeredModels).length,
      versions: Object.keys(answer.modelVersions).length,
    },
  };
}

function mapValues<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value, key)]),
  );
}
