import { assertEquals } from "@std/assert";
import { byEnd, rankByMetric, rankByPeriod } from "../../../lib/judge/rank_runs.ts";
import type { Period } from "../../../lib/plan/standing.ts";
import type { BestRule } from "../../../lib/policy/policy.ts";
import { DAY, NOW, run, runId } from "../../_support/builders.ts";

const at = (number: number, endTime: number, f1?: number, model?: string) => ({
  ...run({ id: runId(number), endTime }),
  extras: {
    metrics: new Map(
      f1 === undefined ? [] : [["f1", { latest: f1, least: -f1, greatest: f1 + 1 }]],
    ),
    params: new Map(model === undefined ? [] : [["model", model]]),
    inputs: [],
    heavy: [],
  },
});

const best: BestRule = { metric: "f1", mode: "max", n: 1, over: "latest", per: null };

/** Ranks by metric, in the order of the runs. */
function ranks(runs: readonly ReturnType<typeof at>[], rule: Partial<BestRule> = {}) {
  const newestFirst = runs.toSorted(byEnd);
  const standings = rankByMetric(newestFirst, { ...best, ...rule });
  return runs.map((one) => standings[newestFirst.indexOf(one)]!.rank);
}

Deno.test("byEnd() puts the newest first, and of equals the one whose path comes first", () => {
  const runs = [at(3, NOW - DAY), at(1, NOW - DAY), at(2, NOW)];
  assertEquals(runs.toSorted(byEnd), [runs[2], runs[1], runs[0]]);
});

Deno.test("rankByMetric() ranks either way, of equals the newer first", () => {
  const runs = [at(1, NOW - DAY, 0.5), at(2, NOW, 0.5), at(3, NOW, 0.9)];
  assertEquals(ranks(runs), [3, 2, 1]);
  assertEquals(ranks(runs, { mode: "min" }), [2, 1, 3]);
});

Deno.test("rankByMetric() ranks no run without a finite value", () => {
  const standIn = 1.7976931348623157e308;
  const runs = [at(1, NOW, NaN), at(2, NOW, standIn), at(3, NOW), at(4, NOW, 0.1)];
  assertEquals(ranks(runs), [null, null, null, 1]);
});

Deno.test("rankByMetric() compares the best of a history, which may be another run's latest", () => {
  const runs = [
    { ...at(1, NOW, 0.5) },
    {
      ...at(2, NOW),
      extras: {
        ...at(2, NOW).extras,
        metrics: new Map([["f1", { latest: NaN, least: -3, greatest: 9 }]]),
      },
    },
  ];
  assertEquals(ranks(runs, { over: "history" }), [2, 1]);
  assertEquals(ranks(runs, { over: "history", mode: "min" }), [2, 1]);
  assertEquals(ranks(runs), [1, null]);
});

Deno.test("rankByMetric() compares only runs of the same parameter or tag", () => {
  const runs = [
    at(1, NOW, 0.9, "cnn"),
    at(2, NOW, 0.8, "gru"),
    at(3, NOW, 0.7, "cnn"),
    at(4, NOW, 0.1),
    { ...at(5, NOW, 0.95), tags: new Map([["model", "gru"]]) },
  ];
  assertEquals(ranks(runs, { per: "model" }), [1, 2, 2, 1, 1]);
});

Deno.test("rankByPeriod() places runs in days, weeks from Monday, and months, all in UTC", () => {
  const times = [
    "2026-10-12T00:00:00Z", // a Monday
    "2026-10-11T23:59:59Z",
    "2026-10-11T00:00:00Z",
    "2026-09-30T23:59:59Z",
  ];
  const runs = times.map((time, index) => at(index + 1, Date.parse(time)));
  const places = (period: Period) =>
    rankByPeriod(runs, period, 1).map(({ rank, newest }) => newest ? rank : -rank);
  assertEquals(["day", "week", "month"].map((period) => places(period as Period)), [
    [1, 2, -2, 3],
    [1, 2, -2, 3],
    [1, -1, -1, 2],
  ]);
});
