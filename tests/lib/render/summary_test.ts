import { assertEquals } from "@std/assert";
import type { ExperimentSummary, Summary } from "../../../lib/answers/summarize.ts";
import { renderSummary } from "../../../lib/render/summary.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../lib/store/path.ts";

const NO_RUNS = { RUNNING: 0, SCHEDULED: 0, FINISHED: 0, FAILED: 0, KILLED: 0 };

const BASELINE: ExperimentSummary = {
  id: asExperimentId("123456789012345678"),
  name: "baseline",
  stage: "active",
  path: asStorePath("123456789012345678"),
  runs: 1_200,
  activeRuns: 1_200,
  deletedRuns: 0,
  byStatus: { ...NO_RUNS, FINISHED: 1_199, RUNNING: 1 },
  newestRun: Date.UTC(2026, 9, 31, 8, 30),
  damagedRuns: 0,
  usage: null,
};

const EMPTY: ExperimentSummary = {
  ...BASELINE,
  id: asExperimentId("2"),
  name: "이미지 분류 실험",
  path: asStorePath("2"),
  runs: 0,
  activeRuns: 0,
  byStatus: NO_RUNS,
  newestRun: null,
};

const STORE: Summary = {
  schema: "mltidy/summary/v1",
  store: "/data/mlruns",
  experiments: { active: 2, deleted: 0, orphaned: 0 },
  runs: { total: 1_200, active: 1_200, deleted: 0, byStatus: BASELINE.byStatus },
  depth: "full",
  findings: { error: 0, warning: 0, info: 0 },
  usage: null,
  perExperiment: [BASELINE, EMPTY],
  orphans: [],
  registeredModels: { models: 0, versions: 0 },
  backups: { count: 0, usage: null },
};

function orphan(
  path: string,
  task: Summary["orphans"][number]["task"] = "cleanup",
): Summary["orphans"][number] {
  return { path: asStorePath(path), damage: "missing", readableRuns: 0, message: "", task };
}

Deno.test("renderSummary() gives an experiment a line, then the totals", () => {
  assertEquals(
    renderSummary(STORE),
    `\
Experiment        Id                  Stage    Runs  Running  Finished  Newest run
baseline          123456789012345678  active  1,200        1     1,199  2026-10-31 08:30 UTC
이미지 분류 실험  2                   active      0        0         0  –

2 experiments · 1,200 runs
No orphans
No findings
`,
  );
});

Deno.test("renderSummary() says of a server what it does not tell", () => {
  const lines = renderSummary({ ...STORE, store: "http://127.0.0.1:5000", depth: "meta" })
    .split("\n");
  assertEquals(lines.slice(5, 7), [
    "Orphans were not looked for: a server tells of none",
    "No findings in what the server tells of experiments, runs and registered models; metrics, traces and artifacts were not looked at → deno task verify",
  ]);
});

Deno.test("renderSummary() shows the best run by a metric, and where there is none", () => {
  const by = (value: number | null, runsWithout: number): ExperimentSummary => ({
    ...BASELINE,
    byMetric: {
      best: value === null ? null : { runId: asRunId("a".repeat(32)), name: "calm-owl", value },
      runsWithout,
    },
  });
  const text = renderSummary({
    ...STORE,
    primaryMetric: { name: "f1", mode: "max" },
    perExperiment: [by(2 / 3, 0), by(1, 1), by(1e-9, 2), by(null, 1_200), by(null, 0)],
  });
  assertEquals(text.split("\n").slice(0, 6).map((line) => line.split(/ {2,}/).at(-1)), [
    "Best f1",
    "0.666667 calm-owl",
    "1 calm-owl (1 run without)",
    "1e-9 calm-owl (2 runs without)",
    "no f1 logged",
    "–",
  ]);
});

Deno.test("renderSummary() shows deleted and damaged runs, sizes and models where there are any", () => {
  const deleted: ExperimentSummary = {
    ...EMPTY,
    name: "old",
    stage: "deleted",
    runs: 3,
    deletedRuns: 3,
    byStatus: { ...NO_RUNS, FAILED: 3 },
    damagedRuns: 1,
    newestRun: 0,
    usage: { bytes: 2_048, files: 4 },
  };
  const summary: Summary = {
    ...STORE,
    experiments: { active: 1, deleted: 1, orphaned: 0 },
    runs: { total: 3, active: 0, deleted: 3, byStatus: deleted.byStatus },
    usage: { bytes: 3_072, files: 5 },
    usageParts: {
      artifacts: { bytes: 512, files: 1 },
      loggedModels: { bytes: 2_048, files: 1 },
      traces: { bytes: 0, files: 0 },
      foreign: { bytes: 256, files: 1 },
      deleted: { bytes: 1_024, files: 4 },
    },
    perExperiment: [deleted, EMPTY],
    registeredModels: { models: 1, versions: 2 },
    backups: { count: 2, usage: { bytes: 512, files: 2 } },
  };
  assertEquals(
    renderSummary(summary),
    `\
Experiment        Id  Stage    Runs  Deleted  Failed  Damaged  Newest run               Size
old               2   deleted     3        3       3        1  1970-01-01 00:00 UTC  2.0 KiB
이미지 분류 실험  2   active      0        0       0        0  –                           –

2 experiments (1 active, 1 deleted) · 3 runs (0 active, 3 deleted) · 1 registered model · 3.0 KiB
Of this: 512 B artifacts of runs · 2.0 KiB logged models · 256 B files that MLflow did not write, such as checkpoints beside artifacts/ · 1.0 KiB soft-deleted
No orphans
No findings
2 backups; .mltidy.trash/, with all that is kept there, takes 512 B
`,
  );
});

