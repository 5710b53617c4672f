import { assertEquals } from "@std/assert";
import { safeRun } from "../../../tasks/training/run.ts";
import { safeLogArtifact, safeLogMetric, safeLogParam } from "../../../tasks/training/safe_log.ts";
import { trainingStore } from "../../_support/training.ts";

Deno.test("safeLog…() never throws, even when the run is strict", async () => {
  await using training = await trainingStore();
  const { store, root, experimentId } = training;
  await safeRun(store, { experimentId, strict: true, warn: () => {} }, async (run) => {
    const outcomes = [
      await safeLogParam(run, "resampling_enabled", true),
      await safeLogParam(run, "resampling_enabled", true),
      await safeLogParam(run, "resampling_enabled", false),
      await safeLogMetric(run, "f1", 0.5, { step: 1 }),
      await safeLogMetric(run, "f1~", 0.5),
      await safeLogArtifact(run, `${root}/0/meta.yaml`, "copies"),
      await safeLogArtifact(run, `${root}/nothing`),
    ];
    assertEquals(outcomes.map(({ outcome, key, problem }) => [outcome, key, problem?.kind]), [
      ["logged", "resampling_enabled", undefined],
      ["unchanged", "resampling_enabled", undefined],
      ["not-logged", "resampling_enabled", "param-conflict"],
      ["logged", "f1", undefined],
      ["not-logged", "f1~", "bad-key"],
      ["logged", "copies/meta.yaml", undefined],
      ["not-logged", `${root}/nothing`, "artifact"],
    ]);
  });
});

Deno.test("safeLog…() turns what no run should throw into an outcome as well", async () => {
  const broken = {
    logMetric: () => Promise.reject(new TypeError("not a run")),
  } as unknown as Parameters<typeof safeLogMetric>[0];
  assertEquals(await safeLogMetric(broken, "f1", 1), {
    outcome: "not-logged",
    key: "f1",
    problem: { kind: "write-failed", key: "f1", message: "Cannot log f1: TypeError: not a run" },
  });
});
