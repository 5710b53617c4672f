import { assert, assertEquals } from "@std/assert";
import { explainRun, findRuns } from "../../../lib/answers/explain_run.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../../lib/policy/policy.ts";
import { renderExplanation } from "../../../lib/render/explanation.ts";
import type { NonEmpty, Run } from "../../../lib/store/snapshot.ts";
import {
  DAY,
  deletedRun,
  experiment,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { longHistory } from "../../_support/long_history.ts";

const STORE = deepFreeze(longHistory(null));

function explained(name: string, yaml: string) {
  const [run] = findRuns(STORE, name);
  assert(run);
  const policy = policyOf(readConfig(`limits: { max_share: 100% }\n${yaml}`, "mltidy.yaml"));
  return explainRun(STORE, policy, { path: run.path, now: NOW });
}

/** The smallest change, as `key from → to`, and how many other runs it moves. */
function flipOf(name: string, yaml: string): readonly [string, number] | null {
  const { flip } = explained(name, yaml);
  if (flip === null) return null;
  return [
    flip.changes.map(({ key, from, to }) => `${key} ${from} → ${to}`).join(", "),
    flip.others,
  ];
}

Deno.test("findRuns() takes an id, its beginning, or a name", () => {
  const [champion] = findRuns(STORE, "champion");
  assertEquals(findRuns(STORE, champion!.id), [champion!]);
  assertEquals(findRuns(STORE, "00000000").length > 10, true);
  assertEquals(findRuns(STORE, "0000"), []);
  assertEquals(findRuns(STORE, "nobody"), []);
});

Deno.test("findRuns() takes a run as plans print it: behind its experiment, shortened, or both", () => {
  const [champion] = findRuns(STORE, "champion");
  const { id } = champion!;
  const shortened = `${id.slice(0, -1)}…`;
  assertEquals(findRuns(STORE, shortened).includes(champion!), true);
  for (const text of [`2/${id}`, `2/${id}…`, `2/${id}...`]) {
    assertEquals(findRuns(STORE, text), [champion!], text);
  }
  assertEquals(findRuns(STORE, `1/${id}`), []);
  assertEquals(findRuns(STORE, "2/0000…"), []);
  const found = findRuns(STORE, "2/00000000…");
  assertEquals([found.length > 3, found.every(({ experimentId }) => experimentId === "2")], [
    true,
    true,
  ]);
  const named = run({ id: runId(9), name: "lr=1/3…" });
  const deleted = experiment({ id: "9", lifecycleStage: "deleted", runs: [named] });
  const store = deepFreeze(snapshot({ experiments: [deleted] }));
  const { path } = deleted.runs[0]!;
  for (const text of ["lr=1/3…", path, `${path.slice(0, -4)}…`, `9/${named.id}`]) {
    assertEquals(findRuns(store, text).map(({ name }) => name), ["lr=1/3…"], text);
  }
});

Deno.test("explainRun() tells the verdict, the rule, the reasons and the rank", () => {
  const { verdict, rule, experiment, reasons, standings } = explained(
    "cnn-2",
    "retention: { keep_best: { n: 3 }, keep_last: 5 }",
  );
  assertEquals([verdict, rule, experiment], ["soft-delete", "retention", "churn"]);
  assertEquals(reasons.map(({ kind }) => kind), ["not-kept"]);
  assertEquals(standings, [
    {
      kind: "keep-best",
      metric: "f1",
      mode: "max",
      over: "latest",
      per: null,
      rank: 4,
      of: 12,
      n: 3,
    },
    { kind: "keep-last", rank: 10, of: 15, n: 5 },
  ]);
});

Deno.test("explainRun() finds the change that moves the fewest other runs", () => {
  const rules = "retention: { keep_best: { n: 3 }, keep_last: 5 }";
  // In vision the fourth best is registered and stays anyway.
  assertEquals(flipOf("cnn-2", rules), ["keep_best of f1, n 3 → 4", 0]);
  assertEquals(flipOf("gru-3", "retention: { keep_last: 5, children: own }"), [
    "keep_last 5 → 2",
    7,
  ]);
});

Deno.test("explainRun() lowers all that keeps a run at once, and switches off what protects it", () => {
  assertEquals(
    flipOf("gru-3", "retention: { keep_within: 30d, keep_best: { n: 1 }, keep_last: 4 }"),
    [
      "keep_best of f1, n 1 → 0, keep_last 4 → 2, keep_within 30d → 1d23h",
      8,
    ],
  );
  assertEquals(flipOf("champion", "retention: { keep_within: 30d }"), [
    "unsafe_registered false → true",
    1,
  ]);
  assertEquals(flipOf("cnn-3", "retention: { keep_last: 1, keep_tags: keep }"), [
    "keep_tags [keep] → []",
    0,
  ]);
});

Deno.test("explainRun() lets children be judged by themselves where that alone turns it", () => {
  assertEquals(flipOf("trial-3", "retention: { keep_best: { n: 1 } }"), [
    "children follow → own",
    1,
  ]);
});

Deno.test("explainRun() lets a parent go by what keeps its child, and a child by what keeps its parent", () => {
  assertEquals(
    flipOf("sweep", "retention: { keep_last: 3, keep_named: [zzz], children: own }"),
    ["keep_last 3 → 1", 4],
  );
  assertEquals(flipOf("sweep", "retention: { keep_best: { n: 1 }, keep_named: [zzz] }"), [
    "keep_best of f1, n 1 → 0",
    4,
  ]);
  assertEquals(flipOf("trial-1", "retention: { keep_named: [sweep, serving] }"), [
    "children follow → own",
    2,
  ]);
  const store = snapshot({
    experiments: [experiment({
      id: "1",
      runs: [1, 2, 3, 4, 5, 6].map((number) =>
        run({
          id: runId(number),
          name: ["", "base", "keepme", "other", "of-base", "of-keepme", "of-keepme-too"][number]!,
          tags: {
            ...(number === 1 ? { x: "" } : {}),
            ...(number > 3 ? { "mlflow.parentRunId": runId(number === 4 ? 1 : 2) } : {}),
          },
        })
      ),
    })],
  });
  const policy = policyOf(
    readConfig("retention: { keep_tags: [x], keep_named: [keepme] }", "mltidy.yaml"),
  );
  const [child] = findRuns(store, "of-base");
  const { flip } = explainRun({ ...store, extras: readingOf(policy).extras }, policy, {
    path: child!.path,
    now: NOW,
  });
  assertEquals(flip?.changes, [
    { rule: "retention", key: "keep_tags", from: "[x]", to: "[]" },
  ]);
  assertEquals(flip?.others, 1);
});

Deno.test("explainRun() knows what a policy that keeps nothing would have to keep", () => {
  assertEquals(flipOf("first", ""), ["keep_last 0 → 14", 0]);
  assertEquals(flipOf("gru-2", ""), ["keep_last 0 → 3", 13]);
  assertEquals(flipOf("today", ""), ["keep_within 0d → 7h, unsafe_young false → true", 24]);
});

Deno.test("explainRun() tries rules that are not given, too", () => {
  assertEquals(flipOf("first", "retention: { keep_last: 5 }"), ["keep_monthly 0 → 6", 4]);
});

Deno.test("explainRun() finds limits that still turn the verdict a day later", () => {
  const cases = [
    ["gru-2", "retention: { keep_within: 1d }"],
    ["gru-2", "retention: { keep_within: 30d }"],
    ["binned", ""],
    ["binned-lately", ""],
  ] as const;
  for (const [name, yaml] of cases) {
    const { path, verdict, flip } = explained(name, yaml);
    assert(flip);
    for (const now of [NOW, NOW + DAY]) {
      const planned = planCleanup(STORE, flip.policy, { now });
      assertEquals(planned.actions.some((one) => one.path === path), verdict === "stays");
    }
  }
});

Deno.test("explainRun() explains a run of a deleted experiment by the time since that went", () => {
  const old = experiment({
    id: "9",
    lifecycleStage: "deleted",
    lastUpdateTime: NOW - 100 * DAY - 1,
    runs: [run({ id: runId(1), experimentId: "9" }), run({ id: runId(2), experimentId: "9" })],
  });
  const store = deepFreeze(snapshot({ experiments: [old] }));
  const { path } = old.runs[0]!;
  const { verdict, flip } = explainRun(store, policyOfAges(), { path, now: NOW });
  assertEquals([verdict, flip?.changes, flip?.others], [
    "purge",
    [{ rule: null, key: "purgeAfter", from: "30d", to: "102d" }],
    1,
  ]);
  const stays = explainRun(store, policyOfAges({ purgeAfter: 200 * DAY }), { path, now: NOW });
  assertEquals([stays.verdict, stays.flip?.changes[0].to], ["stays", "100d"]);
});

Deno.test("explainRun() knows no change for what is dated in the future", () => {
  assertEquals(flipOf("tomorrow", "retention: { keep_last: 1 }"), null);
});

Deno.test("explainRun() explains a soft-deleted run by the time since its deletion", () => {
  const { verdict, rule } = explained("binned", "");
  assertEquals([verdict, rule], ["purge", null]);
  assertEquals(flipOf("binned", ""), ["after 30d → 41d", 0]);
  assertEquals(explained("binned", "").flip?.changes[0].rule, "purge");
  assertEquals(flipOf("binned-lately", ""), ["after 30d → 4d", 0]);
});

Deno.test("explainRun() explains a policy of ages alone by its flags", () => {
  const policy = {
    olderThan: 10 * 86_400_000,
    purgeAfter: 30 * 86_400_000,
    quarantineOrphans: false,
    settle: 0,
  };
  const flipped = (name: string) => {
    const [run] = findRuns(STORE, name);
    const explanation = explainRun(STORE, policy, { path: run!.path, now: NOW });
    const change = renderExplanation(explanation).match(/^Smallest change found that (.*);/m)?.[1];
    return [explanation.verdict, change];
  };
  assertEquals(flipped("cnn-4"), ["soft-delete", "keeps it: --days-old 10 → 21"]);
  assertEquals(flipped("gru-2"), ["stays", "lets it go: --days-old 10 → 2"]);
  assertEquals(flipped("binned"), ["purge", "keeps it: --purge-after 30d → 41d"]);
});

Deno.test("explainRun() finds by ages what lets a run go that others keep", () => {
  const parent = run({ id: runId(1), name: "sweep", startTime: 0, endTime: NOW - 90 * DAY });
  const child = (number: number, age: number) =>
    run({
      id: runId(number),
      name: `trial-${number}`,
      endTime: NOW - age * DAY,
      tags: { "mlflow.parentRunId": runId(1) },
    });
  const store = deepFreeze(snapshot({
    experiments: [experiment({ id: "1", runs: [parent, child(2, 12.5), child(3, 20)] })],
  }));
  const told = (name: string, policy: CleanupPolicy = policyOfAges()) => {
    const [found] = findRuns(store, name);
    const { reasons, flip } = explainRun(store, policy, { path: found!.path, now: NOW });
    return [
      reasons.map(({ kind }) => kind),
      flip?.changes.map(({ key, from, to }) => `${key} ${from} → ${to}`) ?? null,
    ];
  };
  // Both children must go before it can.
  assertEquals(told("sweep"), [["parent-of-kept"], ["olderThan 30d → 12d"]]);
  assertEquals(told("trial-3"), [["younger-than"], ["olderThan 30d → 19d"]]);
  const follow = { ...policyOfAges({ daysOld: 15 }), children: "follow" } as const;
  assertEquals(told("trial-3", follow), [["child-of-kept"], ["children follow → own"]]);
});

Deno.test("explainRun() ties a child to its parent that goes where this moves fewer runs than an age", () => {
  const runs = [
    run({ id: runId(1), name: "sweep", endTime: NOW - 90 * DAY }),
    run({ id: runId(2), name: "trial", tags: { "mlflow.parentRunId": runId(1) } }),
    run({ id: runId(3), name: "other" }),
  ].map((one) => one.name === "sweep" ? one : { ...one, endTime: NOW - 5 * DAY });
  const store = deepFreeze(snapshot({ experiments: [experiment({ id: "1", runs })] }));
  const [sweep] = findRuns(store, "trial");
  const { flip } = explainRun(store, policyOfAges(), { path: sweep!.path, now: NOW });
  assertEquals([flip?.changes, flip?.others], [
    [{ rule: null, key: "children", from: "own", to: "together" }],
    1,
  ]);
});

Deno.test("explainRun() names every reason for which a run stays, and then no age that would let it go", () => {
  const runs = [
    run({ id: runId(1), name: "busy", status: "RUNNING", tags: { "mltidy.pin": "" } }),
    run({ id: runId(2), name: "young" }),
    deletedRun({ id: runId(3), name: "binned", deletedTime: null, lastChange: NOW - 3 * DAY }),
  ].map((one) => one.name === "young" ? { ...one, endTime: NOW - 3 * DAY } : one);
  const store = deepFreeze(snapshot({
    experiments: [experiment({ id: "1", runs })],
    registeredModels: [1, 2].map((number) =>
      registeredModel({
        name: `m${number}`,
        versions: [modelVersion({ runId: runId(number) })],
      })
    ),
  }));
  const told = (name: string) => {
    const [found] = findRuns(store, name);
    const one = explainRun(store, policyOfAges(), { path: found!.path, now: NOW });
    const turn = renderExplanation(one).split("\n").find((line) => /^(No|Smallest)/.test(line));
    return [one.reasons.map(({ kind }) => kind), turn];
  };
  const no =
    "No value of --days-old or --children lets it go, for its age is not all that keeps it.";
  assertEquals(told("busy"), [["not-finished", "pinned", "younger-than", "registered"], no]);
  assertEquals(told("young"), [["younger-than", "registered"], no]);
  assertEquals(told("binned"), [
    ["no-deletion-time"],
    "Smallest change found that lets it go: --purge-after 30d → 23h, and --undated keep → " +
    "last-sign-of-life; no other run changes sides.",
  ]);
});

Deno.test("explainRun() says what a plan says where the store can only soft-delete", () => {
  const runs = [run({ id: runId(1) }), deletedRun({ id: runId(2), deletedTime: NOW - 60 * DAY })];
  const gone = experiment({
    id: "8",
    lifecycleStage: "deleted",
    lastUpdateTime: NOW - 60 * DAY,
    runs: [run({ id: runId(3) })],
  });
  const young = deletedRun({ id: runId(4), deletedTime: NOW - DAY });
  const store = snapshot({
    experiments: [experiment({ id: "7", runs: [...runs, young] }), gone],
    backend: { artifactRoot: null, revision: null },
  });
  const kinds = new Set(["soft-delete-run"] as const);
  const policy = policyOfAges({ olderThan: 0 });
  const told = (id: string) => {
    const [{ path }] = findRuns(store, id) as NonEmpty<Run>;
    const { verdict, reasons, flip } = explainRun(store, policy, { path, now: NOW, kinds });
    return [verdict, reasons.map(({ kind }) => kind), flip !== null];
  };
  assertEquals([1, 2, 3, 4].map((number) => told(runId(number))), [
    ["soft-delete", ["older-than"], true],
    ["stays", ["not-supported"], false],
    ["stays", ["not-supported"], false],
    ["stays", ["deleted-recently"], false],
  ]);
});

Deno.test("explainRun() unties a child from the parent that it follows, or that keeps it", () => {
  const flipOfChild = (parent: Run, daysAgo: number, policy: CleanupPolicy) => {
    const endTime = NOW - daysAgo * DAY;
    const child = run({ id: runId(2), endTime, tags: { "mlflow.parentRunId": parent.id } });
    const store = deepFreeze(
      snapshot({ experiments: [experiment({ runs: [parent, child] })], extras: ALL_READ }),
    );
    const { path } = store.experiments[0]!.runs[1]!;
    const { verdict, reasons, flip } = explainRun(store, policy, { path, now: NOW });
    return [verdict, reasons.map(({ kind }) => kind), flip?.changes, flip?.others];
  };
  const within = "retention: { keep_within: 30d, children: together }";
  const deleted = deletedRun({ id: runId(1) });
  const kept = run({ id: runId(1) });
  const change = (rule: string | null, from: string, to: string) => [
    { rule, key: "children", from, to },
  ];
  assertEquals(
    [
      flipOfChild(deleted, 5, { ...policyOfAges(), children: "together" }),
      flipOfChild(deleted, 5, policyOf(readConfig(within, "mltidy.yaml"))),
      flipOfChild(kept, 40, { ...policyOfAges(), children: "together" }),
    ],
    [
      ["soft-delete", ["child-of-gone"], change(null, "together", "follow"), 0],
      ["soft-delete", ["child-of-gone"], change("retention", "together", "follow"), 0],
      ["stays", ["child-of-kept"], change(null, "together", "own"), 0],
    ],
  );
});

/** All that policies without metrics and parameters look at. */
const { extras: ALL_READ } = readingOf(policyOf(readConfig("", "mltidy.yaml")));
