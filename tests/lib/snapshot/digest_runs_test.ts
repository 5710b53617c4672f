import { assertEquals, assertNotEquals } from "@std/assert";
import { digestRuns } from "../../../lib/snapshot/digest_runs.ts";
import { sumDigests } from "../../../lib/snapshot/fingerprint.ts";
import type { RunExtras } from "../../../lib/store/extras.ts";
import type { Run } from "../../../lib/store/snapshot.ts";
import { run, runId } from "../../_support/builders.ts";

const RUNS = [1, 2, 3].map((number) => run({ id: runId(number), tags: { team: "vision" } }));

Deno.test("digestRuns() does not mind the order of runs, nor where they are cut in two", () => {
  const whole = digestRuns(RUNS);
  assertEquals(digestRuns(RUNS.toReversed()), whole);
  assertEquals(sumDigests([digestRuns(RUNS.slice(0, 1)), digestRuns(RUNS.slice(1))]), whole);
});

Deno.test("digestRuns() changes with everything that a plan depends on", () => {
  const extras: RunExtras = {
    metrics: new Map([["f1", { latest: 0.5, least: 0.5, greatest: 0.5 }]]),
    params: new Map([["lr", "0.1"]]),
    inputs: ["m-1"],
    heavy: [],
  };
  const [first, ...others] = RUNS;
  const changes: readonly Partial<Run>[] = [
    { id: run({ id: runId(9) }).id },
    { experimentId: run({ experimentId: "9" }).experimentId },
    { stamp: "other" },
    { status: "KILLED" },
    { lifecycleStage: "deleted" },
    { startTime: 1 },
    { endTime: null },
    { tags: new Map([["team", "speech"]]) },
    { tags: new Map([["teamv", "ision"]]) },
    { extras },
    { extras: { ...extras, params: new Map([["lr", "0.2"]]) } },
    { extras: { ...extras, inputs: [] } },
    { extras: { ...extras, metrics: new Map() } },
  ];
  const digests = changes.map((change) => digestRuns([{ ...first!, ...change }, ...others]).join());
  assertEquals(new Set([...digests, digestRuns(RUNS).join()]).size, changes.length + 1);
  assertNotEquals(digestRuns(RUNS), digestRuns(others));
});
