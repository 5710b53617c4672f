import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { PlanFormatError } from "../../../lib/errors.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import { DEFAULT_REPAIR } from "../../../lib/plan/repair_action.ts";
import { renderMarkdown } from "../../../lib/render/markdown.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { adverseSnapshotArbitrary, policyArbitrary } from "../../_support/adverse_arbitraries.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  orphan,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { rulesArbitrary, withExtras } from "../../_support/policy_arbitraries.ts";

const LONG_AGO = NOW - 400 * DAY;
const PLAN = deepFreeze(planCleanup(
  deepFreeze(snapshot({
    experiments: [
      experiment({
        runs: [
          run({ endTime: LONG_AGO }),
          deletedRun({ id: runId(2), deletedTime: LONG_AGO }),
          run({ id: runId(3) }),
        ],
      }),
      experiment({ id: "2", lifecycleStage: "deleted", lastUpdateTime: LONG_AGO }),
    ],
    orphans: [orphan()],
  })),
  { olderThan: 30 * DAY, purgeAfter: 30 * DAY, quarantineOrphans: true, settle: 0 },
  { now: NOW },
));

/** The message with which a plan is refused. */
function refusal(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return assertThrows(() => parsePlan(text, "plan.json"), PlanFormatError).message;
}

Deno.test("parsePlan() gives back the plan that was printed", () => {
  assertEquals(PLAN.actions.length, 4);
  assertEquals(parsePlan(JSON.stringify(PLAN), "plan.json"), PLAN);
  assertEquals(parsePlan(`\n${JSON.stringify(PLAN, null, 2)}\n`, "plan.json"), PLAN);
});

Deno.test("parsePlan() refuses an action that stands there twice", () => {
  const [first] = PLAN.actions;
  assertStringIncludes(
    refusal({ ...PLAN, actions: [...PLAN.actions, first] }),
    "action 5 stands there twice",
  );
});

Deno.test("parsePlan() gives back every plan of a clean-up", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(
      fc.oneof(snapshotArbitrary({ now: NOW }), adverseSnapshotArbitrary({ now: NOW })),
      fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
      fc.oneof(policyArbitrary(), rulesArbitrary()),
      (store, numbers, policy) => {
        const plan = planCleanup(withExtras(store, numbers), policy, { now: NOW });
        for (const { kind } of plan.actions) kinds.add(kind);
        // What was printed has no Infinity, and no value that is left out.
        const printed = JSON.stringify(plan);
        // Compared as text, which takes a fraction of the time.
        assertEquals(JSON.stringify(parsePlan(printed, "plan.json")), printed);
      },
    ),
    { numRuns: 500, seed: 42 },
  );
  assertEquals([...kinds].sort(), [
    "drop-artifact",
    "purge-experiment",
    "purge-logged-model",
    "purge-run",
    "quarantine-orphan",
    "soft-delete-run",
    "thin-metric",
  ]);
});

Deno.test("parsePlan() reads the plan of any task", () => {
  for (const task of ["prune", "cleanup", "repair"] as const) {
    const policy = task === "repair" ? DEFAULT_REPAIR : PLAN.policy;
    const totals = { ...PLAN.totals, ...(task === "repair" ? { repairs: 0 } : {}) };
    const plan = { ...PLAN, task, schema: `mltidy/${task}/v1`, policy, totals };
    assertEquals(parsePlan(JSON.stringify(plan), "plan.json").task, task);
  }
});

Deno.test("parsePlan() refuses what is not JSON, and keeps the cause", () => {
  const error = assertThrows(() => parsePlan("{oops", "my.json"), PlanFormatError);
  assertEquals(error.message, `Cannot apply my.json: it is not JSON`);
  assertEquals(error.cause instanceof SyntaxError, true);
  assertEquals(refusal(""), `Cannot apply plan.json: it is not JSON`);
});

Deno.test("parsePlan() refuses another schema, and says which it found", () => {
  const found = (value: unknown) => {
    const schemas = ["prune", "cleanup", "move", "merge", "repair"].map((task) =>
      `"mltidy/${task}/v1"`
    );
    const [, what] = new RegExp(`expected schema ${schemas.join(" or ")}, found (.*)`)
      .exec(refusal(value))!;
    return what;
  };
  assertEquals(
    [{}, { ...PLAN, schema: "mltidy/cleanup/v0" }, { ...PLAN, schema: 1 }, null, [PLAN], 7]
      .map(found),
    ["none", '"mltidy/cleanup/v0"', "1", "no object", "no object", "no object"],
  );
  assertEquals(
    refusal({ ...PLAN, schema: "mltidy/cleanup/v2" }),
    'Cannot apply plan.json: expected schema "mltidy/cleanup/v1", found "mltidy/cleanup/v2": a newer version of mltidy made it; use that one, or plan again',
  );
});

