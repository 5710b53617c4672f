import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import {
  InvalidArgumentError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import { parseStoreName, type ServerName } from "../../../../lib/store/store_uri.ts";
import { renderPreflight } from "../../../../lib/render/preflight.ts";
import { openServerStore } from "../../../../tasks/_server/server_store.ts";
import { createSpool } from "../../../../tasks/_server/tracking/spool.ts";
import type { Patience } from "../../../../tasks/_server/tracking/patience.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { preflight } from "../../../../tasks/preflight.ts";
import { runProgram } from "../../../../tasks/run.ts";
import { setupExperiment } from "../../../../tasks/training/experiment.ts";
import { safeRun, startRun } from "../../../../tasks/training/run.ts";
import { NOW } from "../../../_support/builders.ts";
import { depth } from "../../../_support/depth.ts";
import { type FaultProxy, FAULTS, startFaultProxy } from "../../../_support/fault_proxy.ts";
import { type MlflowDouble, startMlflowDouble } from "../../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";
import { until } from "../../../_support/until.ts";

/** A store behind a server that fails when it is told to. */
interface Served extends AsyncDisposable {
  readonly store: Store;
  readonly server: MlflowDouble;
  readonly proxy: FaultProxy;
  readonly state: string;
  readonly warned: string[];
  readonly experimentId: string;
  /** From now on the server is waited for like that. */
  wait(patience: keyof typeof PATIENCE): void;
}

/** How a server is waited for: `long` as long as it may take on a machine that is busy. */
const PATIENCE = {
  long: { setUp: 10_000, start: 10_000, confirm: 10_000, end: 10_000, timeout: "10" },
  short: { setUp: 50, start: 50, confirm: 50, end: 200, timeout: "10" },
  freezing: { setUp: 500, start: 50, confirm: 50, end: 200, timeout: "0.2" },
} as const;

async function serve(
  patience: keyof typeof PATIENCE = "long",
  schema: "2.22" | "3.17" = "3.17",
): Promise<Served> {
  const stack = new AsyncDisposableStack();
  const { path: state } = stack.use(await memoryDirectory());
  const server = stack.use(await startMlflowDouble({}, { schema, now: () => NOW }));
  const proxy = stack.use(startFaultProxy(server.answer));
  // Only what is to fail is waited for so shortly that a busy machine fails, too.
  const waiting: Record<keyof Patience, number> = { ...PATIENCE.long };
  const store = stack.use(await open(proxy.uri, state, waiting, PATIENCE[patience].timeout));
  const { experimentId } = await setupExperiment(store, "churn");
  const wait = (patience: keyof typeof PATIENCE) => void Object.assign(waiting, PATIENCE[patience]);
  wait(patience);
  return {
    ...{ store, server, proxy, state, experimentId, wait, warned: [] },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function open(
  uri: string,
  state: string,
  patience: Patience,
  timeout = "10",
): Promise<Store> {
  const variables: Readonly<Record<string, string>> = {
    XDG_STATE_HOME: state,
    MLFLOW_HTTP_REQUEST_TIMEOUT: timeout,
  };
  return openServerStore(parseStoreName(uri) as ServerName, {
    chosenBy: "by --store",
    now: () => NOW,
    later: true,
    environment: (name) => variables[name],
    pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
    patience,
  });
}

/** Runs by their names, with all that was logged to them. */
function runsIn({ database }: MlflowDouble): readonly Record<string, unknown>[] {
  const pairs = (table: string, value: string) =>
    `(SELECT json_group_array(t.key || '=' || ${value}) FROM
      (SELECT * FROM ${table} WHERE run_uuid = r.run_uuid ORDER BY key, rowid) AS t)`;
  return database.prepare(
    `SELECT run_uuid AS id, name, status, end_time AS ended, ${
      pairs("params", "t.value")
    } AS params,
      ${pairs("metrics", "t.step || ':' || t.value")} AS metrics, ${
      pairs("tags", "t.value")
    } AS tags
      FROM runs AS r WHERE lifecycle_stage = 'active' ORDER BY name`,
  ).all();
}

const told = (row: Record<string, unknown> | undefined): Record<string, unknown> => ({
  ...row,
  id: undefined,
  tags: (JSON.parse(`${row?.["tags"]}`) as string[]).filter((tag) => !tag.startsWith("mlflow.")),
});

async function train({ store, experimentId, warned }: Served, runName: string): Promise<string> {
  const warn = (message: string) => void warned.push(message);
  return await safeRun(store, { experimentId, runName, user: "kim", warn }, async (run) => {
    await run.logParams({ lr: 0.1, depth: 3 });
    for (let step = 0; step < 3; step++) await run.logMetric("loss", 2 ** -step, { step });
    await run.setTag("stage", "first");
    await run.setTag("stage", "last");
    await run.logText("a,b\n", "data/a b.csv");
    return run.id;
  });
}

/** What is there in the end, whatever failed. */
const whole = (name: string, key: string) => ({
  ...{ id: undefined, name, status: "FINISHED", ended: NOW },
  params: '["depth=3","lr=0.1"]',
  metrics: '["loss=0:1.0","loss=1:0.5","loss=2:0.25"]',
  tags: [`mltidy.run_key=${key}`, "stage=last"],
});

for (const schema of ["2.22", "3.17"] as const) {
  Deno.test(`a run is on a server of ${schema} with all that was logged to it, once it has ended`, async () => {
    await using served = await serve("long", schema);
    const id = await train(served, "first");
    const [row] = runsIn(served.server);
    const [, key = ""] = /mltidy\.run_key=([0-9a-f]{32})/.exec(`${row?.["tags"]}`) ?? [];
    assertEquals(told(row), whole("first", key));
    assertEquals(row?.["id"], id);
    assertEquals([...served.server.artifacts], [[
      `${served.experimentId}/${id}/artifacts/data/a b.csv`,
      "a,b\n",
    ]]);
    assertEquals(served.warned, []);
    assertEquals(spoolsIn(served.state), []);
  });
}

function spoolsPlace(state: string): string {
  return [...Deno.readDirSync(join(state, "mltidy"))].find(({ isDirectory }) => isDirectory)!.name;
}

function spoolsIn(state: string): readonly string[] {
  return [...Deno.readDirSync(join(state, "mltidy", spoolsPlace(state), "spool"))]
    .map(({ name }) => name).toSorted();
}

Deno.test("an experiment is made once, found again, and restored with its runs when it was deleted", async () => {
  await using served = await serve();
  const { store, server, experimentId } = served;
  assertEquals(await setupExperiment(store, "churn", { tags: { team: "growth" } }), {
    experimentId,
    outcome: "reused",
  });
  await train(served, "first");
  server.database.exec(
    "UPDATE experiments SET lifecycle_stage = 'deleted'; UPDATE runs SET lifecycle_stage = 'deleted'",
  );
  await assertRejects(
    () => setupExperiment(store, "churn", { onDeleted: "replace" }),
    UnsupportedStoreError,
    "renames no deleted one",
  );
  await assertRejects(() => startRun(store, { experimentId }), InvalidArgumentError, "deleted");
  assertEquals(runsIn(server), []);
  assertEquals(await setupExperiment(store, "churn"), { experimentId, outcome: "restored" });
  assertEquals(runsIn(server).length, 1);
});

Deno.test("a program runs in a run of a server, and is told how to reach it", async () => {
  await using served = await serve();
  const { store, server } = served;
  const script = `test "$MLFLOW_TRACKING_URI" = "$0" && test -n "$MLFLOW_RUN_ID" && exit 7`;
  const warn = (message: string) => void served.warned.push(message);
  const { run, exitCode } = await runProgram(
    store,
    { experiment: "churn", runName: "first", warn },
    ["sh", "-c", script, served.proxy.uri],
  );
  assertEquals([exitCode, run?.status, served.warned], [7, "FAILED", []]);
  assertEquals(runsIn(server).map(({ id, status }) => [id, status]), [[run?.runId, "FAILED"]]);
});

Deno.test("preflight sets an experiment up over a server, and puts none in place of a deleted one, nor says that it would", async () => {
  await using served = await serve();
  const { store, server } = served;
  const { experiment: made, ready } = await preflight(store, "forecast");
  assertEquals([ready, made?.outcome], [true, "created"]);
  server.database.exec(
    `UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = ${made?.experimentId}`,
  );
  const report = await preflight(store, "forecast", { check: true });
  assertEquals([report.awaited?.would, report.awaited?.replaceable], ["restore", false]);
  assert(!renderPreflight(report).includes("--on-deleted"));
  for (const check of [true, false]) {
    await assertRejects(
      () => preflight(store, "forecast", { check, experiment: { onDeleted: "replace" } }),
      UnsupportedStoreError,
      "a tracking server renames no deleted one; have it restored, or choose another name",
    );
  }
});

Deno.test("of a parameter the first value stays, whoever has logged it", async () => {
  await using served = await serve();
  const { store, server, experimentId } = served;
  const warn = () => {};
  await safeRun(store, { experimentId, warn }, async (run) => {
    await run.logParam("lr", 0.1);
    server.database.exec(
      `INSERT INTO params (run_uuid, key, value) VALUES ('${run.id}', 'depth', '5')`,
    );
    const outcomes = [
      await run.logParam("lr", 0.1),
      await run.logParam("lr", 0.2),
      await run.logParam("depth", 6),
      await run.logParam("width", 7),
    ];
    assertEquals(outcomes.map(({ outcome, problem }) => problem?.kind ?? outcome), [
      "unchanged",
      "param-conflict",
      "param-conflict",
      "logged",
    ]);
  });
  const [row] = runsIn(server);
  assertEquals(row?.["params"], '["depth=5","lr=0.1","width=7"]');
  assertMatch(`${row?.["tags"]}`, /mltidy\.param_conflict\.depth=6/);
});

Deno.test("a run that has ended is gone on with", async () => {
  await using served = await serve();
  const { store, server } = served;
  const runId = await train(served, "first");
  await safeRun(store, { runId, warn: () => {} }, async (run) => {
    assertEquals((await run.logParam("lr", 0.5)).problem?.kind, "param-conflict");
    await run.logMetric("loss", NaN, { step: 3 });
    await run.setTag("mlflow.runName", "second");
    await run.end("FAILED", new Error("no more data"));
  });
  const [row, ...others] = runsIn(server);
  assertEquals(others, []);
  assertEquals([row?.["name"], row?.["status"]], ["second", "FAILED"]);
  assertEquals(JSON.parse(`${row?.["metrics"]}`).length, 4);
  await assertRejects(
    () => startRun(store, { runId: "f".repeat(32) }),
    InvalidArgumentError,
    "no such run",
  );
});

Deno.test("many points go to the server in few requests, each as large as it takes", async () => {
  await using served = await serve();
  const { store, server, experimentId } = served;
  await safeRun(store, { experimentId, warn: () => {} }, async (run) => {
    await run.logMetrics(
      Array.from({ length: 2500 }, (_, step) => ({ key: "loss", value: step, step })),
    );
    await run.logParams(Object.fromEntries(Array.from({ length: 3 }, (_, at) => [`p${at}`, at])));
    await run.setTags(Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`t${at}`, at])));
  });
  const counts = ["metrics", "params", "tags"].map((table) =>
    server.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"]
  );
  assertEquals(counts.slice(0, 2), [2500, 3]);
  assert(Number(counts[2]) > 250);
  assert(server.asked.filter((one) => one === "POST runs/log-batch").length < 15);
});

