import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import {
  type BackupContents,
  resolveScope,
  resolveSelection,
} from "../../../lib/backup/resolve_selection.ts";
import {
  damagedRun,
  deletedRun,
  experiment,
  orphan,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const RUNS = ["3a7bb81", "3a7bb82", "3a7bb83", "3a7bb84", "3a7bb85", "3a7bb86", "ffffff1"];
const CONTENTS: BackupContents = deepFreeze({
  experiments: [
    { id: "420101650667246494", name: "churn" },
    { id: "420101650667246495", name: "twin" },
    { id: "7", name: "twin" },
  ],
  runs: RUNS.map((id) => ({ id })),
});

Deno.test("resolveSelection() takes a name, an id or the beginning of one, and leaves what is not there", () => {
  const pairs = [
    ["churn", "420101650667246494"],
    ["7", "7"],
    ["420101650667246495", "420101650667246495"],
    ["other", "other"],
  ] as const;
  for (const [experiment, id] of pairs) {
    assertEquals(resolveSelection({ experiment }, CONTENTS), { experiment: id });
  }
  assertEquals(resolveSelection({ experiment: "churn", run: "ffffff" }, CONTENTS), {
    experiment: "420101650667246494",
    run: "ffffff1",
  });
  assertEquals(resolveSelection({}, CONTENTS), {});
});

Deno.test("resolveSelection() names a sample of those that may be meant", () => {
  const complaint = (run: string) =>
    assertThrows(() => resolveSelection({ run }, CONTENTS), InvalidArgumentError).message;
  assertEquals(
    complaint("3a7bb8"),
    'Cannot tell which run "3a7bb8" is: expected one of 3a7bb81, 3a7bb82, 3a7bb83, 3a7bb84, 3a7bb85 and 1 more',
  );
  assertThrows(
    () => resolveSelection({ experiment: "twin" }, CONTENTS),
    InvalidArgumentError,
    'Cannot tell which experiment "twin" is: expected one of 420101650667246495, 7',
  );
});

const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "420101650667246494",
      name: "churn",
      runs: [run({ id: runId(1), name: "baseline" }), run({ id: runId(2), name: "twin" })],
      damagedRuns: [damagedRun({ id: `f${runId(3).slice(1)}` })],
    }),
    experiment({
      id: "8",
      lifecycleStage: "deleted",
      runs: [run({ id: runId(1), name: "baseline" }), deletedRun({ id: runId(4), name: "twin" })],
    }),
  ],
  orphans: [orphan({ id: "420101650667246495" })],
}));

Deno.test("resolveScope() finds an experiment, an orphan or a run, wherever it is and whether it can be read", () => {
  const experiment = (id: string) => resolveScope({ kind: "experiment", id }, STORE);
  assertEquals(experiment("churn"), { kind: "experiment", id: "420101650667246494" });
  assertEquals(experiment("420101650667246495"), { kind: "experiment", id: "420101650667246495" });
  assertEquals(experiment("experiment 8"), { kind: "experiment", id: "8" });
  assertEquals(experiment("other"), { kind: "experiment", id: "other" });
  const run = (id: string) => resolveScope({ kind: "run", id }, STORE);
  assertEquals(run("baseline"), { kind: "run", id: runId(1) });
  assertEquals(run("f00000"), { kind: "run", id: `f${runId(3).slice(1)}` });
  assertEquals(resolveScope({ kind: "full" }, STORE), { kind: "full" });
});

Deno.test("resolveScope() names those that may be meant, each once", () => {
  const complaint = (kind: "experiment" | "run", id: string) =>
    assertThrows(() => resolveScope({ kind, id }, STORE), InvalidArgumentError).message;
  assertEquals(
    complaint("experiment", "420101"),
    'Cannot tell which experiment "420101" is: expected one of 420101650667246494, 420101650667246495',
  );
  assertEquals(
    complaint("run", "twin"),
    `Cannot tell which run "twin" is: expected one of ${runId(4)}, ${runId(2)}`,
  );
  assertEquals(
    complaint("run", "000000"),
    `Cannot tell which run "000000" is: expected one of ${[1, 4, 2].map(runId).join(", ")}`,
  );
});
