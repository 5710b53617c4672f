/**
 * Trainings into a server that fails at some of what is logged, again and again, and takes the rest.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parseStoreName, type ServerName } from "../../../../lib/store/store_uri.ts";
import { openServerStore } from "../../../../tasks/_server/server_store.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { setupExperiment } from "../../../../tasks/training/experiment.ts";
import { safeRun } from "../../../../tasks/training/run.ts";
import { NOW } from "../../../_support/builders.ts";
import { type FaultProxy, startFaultProxy } from "../../../_support/fault_proxy.ts";
import { type MlflowDouble, startMlflowDouble } from "../../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";
import { until } from "../../../_support/until.ts";

/** Tells by what is asked whether the server fails at it, and how. */
type Failing = (asked: { readonly path: string; readonly text: string }) => Response | null;

interface Served extends AsyncDisposable {
  readonly store: Store;
  readonly server: MlflowDouble;
  readonly proxy: FaultProxy;
  readonly state: string;
  readonly warned: string[];
  readonly experimentId: string;
  failAt(failing: Failing): void;
}

async function serve(): Promise<Served> {
  const stack = new AsyncDisposableStack();
  const { path: state } = stack.use(await memoryDirectory());
  const server = stack.use(await startMlflowDouble({}, { now: () => NOW }));
  let failing: Failing = () => null;
  const proxy = stack.use(startFaultProxy(async (request) => {
    const text = request.method === "GET" ? "" : await request.clone().text();
    return failing({ path: decodeURIComponent(new URL(request.url).pathname), text }) ??
      await server.answer(request);
  }));
  const variables: Readonly<Record<string, string>> = {
    XDG_STATE_HOME: state,
    MLFLOW_HTTP_REQUEST_TIMEOUT: "10",
  };
  const store = stack.use(
    await openServerStore(parseStoreName(proxy.uri) as ServerName, {
      chosenBy: "by --store",
      now: () => NOW,
      later: true,
      environment: (name) => variables[name],
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      patience: { setUp: 10_000, start: 10_000, confirm: 10_000, end: 10_000 },
    }),
  );
  const { experimentId } = await setupExperiment(store, "churn");
  return {
    ...{ store, server, proxy, state, experimentId, warned: [] },
    failAt: (wanted) => void (failing = wanted),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** As a server on PostgreSQL does. */
const NO_NUL: Failing = ({ text }) =>
  text.includes("\\u0000")
    ? Response.json({
      error_code: "INTERNAL_ERROR",
      message: "A string literal cannot contain NUL (0x00) characters.",
    }, { status: 500 })
    : null;

/** As one that keeps files does where a name is too long, and where an artifact is to go into a file. */
const NO_POISON: Failing = ({ path, text }) =>
  text.includes("poison")
    ? Response.json({ error_code: "INTERNAL_ERROR", message: "No poison" }, { status: 500 })
    : path.includes("poison")
    ? new Response("Internal Server Error", { status: 500 })
    : null;

function rowsIn({ database }: MlflowDouble): readonly Record<string, unknown>[] {
  const pairs = (table: string, value: string) =>
    `(SELECT json_group_array(t.key || '=' || ${value}) FROM
      (SELECT * FROM ${table} WHERE run_uuid = r.run_uuid ORDER BY key, rowid) AS t)`;
  return database.prepare(
    `SELECT name, status, ${pairs("params", "t.value")} AS params,
      ${pairs("metrics", "t.step || ':' || t.value")} AS metrics,
      ${pairs("tags", "t.value")} AS tags
      FROM runs AS r WHERE lifecycle_stage = 'active' ORDER BY name`,
  ).all().map(({ tags, ...row }) => ({
    ...row,
    tags: (JSON.parse(`${tags}`) as string[]).filter((tag) =>
      !tag.startsWith("mlflow.source") && !tag.startsWith("mltidy.run_key")
    ),
  }));
}

function filesIn(state: string): readonly string[] {
  const place = [...Deno.readDirSync(join(state, "mltidy"))].find(({ isDirectory }) => isDirectory);
  return [...Deno.readDirSync(join(state, "mltidy", place!.name, "spool"))]
    .map(({ name }) => name).toSorted();
}

Deno.test("a NUL that a server does not take is refused as its other rules are, and all else arrives", async () => {
  await using served = await serve();
  const { store, server, experimentId, warned } = served;
  served.failAt(NO_NUL);
  const warn = (message: string) => void warned.push(message);
  await safeRun(
    store,
    { experimentId, runName: "a\0b", user: "kim", tags: { team: "growth" }, warn },
    async (run) => {
      await run.logMetric("before", 1);
      const { outcome, problem } = await run.logParam("lr", "0\u00001");
      assertEquals(outcome, "not-logged");
      assertMatch(`${problem?.message}`, /cannot contain NUL/);
      await run.setTag("note", "a\0b");
      await run.logInput({ name: "a\0b", digest: "0", sourceType: "local", source: "{}" });
      await run.logParam("depth", 3);
      await run.logMetric("after", 1);
    },
  );
  const [row, ...others] = rowsIn(server);
  assertEquals(others, []);
  assertEquals({ ...row, name: "" }, {
    ...{ name: "", status: "FINISHED", params: '["depth=3"]' },
    metrics: '["after=0:1.0","before=0:1.0"]',
    tags: ["mlflow.user=kim", "team=growth"],
  });
  assertMatch(warned.at(-1)!, /the server has refused 4 things of what was logged, such as/);
  assertEquals(filesIn(served.state), []);
});

Deno.test("what a server fails at alone and always is set aside and told, and arrives once it takes that", async () => {
  await using served = await serve();
  const { store, server, experimentId, warned } = served;
  served.failAt(NO_POISON);
  const warn = (message: string) => void warned.push(message);
  await safeRun(store, { experimentId, runName: "first", user: "kim", warn }, async (run) => {
    await run.logMetrics({ a: 1, poison: 2, b: 3 });
    assertEquals((await run.logParam("poison", 1)).outcome, "not-logged");
    await run.logText("bad\n", "poison/a.txt");
    await run.logText("good\n", "good/a.txt");
    await run.setTag("state", "poison");
    await run.logParam("depth", 3);
    await run.setTag("state", "better");
    await run.logMetric("after", 4);
  });
  const [row, ...others] = rowsIn(server);
  assertEquals(others, []);
  assertEquals({ ...row, tags: [] }, {
    ...{ name: "first", status: "FINISHED", params: '["depth=3"]', tags: [] },
    metrics: '["a=0:1.0","after=0:4.0","b=0:3.0"]',
  });
  const tags = row?.["tags"] as readonly string[];
  assert(tags.includes("state=better"), `${tags}`);
  // It fails at the names as well.
  assert(tags.includes("mltidy.unsent=3 things"), `${tags}`);
  assertEquals([...server.artifacts.values()], ["good\n"]);
  assertMatch(
    warned.at(-1)!,
    /the server fails at 3 things that were logged, and takes others: metric poison: .*; that waits in .*jsonl/,
  );
  assertStringIncludes(
    warned.at(-1)!,
    `the next training into this store tries again, or \`deno task recover --store ${store.describe().location}\``,
  );
  assertEquals(filesIn(served.state).length, 2);

  const { settled, remains } = await recover(store);
  assertEquals([settled, remains.length, remains[0]?.isUnsent], [[], 1, true]);
  assertMatch(`${remains[0]?.message}`, /fails at 3 things .*No poison/);

  served.failAt(() => null);
  assertEquals((await recover(store)).settled.map(({ collisions }) => collisions), [[]]);
  const [mended] = rowsIn(server);
  assertEquals(mended, {
    ...{ name: "first", status: "FINISHED", params: '["depth=3","poison=1"]' },
    metrics: '["a=0:1.0","after=0:4.0","b=0:3.0","poison=0:2.0"]',
    tags: ["mlflow.runName=first", "mlflow.user=kim", "state=better"],
  });
  assertEquals([...server.artifacts.values()].toSorted(), ["bad\n", "good\n"]);
  assertEquals(filesIn(served.state), []);
});

Deno.test("nothing is set aside where a server fails at everything that changes something", async () => {
  await using served = await serve();
  const { store, server, experimentId, proxy } = served;
  const warn = () => {};
  await safeRun(store, { experimentId, runName: "first", user: "kim", warn }, async (run) => {
    await run.logMetric("a", 1);
    await until(() => rowsIn(server)[0]?.["metrics"] === '["a=0:1.0"]');
    served.failAt(({ path }) =>
      /log-batch|set-tag|update/.test(path) ? new Response("", { status: 500 }) : null
    );
    await run.logMetrics({ b: 1, c: 2 });
    await run.setTag("state", "first");
    const before = proxy.count();
    await until(() => proxy.count() > before + 20);
    served.failAt(() => null);
  });
  await until(async () => (await recover(store)).remains.length === 0);
  assertEquals(rowsIn(server).map(({ metrics, tags }) => [metrics, tags]), [
    [
      '["a=0:1.0","b=0:1.0","c=0:2.0"]',
      ["mlflow.runName=first", "mlflow.user=kim", "state=first"],
    ],
  ]);
  assertEquals(filesIn(served.state), []);
});

Deno.test("a run that cannot be sent keeps no other from it, and each is told with its reason", async () => {
  await using served = await serve();
  const { store, server, experimentId, proxy } = served;
  const { experimentId: bad } = await setupExperiment(store, "bad");
  proxy.fail(1, "gone");
  const names = ["a", "b", "c", "d", "e", "f"];
  await using impatient = await openImpatient(served);
  for (const name of names) {
    const options = { experimentId: name < "d" ? bad : experimentId, runName: name };
    await safeRun(impatient, { ...options, warn: () => {} }, (run) => void run.logMetric("m", 1));
  }
  // Nothing answers: each of them is told.
  assertEquals((await recover(store)).remains.length, names.length);
  proxy.fail(null);
  served.failAt(({ text }) =>
    text.includes(`"experiment_id":"${bad}"`) ? new Response("", { status: 500 }) : null
  );
  const { settled, remains } = await recover(store);
  assertEquals([settled.length, remains.length], [3, 3]);
  for (const { message } of remains) assertMatch(message, /has failed \(500\)/);
  assertEquals(rowsIn(server).map(({ name, metrics }) => [name, metrics]), [
    ["d", '["m=0:1.0"]'],
    ["e", '["m=0:1.0"]'],
    ["f", '["m=0:1.0"]'],
  ]);
  served.failAt(() => null);
  assertEquals((await recover(store)).settled.length, 3);
  assertEquals(rowsIn(server).map(({ name }) => name), names);
});

/** The same store, for which nobody waits. */
async function openImpatient({ proxy, state }: Served): Promise<Store> {
  return await openServerStore(parseStoreName(proxy.uri) as ServerName, {
    chosenBy: "by --store",
    now: () => NOW,
    later: true,
    environment: (name) => name === "XDG_STATE_HOME" ? state : undefined,
    pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
    patience: { setUp: 50, start: 50, confirm: 50, end: 50 },
  });
}