Deno.test("what a server refuses keeps nothing else from it, and is told at the end", async () => {
  await using served = await serve();
  const { store, server, experimentId } = served;
  const warned: string[] = [];
  const warn = (message: string) => void warned.push(message);
  await safeRun(store, { experimentId, runName: "first", warn }, async (run) => {
    await run.logMetrics({ a: 1, refused: 2, b: 3 });
  });
  const [row] = runsIn(server);
  assertEquals([row?.["metrics"], row?.["status"]], ['["a=0:1.0","b=0:3.0"]', "FINISHED"]);
  assertMatch(warned.join("\n"), /refused 1 thing of what was logged, such as metric refused/);
});

Deno.test("a run starts though the server is gone, and gets there with all of it once that is back", async () => {
  await using served = await serve("short");
  const { store, server, proxy } = served;
  proxy.fail(1, "gone");
  const key = await train(served, "first");
  assertEquals(runsIn(server), []);
  assertStringIncludes(
    served.warned.find((one) => one.startsWith("Cannot record that run first ")) ?? "",
    `the next training into this store sends it, or \`deno task recover --store ${store.describe().location}\``,
  );
  assertEquals(await store.changes!.interrupted(), [key]);
  proxy.fail(null);
  assertEquals((await recover(store)).settled, [
    { id: key, task: "run", outcome: "completed", collisions: [] },
  ]);
  const rows = runsIn(server);
  assertEquals(rows.map(told), [whole("first", key)]);
  assertEquals(server.artifacts.size, 1);
  assertEquals(await store.changes!.interrupted(), []);
  assertEquals(spoolsIn(served.state), []);
});

