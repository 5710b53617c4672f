import { assertEquals, assertStringIncludes } from "@std/assert";
import type {
  Action,
  CleanupPlan,
  KeepReason,
  Kept,
  PurgeExperiment,
  PurgeRun,
  QuarantineOrphan,
  SoftDeleteRun,
} from "../../../lib/plan/plan.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../lib/store/path.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 1);
const LIMIT = 30 * DAY;

function id(number: number): string {
  return `${number}`.padStart(32, "0");
}

function softDelete(number: number, daysOld: number, experiment = "1"): SoftDeleteRun {
  const age = daysOld * DAY;
  return {
    kind: "soft-delete-run",
    path: asStorePath(`${experiment}/${id(number)}`),
    name: `crane-${number}`,
    runId: asRunId(id(number)),
    experimentId: asExperimentId(experiment),
    reasons: [{ kind: "older-than", field: "end_time", time: NOW - age, age, limit: LIMIT }],
    usage: { bytes: 0, files: 0 },
    stamp: "stamp",
  };
}

const PURGE_RUN: PurgeRun = {
  ...softDelete(50, 0),
  kind: "purge-run",
  name: "",
  reasons: [{ kind: "deleted-longer-than", time: NOW - 90 * DAY, age: 90 * DAY, limit: LIMIT }],
  usage: { bytes: 24_576, files: 3 },
};

const PURGE_EXPERIMENT: PurgeExperiment = {
  kind: "purge-experiment",
  path: asStorePath(".trash/7"),
  name: "old trials",
  experimentId: asExperimentId("7"),
  runIds: [],
  reasons: [{ kind: "deleted-longer-than", time: NOW - 60 * DAY, age: 60 * DAY, limit: LIMIT }],
  usage: { bytes: 8_192, files: 1 },
  stamp: "stamp",
};

const QUARANTINE: QuarantineOrphan = {
  kind: "quarantine-orphan",
  path: asStorePath("5fbbd685931c4616bdc67005b055056d"),
  name: "5fbbd685931c4616bdc67005b055056d",
  reasons: [{ kind: "orphan", damage: "missing", message: "meta.yaml is missing" }],
  usage: { bytes: 4_096, files: 1 },
  stamp: "stamp",
};

function kept(kind: Kept["kind"], path: string, ...[first, ...rest]: Kept["reasons"]): Kept {
  return {
    kind,
    path: asStorePath(path),
    name: path.split("/").at(-1)!,
    reasons: [first, ...rest],
  };
}

const YOUNG = { kind: "younger-than", age: DAY, limit: LIMIT } as const;
const REGISTERED = { kind: "registered", model: "fraud", version: "2", aliases: ["best"] } as const;

function planOf(
  actions: readonly Action[],
  keeps: readonly Kept[] = [],
  experiments: CleanupPlan["experiments"] = {},
): CleanupPlan {
  const count = (kind: Action["kind"]) => actions.filter((action) => action.kind === kind).length;
  return deepFreeze({
    schema: "mltidy/cleanup/v1",
    task: "cleanup",
    store: "/data/mlruns",
    basis: "test",
    plannedAt: NOW,
    policy: { olderThan: LIMIT, purgeAfter: LIMIT, quarantineOrphans: true, settle: 600_000 },
    experiments,
    actions,
    kept: keeps,
    totals: {
      softDeleteRuns: count("soft-delete-run"),
      purgeRuns: count("purge-run"),
      purgeExperiments: count("purge-experiment"),
      quarantineOrphans: count("quarantine-orphan"),
      keptRuns: keeps.filter((one) => one.kind === "run").length,
      usage: {
        bytes: actions.reduce((sum, action) => sum + action.usage.bytes, 0),
        files: actions.reduce((sum, action) => sum + action.usage.files, 0),
      },
    },
  });
}

