import { assertEquals } from "@std/assert";
import { ageBars } from "../../../lib/view/age_bars.ts";
import { DAY, deletedRun, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

Deno.test("ageBars() counts every run once, by its end or else its start, and what is dated later as new", () => {
  const ended = (days: number, index: number) =>
    run({ id: runId(index), startTime: NOW - days * DAY, endTime: NOW - days * DAY });
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({
        runs: [
          ...[-5, 0, 1, 6, 7, 30, 800].map(ended),
          run({ id: runId(20), startTime: NOW - 100 * DAY, endTime: null }),
          deletedRun({ id: runId(21), startTime: NOW - 9 * DAY, endTime: NOW - 8 * DAY }),
        ],
      }),
      experiment({
        id: "2",
        lifecycleStage: "deleted",
        runs: [run({ id: runId(30), startTime: NOW - 8 * DAY, endTime: NOW - 8 * DAY })],
      }),
    ],
  }));
  assertEquals(
    ageBars(store, NOW).filter(({ active, deleted }) => active + deleted > 0)
      .map(({ label, active, deleted }) => [label, active, deleted]),
    [
      ["< 1 d", 2, 0],
      ["1–7 d", 2, 0],
      ["7–30 d", 1, 2],
      ["30–90 d", 1, 0],
      ["90–180 d", 1, 0],
      ["≥ 730 d", 1, 0],
    ],
  );
});
