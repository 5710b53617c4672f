import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import {
  DamagedBackupError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../lib/errors.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { experiment, NOW } from "../_support/builders.ts";
import { PROJECT } from "../_support/command.ts";
import { tempStore, writeFiles } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { beginCleanup, ROTTEN } from "../_support/rotten_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

Deno.test("openStore() says which store it is and how it was chosen", async () => {
  await using place = await tempStore();
  for (const location of [place.root, toFileUrl(place.root).href, dirname(place.root)]) {
    await using store = await openStore(location, { chosenBy: "by --store" });
    assertEquals(store.describe(), { location: place.root, chosenBy: "by --store" });
  }
  await using store = await openStore(place.root);
  assertEquals(store.describe().chosenBy, "the caller");
});

Deno.test("openStore() rejects what is no store", async () => {
  await using place = await tempStore();
  await assertRejects(() => openStore(join(place.outside, "nothing")), StoreNotFoundError);
  await assertRejects(() => openStore(place.outside), UnsupportedStoreError);
  await assertRejects(() => openStore("databricks://profile"), UnsupportedStoreError);
  await assertRejects(() => openStore("http://127.0.0.1:1"), StoreNotFoundError);
});

Deno.test("openStore() takes the time from the clock it is given", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root, { now: () => NOW });
  const { readAt, location, depth, sizes } = await store.read({ depth: "meta" });
  assertEquals([store.now(), readAt, location, depth, sizes], [
    NOW,
    NOW,
    place.root,
    "meta",
    false,
  ]);
  await using present = await openStore(place.root);
  assert(Math.abs(present.now() - Date.now()) < 60_000);
});

Deno.test("lockStore() changes nothing of the store but its own directory", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  const { mtime } = Deno.statSync(place.root);
  await using store = await openStore(place.root);
  {
    await using locked = await lockStore(store, { task: "cleanup" });
    assertEquals([locked.settled, locked.describe()], [[], store.describe()]);
    await assertRejects(
      () => lockStore(store, { task: "prune" }),
      StoreLockedError,
      "cleanup (pid",
    );
  }
  assertSameTree(await readTree(place.root, EXCEPT), before);
  assertEquals(Deno.statSync(place.root).mtime, mtime);
  await using _again = await lockStore(store, { task: "prune" });
});

Deno.test("lockStore() settles what was cut off", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  {
    using cleanup = await beginCleanup(place.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  await using store = await openStore(place.root);
  await using locked = await lockStore(store, { task: "prune" });
  assertEquals(locked.settled.map(({ task, outcome }) => [task, outcome]), [
    ["cleanup", "reversed"],
  ]);
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("lockStore() gives the lock back when it cannot settle", async () => {
  await using place = await tempStore(ROTTEN);
  const journal = ".mltidy.trash/journal/foreign.jsonl";
  writeFiles(place.root, { [journal]: "not one of ours\n" });
  await using store = await openStore(place.root);
  for (let times = 0; times < 2; times++) {
    await assertRejects(
      () => lockStore(store, { task: "prune" }),
      DamagedBackupError,
      "its checksum",
    );
  }
  Deno.removeSync(join(place.root, journal));
  await using _locked = await lockStore(store, { task: "prune" });
});

Deno.test("Store.changes!.interrupted() names the change that is not finished", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root, { now: () => NOW });
  assertEquals(await store.changes!.interrupted(), []);
  {
    using cleanup = await beginCleanup(place.root);
    assertEquals(await store.changes!.interrupted(), ["20261101T000000Z-cleanup"]);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
    await cleanup.change.finish();
  }
  assertEquals(await store.changes!.interrupted(), []);
});

/** Trains into a server, as a program does that knows nothing of variables. */
const PROGRAM = `
import { openStore } from "mltidy";
import { safeRun, setupExperiment } from "mltidy/train";
await using store = await openStore(Deno.args[0], { create: true });
const { experimentId } = await setupExperiment(store, "churn");
await safeRun(store, { experimentId, user: "kim" }, (run) => run.logMetric("f1", 0.5))
  .then(() => console.log("trained"), (error) => console.log(error.message));
`;

Deno.test("a program that names no variables trains into a server, or is told what it has to name", async () => {
  await using server = await startMlflowDouble({ experiments: [experiment({ id: "1" })] });
  await using directory = await tempDirectory();
  const script = join(directory.path, "train.ts");
  Deno.writeTextFileSync(script, PROGRAM);
  const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME")!, ".cache/deno");
  const train = async (...granted: readonly string[]) => {
    const words = ["run", "-q", "--no-prompt", "--no-check", "-c", join(PROJECT, "deno.json")];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...words, "-RW", "-N", "-S=hostname", ...granted, script, server.uri],
      env: { HOME: directory.path, XDG_STATE_HOME: "", DENO_DIR: cache },
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  assertEquals(await train("-E=XDG_STATE_HOME,HOME"), "trained\n");
  assertEquals([...Deno.readDirSync(join(directory.path, ".local/state/mltidy"))].length, 2);
  assertStringIncludes(await train(), "or as `backups` of openStore() in a program\n");
});