Deno.test("parsePlan() refuses a plan that lacks what acting depends on", () => {
  const cases = {
    "expected a text in store": { ...PLAN, store: 1 },
    "expected a text in basis": { ...PLAN, basis: null },
    "its task does not fit its schema": { ...PLAN, task: "prune" },
    "expected epoch milliseconds in plannedAt": { ...PLAN, plannedAt: "today" },
    "expected an object in policy": { ...PLAN, policy: [] },
    "expected an object in experiments": { ...PLAN, experiments: undefined },
    "expected texts in experiments": { ...PLAN, experiments: { "1": null } },
    "expected an object in totals": { ...PLAN, totals: undefined },
    "expected a number in totals.keptRuns": {
      ...PLAN,
      totals: { ...PLAN.totals, keptRuns: undefined },
    },
    "expected a number in totals.dropArtifacts": {
      ...PLAN,
      totals: { ...PLAN.totals, dropArtifacts: "1" },
    },
    "expected a number in totals.thinMetrics": {
      ...PLAN,
      totals: { ...PLAN.totals, thinMetrics: "1" },
    },
    "expected bytes and files in totals.usage": {
      ...PLAN,
      totals: { ...PLAN.totals, usage: undefined },
    },
    "expected bytes and files in totals.later": {
      ...PLAN,
      totals: { ...PLAN.totals, later: { bytes: 1 } },
    },
    "its policy is none": { ...PLAN, policy: { ...PLAN.policy, retention: { rules: 1 } } },
    "its budget is none": { ...PLAN, budget: {} },
    "its reviewed plan is none": {
      ...PLAN,
      reviewed: { plannedAt: 0, lapsed: [{ kind: "purge-run", path: "1/a", because: "kept" }] },
    },
    "its stops are none": { ...PLAN, stops: [{ kind: "max-time" }] },
    "expected a list in actions": { ...PLAN, actions: {} },
    "expected a list in kept": { ...PLAN, kept: null },
  };
  assertEquals(
    Object.values(cases).map(refusal),
    Object.keys(cases).map((why) => `Cannot apply plan.json: ${why}`),
  );
});

Deno.test("parsePlan() refuses numbers that no plan has", () => {
  const { usage } = PLAN.totals;
  const [first, ...others] = PLAN.actions;
  const acting = (changes: object) => ({ ...PLAN, actions: [{ ...first, ...changes }, ...others] });
  const cases: readonly (readonly [why: string, plan: unknown])[] = [
    ...[1e308, -1, 8.64e15 + 2].map((plannedAt) =>
      ["expected epoch milliseconds in plannedAt", { ...PLAN, plannedAt }] as const
    ),
    ...[-1, 0.5, 2 ** 53].map((keptRuns) =>
      ["expected a number in totals.keptRuns", {
        ...PLAN,
        totals: { ...PLAN.totals, keptRuns },
      }] as const
    ),
    ...[-1, 1.5, 1e300].map((bytes) =>
      ["expected bytes and files in totals.usage", {
        ...PLAN,
        totals: { ...PLAN.totals, usage: { ...usage, bytes } },
      }] as const
    ),
    ["action 1 does not say what leaves the store", acting({ usage: { bytes: -1, files: 0 } })],
    [
      "action 1 has a reason that is none",
      acting({ reasons: [{ ...first!.reasons[0], age: 1e300 }] }),
    ],
    ["its policy is none", { ...PLAN, policy: { ...PLAN.policy, olderThan: -1 } }],
    ["its policy is none", { ...PLAN, policy: { ...PLAN.policy, settle: "never" } }],
    ["its policy is none", { ...PLAN, policy: { ...PLAN.policy, quarantineOrphans: 1 } }],
  ];
  for (const [why, plan] of cases) {
    assertEquals(refusal(plan), `Cannot apply plan.json: ${why}`);
  }
});

Deno.test("parsePlan() refuses the policy of a repair that nobody could have asked for", () => {
  const { store, basis, plannedAt, experiments } = PLAN;
  const totals = { ...PLAN.totals, repairs: 0 };
  const empty = { store, basis, plannedAt, experiments, totals, actions: [], kept: [] };
  const head = { ...empty, schema: "mltidy/repair/v1", task: "repair" };
  const policies = [
    { settle: -1 },
    { staleAfter: null },
    { finishAs: "FINISHED" },
    { relocate: { from: 1 } },
    { relocate: undefined },
  ];
  assertEquals(parsePlan(JSON.stringify({ ...head, policy: DEFAULT_REPAIR }), "").actions, []);
  for (const policy of policies) {
    const plan = { ...head, policy: { ...DEFAULT_REPAIR, ...policy } };
    assertEquals(refusal(plan), `Cannot apply plan.json: its policy is none`);
  }
  const uncounted = { ...head, policy: DEFAULT_REPAIR, totals: PLAN.totals };
  assertEquals(refusal(uncounted), `Cannot apply plan.json: expected a number in totals.repairs`);
});

