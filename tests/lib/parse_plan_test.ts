import { assertEquals, assertThrows } from "@std/assert";
import { StalePlanError } from "../../lib/errors.ts";
import { parsePlan } from "../../lib/parse_plan.ts";
import { planCleanup } from "../../lib/plan_cleanup.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  orphan,
  run,
  runId,
  snapshot,
} from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";

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
  return assertThrows(() => parsePlan(text, "plan.json"), StalePlanError).message;
}

const HINT = "; make a plan with deno task cleanup --json > plan.json";

Deno.test("parsePlan() gives back the plan that was printed", () => {
  assertEquals(PLAN.actions.length, 4);
  assertEquals(parsePlan(JSON.stringify(PLAN), "plan.json"), PLAN);
  assertEquals(parsePlan(`\n${JSON.stringify(PLAN, null, 2)}\n`, "plan.json"), PLAN);
});

Deno.test("parsePlan() reads the plan of any task", () => {
  for (const task of ["prune", "cleanup", "repair"] as const) {
    const plan = { ...PLAN, task, schema: `mltidy/${task}/v1` };
    assertEquals(parsePlan(JSON.stringify(plan), "plan.json").task, task);
  }
});

Deno.test("parsePlan() refuses what is not JSON, and keeps the cause", () => {
  const error = assertThrows(() => parsePlan("{oops", "my.json"), StalePlanError);
  assertEquals(error.message, `Cannot apply my.json: it is not JSON${HINT}`);
  assertEquals(error.cause instanceof SyntaxError, true);
  assertEquals(refusal(""), `Cannot apply plan.json: it is not JSON${HINT}`);
});

Deno.test("parsePlan() refuses another schema, and says which it found", () => {
  const found = (value: unknown) => {
    const schemas = ["prune", "cleanup", "repair"].map((task) => `"mltidy/${task}/v1"`);
    const [, what] = new RegExp(`expected schema ${schemas.join(" or ")}, found (.*);`)
      .exec(refusal(value))!;
    return what;
  };
  assertEquals(
    [{}, { ...PLAN, schema: "mltidy/cleanup/v2" }, { ...PLAN, schema: 1 }, null, [PLAN], 7]
      .map(found),
    ["none", '"mltidy/cleanup/v2"', "1", "no object", "no object", "no object"],
  );
});

Deno.test("parsePlan() refuses a plan that lacks what acting depends on", () => {
  const cases = {
    "expected a text in store": { ...PLAN, store: 1 },
    "expected a text in basis": { ...PLAN, basis: null },
    "its task does not fit its schema": { ...PLAN, task: "prune" },
    "expected epoch milliseconds in plannedAt": { ...PLAN, plannedAt: "today" },
    "expected a list in actions": { ...PLAN, actions: {} },
    "expected a list in kept": { ...PLAN, kept: null },
  };
  assertEquals(
    Object.values(cases).map(refusal),
    Object.keys(cases).map((why) => `Cannot apply plan.json: ${why}${HINT}`),
  );
});

Deno.test("parsePlan() refuses an action that nobody could carry out, and numbers it", () => {
  const [first, ...others] = PLAN.actions;
  const cases = {
    "is no object": "purge everything",
    'is of an unknown kind "purge-store"': { ...first, kind: "purge-store" },
    "has no path": { ...first, path: undefined },
    "has no stamp": { ...first, stamp: "" },
    "has no reason": { ...first, reasons: [] },
  };
  assertEquals(
    Object.values(cases).map((action) => refusal({ ...PLAN, actions: [...others, action] })),
    Object.keys(cases).map((why) => `Cannot apply plan.json: action 4 ${why}${HINT}`),
  );
});

Deno.test("parsePlan() refuses a path that leads out of the store", () => {
  const paths = ["../other", "/etc", "1/../../other", ".", "", "1//2", "1/\0"];
  const [first] = PLAN.actions;
  assertEquals(
    paths.map((path) => refusal({ ...PLAN, actions: [{ ...first, path }] })),
    paths.map((path) =>
      `Cannot apply plan.json: action 1 has a path that is none of a store: ${
        JSON.stringify(path)
      }${HINT}`
    ),
  );
});
