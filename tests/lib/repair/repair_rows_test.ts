import { assertEquals } from "@std/assert";
import { DEFAULT_REPAIR, type Evidence, NO_EVIDENCE } from "../../../lib/plan/repair_action.ts";
import { simulateRepairs } from "../../../lib/plan/simulate_repairs.ts";
import { planRepair } from "../../../lib/repair/plan_repair.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import {
  DAY,
  experiment,
  NOW,
  problem,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const RUN = asStorePath(`1/${runId(1)}`);
const silent = run({ id: runId(1), status: "RUNNING", startTime: NOW - 40 * DAY, endTime: null });

function database(init: SnapshotInit): StoreSnapshot<"full"> {
  const backend = { artifactRoot: null, revision: null };
  return deepFreeze({ ...snapshot({ ...init, backend }), depth: "full" });
}

function evidence(newestChange: number): Evidence {
  const told = { lacks: [], blocked: [], tags: new Map(), points: null };
  return {
    ...NO_EVIDENCE,
    runs: new Map([[RUN, { ...told, oldestFile: null, newestFile: null, newestChange }]]),
    stamps: new Map([[RUN, "stamp"]]),
    dangling: [{ table: asStorePath("inputs"), rows: 1_200, stamp: "1200:7:9" }],
  };
}

const STORE = database({
  experiments: [experiment({ id: "1", runs: [silent] })],
  problems: [
    problem({ path: RUN, subject: "run", damage: "stale" }),
    problem({ path: "inputs", subject: "database", damage: "unused" }),
  ],
});

Deno.test("planRepair() ends the stale runs of a database, and purges rows of runs that are gone", () => {
  const plan = planRepair(STORE, evidence(NOW - 30 * DAY), DEFAULT_REPAIR, { now: NOW });
  assertEquals([plan.actions, plan.kept], [[
    {
      kind: "finish-stale-run",
      path: RUN,
      name: silent.name,
      changes: { end_time: NOW - 30 * DAY, status: 4 },
      reasons: [{
        kind: "silent",
        status: "RUNNING",
        time: NOW - 30 * DAY,
        age: 30 * DAY,
        limit: 7 * DAY,
      }],
      usage: { bytes: 0, files: 0 },
      stamp: "stamp",
    },
    {
      kind: "purge-dangling-rows",
      path: asStorePath("inputs"),
      name: "inputs",
      rows: 1_200,
      reasons: [{ kind: "broken", message: "1,200 rows belong to runs that are gone" }],
      usage: { bytes: 0, files: 0 },
      stamp: "1200:7:9",
    },
  ], []]);
  const after = simulateRepairs(STORE, plan.actions);
  const [ended] = after.experiments[0]!.runs;
  assertEquals([ended!.status, after.problems], ["FAILED", []]);
});

Deno.test("planRepair() leaves a run of a database that has logged lately", () => {
  const { actions } = planRepair(STORE, evidence(NOW - DAY), DEFAULT_REPAIR, { now: NOW });
  assertEquals(actions.map(({ kind }) => kind), ["purge-dangling-rows"]);
});

Deno.test("planRepair() says what of a repair a store cannot carry out", () => {
  const kinds = new Set(["finish-stale-run"] as const);
  const told = evidence(NOW - 30 * DAY);
  const plan = planRepair(STORE, told, DEFAULT_REPAIR, { now: NOW, kinds });
  assertEquals([plan.actions.map(({ kind }) => kind), plan.kept], [["finish-stale-run"], [{
    kind: "damage",
    path: asStorePath("inputs"),
    name: "inputs",
    reasons: [{ kind: "not-supported" }],
  }]]);
});

Deno.test("planRepair() leaves to its owner what nothing proves of a database", () => {
  const store = database({
    problems: [
      problem({ path: "database", subject: "database", damage: "unreadable" }),
      { ...problem({ path: "tags", subject: "database", damage: "dangling" }), mendable: false },
      problem({ path: RUN, subject: "run", damage: "incomplete" }),
      problem({ path: "1/models/m-1", subject: "logged-model", damage: "missing-folder" }),
      { ...problem({ path: "inputs", subject: "database", damage: "unused" }), mendable: false },
    ],
  });
  const { actions, kept } = planRepair(store, NO_EVIDENCE, DEFAULT_REPAIR, { now: NOW });
  assertEquals(actions, []);
  assertEquals(
    kept.map(({ path, reasons: [reason] }) => [
      `${path}`,
      reason.kind === "needs-choice" ? reason.choices.length : reason.kind,
    ]),
    [[RUN, 1], ["1/models/m-1", 2], ["database", 2], ["tags", 2]],
  );
});
