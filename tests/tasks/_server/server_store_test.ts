import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  StoreAccessError,
  type StoreError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { summarize } from "../../../lib/answers/summarize.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { Kept } from "../../../lib/plan/plan.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../../lib/policy/policy.ts";
import { renderMarkdown } from "../../../lib/render/markdown.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { stopText } from "../../../lib/words/stop.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { repair } from "../../../tasks/repair.ts";
import { verify } from "../../../tasks/verify.ts";
import { openStore } from "../../../tasks/open_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { startMlflowDouble } from "../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { json, serverDouble } from "../../_support/server_double.ts";

function open(
  uri: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Store> {
  return openStore(uri, { now: () => NOW, environment: (name) => environment[name] });
}

async function planned(store: Store, policy: CleanupPolicy) {
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  const kinds = new Set(["soft-delete-run"] as const);
  return { snapshot, plan: planCleanup(snapshot, policy, { now: NOW, kinds }) };
}

/** Of each thing that keeps a run one, and what goes. */
function history(schema: "2.22" | "3.17"): SnapshotInit {
  const old = (number: number, days: number, more: Parameters<typeof run>[0] = {}) =>
    run({
      ...{ id: runId(number), startTime: NOW - days * DAY - 1_000, endTime: NOW - days * DAY },
      ...more,
    });
  const measured = (latest: number, best: number) => ({
    metrics: new Map([["f1", { latest, least: latest, greatest: best }]]),
    params: new Map([["model", latest > 0.5 ? "gru" : "cnn"]]),
    inputs: [],
    heavy: [],
  });
  const [parent, child, source] = [runId(1), runId(2), runId(3)];
  const isNew = schema === "3.17";
  const model = (number: number) => `m-${runId(number)}`;
  return {
    experiments: [
      {
        ...experiment({
          id: "1",
          name: "../é\u001b[31m",
          runs: [
            old(1, 400, { name: "a/b\n" }),
            old(2, 3, { tags: { "mlflow.parentRunId": parent } }),
            old(3, 100),
            old(4, 90, { tags: { "mltidy.pin": "" } }),
            old(5, 80, { status: "RUNNING", endTime: null }),
            old(6, 70, { extras: measured(0.1, 0.99) }),
            old(7, 60, { extras: measured(NaN, 0.4) }),
            old(8, 50, { extras: measured(Infinity, 0.8) }),
            old(9, 45, { tags: { stage: "production" }, status: "FAILED" }),
            old(10, 44, isNew ? { extras: { ...measured(0.3, 0.3), inputs: [model(2)] } } : {}),
            deletedRun({ id: runId(11), deletedTime: NOW - 90 * DAY }),
            ...Array.from({ length: 5 }, (_, at) => old(20 + at, 40 + at)),
          ],
          loggedModels: isNew
            ? [
              loggedModel({ id: model(1), experimentId: "1", sourceRunId: runId(20) }),
              loggedModel({ id: model(2), experimentId: "1", sourceRunId: runId(21) }),
              loggedModel({ id: model(3), experimentId: "1", sourceRunId: runId(11) }),
            ]
            : [],
        }),
        ...(isNew
          ? {
            traceUses: [
              { trace: "tr-1", assessment: null, runId: runId(22), modelId: null },
              { trace: "tr-2", assessment: null, runId: null, modelId: model(1) },
              { trace: "tr-3", assessment: "a-1", runId: runId(23), modelId: null },
            ],
          }
          : {}),
      },
      experiment({
        id: "2",
        name: "gone",
        lifecycleStage: "deleted",
        lastUpdateTime: NOW - 60 * DAY,
        runs: [deletedRun({ id: runId(30), experimentId: "2" })],
      }),
      experiment({ id: "3", name: "newest" }),
    ],
    registeredModels: [registeredModel({
      name: "churn/é",
      aliases: { champion: "2" },
      versions: [
        modelVersion({ version: "1", runId: child, stage: "Archived" }),
        modelVersion({ version: "2", runId: source, stage: "Production" }),
        modelVersion({ version: "10", runId: null }),
      ],
    })],
  };
}

const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges({ olderThan: "30d" }),
  policyOf(readConfig(
    `retention:
  keep_last: 2
  keep_best: { metric: f1, n: 2, over: history, per: model }
  keep_tags: [stage]
`,
    "mltidy.yaml",
  )),
];

