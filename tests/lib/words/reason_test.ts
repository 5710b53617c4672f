import { assertEquals } from "@std/assert";
import type { ActionReason, KeepReason } from "../../../lib/plan/plan.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../lib/store/path.ts";
import { keptText, reasonText } from "../../../lib/words/reason.ts";

const DAY = 86_400_000;
const TIME = Date.UTC(2026, 0, 31, 12);
const RUN = asRunId("00000000000000000000000000000007");

Deno.test("reasonText() says why something is to be changed", () => {
  const reasons: readonly ActionReason[] = [
    { kind: "older-than", field: "end_time", time: TIME, age: 45 * DAY, limit: 30 * DAY },
    { kind: "older-than", field: "start_time", time: TIME, age: 45 * DAY, limit: 30 * DAY },
    { kind: "undated-longer-than", time: TIME, age: 31 * DAY, limit: 30 * DAY },
    { kind: "deleted-longer-than", time: TIME, age: 31 * DAY, limit: 30 * DAY },
    { kind: "child-of-gone", parent: RUN, time: TIME },
    { kind: "orphan", damage: "missing", message: "meta.yaml is missing" },
  ];
  assertEquals(reasons.map(reasonText), [
    "ended 45 d ago, limit 30 d",
    "has no end time, started 45 d ago, limit 30 d",
    "records no time of its deletion, last sign of life 31 d ago, limit 30 d",
    "deleted 31 d ago, limit 30 d",
    `follows its parent run ${RUN}`,
    "meta.yaml is missing",
  ]);
});

Deno.test("reasonText() tells the ranks of what no rule keeps, and leaves the rest to explain", () => {
  const reason: ActionReason = {
    kind: "not-kept",
    rule: "retention",
    time: TIME,
    age: 45 * DAY,
    standings: [
      { ...BEST, rank: 4 },
      { ...BEST, per: { key: "model", value: "cnn" } },
      { kind: "keep-last", rank: 1_200, of: 1_300, n: 20 },
      { kind: "keep-within", age: 45 * DAY, limit: 30 * DAY },
    ],
  };
  assertEquals(reasonText(reason), "ended 45 d ago, f1 #4 of 37, newest #1,200 of 1,300");
});

const BEST: Extract<KeepReason, { kind: "keep-best" }> = {
  kind: "keep-best",
  metric: "f1",
  mode: "max",
  over: "latest",
  per: null,
  rank: null,
  of: 37,
  n: 3,
};

