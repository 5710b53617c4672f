import { assertEquals } from "@std/assert";
import { asExperimentId, asRunId, asStorePath } from "../../lib/model.ts";
import type { ActionReason, KeepReason } from "../../lib/plan.ts";
import { keptText, reasonText } from "../../lib/render_reason.ts";

const DAY = 86_400_000;
const TIME = Date.UTC(2026, 0, 31, 12);
const RUN = asRunId("00000000000000000000000000000007");

Deno.test("reasonText() says why something is to be changed", () => {
  const reasons: readonly ActionReason[] = [
    { kind: "older-than", field: "end_time", time: TIME, age: 45 * DAY, limit: 30 * DAY },
    { kind: "older-than", field: "start_time", time: TIME, age: 45 * DAY, limit: 30 * DAY },
    { kind: "deleted-longer-than", time: TIME, age: 31 * DAY, limit: 30 * DAY },
    { kind: "orphan", damage: "missing", message: "meta.yaml is missing" },
  ];
  assertEquals(reasons.map(reasonText), [
    "ended 45 d ago, limit 30 d",
    "has no end time, started 45 d ago, limit 30 d",
    "deleted 31 d ago, limit 30 d",
    "meta.yaml is missing",
  ]);
});

const KEPT: readonly (readonly [KeepReason, words: string, group: string])[] = [
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
    { kind: "deleted-recently", age: DAY, limit: 30 * DAY },
    "deleted 1 d ago, limit 30 d",
    "deleted less than 30 d ago",
  ],
  [
    { kind: "no-deletion-time" },
    "records no time of its deletion",
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
    "parent of run 00000000000000000000000000000007, which is kept",
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

Deno.test("reasonText() lets no control character of a name through", () => {
  assertEquals(
    reasonText({ kind: "registered", model: "a\x1b[2Jb", version: "1", aliases: ["x\ny"] }),
    "registered: model a\\x1b[2Jb v1 (alias x\\ny)",
  );
});