for (const schema of ["2.22", "3.17"] as const) {
  Deno.test(`over a server of ${schema} the same is planned as from its database, but for what was deleted nobody knows when, and what deletion loses`, async () => {
    await using server = await startMlflowDouble(history(schema), { schema, now: () => NOW });
    await using remote = await open(server.uri);
    await using local = await open(`sqlite:///${server.path}`);
    for (const policy of POLICIES) {
      const [over, from] = [await planned(remote, policy), await planned(local, policy)];
      assert(from.plan.actions.length > 0);
      // A server's deletion takes the assessments of a run away for good.
      const isAssessed = ({ path }: { readonly path: string }) =>
        schema === "3.17" && path === `1/${runId(23)}`;
      const isOther = (one: { readonly path: string }) => !isAssessed(one);
      assertEquals(over.plan.actions, from.plan.actions.filter(isOther));
      assertEquals(
        over.plan.kept.filter(isAssessed).map(({ reasons: [{ kind }] }) => kind),
        schema === "3.17" ? ["assessment-source"] : [],
      );
      const deleted = new Set<string>(
        from.snapshot.experiments.flatMap(({ runs }) =>
          runs.filter(({ lifecycleStage }) => lifecycleStage === "deleted").map(({ path }) => path)
        ),
      );
      const isKnown = (one: Kept) => one.kind === "run" && !deleted.has(one.path) && isOther(one);
      assertEquals(over.plan.kept.filter(isKnown), from.plan.kept.filter(isKnown));
    }
    assertEquals(
      new Set(server.asked.filter((request) => /delete|restore|update|set|log-/.test(request))),
      new Set(),
    );
  });
}

const HTML = { headers: { "Content-Type": "text/html" } };

