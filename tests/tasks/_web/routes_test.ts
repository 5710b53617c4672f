import { assert, assertEquals } from "@std/assert";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import type {
  BackupContentsView,
  BackupsView,
  ExplainView,
  FindingsView,
  PlanView,
  RepairView,
  RowsView,
  StoreView,
  WorkLine,
} from "../../../tasks/_web/messages.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { review, type ReviewOptions } from "../../../tasks/review.ts";
import { readConfig } from "../../../lib/policy/config.ts";
import { DAY, experiment, NOW, run, runId, type SnapshotInit } from "../../_support/builders.ts";
import { tempDatabase } from "../../_support/database_store.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";
import { clientOf, type PageClient, tokenOf } from "../../_support/web_page.ts";

const ALL = { values: {}, leftOut: [] };

/** Serves a store while something is done with it. */
async function withPage(
  init: SnapshotInit,
  options: ReviewOptions,
  work: (client: PageClient, place: { readonly root: string }) => Promise<void>,
): Promise<void> {
  await using disk = await tempStore(init);
  await using store = await openStore(disk.root, { now: () => NOW });
  await using page = await review(store, { port: 0, ...options });
  await page.ready;
  await work(clientOf(page), disk);
}

const planOf = (client: PageClient, request: object = ALL) =>
  client.post<PlanView>("plan", request);
const pathsOf = async (client: PageClient, { plan }: PlanView, list = "goes") =>
  (await client.get<RowsView>(`rows?plan=${plan}&list=${list}`)).rows.map(({ path }) => path);

Deno.test("the page tells of a store and its plan what the command line does", async () => {
  await withPage(ROTTEN, {}, async (client) => {
    const store = await client.get<StoreView>("store");
    const { totals, mayApply, may, experiments, kind } = store;
    assertEquals([kind, mayApply, may], [
      "files",
      false,
      { pin: false, repair: false, restore: false },
    ]);
    assertEquals(
      [
        totals.runs,
        totals.deletedRuns,
        totals.experiments,
        totals.deletedExperiments,
        totals.orphans,
      ],
      [6, 2, 2, 1, 2],
    );
    assertEquals(experiments.map(({ path, stage, runs }) => [path, stage, runs]), [
      ["1", "active", 5],
      [".trash/2", "deleted", 1],
      ["8", "orphan", 1],
      ["7", "orphan", 0],
    ]);
    const plan = await planOf(client);
    assertEquals(
      plan.summary.split(";")[0],
      "Plan: 2 to soft-delete, 2 to purge, 1 to quarantine",
    );
    assertEquals([plan.words, plan.turned, plan.leftOut], ["remove 5", null, 0]);
    assertEquals(
      plan.tree.map(({ path, count, reasons }) => [path, count, reasons.map(({ label }) => label)]),
      [
        ["1", 3, ["ended more than 30 d ago", "deleted more than 30 d ago"]],
        [".trash/2", 1, ["experiment deleted more than 30 d ago"]],
        ["7", 1, ["without a meta.yaml that MLflow can use"]],
      ],
    );
    assertEquals(await pathsOf(client, plan), [
      `1/${runId(1)}`,
      `1/${runId(2)}`,
      `1/${runId(5)}`,
      ".trash/2",
      "7",
    ]);
    const saved = parsePlan(await (await client.ask(`plan.json?plan=${plan.plan}`)).text(), "x");
    assertEquals(saved.actions.length, 5);
  });
});

Deno.test("rows show the metric by which runs are compared where the policy names none", async () => {
  const text = "primary_metric: { name: auc, mode: max }\nretention: { keep_within: 30d }\n";
  const config = readConfig(text, "mltidy.yaml");
  for (const [metric, options] of [["f1", {}], ["auc", { config }]] as const) {
    await using disk = await tempStore(ROTTEN);
    const path = `1/${runId(1)}`;
    Deno.writeTextFileSync(`${disk.root}/${path}/metrics/${metric}`, "1 0.25 0\n2 0.75 1\n");
    await using store = await openStore(disk.root, { now: () => NOW });
    await using page = await review(store, { port: 0, ...options });
    const client = clientOf(page);
    const events = (await client.ask("events")).body!.pipeThrough(new TextDecoderStream());
    for await (const lines of events) if (lines.includes('"measured"')) break;
    const { plan } = await planOf(client);
    const shown = await client.get<RowsView>(`rows?plan=${plan}&list=goes&sort=metric&from=0&to=2`);
    assertEquals([shown.metric, ...shown.rows.map((row) => [row.path, row.metric])], [
      metric,
      [path, 0.75],
      [`1/${runId(2)}`, null],
    ]);
  }
});

