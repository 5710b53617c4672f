import { assertEquals } from "@std/assert";
import { isActionReason, isKeepReason, isStop } from "../../../lib/plan/reason_shape.ts";

const OLDER = { kind: "older-than", field: "end_time", time: 1, age: 2, limit: 1 };
const BEST = {
  kind: "keep-best",
  metric: "f1",
  mode: "max",
  over: "latest",
  per: { key: "model", value: "cnn" },
  rank: null,
  of: 3,
  n: 1,
};
const NOT_KEPT = { kind: "not-kept", rule: "retention", time: 1, age: 2, standings: [BEST] };

Deno.test("isActionReason() needs all that a kind has, and no reason to stay", () => {
  assertEquals([OLDER, NOT_KEPT, { ...NOT_KEPT, standings: [] }].map(isActionReason), [
    true,
    true,
    true,
  ]);
  const others = [
    null,
    "older-than",
    {},
    { kind: "toString" },
    { ...OLDER, limit: "30d" },
    { ...NOT_KEPT, standings: undefined },
    { ...NOT_KEPT, standings: [{ ...BEST, per: "model" }] },
    BEST,
  ];
  assertEquals(others.filter(isActionReason), []);
});

Deno.test("isKeepReason() takes what JSON makes of infinity, and a stage that is not there", () => {
  const registered = { kind: "registered", model: "churn", version: "1", aliases: ["best"] };
  const reasons = [
    BEST,
    { kind: "younger-than", age: 1, limit: null },
    { kind: "no-rule" },
    { kind: "database-refers", database: "/data/mlflow.db", row: "run", id: "a" },
    registered,
    { ...registered, stage: "Production" },
  ];
  assertEquals(reasons.filter((reason) => !isKeepReason(reason)), []);
  const others = [OLDER, { ...registered, aliases: "best" }, { ...registered, stage: 1 }];
  assertEquals(others.filter(isKeepReason), []);
});

Deno.test("isStop() knows the limits of a plan", () => {
  const emptied = { kind: "empties-protected", experiment: "1", name: "churn", removes: 2 };
  assertEquals(isStop({ kind: "max-runs", removes: 2, limit: 1 }), true);
  assertEquals([{ ...emptied, group: null }, { ...emptied, group: "a" }].map(isStop), [true, true]);
  assertEquals(isStop({ kind: "database-unreadable", database: "/x.db", message: "" }), true);
  assertEquals(isStop({ kind: "partial-view", server: "http://host", account: null }), true);
  assertEquals(isStop({ kind: "partial-view", server: "http://host", account: 1 }), false);
  assertEquals([emptied, { kind: "max-runs" }].map(isStop), [false, false]);
});
