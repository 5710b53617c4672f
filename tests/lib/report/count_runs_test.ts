import { assertEquals } from "@std/assert";
import { countRuns } from "../../../lib/report/count_runs.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { deletedRun, experiment, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const store = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "1",
      runs: [run({ id: runId(1) }), run({ id: runId(2) }), deletedRun({ id: runId(3) })],
    }),
    experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(4) })] }),
  ],
}));
const at = (path: string) => ({ path: asStorePath(path) });

Deno.test("countRuns() counts a run of a deleted experiment as deleted", () => {
  assertEquals(countRuns(store), { active: 2, deleted: 2 });
});

Deno.test("countRuns() counts what is left after a change", () => {
  const after = countRuns(store, [
    { kind: "soft-delete-run", ...at(`1/${runId(1)}`) },
    { kind: "purge-run", ...at(`1/${runId(3)}`) },
    { kind: "quarantine-orphan", ...at("9") },
  ]);
  assertEquals(after, { active: 1, deleted: 2 });
  const without = countRuns(store, [{
    kind: "purge-experiment",
    path: store.experiments[1]!.path,
  }]);
  assertEquals(without, { active: 2, deleted: 1 });
});