Deno.test("nested runs name their parents as the server does, whenever each of them gets there", async () => {
  await using served = await serve("short");
  const { store, server, proxy, experimentId } = served;
  const begun = { experimentId, warn: () => {} };
  const nest = async (names: readonly string[], parentRunId?: string): Promise<void> => {
    const [runName, ...inner] = names;
    if (runName === undefined) return;
    const parent = parentRunId === undefined ? {} : { parentRunId };
    await safeRun(store, { ...begun, runName, ...parent }, async ({ id }) => {
      if (inner.length > 0 && inner[0] === "c3") proxy.fail(null);
      await nest(inner, id);
    });
  };
  proxy.fail(1, "gone");
  // What waits is found by keys, which are in any order.
  await nest(["a1", "a2", "a3"]);
  await nest(["c1", "c2", "c3"]);
  await until(async () => {
    await recover(store);
    return spoolsIn(served.state).length === 0;
  });
  const names = new Map(runsIn(server).map(({ id, name }) => [id, `${name}`]));
  const parents = server.database.prepare(
    "SELECT run_uuid AS id, value FROM tags WHERE key = 'mlflow.parentRunId'",
  ).all().map(({ id, value }) => `${names.get(id)} in ${names.get(value)}`);
  assertEquals(parents.toSorted(), [
    ...["a2 in a1", "a3 in a2", "c2 in c1", "c3 in c2"],
  ]);
  assertEquals(spoolsIn(served.state), []);
});