const KEPT: readonly (readonly [KeepReason, words: string, group: string])[] = [
  [{ ...BEST, rank: 2 }, "best of f1: #2 of 37, n is 3", "of the best 3 by f1"],
  [BEST, "best of f1: has no finite value, n is 3", "of the best 3 by f1"],
  [
    { ...BEST, rank: 1, over: "history", per: { key: "model", value: "cnn" } },
    "best of f1 at its best with model cnn: #1 of 37, n is 3",
    "of the best 3 by f1 of each model",
  ],
  [
    { kind: "keep-last", rank: 2, of: 40, n: 20 },
    "newest: #2 of 40, n is 20",
    "of the newest 20",
  ],
  [
    { kind: "keep-within", age: 3 * DAY, limit: 30 * DAY },
    "ended 3 d ago, limit 30 d",
    "younger than 30 d",
  ],
  [
    { kind: "keep-period", period: "week", start: TIME, newest: true, rank: 2, n: 4 },
    "newest of the week of 2026-01-31: week #2, n is 4",
    "newest of their week",
  ],
  [
    { kind: "keep-period", period: "day", start: TIME, newest: false, rank: 2, n: 4 },
    "not the newest of the day of 2026-01-31",
    "newest of their day",
  ],
  [{ kind: "keep-tag", tag: "stage=prod*" }, "has tag stage=prod*", "with tag stage=prod*"],
  [{ kind: "keep-status", status: "FAILED" }, "is FAILED", "that are FAILED"],
  [{ kind: "keep-named", glob: "base*" }, "is named base*", "named base*"],
  [
    { kind: "keep-where", where: "auc >= 0.9", value: 0.93, passes: true },
    "auc >= 0.9: 0.93",
    "with auc >= 0.9",
  ],
  [
    { kind: "ended-recently", age: DAY / 8, limit: DAY },
    "ended 3 h ago: nothing goes in its first 24 h",
    "in their first 24 h",
  ],
  [{ kind: "pinned", tag: "mltidy.pin" }, "pinned by tag mltidy.pin", "pinned"],
  [
    { kind: "trace-source", trace: "tr-1" },
    "trace tr-1 comes from it",
    "that traces come from",
  ],
  [
    { kind: "assessment-source", trace: "tr-1", assessment: "a-1" },
    "assessment a-1 of trace tr-1 comes from it",
    "that traces come from",
  ],
  [
    { kind: "logged-model-in-use", model: "m-1", trace: "tr-1" },
    "trace tr-1 comes from its logged model m-1",
    "with a logged model in use",
  ],
  [
    { kind: "input-of-kept", run: RUN, model: "m-1" },
    `its logged model m-1 is an input of run ${RUN}, which is kept`,
    "with an input of a kept run",
  ],
  [
    { kind: "child-of-kept", parent: RUN },
    `child of run ${RUN}, which is kept`,
    "with a kept parent",
  ],
  [
    { kind: "newest-experiment" },
    "the newest experiment of the database, which would give its id to the next one",
    "the newest of the database, which would give its ID out again: create another one first",
  ],
  [
    { kind: "not-needed" },
    "may go, but the target is met without it",
    "not needed for the target",
  ],
  [
    { kind: "database-refers", database: "/data/mlflow.db", row: "logged-model", id: "m-1" },
    "logged model m-1 of database /data/mlflow.db has its files there",
    "that a database refers to",
  ],
  [
    { kind: "artifacts-unreadable", root: "s3://bucket/a", message: "there is no such bucket" },
    "nobody can tell what artifacts it has in s3://bucket/a: there is no such bucket",
    "with artifacts that cannot be looked at",
  ],
  [
    { kind: "registered", model: "fraud", version: "2", aliases: [], stage: "Production" },
    "registered: model fraud v2 (stage Production)",
    "registered",
  ],
  [{ kind: "no-rule" }, "no rule is given", "under no rule"],
  [{ kind: "not-finished", status: "RUNNING" }, "still running", "still running"],
  [{ kind: "not-finished", status: "SCHEDULED" }, "still scheduled", "still scheduled"],
  [
    { kind: "younger-than", age: 3 * DAY, limit: 30 * DAY },
    "ended 3 d ago, limit 30 d",
    "younger than 30 d",
  ],
  [
    { kind: "in-the-future", time: TIME },
    "dated in the future, 2026-01-31 12:00 UTC",
    "dated in the future",
  ],
  [
    { kind: "implausible-time", time: TIME / 1000 },
    "dated 1970-01-21 11:37 UTC: its times seem to be seconds, or cut off",
    "with times in seconds, or cut off",
  ],
  [
    { kind: "deleted-recently", age: DAY, limit: 30 * DAY },
    "deleted 1 d ago, limit 30 d",
    "deleted less than 30 d ago",
  ],
  [
    { kind: "undated-recently", age: 4 * DAY, limit: 30 * DAY },
    "records no time of its deletion, last sign of life 4 d ago, limit 30 d",
    "deleted at an unknown time, alive less than 30 d ago",
  ],
  [
    { kind: "no-deletion-time" },
    "no time of its deletion is known",
    "deleted at an unknown time",
  ],
  [
    { kind: "registered", model: "fraud", version: "2", aliases: [] },
    "registered: model fraud v2",
    "registered",
  ],
  [
    { kind: "registered", model: "fraud", version: "2", aliases: ["champion"] },
    "registered: model fraud v2 (alias champion)",
    "registered",
  ],
  [
    { kind: "registered", model: "fraud", version: "2", aliases: ["champion", "best"] },
    "registered: model fraud v2 (aliases champion, best)",
    "registered",
  ],
  [
    { kind: "parent-of-kept", child: RUN },
    "parent of run 00000000000000000000000000000007, which stays",
    "with a kept child",
  ],
  [
    { kind: "holds-registered-model", model: "fraud", version: "2" },
    "holds registered model fraud v2",
    "with a registered model",
  ],
  [
    { kind: "holds-kept-run", run: RUN },
    "holds run 00000000000000000000000000000007, which is kept",
    "with a kept run",
  ],
  [
    { kind: "in-deleted-experiment", experiment: asExperimentId("7") },
    "in deleted experiment 7",
    "in deleted experiments",
  ],
  [{ kind: "in-orphan", orphan: asStorePath("7") }, "in orphan 7", "in orphans"],
  [{ kind: "default-experiment" }, "the default experiment", "the default experiment"],
  [
    { kind: "unreadable", path: asStorePath("7/tags/note"), message: "the file is not UTF-8 text" },
    "unreadable: the file is not UTF-8 text",
    "unreadable",
  ],
  [{ kind: "symbolic-link" }, "behind a symbolic link", "behind a symbolic link"],
  [{ kind: "holds-readable-runs", runs: 1 }, "holds 1 readable run", "with readable runs"],
  [
    { kind: "holds-lost-data", runs: 2, loggedModels: 0, traces: 1 },
    "holds 2 runs that cannot be read, 1 trace",
    "with what may be missed",
  ],
  [
    { kind: "changed-recently", age: 120_000, limit: 600_000 },
    "changed 2 min ago, limit 10 min: it may be in the making",
    "changed less than 10 min ago",
  ],
  [
    { kind: "holds-foreign-files", entries: ["a", "b", "c"] },
    "holds what MLflow did not write: a, b, c",
    "with foreign files",
  ],
  [
    { kind: "holds-foreign-files", entries: ["a", "b", "c", "d", "e"] },
    "holds what MLflow did not write: a, b, c and 2 more",
    "with foreign files",
  ],
  [
    { kind: "names-another-experiment", message: "meta.yaml names experiment 8" },
    "meta.yaml names experiment 8",
    "naming another experiment",
  ],
];

Deno.test("reasonText() says why something stays", () => {
  assertEquals(KEPT.map(([reason]) => reasonText(reason)), KEPT.map(([, words]) => words));
});

Deno.test("keptText() names what stays for the same kind of reason", () => {
  assertEquals(KEPT.map(([reason]) => keptText(reason)), KEPT.map(([, , group]) => group));
});

Deno.test("reasonText() leaves names as they are: whoever shows them escapes them", () => {
  assertEquals(
    reasonText({ kind: "registered", model: "a\x1b[2Jb", version: "1", aliases: ["x\ny"] }),
    "registered: model a\x1b[2Jb v1 (alias x\ny)",
  );
});