Deno.test("renderPlan() shows what would change, what is kept and why, and the totals", () => {
  const plan = planOf(
    [
      softDelete(1, 31),
      softDelete(2, 50, "2"),
      softDelete(3, 45, "2"),
      PURGE_RUN,
      PURGE_EXPERIMENT,
      QUARANTINE,
    ],
    [
      kept("run", "1/young", YOUNG),
      kept("run", "2/younger", YOUNG),
      kept("run", "2/model", YOUNG, REGISTERED),
      kept("damaged-run", "1/broken", {
        kind: "unreadable",
        path: asStorePath("1/broken/meta.yaml"),
        message: "meta.yaml is missing",
      }),
      kept("experiment", ".trash/0", { kind: "default-experiment" }),
      kept("orphan", "70e4", { kind: "holds-readable-runs", runs: 3 }),
      kept("orphan", "5fbb", {
        kind: "unreadable",
        path: asStorePath("77"),
        message: "77 cannot be read and may refer to it (Permission denied)",
      }),
    ],
    { "2": "이미지 분류" },
  );
  assertEquals(
    renderPlan(plan, { next: "deno task cleanup:apply" }),
    `\
~ Soft-delete 3 runs: still in the store, and MLflow can restore them
  이미지 분류 (2): 2 runs
    ~ crane-2  00000000000000000000000000000002  ended 50 d ago, limit 30 d
    ~ crane-3  00000000000000000000000000000003  ended 45 d ago, limit 30 d
  experiment 1: 1 run
    ~ crane-1  00000000000000000000000000000001  ended 31 d ago, limit 30 d

- Purge 1 soft-deleted run: out of the store
  experiment 1: 1 run
    - (no name)  00000000000000000000000000000050  deleted 90 d ago, limit 30 d, 24.0 KiB

- Purge 1 deleted experiment with all runs: out of the store
  - old trials  7  deleted 60 d ago, limit 30 d, 8.0 KiB

> Quarantine 1 orphan: out of MLflow's sight
  > 5fbbd685931c4616bdc67005b055056d  meta.yaml is missing, 4.0 KiB

Keep 3 runs: 2 younger than 30 d · 1 registered
  model  2/model  ended 1 d ago, limit 30 d; registered: model fraud v2 (alias best)
Keep 1 damaged run: unreadable
  1/broken/meta.yaml  unreadable: meta.yaml is missing
Keep 1 deleted experiment: the default experiment
Keep 2 orphans: 1 with readable runs · 1 unreadable
  70e4  holds 3 readable runs
  5fbb  unreadable: 77 cannot be read and may refer to it (Permission denied)

Plan: 3 to soft-delete, 2 to purge, 1 to quarantine; 36.0 KiB leave the store.
To carry it out: deno task cleanup:apply
`,
  );
});

Deno.test("renderPlan() samples long lists, the biggest group first and in it the oldest", () => {
  const plan = planOf(
    [softDelete(1, 99, "1"), ...[31, 35, 33, 34, 32].map((days) => softDelete(days, days, "2"))],
    Array.from({ length: 1_004 }, (_, index) => kept("run", `2/model-${index}`, REGISTERED)),
  );
  assertEquals(
    renderPlan(plan),
    `\
~ Soft-delete 6 runs: still in the store, and MLflow can restore them
  experiment 2: 5 runs
    ~ crane-35  00000000000000000000000000000035  ended 35 d ago, limit 30 d
    ~ crane-34  00000000000000000000000000000034  ended 34 d ago, limit 30 d
    ~ crane-33  00000000000000000000000000000033  ended 33 d ago, limit 30 d
    … and 2 more (--all shows them)
  experiment 1: 1 run
    ~ crane-1  00000000000000000000000000000001  ended 99 d ago, limit 30 d

Keep 1,004 runs: registered
  model-0  2/model-0  registered: model fraud v2 (alias best)
  model-1  2/model-1  registered: model fraud v2 (alias best)
  model-2  2/model-2  registered: model fraud v2 (alias best)
  … and 1,001 more registered (--all shows them)

Plan: 6 to soft-delete, 0 to purge, 0 to quarantine; 0 B leave the store.
`,
  );
});

Deno.test("renderPlan() keeps to some forty lines for 10,000 actions", () => {
  const actions = Array.from(
    { length: 10_000 },
    (_, index) => softDelete(index, 40, `${index % 1_000}`),
  );
  const lines = renderPlan(planOf(actions)).split("\n");
  assertEquals(lines.length, 1 + 10 * 5 + 1 + 3);
  assertEquals(
    lines.at(-4),
    "  … and 9,900 more in 990 other experiments (--all shows them)",
  );
});

Deno.test("renderPlan() shows every action and everything kept with all", () => {
  const plan = planOf(
    [31, 32, 33, 34].map((days) => softDelete(days, days)),
    [kept("run", "1/young", YOUNG), kept("run", "1/other", YOUNG)],
  );
  assertEquals(
    renderPlan(plan, { all: true }),
    `\
~ Soft-delete 4 runs: still in the store, and MLflow can restore them
  experiment 1: 4 runs
    ~ crane-34  00000000000000000000000000000034  ended 34 d ago, limit 30 d
    ~ crane-33  00000000000000000000000000000033  ended 33 d ago, limit 30 d
    ~ crane-32  00000000000000000000000000000032  ended 32 d ago, limit 30 d
    ~ crane-31  00000000000000000000000000000031  ended 31 d ago, limit 30 d

Keep 2 runs: younger than 30 d
  young  1/young  ended 1 d ago, limit 30 d
  other  1/other  ended 1 d ago, limit 30 d

Plan: 4 to soft-delete, 0 to purge, 0 to quarantine; 0 B leave the store.
`,
  );
});

Deno.test("renderPlan() says that there is nothing to do, and what is kept", () => {
  assertEquals(renderPlan(planOf([]), { next: "deno task cleanup:apply" }), "Nothing to do.\n");
  assertEquals(
    renderPlan(planOf([], [kept("run", "1/young", YOUNG)])),
    "Keep 1 run: younger than 30 d\n\nNothing to do.\n",
  );
});