Deno.test("whatever is no tracking server, or lets nobody in, is said with what helps", async () => {
  const refusals: readonly (readonly [
    what: Response,
    error: new (message: string, store: string) => StoreError,
    says: RegExp,
  ])[] = [
    [new Response("<html>Sign in</html>", HTML), UnsupportedStoreError, /is a web page, .*proxy/],
    [
      Response.redirect("http://login.invalid/?next=x"),
      UnsupportedStoreError,
      /http:\/\/login.inv/,
    ],
    [new Response("", { status: 404 }), UnsupportedStoreError, /is no tracking server of MLflow's/],
    [new Response("2.1.0.RELEASE {}"), UnsupportedStoreError, /is no JSON/],
    [new Response("1.30.1"), UnsupportedStoreError, /is a server of MLflow 1.30.1, .*upgrade/],
    [new Response("", { status: 401 }), StoreAccessError, /401\); set MLFLOW_TRACKING_USERNAME/],
    [
      json({ error_code: "X", message: "Host" }, 403),
      StoreAccessError,
      /not allow it \(403\): Host/,
    ],
    [new Response("", { status: 500 }), StoreNotFoundError, /has failed \(500\)/],
    [new Response("", { status: 501 }), UnsupportedStoreError, /\(501\) is no tracking server/],
    [json({ ok: true }, 200), UnsupportedStoreError, /is no tracking server of MLflow's/],
  ];
  for (const [answer, error, says] of refusals) {
    await using server = serverDouble(() => answer.clone());
    const named = server.uri.replace("//", "//kim:s%20cret@");
    const { message } = await assertRejects(() => open(server.uri), error);
    assert(says.test(message) && message.startsWith(`Cannot open store ${server.uri}: `), message);
    const { stack } = await assertRejects(() => open(named), error);
    assert(stack?.includes(server.uri) && !stack.includes("cret"), stack);
  }
});

Deno.test("an account that sees a part of a server can plan, and is told why that is not applied", async () => {
  for (const isAdmin of [true, false]) {
    await using server = await startMlflowDouble(history("3.17"), {
      now: () => NOW,
      account: { name: "kim", isAdmin },
    });
    await using store = await open(server.uri);
    const { plan } = await planned(store, POLICIES[0]!);
    assert(plan.actions.length > 0);
    const stop = { kind: "partial-view" as const, server: server.uri, account: "kim" };
    assertEquals(plan.stops, isAdmin ? undefined : [stop]);
    const { plan: repairs } = await repair(store);
    assert(repairs.actions.length > 0);
    assertEquals(repairs.stops, plan.stops);
    if (!isAdmin) {
      assert(stopText(stop).startsWith(`account kim is no administrator of ${server.uri}`));
    }
  }
});

Deno.test("what no server can do is said, with what does it where its database is", async () => {
  await using server = await startMlflowDouble(history("3.17"), { now: () => NOW });
  await using store = await open(server.uri);
  const { plan } = await cleanup(store, { olderThan: "30d" });
  const line =
    "No tracking server purges what is deleted, nor says when that was: where its database can be reached, type `deno task cleanup --store postgresql://HOST/DATABASE`, or sqlite:////PATH/mlflow.db instead";
  assert(renderPlan(plan).includes(line));
  assert(!renderPlan(plan).includes("--undated"));
  assert(renderMarkdown(plan).includes(line));
  await assertRejects(
    () => store.read({ depth: "meta", sizes: true }),
    UnsupportedStoreError,
    `Cannot measure store ${server.uri}: `,
  );
});

Deno.test("the store of a server is told by one location, with its workspace and without credentials", async () => {
  await using server = await startMlflowDouble({}, { now: () => NOW });
  const named = server.uri.replace("//", "//kim:secret@");
  const workspace = { MLFLOW_WORKSPACE: "team a" };
  const locations = [
    [`${named}/`, {}, server.uri],
    [named, workspace, `${server.uri}?workspace=team%20a`],
    [`${named}?workspace=b`, workspace, `${server.uri}?workspace=b`],
  ] as const;
  for (const [uri, environment, location] of locations) {
    await using store = await open(uri, environment);
    assertEquals(store.describe(), { location, chosenBy: "the caller" });
  }
});

Deno.test("a server has one location, however its address is spelt, but where something was kept by another", async () => {
  await using server = await startMlflowDouble(history("3.17"), { schema: "3.17", now: () => NOW });
  await using state = await memoryDirectory();
  const environment = { XDG_STATE_HOME: state.path };
  const { port } = new URL(server.uri);
  const long = `http://127.1:${port}/a/..`;
  const locations = async () => {
    const found: string[] = [];
    for (const uri of [long, `http://127.0.0.1:${port}/a/../..`, server.uri]) {
      await using store = await open(uri, environment);
      found.push(store.describe().location);
    }
    return found;
  };
  assertEquals(await locations(), [server.uri, server.uri, server.uri]);
  Deno.mkdirSync(join(state.path, "mltidy"));
  Deno.writeTextFileSync(join(state.path, "mltidy", encodeURIComponent(long)), "");
  assertEquals(await locations(), [long, server.uri, server.uri]);
});

Deno.test("verify() finds over a server what its answers show, and nothing that they leave out", async () => {
  const init = history("3.17");
  await using server = await startMlflowDouble({
    ...init,
    registeredModels: [registeredModel({
      name: "lost",
      aliases: { gone: "9" },
      versions: [modelVersion({ version: "1", runId: runId(99) })],
    })],
  }, { now: () => NOW });
  await using store = await open(server.uri);
  const { findings } = await verify(store);
  assertEquals(
    findings.map(({ rule, path, remedy }) => [rule, path, remedy?.kind ?? null]).toSorted(),
    [
      ["alias-dangling", "models/lost/aliases/gone", "by-hand"],
      ["default-experiment-missing", "0", "by-hand"],
      ["experiment-name-held", "2", "by-hand"],
      ["source-run-missing", "models/lost/version-1", null],
      ["stale-run", `1/${runId(5)}`, "repair"],
    ],
  );
});

Deno.test("runs of which a server tells no whole ids keep all that could go, and are named by verify, summary and each of these", async () => {
  await using server = await startMlflowDouble(history("3.17"), { schema: "3.17", now: () => NOW });
  const policy = POLICIES[0]!;
  await using store = await open(server.uri);
  assert((await planned(store, policy)).plan.actions.length > 0);
  for (
    const [id, named] of [["한글id", '1 of its rows is not whole: "한글id"'], [
      "",
      '2 of its rows are not whole: "", "한글id"',
    ]] as const
  ) {
    server.database.exec(
      `INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id, start_time, end_time)
        VALUES ('${id}', 'odd', 'FINISHED', 'active', 1, ${NOW - 90 * DAY}, ${NOW - 89 * DAY})`,
    );
    const { snapshot, plan } = await planned(store, policy);
    assertEquals(plan.actions, []);
    assert(renderPlan(plan).includes(named));
    const { findings } = await verify(store);
    const [finding, ...more] = findings.filter(({ rule }) => rule === "row-cut-off");
    assertEquals([finding?.path, finding?.message.split("; ")[0], more], ["runs", named, []]);
    assertMatch(JSON.stringify(finding?.remedy), /on a machine that reaches it/);
    assert(summarize(snapshot).findings.warning > 0);
  }
});

Deno.test("verify() finds nothing to be missing that an account may only not see", async () => {
  const init: SnapshotInit = {
    experiments: [experiment({
      id: "1",
      runs: [run({ id: runId(1), tags: { "mlflow.parentRunId": runId(98) } })],
    })],
    registeredModels: [registeredModel({
      name: "lost",
      aliases: { gone: "9" },
      versions: [modelVersion({ version: "1", runId: runId(99) })],
    })],
  };
  const found = async (isAdmin: boolean) => {
    const account = { name: "kim", isAdmin };
    await using server = await startMlflowDouble(init, { now: () => NOW, account });
    await using store = await open(server.uri);
    return (await verify(store)).findings.map(({ rule }) => rule).toSorted();
  };
  assertEquals(await found(true), [
    ...["alias-dangling", "default-experiment-missing", "parent-run-missing"],
    "source-run-missing",
  ]);
  assertEquals(await found(false), []);
});

Deno.test("verify() of one experiment over a server reads no runs of the others but those that it names", async () => {
  const lost = runId(98);
  const init: SnapshotInit = {
    experiments: [
      experiment({
        ...{ id: "1", name: "churn" },
        runs: [
          run({ id: runId(1), tags: { "mlflow.parentRunId": runId(2) } }),
          run({ id: runId(3), tags: { "mlflow.parentRunId": lost } }),
        ],
      }),
      experiment({
        ...{ id: "2", name: "other" },
        runs: [
          run({ id: runId(2), experimentId: "2" }),
          run({ id: runId(4), experimentId: "2", tags: { "mlflow.parentRunId": lost } }),
        ],
      }),
    ],
  };
  await using server = await startMlflowDouble(init, { now: () => NOW });
  await using store = await open(server.uri);
  const all = await verify(store);
  const begin = server.asked.length;
  const { findings } = await verify(store, { experiment: "churn" });
  assertEquals(findings, all.findings.filter(({ experimentId }) => experimentId === "1"));
  assertEquals(findings.map(({ runId }) => runId), [runId(3)]);
  assertEquals(server.asked.slice(begin), [
    ...["POST experiments/search", "POST runs/search"],
    ...["POST logged-models/search", "POST traces/search"],
    ...["GET runs/get", "GET runs/get"],
  ]);
});
