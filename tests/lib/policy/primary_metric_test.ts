import { assertEquals, assertThrows } from "@std/assert";
import { bestRun, primaryMetric } from "../../../lib/policy/primary_metric.ts";

Deno.test("primaryMetric() is f1, and more is better, where nothing else is said", () => {
  const f1 = { name: "f1", mode: "max" } as const;
  assertEquals(
    [undefined, null, {}, { primaryMetric: null }, { primaryMetric: {} }].map(primaryMetric),
    [
      f1,
      f1,
      f1,
      f1,
      f1,
    ],
  );
});

Deno.test("primaryMetric() takes what is said and defaults the rest", () => {
  assertEquals(primaryMetric({ primaryMetric: "auc" }), { name: "auc", mode: "max" });
  assertEquals(primaryMetric({ primaryMetric: { mode: "min" } }), { name: "f1", mode: "min" });
});

Deno.test("primaryMetric() refuses what makes no sense, with what it expected", () => {
  assertThrows(
    () => primaryMetric({ primaryMetric: { name: "loss", mode: "less" as never } }),
    RangeError,
    'Cannot use primary metric loss: expected max or min as mode, found "less"',
  );
  assertThrows(() => primaryMetric({ primaryMetric: "" }), RangeError, "expected a metric's key");
});

Deno.test("bestRun() passes over runs without a finite value, and takes the first of equals", () => {
  const runs = [
    { id: "none", value: null },
    { id: "nan", value: NaN },
    { id: "diverged", value: Infinity },
    { id: "low", value: -1 },
    { id: "high", value: 0.9 },
    { id: "equal", value: 0.9 },
  ];
  assertEquals(bestRun(runs, { name: "f1", mode: "max" })?.id, "high");
  assertEquals(bestRun(runs, { name: "loss", mode: "min" })?.id, "low");
  assertEquals(bestRun(runs.slice(0, 3), { name: "f1", mode: "max" }), null);
  assertEquals(bestRun([], { name: "f1", mode: "max" }), null);
});
