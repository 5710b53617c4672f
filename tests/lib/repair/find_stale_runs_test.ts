import { assertEquals } from "@std/assert";
import type { RunEvidence } from "../../../lib/plan/repair_action.ts";
import { findStaleRuns } from "../../../lib/repair/find_stale_runs.ts";
import type { Experiment, Run } from "../../../lib/store/snapshot.ts";
import {
  DAY,
  experiment,
  NOW,
  run,
  runId,
  type RunInit,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const WEEK = 7 * DAY;

function evidence(newestChange: number): RunEvidence {
  return {
    lacks: [],
    blocked: [],
    tags: new Map(),
    points: null,
    oldestFile: null,
    newestFile: null,
    newestChange,
  };
}

/** A run that has not ended. */
function unfinished(number: number, parent: number | null = null, init: RunInit = {}): Run {
  return run({
    id: runId(number),
    status: "RUNNING",
    startTime: NOW - 90 * DAY,
    endTime: null,
    tags: parent === null ? {} : { "mlflow.parentRunId": runId(parent) },
    ...init,
  });
}

/** Numbers of the runs that are stale after a week → days since their last sign of life. */
function staleOf(
  experiments: readonly Experiment[],
  /** Number of a run → days since its last change. */
  silences: Readonly<Record<number, number>>,
): Readonly<Record<number, number>> {
  const changes = new Map(
    Object.entries(silences).map(([number, days]) => [runId(Number(number)), NOW - days * DAY]),
  );
  const runs = new Map(
    experiments.flatMap((each) => each.runs).flatMap(({ id, path }) => {
      const change = changes.get(id);
      return change === undefined ? [] : [[`${path}`, evidence(change)] as const];
    }),
  );
  const options = { staleAfter: WEEK, now: NOW };
  const found = findStaleRuns(deepFreeze(snapshot({ experiments })), { runs }, options);
  return Object.fromEntries(
    found.map(({ run: { id }, lastSign }) => [parseInt(id, 16), (NOW - lastSign) / DAY]),
  );
}

Deno.test("findStaleRuns() finds what has not ended and is silent for the limit, or longer", () => {
  const runs = [1, 2, 3].map((number) => unfinished(number));
  const scheduled = unfinished(4, null, { status: "SCHEDULED" });
  assertEquals(staleOf([experiment({ runs: [...runs, scheduled] })], { 1: 7, 2: 6, 3: 30, 4: 8 }), {
    1: 7,
    3: 30,
    4: 8,
  });
});

Deno.test("findStaleRuns() leaves what has ended, is linked, or was not looked into", () => {
  const runs = [
    unfinished(1, null, { status: "FINISHED" }),
    unfinished(3, null, { link: true }),
    unfinished(4),
  ];
  const silences = { 1: 30, 2: 30, 3: 30, 5: 30, 6: 30 };
  assertEquals(
    staleOf([
      experiment({ id: "1", runs }),
      experiment({ id: "2", name: "linked", link: true, runs: [unfinished(5)] }),
    ], silences),
    {},
  );
});

Deno.test("findStaleRuns() finds what is deleted, too, which would never leave the store else", () => {
  const deleted = { lifecycleStage: "deleted", deletedTime: NOW - DAY } as const;
  assertEquals(
    staleOf([
      experiment({ id: "1", runs: [unfinished(1, null, deleted)] }),
      experiment({ id: "2", name: "gone", lifecycleStage: "deleted", runs: [unfinished(2)] }),
    ], { 1: 30, 2: 40 }),
    { 1: 30, 2: 40 },
  );
});

Deno.test("findStaleRuns() takes a start for a sign of life", () => {
  const runs = [unfinished(1, null, { startTime: NOW - DAY })];
  assertEquals(staleOf([experiment({ runs })], { 1: 30 }), {});
});

Deno.test("findStaleRuns() keeps a parent alive by its children's, also in other experiments", () => {
  const parents = experiment({ id: "1", runs: [unfinished(1), unfinished(2, 1), unfinished(5)] });
  const children = experiment({ id: "2", name: "two", runs: [unfinished(3, 2), unfinished(4, 5)] });
  assertEquals(staleOf([parents, children], { 1: 40, 2: 30, 3: 1, 4: 20, 5: 60 }), {
    4: 20,
    5: 20,
  });
});

Deno.test("findStaleRuns() comes to an end where runs are each other's parents", () => {
  const runs = [unfinished(1, 2), unfinished(2, 1), unfinished(3, 3)];
  assertEquals(staleOf([experiment({ runs })], { 1: 30, 2: 20, 3: 10 }), { 1: 20, 2: 20, 3: 10 });
});

Deno.test("findStaleRuns() follows 10,000 generations", () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const runs = numbers.map((number) => unfinished(number, number === 1 ? null : number - 1));
  const silences = Object.fromEntries(numbers.map((number) => [number, 30]));
  const experiments = [experiment({ runs })];
  assertEquals(Object.keys(staleOf(experiments, silences)).length, 10_000);
  assertEquals(staleOf(experiments, { ...silences, 10_000: 1 }), {});
});

Deno.test("findStaleRuns() takes for alive what nothing is known of, and what that belongs to", () => {
  const runs = [unfinished(1), unfinished(2, 1), unfinished(3)];
  assertEquals(staleOf([experiment({ runs })], { 1: 30, 3: 30 }), { 3: 30 });
});
