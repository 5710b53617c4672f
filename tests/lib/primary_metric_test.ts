import { assertEquals, assertThrows } from "@std/assert";
import { bestRun, latestValue, primaryMetric } from "../../lib/primary_metric.ts";

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

Deno.test("bestRun() passes over runs without the metric, and takes the first of equals", () => {
  const runs = [
    { id: "none", value: null },
    { id: "nan", value: NaN },
    { id: "low", value: -1 },
    { id: "high", value: 0.9 },
    { id: "equal", value: 0.9 },
  ];
  assertEquals(bestRun(runs, { name: "f1", mode: "max" })?.id, "high");
  assertEquals(bestRun(runs, { name: "loss", mode: "min" })?.id, "low");
  assertEquals(bestRun(runs.slice(0, 2), { name: "f1", mode: "max" }), null);
  assertEquals(bestRun([], { name: "f1", mode: "max" }), null);
});

Deno.test("latestValue() takes the greatest step, then time, then value, as MLflow does", () => {
  assertEquals(latestValue("9 0.1 0\n3 0.5 2\n2 0.9 2\n3 0.6 2\n8 0.2 1\n"), 0.6);
  assertEquals(latestValue("17 1e-07\n18 inf\n"), Infinity);
  assertEquals(latestValue("17 -inf 0 iris abc\n"), -Infinity);
  assertEquals(latestValue("17 nan 0\n"), NaN);
});

Deno.test("latestValue() passes over lines that MLflow could not read", () => {
  assertEquals(latestValue(""), null);
  assertEquals(latestValue("17\n\nx 0.5 0\n17 1,5 0\n17 0.5 0 a\n"), null);
  assertEquals(latestValue("17 0.25 0\r\n18 torn"), 0.25);
});
