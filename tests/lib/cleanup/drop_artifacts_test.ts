import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { readingOf } from "../../../lib/policy/policy.ts";
import { asRunId, asStorePath } from "../../../lib/store/path.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const POLICY = policyOf(
  readConfig("retention: { keep_last: 9 }\npurge: { artifacts_only: checkpoints/* }", "test"),
);

Deno.test("dropArtifacts() says of each heavy file alone whether its run has a tag already", () => {
  const { extras } = readingOf(POLICY);
  const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  const nothing = { metrics: new Map(), params: new Map(), inputs: [] };
  const runs = [1, 2].map((number) =>
    run({
      id: runId(number),
      ...old,
      tags: number === 2 ? { "mltidy.artifacts_dropped": "2026-10-01T00:00:00.000Z" } : {},
      extras: {
        ...nothing,
        heavy: ["a", "b", "c"].map((name) => ({
          path: asStorePath(`1/${runId(number)}/artifacts/checkpoints/${name}`),
          usage: { bytes: 1, files: 1 },
          stamp: name,
        })),
      },
    })
  );
  const store = deepFreeze(snapshot({ experiments: [experiment({ id: "1", runs })], extras }));
  const { actions } = planCleanup(store, POLICY, { now: NOW });
  assertEquals(
    actions.map((action) => action.kind === "drop-artifact" ? [action.runId, action.tagged] : []),
    [1, 1, 1, 2, 2, 2].map((number) => [asRunId(runId(number)), number === 2]),
  );
});