Deno.test("parsePlan() refuses what is nested deeper than any plan, and no text with brackets in it", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const why = "expected at most 64 levels of nesting";
  for (const text of ["[".repeat(100_000), `{"schema":${deep(64)}}`]) {
    assertEquals(refusal(text), `Cannot apply plan.json: ${why}`);
  }
  const named = { ...PLAN, experiments: { "1": `"${"[{".repeat(100)}\\"` } };
  assertEquals(parsePlan(JSON.stringify(named), "plan.json"), named);
});

Deno.test("parsePlan() refuses an action that nobody could carry out, and numbers it", () => {
  const [first, ...others] = PLAN.actions;
  const cases = {
    "is no object": "purge everything",
    'is of an unknown kind "purge-store"': { ...first, kind: "purge-store" },
    "has no path": { ...first, path: undefined },
    "has no stamp": { ...first, stamp: "" },
    "has no name": { ...first, name: null },
    "does not say what leaves the store": { ...first, usage: undefined },
    "has no reason": { ...first, reasons: [] },
    "has a reason that is none": { ...first, reasons: [{ kind: "old" }] },
    "does not say which runs go with it": { ...PLAN.actions[2], runIds: [1] },
    "does not say whether its run has a tag": {
      ...first,
      kind: "drop-artifact",
      path: `${first!.path}/artifacts/x`,
    },
    "does not name its run and experiment": { ...first, experimentId: undefined },
    "does not name its experiment": { ...PLAN.actions[2], experimentId: 1 },
    "does not say which directories it makes": {
      ...first,
      kind: "create-dirs",
      directories: ["1/a/metrics", "1/a/../../outside"],
    },
    "does not say where artifacts are kept": { ...first, kind: "create-experiment", path: "0" },
    "does not say whether its record is new": {
      ...first,
      kind: "write-meta",
      file: "meta.yaml",
      text: "",
      tag: null,
    },
  };
  assertEquals(
    Object.values(cases).map((action) => refusal({ ...PLAN, actions: [...others, action] })),
    Object.keys(cases).map((why) => `Cannot apply plan.json: action 4 ${why}`),
  );
});

Deno.test("parsePlan() refuses what is kept where nobody could say what or why, and numbers it", () => {
  const [first, ...others] = PLAN.kept;
  const cases = {
    "is no object": null,
    'is of an unknown kind "toString"': { ...first, kind: "toString" },
    "has no path": { ...first, path: 1 },
    "has no name": { ...first, name: undefined },
    "has no reason": { ...first, reasons: undefined },
    "has a reason that is none": { ...first, reasons: [{ kind: "registered" }] },
  };
  assertEquals(others.length, 0);
  assertEquals(
    Object.values(cases).map((kept) => refusal({ ...PLAN, kept: [first, kept] })),
    Object.keys(cases).map((why) => `Cannot apply plan.json: what is kept, 2, ${why}`),
  );
});

Deno.test("parsePlan() refuses whatever the plan lacks without which it cannot be shown", () => {
  const whole = JSON.parse(JSON.stringify(PLAN));
  for (const path of placesIn(whole)) {
    const text = JSON.stringify(without(whole, path));
    let plan;
    try {
      plan = parsePlan(text, "plan.json");
    } catch (error) {
      assert(error instanceof PlanFormatError, `${error}`);
      continue;
    }
    renderPlan(plan, { all: true });
    renderMarkdown(plan, { all: true });
  }
});

/** The path of every value in a document. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const within = Object.entries(value).flatMap(([key, each]) => placesIn(each, [...path, key]));
  return [path, ...within].filter(({ length }) => length > 0);
}

function without(value: unknown, [key = "", ...rest]: readonly string[]): unknown {
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  const left = rest.length === 0 ? others : { ...others, [key]: without(inner, rest) };
  return Array.isArray(value) ? Object.values(left) : left;
}

Deno.test("parsePlan() refuses a path that leads out of the store", () => {
  const paths = ["../other", "/etc", "1/../../other", ".", "", "1//2", "1/\0"];
  const [first] = PLAN.actions;
  assertEquals(
    paths.map((path) => refusal({ ...PLAN, actions: [{ ...first, path }] })),
    paths.map((path) =>
      `Cannot apply plan.json: action 1 has a path that is none of a store: ${JSON.stringify(path)}`
    ),
  );
});