Deno.test("a server that does not answer from the beginning on gets the experiment and the run later", async () => {
  await using served = await serve("short");
  const { server, proxy, state } = served;
  proxy.fail(1, "gone");
  await using store = await open(proxy.uri, state, PATIENCE.short);
  const setup = await setupExperiment(store, "forecast", { tags: { team: "growth" } });
  assertEquals(setup.outcome, "later");
  const key = await train({ ...served, store, experimentId: setup.experimentId }, "first");
  await assertRejects(() => store.read({ depth: "meta" }), StoreNotFoundError);
  proxy.fail(null);
  assertEquals((await recover(store)).settled.map(({ id }) => id), [key]);
  assertEquals(runsIn(server).map(told), [whole("first", key)]);
  await using patient = await open(proxy.uri, state, PATIENCE.long);
  const { experimentId, outcome } = await setupExperiment(patient, "forecast");
  assertEquals(outcome, "reused");
  const { experiments } = await patient.read({ depth: "meta" });
  const [found] = experiments.filter(({ id }) => id === experimentId);
  assertEquals([found?.name, found?.runs.length], ["forecast", 1]);
});

Deno.test("a server that is silent is asked nothing more once the store is closed, which would keep the program from ending", async () => {
  await using directory = await memoryDirectory();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let [came, held] = [0, 0];
  void (async () => {
    for await (const connection of listener) {
      [came, held] = [came + 1, held + 1];
      void new Response(connection.readable).arrayBuffer().catch(() => {}).then(() => held--);
    }
  })();
  {
    await using store = await open(
      `http://127.0.0.1:${listener.addr.port}`,
      directory.path,
      PATIENCE.short,
    );
    assertEquals((await setupExperiment(store, "forecast")).outcome, "later");
  }
  await until(() => held === 0);
  assert(came > 1);
});

Deno.test("a server that falls silent has not taken all of it in time, and nothing else is said of it", async () => {
  await using served = await serve();
  const { store, proxy, warned, experimentId } = served;
  const warn = (message: string) => void warned.push(message);
  await safeRun(store, { experimentId, runName: "silent", warn }, async (run) => {
    served.wait("short");
    proxy.failAt(({ url }) => url.endsWith("log-batch"), 1, "freeze");
    await run.logMetric("loss", 1);
  });
  assertMatch(
    warned.join("\n"),
    /ended FINISHED: the server has not taken all of it in time; what/,
  );
});