Deno.test("a plan that thins a metric is counted, grouped and listed as what it is", async () => {
  const config = readConfig(
    "retention: { keep_last: 100 }\npurge: { after: 0d, thin_metrics: 10 }\n",
    "mltidy.yaml",
  );
  await using disk = await tempStore(ROTTEN);
  const points = Array.from({ length: 40 }, (_, step) => `${1e12 + step} 0.5 ${step}\n`);
  Deno.writeTextFileSync(`${disk.root}/1/${runId(1)}/metrics/curve`, points.join(""));
  await using store = await openStore(disk.root, { now: () => NOW });
  await using page = await review(store, { port: 0, config });
  await page.ready;
  const client = clientOf(page);
  const { plan, totals, tree } = await planOf(client);
  assertEquals([totals.thinMetrics, totals.dropArtifacts], [1, 0]);
  const { rows } = await client.get<RowsView>(`rows?plan=${plan}&list=goes`);
  assertEquals(
    rows.filter(({ verb }) => verb === "thin").map(({ path, kind }) => [path, kind]),
    [[`1/${runId(1)}/metrics/curve`, "metric"]],
  );
  assertEquals(
    tree.flatMap(({ reasons }) => reasons).filter(({ verb }) => verb === "thin").length,
    1,
  );
});

Deno.test("what another program has changed is seen once the store is read again", async () => {
  for (const apply of [false, true]) {
    await withPage(ROTTEN, { apply }, async (client, { root }) => {
      const before = await client.get<StoreView>("store");
      await Deno.remove(`${root}/1/${runId(1)}`, { recursive: true });
      assertEquals((await client.get<StoreView>("store")).totals.runs, before.totals.runs);
      assertEquals(await client.post("read", {}), { generation: before.generation + 1 });
      assertEquals((await client.get<StoreView>("store")).totals.runs, before.totals.runs - 1);
    });
  }
});

Deno.test("numbers of the policy are turned, who changes sides is told, and nonsense is refused", async () => {
  await withPage(ROTTEN, {}, async (client) => {
    const less = await planOf(client, { values: { days_old: 45 }, leftOut: [] });
    assertEquals([less.turned, less.totals.softDeleteRuns], [{ goes: 0, stays: 2 }, 0]);
    assertEquals(await pathsOf(client, less, "turned"), [`1/${runId(1)}`, `1/${runId(2)}`]);
    assertEquals(readConfig(less.yaml, "mltidy.yaml").retention.keepWithin, 45 * DAY);
    for (
      const values of [{ days_old: -1 }, { days_old: "30" }, { nothing: 1 }, { days_old: null }, 7]
    ) {
      assertEquals((await client.ask("plan", { values, leftOut: [] })).status, 400);
    }
    for (
      const query of [
        "list=goes&from=-1",
        "list=all",
        "list=goes&sort=size",
        "list=goes&from=3&to=1",
      ]
    ) {
      const { plan } = await planOf(client);
      assertEquals((await client.ask(`rows?plan=${plan}&${query}`)).status, 400, query);
    }
  });
  const config = readConfig(
    "retention: { keep_last: 1, keep_best: [{ metric: f1, mode: max, n: 0 }] }\nlimits: { max_share: 100% }\nrules: [{ experiments: x, keep_last: 3 }]",
    "mltidy.yaml",
  );
  await withPage(ROTTEN, { config }, async (client) => {
    const { controls, stops, words } = await planOf(client);
    assertEquals(controls.map(({ key, value, rule }) => [key, value, rule]), [
      ["rules.0.keep_last", 3, "rule 1: x"],
      ["retention.keep_last", 1, null],
      ["retention.keep_within", 0, null],
      ["retention.keep_daily", 0, null],
      ["retention.keep_weekly", 0, null],
      ["retention.keep_monthly", 0, null],
      ["retention.keep_best.0", 0, null],
      ["purge.after", 30, null],
      ["limits.max_share", 100, null],
      ["limits.max_runs", null, null],
    ]);
    assertEquals([stops, words], [[], "remove 5"]);
    const best = await planOf(client, { values: { "retention.keep_best.0": 2 }, leftOut: [] });
    assertEquals(best.notes, [
      "Note: experiments of rule 1 x fits none of 1 experiment",
      "Note: keep_best by f1 ranks no run in 1 experiment",
      "Note: no rule has keep_within, so a run that ended two days ago may go as well",
    ]);
    const stopped = await planOf(client, { values: { "limits.max_share": 10 }, leftOut: [] });
    assertEquals([stopped.words, stopped.stops.length], [null, 1]);
    const answer = await client.ask("rows?plan=1&list=goes");
    assertEquals([answer.status, (await answer.json()).error], [409, "outdated"]);
  });
});