Deno.test("renderPlan() says how what changed recently can be judged at once", () => {
  const recent = { kind: "changed-recently", age: 1000, limit: 600_000 } as const;
  assertEquals(
    renderPlan(planOf([], [kept("orphan", "9", recent)])),
    `Keep 1 orphan: changed less than 10 min ago
  9  changed 1 s ago, limit 10 min: it may be in the making

Nothing to do.
To judge at once what changed recently, where nothing writes to the store: deno task cleanup --settle 0m
`,
  );
});

Deno.test("renderPlan() says how what was deleted at an unknown time can be judged", () => {
  const plan = planOf([], [kept("run", "1/undated", { kind: "no-deletion-time" })]);
  const command = (task: string) => `deno task ${task} --store /data/mlruns`;
  assertEquals(
    renderPlan(plan, { command }),
    `Keep 1 run: deleted at an unknown time

Nothing to do.
To judge what was deleted at an unknown time by its last sign of life: deno task cleanup --undated last-sign-of-life --store /data/mlruns
`,
  );
  assertEquals(
    renderPlan({ ...plan, task: "prune", schema: "mltidy/prune/v1" }).includes("To judge"),
    false,
  );
});

Deno.test("renderPlan() counts what is left to its owner, also where all of it is of one kind", () => {
  const reason: KeepReason = {
    kind: "needs-choice",
    message: "its name is lost",
    choices: ["name it"],
  };
  const text = renderPlan(planOf([], [kept("damage", "7", reason), kept("damage", "8", reason)]));
  assertStringIncludes(text, "Left to you: 2 that nothing proves how to mend\n");
});

Deno.test("renderPlan() says that no rule was given", () => {
  const plan = planOf([], [kept("run", "1/young", { kind: "no-rule" })]);
  const policy = { olderThan: null, purgeAfter: null, quarantineOrphans: false, settle: 0 };
  assertEquals(
    renderPlan({ ...plan, policy }),
    "Keep 1 run: under no rule\n\nNothing to do: no rule is given.\n",
  );
});

Deno.test("renderPlan() fits a narrow terminal by folding, and cuts neither name nor id", () => {
  const long = { ...softDelete(1, 31), name: "a-rather-long-name-of-a-run" };
  assertEquals(renderPlan(planOf([long]), { width: 60 }).split("\n").slice(3, 6), [
    "    ~ a-rather-long-name-of-a-run",
    `        ${id(1)}`,
    "        ended 31 d ago, limit 30 d",
  ]);
});

Deno.test("renderPlan() shows the same text with colour", () => {
  const plan = planOf([softDelete(1, 31), PURGE_RUN, QUARANTINE], [kept("run", "1/a", YOUNG)]);
  const colored = renderPlan(plan, { color: true });
  assertStringIncludes(colored, "\x1b[31m-\x1b[39m");
  // deno-lint-ignore no-control-regex
  assertEquals(colored.replace(/\x1b\[\d+m/g, ""), renderPlan(plan));
});

Deno.test("renderPlan() lets no control character of a name through", () => {
  const hostile = { ...softDelete(1, 31), name: "\x1b[2J\nPlan: 0 to soft-delete" };
  const text = renderPlan(planOf([hostile], [], { "1": "\u202eevil" }));
  assertEquals(text.split("\n").slice(1, 3), [
    "  \\u202eevil (1): 1 run",
    "    ~ \\x1b[2J\\nPlan: 0 to soft-delete  00000000000000000000000000000001  " +
    "ended 31 d ago, limit 30 d",
  ]);
});

Deno.test("renderPlan() names once what has no name but its id", () => {
  const quote: Action = {
    kind: "quote-value",
    path: asStorePath(`28/${id(1)}`),
    name: id(1),
    reasons: [{ kind: "broken", message: "YAML takes user_id for an integer" }],
    usage: { bytes: 0, files: 0 },
    stamp: "absent",
    changes: { user_id: "1000" },
  };
  assertEquals(
    renderPlan(planOf([quote])).split("\n")[1],
    `  ~ 28/${id(1)}  YAML takes user_id for an integer`,
  );
});

Deno.test("renderPlan() shows the evidence for a lost record, one piece a line", () => {
  const record = (number: number): Action => ({
    kind: "write-meta",
    path: asStorePath(`1/${id(number)}`),
    name: "calm\u001b[31m-owl",
    file: "meta.yaml",
    text: "",
    isNew: true,
    tag: null,
    reasons: [
      { kind: "broken", message: "meta.yaml does not exist" },
      { kind: "evidence", of: "run_name", value: "calm-owl", from: "tag mlflow.runName" },
    ],
    usage: { bytes: 0, files: 0 },
    stamp: "absent",
  });
  const text = renderPlan(planOf([1, 2, 3, 4].map(record)), { width: 60 });
  assertEquals(text.split("\n").slice(0, 4), [
    "+ Write 4 records that were lost",
    `  + calm\\x1b[31m-owl  1/${id(1)}`,
    "      meta.yaml does not exist",
    "      run_name calm-owl from tag mlflow.runName",
  ]);
  assertStringIncludes(text, "  … and 1 more (--all shows them)\n");
});