Deno.test("renderSummary() names orphans and findings with the next command to type", () => {
  const summary: Summary = {
    ...STORE,
    perExperiment: [],
    experiments: { active: 0, deleted: 0, orphaned: 5 },
    runs: { total: 0, active: 0, deleted: 0, byStatus: NO_RUNS },
    findings: { error: 1, warning: 5, info: 0 },
    orphans: ["a", "b", "c", "d", "e"].map((path) => orphan(path)),
  };
  assertEquals(
    renderSummary(summary, { command: (task) => `deno task ${task} --store x` }),
    `\
0 experiments · 0 runs
5 orphans: a, b, c and 2 more → deno task cleanup --store x
1 error, 5 warnings → deno task verify --store x
`,
  );
});

Deno.test("renderSummary() says how many experiments are not shown", () => {
  assertEquals(
    renderSummary({ ...STORE, perExperiment: [BASELINE] }).split("\n").slice(1, 4),
    [
      "baseline    123456789012345678  active  1,200        1     1,199  2026-10-31 08:30 UTC",
      "… and 1 more (--top hides them)",
      "",
    ],
  );
});

Deno.test("renderSummary() leaves columns out on a narrow terminal, what tells least first", () => {
  const table = (width: number) => renderSummary(STORE, { width }).split("\n").slice(0, 3);
  assertEquals(table(88), [
    "Experiment        Id                   Runs  Running  Finished  Newest run",
    "baseline          123456789012345678  1,200        1     1,199  2026-10-31 08:30 UTC",
    "이미지 분류 실험  2                       0        0         0  –",
  ]);
  assertEquals(table(60), [
    "Experiment        Id                   Runs  Running",
    "baseline          123456789012345678  1,200        1",
    "이미지 분류 실험  2                       0        0",
  ]);
});

Deno.test("renderSummary() keeps what was asked for on a narrow terminal, before numbers of runs", () => {
  const usage = { bytes: 2_048, files: 2 };
  const best = {
    best: { value: 0.25, name: "KoELECTRA 35차", runId: asRunId("ab") },
    runsWithout: 0,
  };
  const asked = [BASELINE, EMPTY].map((each) => ({ ...each, usage, byMetric: best }));
  const [heading] = renderSummary(
    { ...STORE, usage, perExperiment: asked, primaryMetric: { name: "loss", mode: "min" } },
    { width: 68 },
  ).split("\n");
  assertEquals(heading, "Experiment        Id                  Best loss               Size");
});

Deno.test("renderSummary() leaves out statuses that no experiment on it has", () => {
  const [heading] = renderSummary({ ...STORE, perExperiment: [EMPTY] }).split("\n");
  assertEquals(heading, "Experiment        Id  Stage   Runs  Newest run");
});

Deno.test("renderSummary() lets no control character of a name through", () => {
  const hostile = { ...BASELINE, name: "a\x1b[2J\nb" };
  assertEquals(
    renderSummary({ ...STORE, perExperiment: [hostile] }).split("\n")[1]?.startsWith(
      "a\\x1b[2J\\nb  123456789012345678",
    ),
    true,
  );
});

Deno.test("renderSummary() says what was not looked at, and who acts on which orphan", () => {
  const summary: Summary = {
    ...STORE,
    depth: "meta",
    orphans: [orphan("a", "verify"), orphan("b"), orphan("c", "repair"), orphan("d", "verify")],
  };
  const notLookedAt =
    "in where records lie and whether they can be read; their values, the locations " +
    "that they name, artifacts and traces were not looked at";
  const lines = (one: Summary) => renderSummary(one).split("\n").slice(5, -1);
  assertEquals(lines(summary), [
    "2 orphans: a, d → deno task verify",
    "1 orphan: b → deno task cleanup",
    "1 orphan: c → deno task repair",
    `No findings ${notLookedAt} → deno task verify`,
  ]);
  assertEquals(lines({ ...summary, orphans: [], findings: { error: 2, warning: 0, info: 0 } }), [
    "No orphans",
    `2 errors ${notLookedAt} → deno task verify`,
  ]);
});

Deno.test("renderSummary() names the columns that a narrow window has no room for", () => {
  assertEquals(
    renderSummary(STORE, { width: 72 }).split("\n").slice(0, 4),
    [
      "Experiment        Id                   Runs  Running  Finished",
      "baseline          123456789012345678  1,200        1     1,199",
      "이미지 분류 실험  2                       0        0         0",
      "Not shown: Stage, Newest run (in a wider window, or with --json)",
    ],
  );
  assertEquals(renderSummary(STORE, { width: 120 }).includes("Not shown"), false);
});
