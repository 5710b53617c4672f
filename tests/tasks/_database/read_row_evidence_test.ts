import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { DEFAULT_REPAIR, NO_EVIDENCE, type RepairPolicy } from "../../../lib/plan/repair_action.ts";
import { openDatabaseStore } from "../../../tasks/_database/database_store.ts";
import { requireCapability } from "../../../tasks/ports/require_capability.ts";
import { DAY, experiment, NOW, run, runId } from "../../_support/builders.ts";
import { type TempDatabase, tempDatabase } from "../../_support/database_store.ts";

function database(): Promise<TempDatabase> {
  return tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [
          run({ id: runId(1), status: "RUNNING", startTime: NOW - 30 * DAY, endTime: null }),
          run({ id: runId(2) }),
        ],
      }),
    ],
  }, { artifacts: true });
}

async function evidenceOf({ path }: TempDatabase, policy: RepairPolicy = DEFAULT_REPAIR) {
  const store = openDatabaseStore(path, { chosenBy: "", now: () => NOW });
  const snapshot = await store.read({ depth: "full" });
  return await requireCapability(store, "mending").evidence(snapshot, policy);
}

Deno.test("the newest point and the newest artifact are a run's last sign of life in a database", async () => {
  await using store = await database();
  const address = `1/${runId(1)}`;
  const tree = join(store.artifacts, "1", runId(1));
  const long = new Date(NOW - 20 * DAY);
  for (const place of ["artifacts/report.txt", "artifacts", ""]) {
    Deno.utimeSync(join(tree, place), long, long);
  }
  const sign = async () => (await evidenceOf(store)).runs.get(address)?.newestChange;
  assertEquals(await sign(), NOW - 20 * DAY);
  store.execute(`INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan)
    VALUES ('${runId(1)}', 'loss', 1, ${NOW - 10 * DAY}, 1, 0)`);
  assertEquals(await sign(), NOW - 10 * DAY);
  assertEquals([...(await evidenceOf(store)).runs.keys()], [address]);
  const isStale = async () => {
    const { problems } = await openDatabaseStore(store.path, { chosenBy: "", now: () => NOW })
      .read({ depth: "full" });
    return problems.some(({ damage }) => damage === "stale");
  };
  assertEquals(await isStale(), true);
  const late = new Date(NOW - DAY);
  Deno.utimeSync(join(tree, "artifacts/report.txt"), late, late);
  assertEquals(await isStale(), false);
});

Deno.test("an artifact root that is not there is asked for once, not once for each run that has not ended", async () => {
  const started = { status: "RUNNING", startTime: NOW - 30 * DAY, endTime: null } as const;
  const runs = Array.from({ length: 20 }, (_, index) => run({ id: runId(index + 1), ...started }));
  await using store = await tempDatabase({ experiments: [experiment({ id: "1", runs })] });
  const { lstatSync } = Deno;
  const asked: string[] = [];
  Deno.lstatSync = (path) => {
    if (`${path}`.startsWith(`${store.artifacts}/`)) asked.push(`${path}`);
    return lstatSync(path);
  };
  try {
    const { runs: signs } = await evidenceOf(store);
    assertEquals([...signs.values()].map(({ newestFile }) => newestFile), runs.map(() => null));
  } finally {
    Deno.lstatSync = lstatSync;
  }
  assertEquals(asked, []);
});

Deno.test("rows that belong to runs which are gone are counted, with those that name such rows", async () => {
  await using store = await database();
  store.execute(`
    INSERT INTO tags VALUES ('a', 'b', 'gone'), ('a', 'b', '${runId(1)}');
    INSERT INTO params VALUES ('a', 'b', 'gone'), ('c', 'd', 'gone');
    INSERT INTO inputs VALUES
      ('i1', 'DATASET', 'd', 'RUN', 'gone', 0), ('i2', 'DATASET', 'd', 'RUN', '${runId(1)}', 0),
      ('i3', 'RUN_OUTPUT', 'gone', 'MODEL_OUTPUT', 'm-1', 0);
    INSERT INTO input_tags VALUES ('i1', 'a', 'b'), ('i2', 'a', 'b'), ('nowhere', 'a', 'b');
    INSERT INTO entity_associations VALUES
      ('a1', 'trace', 't', 'run', 'gone', 0), ('a2', 'trace', 't', 'run', '${runId(1)}', 0)`);
  const { dangling } = await evidenceOf(store);
  assertEquals(dangling.map(({ table, rows }) => [`${table}`, rows]), [
    ["params", 2],
    ["tags", 1],
    ["input_tags", 1],
    ["inputs", 2],
    ["entity_associations", 1],
  ]);
  assertEquals(new Set(dangling.map(({ stamp }) => stamp)).size > 1, true);
});

Deno.test("of a database nothing is told that only a store of files has", async () => {
  await using store = await database();
  for (const rules of [{ relocate: { from: null } }, { dropLines: true }]) {
    await assertRejects(
      () => evidenceOf(store, { ...DEFAULT_REPAIR, ...rules }),
      UnsupportedStoreError,
      `store ${store.uri}`,
    );
  }
  store.execute("UPDATE runs SET status = 'FINISHED'");
  assertEquals(await evidenceOf(store), NO_EVIDENCE);
});
