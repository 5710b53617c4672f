/**
 * What the planner takes for granted about MLflow, put to MLflow itself.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { editMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { testEachVersion } from "./each_version.ts";
import { askMlflow, writeStore } from "./live_store.ts";
import { runMlflow } from "./python.ts";

testEachVersion("a healthy store causes no complaint", async (version) => {
  await using store = await writeStore(version);
  assertEquals((await askMlflow(version, store.path)).complaints, []);
});

testEachVersion("plain files and directories named *.trash go unnoticed", async (version) => {
  await using store = await writeStore(version);
  const healthy = await askMlflow(version, store.path);
  const main = store.experiment("main");
  await Deno.writeTextFile(join(store.path, "notes (old)~.txt"), "a file");
  await copyTree(join(store.path, main), join(store.path, ".mltidy.trash", main));
  await copyTree(
    join(store.path, main, store.run("child")),
    join(store.path, ".mltidy.trash", store.run("child")),
  );

  assertEquals(await askMlflow(version, store.path), healthy);
});

testEachVersion("what lies in a directory named *.trash cannot be found", async (version) => {
  await using store = await writeStore(version);
  const run = store.run("failed");
  await Deno.mkdir(join(store.path, ".mltidy.trash"));
  await Deno.rename(
    join(store.path, store.experiment("main"), run),
    join(store.path, ".mltidy.trash", run),
  );

  assertEquals((await askMlflow(version, store.path, ["--restore-run", run])).complaints, [
    `restore_run(${run}): MlflowException: Run '${run}' not found`,
  ]);
});

testEachVersion(
  "a directory backups/ causes a warning, .backups/ an exception",
  async (version) => {
    await using store = await writeStore(version);
    await Deno.mkdir(join(store.path, "backups"));
    const warned = await askMlflow(version, store.path);
    await Deno.rename(join(store.path, "backups"), join(store.path, ".backups"));
    const broken = await askMlflow(version, store.path);

    assertMatch(warned.complaints.join("\n"), /^WARNING: Malformed experiment 'backups'/);
    assertEquals(Object.keys(broken.experiments.active), []);
    assertEquals(broken.complaints, [
      "search_experiments(1): MlflowException: Invalid experiment ID: '.backups'",
    ]);
  },
);

testEachVersion("an experiment without meta.yaml causes a warning", async (version) => {
  await using store = await writeStore(version);
  const id = store.experiment("empty");
  await Deno.remove(join(store.path, id, "meta.yaml"));

  const { complaints, experiments } = await askMlflow(version, store.path);
  assertMatch(complaints.join("\n"), new RegExp(`^WARNING: Malformed experiment '${id}'.*$`));
  assertEquals(id in experiments.active, false);
});

testEachVersion(
  "an empty meta.yaml causes a warning, in MLflow 2 an exception",
  async (version) => {
    await using store = await writeStore(version);
    const id = store.experiment("empty");
    await Deno.writeTextFile(join(store.path, id, "meta.yaml"), "");

    const { complaints, experiments } = await askMlflow(version, store.path);
    if (version.name.startsWith("2.")) {
      assertMatch(complaints.join("\n"), /^search_experiments\(1\): TypeError: .*$/);
      assertEquals(Object.keys(experiments.active), []);
    } else {
      assertMatch(complaints.join("\n"), new RegExp(`^WARNING: Malformed experiment '${id}'.*$`));
      assertEquals(id in experiments.active, false);
    }
  },
);

testEachVersion("MLflow restores a run that editMetaYaml() marked deleted", async (version) => {
  await using store = await writeStore(version);
  const healthy = await askMlflow(version, store.path);
  const run = store.run("failed");
  const meta = join(store.path, store.experiment("main"), run, "meta.yaml");
  const before = await Deno.readTextFile(meta);
  await Deno.writeTextFile(
    meta,
    editMetaYaml(before, { lifecycle_stage: "deleted", deleted_time: Date.now() }),
  );

  const deleted = await askMlflow(version, store.path);
  assertEquals(deleted.runs[store.experiment("main")]?.[run]?.info.lifecycle_stage, "deleted");
  assertEquals(deleted.complaints, []);
  assertEquals(await askMlflow(version, store.path, ["--restore-run", run]), healthy);
  assertEquals(await Deno.readTextFile(meta), before);
});

testEachVersion(
  "`mlflow gc` takes for old what is said to have been deleted before it began",
  async (version) => {
    await using store = await writeStore(version);
    const place = join(store.path, store.experiment("main"));
    const [failed, child] = [store.run("failed"), store.run("child")];
    const times = { [failed]: 0, [child]: Math.floor(Date.now() / 1000) };
    for (const [run, deleted_time] of Object.entries(times)) {
      const meta = join(place, run, "meta.yaml");
      const changes = { lifecycle_stage: "deleted", deleted_time };
      await Deno.writeTextFile(meta, editMetaYaml(await Deno.readTextFile(meta), changes));
    }
    await runMlflow(version, store.path, "gc", ["--older-than", "30d"]);
    const left = [...Deno.readDirSync(place)].map(({ name }) => name);
    assertEquals(Object.keys(times).filter((run) => left.includes(run)), []);
  },
);

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyTree(source, target);
    else await Deno.copyFile(source, target);
  }
}