Deno.test("what the page shows is carried out, taken back, and leaves a byte-identical store", async () => {
  await withPage(ROTTEN, { apply: true }, async (client, { root }) => {
    const before = await readTree(root);
    const whole = await planOf(client);
    const left = [`1/${runId(1)}`, "7"];
    const plan = await planOf(client, { values: {}, leftOut: left });
    assertEquals([plan.words, plan.leftOut, await pathsOf(client, plan, "left-out")], [
      "remove 3",
      2,
      left,
    ]);
    const refused = async (body: object, path = "apply") => {
      const answer = await client.ask(path, body);
      return [answer.status, (await answer.json()).error];
    };
    assertEquals(await refused({ plan: whole.plan, words: "remove 5" }), [409, "outdated"]);
    assertEquals(await refused({ plan: plan.plan, words: "remove 4" }), [400, "mistyped"]);
    assertEquals(await refused({ plan: plan.plan }), [400, "bad-request"]);
    assertSameTree(await readTree(root), before);
    const lines = await client.lines<WorkLine>("apply", { plan: plan.plan, words: plan.words });
    const end = lines.at(-1)!;
    assert(end.work === "done" && lines.slice(0, -1).every(({ work }) => work === "progress"));
    assertEquals([end.applied, end.skipped, end.failed, end.notRun], [3, 0, 0, 0]);
    assertEquals(end.summary.split(";")[0], "Done: 1 soft-deleted, 2 purged");
    const again = () => refused({ plan: plan.plan, words: "remove 3" });
    assertEquals(await settled(client, again), [409, "outdated"]);
    const { backups } = await client.get<BackupsView>("backups");
    assertEquals(backups.map(({ id, kind, count }) => [id, kind, count]), [
      [end.backup, "change", 3],
    ]);
    const held = await client.get<BackupContentsView>(`backups?id=${end.backup}`);
    assertEquals([held.changes, held.collisions, held.total], [3, [], 2]);
    const nothing = (await client.lines<WorkLine>("restore", { id: "nothing" })).at(-1);
    assertEquals(nothing?.work, "failed");
    const back = (await client.lines<WorkLine>("restore", { id: end.backup })).at(-1);
    assertEquals([back?.work, back?.work === "done" && back.applied], ["done", 3]);
    assertSameTree(await readTree(root, { except: [".mltidy.trash"] }), before);
  });
});

/** The store is read again after each change. */
async function settled<T>(client: PageClient, ask: () => Promise<T>): Promise<T> {
  await client.get<StoreView>("store");
  return await ask();
}

Deno.test("repairs are planned and carried out from the page", async () => {
  const stale = { status: "RUNNING", startTime: NOW - 60 * DAY, endTime: null } as const;
  const store = { experiments: [experiment({ runs: [run({ ...stale })] })] };
  await withPage(store, { apply: true }, async (client) => {
    const { findings } = await client.get<FindingsView>("findings");
    assert(findings.every(({ mlflow, message }) => mlflow !== "" && message !== ""));
    const plan = await client.get<RepairView>("repair");
    assertEquals([plan.total, plan.words, plan.rows[0]?.verb], [2, "repair 2", "repair"]);
    const [last] = (await client.lines<WorkLine>("repair", { plan: plan.plan, words: plan.words }))
      .slice(-1);
    assertEquals(last?.work === "done" && last.applied, 2);
    assertEquals((await settled(client, () => client.get<RepairView>("repair"))).total, 0);
  });
});