Deno.test("what another training has left is sent beside the next one", async () => {
  await using served = await serve("short");
  const { server, proxy } = served;
  proxy.fail(1, "gone");
  const key = await train(served, "first");
  proxy.fail(null);
  served.wait("long");
  await train(served, "second");
  await until(() => spoolsIn(served.state).length === 0);
  assertEquals(told(runsIn(server)[0]), whole("first", key));
});

Deno.test("whatever fails at any request, training goes on, and nothing is lost or doubled in the end", async () => {
  await using served = await serve("freezing");
  const { store, server, proxy } = served;
  proxy.fail(null);
  await train(served, "none");
  const requests = proxy.count();
  const names: string[] = [];
  for (const fault of FAULTS) {
    for (let at = 1; at <= requests; at++) {
      if (depth((FAULTS.indexOf(fault) + at) % 5, 0) > 0) continue;
      const name = `${fault} ${at}`;
      names.push(name);
      proxy.fail(at, fault);
      await train(served, name);
      proxy.fail(null);
      for (let tries = 0; tries < 9 && (await recover(store)).remains.length > 0; tries++);
    }
  }
  const rows = runsIn(server).filter(({ name }) => name !== "none");
  assertEquals(rows.map(({ name }) => name), names.toSorted());
  for (const row of rows) {
    const [, key = ""] = /mltidy\.run_key=([0-9a-f]{32})/.exec(`${row["tags"]}`) ?? [];
    assertEquals(told(row), whole(`${row["name"]}`, key));
  }
  assertEquals(spoolsIn(served.state), []);
});

Deno.test("nothing of a deleted run is lost: it waits until the run is restored", async () => {
  await using served = await serve();
  const { store, server, experimentId } = served;
  const warned: string[] = [];
  const warn = (message: string) => void warned.push(message);
  const stage = (to: string) => server.database.exec(`UPDATE runs SET lifecycle_stage = '${to}'`);
  await safeRun(store, { experimentId, runName: "first", warn }, async (run) => {
    stage("deleted");
    await run.logMetric("loss", 1);
  });
  assertMatch(warned.join("\n"), /has been deleted; restore it/);
  // What was left is looked at beside the training, too, perhaps just now.
  let remaining = 0;
  await until(async () => (remaining = (await recover(store)).remains.length) > 0);
  assertEquals(remaining, 1);
  stage("active");
  assertEquals((await recover(store)).settled.length, 1);
  assertEquals(runsIn(server).map(({ status, metrics }) => [status, metrics]), [
    ["FINISHED", '["loss=0:1.0"]'],
  ]);
});

Deno.test("what a killed training has logged is sent once, to the run that it may have started", async () => {
  await using served = await serve();
  const { store, server, experimentId, state } = served;
  await train(served, "before");
  const directory = join(state, "mltidy", spoolsPlace(state), "spool");
  const key = "a".repeat(32);
  const create = {
    ...{ experiment_id: experimentId, user_id: "kim", run_name: "killed", start_time: NOW },
    tags: [{ key: "mltidy.run_key", value: key }],
  };
  const spool = createSpool(directory, { key, experimentId, create });
  for (const tries of [1, 2]) {
    spool.noteTry(tries);
    // Both were made in the end, though no answer came.
    await server.answer(
      new Request(`${server.uri}/api/2.0/mlflow/runs/create`, {
        method: "POST",
        body: JSON.stringify(create),
      }),
    );
  }
  spool.append({ param: ["lr", "0.1"] });
  spool.append({ metric: ["loss", [["NaN", NOW, 0], [0.5, NOW, 1]]] });
  spool.append({ end: ["KILLED", NOW] });
  spool.close();
  Deno.writeTextFileSync(spool.path, '{"param":["half', { append: true });
  assertEquals(await store.changes!.interrupted(), [key]);
  assertEquals((await recover(store)).settled.map(({ id }) => id), [key]);
  const [, killed, ...others] = runsIn(server);
  assertEquals(others, []);
  assertEquals(told(killed), {
    ...{ id: undefined, name: "killed", status: "KILLED", ended: NOW, params: '["lr=0.1"]' },
    metrics: '["loss=0:0.0","loss=1:0.5"]',
    tags: [`mltidy.run_key=${key}`],
  });
  assertEquals(spoolsIn(state), []);
});
