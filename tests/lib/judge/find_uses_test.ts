import { assertEquals } from "@std/assert";
import { findUses, sourceRuns } from "../../../lib/judge/find_uses.ts";
import type { TraceUse } from "../../../lib/store/extras.ts";
import { experiment, loggedModel, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const MODELS = [loggedModel({ id: "m-1", sourceRunId: runId(1) }), loggedModel({ id: "m-2" })];
const NOBODY: TraceUse = { trace: "tr-1", assessment: null, runId: null, modelId: null };

function uses(
  traceUses: readonly Partial<TraceUse>[],
  lifecycleStage: "active" | "deleted" = "active",
) {
  const store = deepFreeze(snapshot({
    experiments: [{
      ...experiment({ lifecycleStage, loggedModels: MODELS }),
      traceUses: traceUses.map((use) => ({ ...NOBODY, ...use })),
    }],
  }));
  return Object.fromEntries(
    [...findUses(store)].map(([id, found]) => [id, found.map(({ reason }) => reason)]),
  );
}

Deno.test("findUses() finds what traces, assessments and the models of traces come from", () => {
  assertEquals(uses([{ runId: runId(3) }]), {
    [runId(3)]: [{ kind: "trace-source", trace: "tr-1" }],
  });
  assertEquals(uses([{ runId: runId(3), assessment: "a-1" }]), {
    [runId(3)]: [{ kind: "assessment-source", trace: "tr-1", assessment: "a-1" }],
  });
  assertEquals(uses([{ modelId: "m-1" }, { modelId: "m-2" }, { modelId: "m-3" }]), {
    [runId(1)]: [{ kind: "logged-model-in-use", model: "m-1", trace: "tr-1" }],
  });
});

Deno.test("findUses() tells one use of each kind, the first by name", () => {
  assertEquals(uses([{ trace: "tr-2", runId: runId(3) }, { trace: "tr-1", runId: runId(3) }]), {
    [runId(3)]: [{ kind: "trace-source", trace: "tr-1" }],
  });
});

Deno.test("findUses() passes over a deleted experiment: MLflow shows nothing of it", () => {
  assertEquals(uses([{ runId: runId(3) }], "deleted"), {});
});

Deno.test("sourceRuns() names every run that a logged model of that id comes from", () => {
  const copy = loggedModel({ id: "m-1", experimentId: "2", sourceRunId: runId(9) });
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({ id: "1", loggedModels: MODELS }),
      experiment({ id: "2", loggedModels: [copy] }),
    ],
  }));
  assertEquals(sourceRuns(store), new Map([["m-1", [runId(1), runId(9)]]]));
});