Deno.test("one thing is carried out at a time, and what is cancelled says what was not begun", async () => {
  // So many that carrying them out takes longer than asking twice, however busy the machine is.
  const runs = Array.from(
    { length: 600 },
    (_, index) => run({ id: runId(index), startTime: NOW - 51 * DAY, endTime: NOW - 50 * DAY }),
  );
  await withPage({ experiments: [experiment({ runs })] }, { apply: true }, async (client) => {
    const plan = await planOf(client);
    const body = { plan: plan.plan, words: plan.words };
    const first = await client.ask("apply", body);
    const second = await client.ask("apply", body);
    assertEquals([second.status, (await second.json()).error], [409, "busy"]);
    assertEquals(await client.post("cancel", {}), { cancelled: true });
    const end: WorkLine = JSON.parse((await first.text()).trimEnd().split("\n").at(-1)!);
    assert(
      end.work === "done" && end.applied + end.notRun === 600 || end.work === "failed",
      JSON.stringify(end),
    );
    assertEquals(await client.post("cancel", {}), { cancelled: false });
  });
});

Deno.test("names from the store are cut and made visible, an answer stays below 1 MB, and none tells the token", async () => {
  const name = `<img src=x onerror=alert(1)>\u202e\u0007${"x".repeat(10_000)}`;
  const old = { name, startTime: NOW - 51 * DAY, endTime: NOW - 50 * DAY };
  const runs = Array.from(
    { length: 220 },
    (_, index) => run({ ...old, name: index === 0 ? name : name.slice(0, 300), id: runId(index) }),
  );
  await using disk = await tempStore({ experiments: [experiment({ name, runs })] });
  await using store = await openStore(disk.root, { now: () => NOW });
  await using page = await review(store, { port: 0, mlflowUi: "http://localhost:5000/" });
  await page.ready;
  const client = clientOf(page);
  const { plan } = await planOf(client);
  const texts = await Promise.all(
    [
      "store",
      `rows?plan=${plan}&list=goes&to=400`,
      `explain?plan=${plan}&id=${runId(0)}`,
      "findings",
      "repair",
      "backups",
      "nothing",
    ]
      .map(async (path) => await (await client.ask(path)).text()),
  );
  for (const text of texts) {
    assert(text.length < 1_000_000 && !text.includes(tokenOf(page)) && !text.includes("\u202e"));
  }
  const { rows, total }: RowsView = JSON.parse(texts[1]!);
  assertEquals([total, rows.length, rows[0]?.name.length, rows[0]?.link], [
    220,
    200,
    200,
    `http://localhost:5000/#/experiments/1/runs/${runId(0)}`,
  ]);
  const { explanations }: ExplainView = JSON.parse(texts[2]!);
  assertEquals(
    explanations.map(({ verdict, path, name }) => [verdict, path, name.length]),
    [["soft-delete", `1/${runId(0)}`, 200]],
  );
  for (const text of texts) assert(!text.includes("x".repeat(200)));
});

Deno.test("a run is pinned for good from the page, and no longer, in files and in a database", async () => {
  const old = { startTime: NOW - 51 * DAY, endTime: NOW - 50 * DAY };
  const init = { experiments: [experiment({ runs: [run(old), run({ ...old, id: runId(2) })] })] };
  const tryIt = async (client: PageClient) => {
    const all = await pathsOf(client, await planOf(client));
    assertEquals(all.length, 2);
    const [path] = all;
    assertEquals(await client.post("pin", { path, pinned: true }), { path, pinned: true });
    const pinned = await planOf(client);
    assertEquals(await pathsOf(client, pinned), all.slice(1));
    const { rows } = await client.get<RowsView>(`rows?plan=${pinned.plan}&list=stays`);
    assertEquals(rows.map(({ path, pinned, mayPin }) => [path, pinned, mayPin]), [[
      path,
      true,
      true,
    ]]);
    assertEquals(await client.post("pin", { path, pinned: true }), { path, pinned: true });
    await client.post("pin", { path, pinned: false });
    assertEquals(await pathsOf(client, await planOf(client)), all);
    for (const wrong of [{ path: "../x", pinned: true }, { path: "1", pinned: true }]) {
      assertEquals((await client.ask("pin", wrong)).status, 404);
    }
  };
  await withPage(init, { apply: true }, async (client, { root }) => {
    await tryIt(client);
    assertEquals([...Deno.readDirSync(`${root}/1/${runId(1)}/tags`)], []);
  });
  await using database = await tempDatabase(init);
  await using store = await openStore(database.uri, { now: () => NOW });
  await using page = await review(store, { port: 0, apply: true });
  await page.ready;
  await tryIt(clientOf(page));
});
