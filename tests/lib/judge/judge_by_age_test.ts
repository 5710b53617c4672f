import { assertEquals } from "@std/assert";
import {
  judgeDeletedExperiment,
  judgeOrphan,
  judgeRun,
  pinFinder,
} from "../../../lib/judge/judge_by_age.ts";
import { MERGE_MARKS } from "../../../lib/text/git_marks.ts";
import type { Verdict } from "../../../lib/judge/judged.ts";
import type { ActionReason, KeepReason } from "../../../lib/plan/plan.ts";
import type { CleanupPolicy } from "../../../lib/policy/policy.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  type ExperimentInit,
  HOUR,
  NOW,
  orphan,
  type OrphanInit,
  run,
  runId,
  type RunInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const LIMIT = 30 * DAY;
const POLICY: CleanupPolicy = deepFreeze({
  olderThan: LIMIT,
  purgeAfter: LIMIT,
  quarantineOrphans: true,
  settle: HOUR,
});
const NO_RULE: CleanupPolicy = deepFreeze({
  olderThan: null,
  purgeAfter: null,
  quarantineOrphans: false,
  settle: 0,
});
/** Older than the limit by one millisecond. */
const OLD = NOW - LIMIT - 1;

const goes = (reason: ActionReason): Verdict => ({ goes: true, reasons: [reason] });
const stays = (reason: KeepReason): Verdict => ({ goes: false, reasons: [reason] });

const ofRun = (init: RunInit, policy = POLICY) =>
  judgeRun(deepFreeze(run(init)), policy, NOW, pinFinder(policy));
const ofDeletedRun = (init: RunInit, policy = POLICY) =>
  judgeRun(deepFreeze(deletedRun(init)), policy, NOW, pinFinder(policy));
const ofExperiment = (init: ExperimentInit, policy = POLICY) =>
  judgeDeletedExperiment(
    deepFreeze(experiment({ id: "7", lifecycleStage: "deleted", ...init })),
    policy,
    NOW,
  );
const ofOrphan = (init: OrphanInit, policy = POLICY) =>
  judgeOrphan(deepFreeze(orphan({ id: "7", ...init })), policy, NOW);

Deno.test("judgeRun() counts age from end_time, else from start_time", () => {
  assertEquals(
    ofRun({ startTime: OLD - DAY, endTime: OLD }),
    goes({ kind: "older-than", field: "end_time", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
  assertEquals(
    ofRun({ startTime: OLD, endTime: null }),
    goes({ kind: "older-than", field: "start_time", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
  assertEquals(
    ofRun({ startTime: OLD, endTime: NOW - DAY }),
    stays({ kind: "younger-than", age: DAY, limit: LIMIT }),
  );
});

Deno.test("judgeRun() lets a run whose age is the limit stay", () => {
  assertEquals(
    ofRun({ endTime: NOW - LIMIT }),
    stays({ kind: "younger-than", age: LIMIT, limit: LIMIT }),
  );
  assertEquals(
    ofRun({ endTime: NOW }, { ...POLICY, olderThan: 0 }),
    stays({ kind: "younger-than", age: 0, limit: 0 }),
  );
  assertEquals(ofRun({ endTime: NOW - LIMIT - 1 }).goes, true);
});

Deno.test("judgeRun() lets a run stay for 24 hours after its end, whatever the limit", () => {
  const policy = { ...POLICY, olderThan: 0 };
  assertEquals(
    ofRun({ endTime: NOW - DAY + 1 }, policy),
    stays({ kind: "ended-recently", age: DAY - 1, limit: DAY }),
  );
  assertEquals(ofRun({ endTime: NOW - DAY }, policy).goes, true);
  assertEquals(ofDeletedRun({ endTime: NOW - 1, deletedTime: OLD }).goes, true);
});

Deno.test("judgeRun() lets a pinned run stay, deleted or not", () => {
  const tags = { "mltidy.pin": "" };
  assertEquals(ofRun({ endTime: OLD, tags }), stays({ kind: "pinned", tag: "mltidy.pin" }));
  assertEquals(
    ofDeletedRun({ endTime: OLD, deletedTime: OLD, tags }),
    stays({ kind: "pinned", tag: "mltidy.pin" }),
  );
});

Deno.test("judgeRun() takes failed and killed runs for finished ones", () => {
  const statuses = ["FINISHED", "FAILED", "KILLED"] as const;
  assertEquals(statuses.map((status) => ofRun({ status, endTime: OLD }).goes), [true, true, true]);
});

Deno.test("judgeRun() lets a run that runs, or is to run, stay; however old, deleted or not", () => {
  for (const status of ["RUNNING", "SCHEDULED"] as const) {
    const expected = stays({ kind: "not-finished", status });
    assertEquals(ofRun({ status, startTime: OLD, endTime: OLD }), expected);
    assertEquals(ofDeletedRun({ status, deletedTime: OLD }), expected);
    assertEquals(ofRun({ status, endTime: null }, NO_RULE), expected);
  }
});

Deno.test("judgeRun() takes seconds for no milliseconds: such a run may have ended just now", () => {
  const time = NOW / 1000;
  const kept = stays({ kind: "implausible-time", time });
  assertEquals(ofRun({ startTime: time - 60, endTime: time }), kept);
  assertEquals(ofRun({ startTime: time, endTime: null }), kept);
  assertEquals(ofDeletedRun({ deletedTime: time }), kept);
});

Deno.test("judgeRun() lets a run from the future stay", () => {
  assertEquals(ofRun({ endTime: NOW + 1 }), stays({ kind: "in-the-future", time: NOW + 1 }));
  assertEquals(
    ofRun({ startTime: NOW + DAY, endTime: null }, { ...POLICY, olderThan: 0 }),
    stays({ kind: "in-the-future", time: NOW + DAY }),
  );
  assertEquals(
    ofDeletedRun({ deletedTime: NOW + 1 }),
    stays({ kind: "in-the-future", time: NOW + 1 }),
  );
});

Deno.test("judgeRun() judges a soft-deleted run by deleted_time alone", () => {
  assertEquals(
    ofDeletedRun({ endTime: NOW - HOUR, deletedTime: OLD }),
    goes({ kind: "deleted-longer-than", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
  assertEquals(
    ofDeletedRun({ endTime: OLD - DAY, deletedTime: NOW - LIMIT }),
    stays({ kind: "deleted-recently", age: LIMIT, limit: LIMIT }),
  );
});

Deno.test("judgeRun() never takes a missing deleted_time for old", () => {
  const expected = stays({ kind: "no-deletion-time" });
  assertEquals(ofDeletedRun({ endTime: OLD, deletedTime: null }), expected);
  assertEquals(
    ofDeletedRun({ endTime: OLD, deletedTime: null }, { ...POLICY, purgeAfter: 0 }),
    expected,
  );
});

Deno.test("judgeRun() lets a symbolic link, and what could not be looked at, stay", () => {
  const message = "its files could not all be looked at";
  for (const judge of [ofRun, ofDeletedRun]) {
    const old = { endTime: OLD, deletedTime: OLD };
    assertEquals(judge({ ...old, link: true }), stays({ kind: "symbolic-link" }));
    assertEquals(
      judge({ ...old, stamp: "" }),
      stays({ kind: "unreadable", path: run().path, message }),
    );
  }
});

Deno.test("judgeRun() says that no rule is given", () => {
  assertEquals(ofRun({ endTime: OLD }, { ...POLICY, olderThan: null }), stays({ kind: "no-rule" }));
  assertEquals(
    ofDeletedRun({ deletedTime: OLD }, { ...POLICY, purgeAfter: null }),
    stays({ kind: "no-rule" }),
  );
});

Deno.test("judgeDeletedExperiment() takes last_update_time for the time of deletion", () => {
  assertEquals(
    ofExperiment({ lastUpdateTime: OLD }),
    goes({ kind: "deleted-longer-than", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
  assertEquals(
    ofExperiment({ lastUpdateTime: NOW - LIMIT }),
    stays({ kind: "deleted-recently", age: LIMIT, limit: LIMIT }),
  );
  assertEquals(
    ofExperiment({ lastUpdateTime: NOW + 1 }),
    stays({ kind: "in-the-future", time: NOW + 1 }),
  );
  assertEquals(ofExperiment({ lastUpdateTime: null }), stays({ kind: "no-deletion-time" }));
});

Deno.test("judgeDeletedExperiment() believes last_update_time only where deleted is recorded", () => {
  // MLflow before 2.3 moved the directory and recorded nothing.
  const expected = stays({ kind: "no-deletion-time" });
  assertEquals(ofExperiment({ recordedStage: "active", lastUpdateTime: OLD }), expected);
  assertEquals(ofExperiment({ recordedStage: "gone", lastUpdateTime: OLD }), expected);
});

Deno.test("judgeDeletedExperiment() lets experiment 0, links and what was not read stay", () => {
  const old = { lastUpdateTime: OLD };
  const [second, first] = [2, 1].map((number) =>
    damagedRun({ id: runId(number), message: "torn" })
  );
  assertEquals(
    [
      ofExperiment({ ...old, id: "0" }),
      ofExperiment({ ...old, link: true }),
      ofExperiment({ ...old, stamp: "" }),
      ofExperiment({ ...old, damagedRuns: [second!, first!] }),
      ofExperiment(old, { ...POLICY, purgeAfter: null }),
    ],
    [
      stays({ kind: "default-experiment" }),
      stays({ kind: "symbolic-link" }),
      stays({
        kind: "unreadable",
        path: experiment({ id: "7", lifecycleStage: "deleted" }).path,
        message: "its files could not all be looked at",
      }),
      stays({
        kind: "unreadable",
        path: experiment({ id: "7", lifecycleStage: "deleted", damagedRuns: [first!] })
          .damagedRuns[0]!.path,
        message: "torn",
      }),
      stays({ kind: "no-rule" }),
    ],
  );
});

Deno.test("judgeOrphan() lets an orphan go, whatever the damage, with the damage as its reason", () => {
  for (const damage of ["missing", "empty", "unreadable", "incomplete"] as const) {
    assertEquals(
      ofOrphan({ damage, message: "torn", damagedRuns: [damagedRun()] }),
      goes({ kind: "orphan", damage, message: "torn" }),
    );
  }
});

Deno.test("judgeOrphan() waits until an orphan has settled", () => {
  const settled = (newestChange: number) => ofOrphan({ newestChange });
  assertEquals(settled(NOW - HOUR - 1).goes, true);
  assertEquals(settled(NOW - HOUR), stays({ kind: "changed-recently", age: HOUR, limit: HOUR }));
  assertEquals(settled(NOW + DAY), stays({ kind: "changed-recently", age: 0, limit: HOUR }));
  assertEquals(
    ofOrphan({ newestChange: NOW }, { ...POLICY, settle: 0 }),
    stays({ kind: "changed-recently", age: 0, limit: 0 }),
  );
});

Deno.test("judgeOrphan() keeps an orphan that holds a readable run: it can be repaired", () => {
  const runs = [1, 2].map((number) => run({ id: runId(number) }));
  assertEquals(ofOrphan({ runs }), stays({ kind: "holds-readable-runs", runs: 2 }));
});

Deno.test("judgeOrphan() keeps what a repair may bring back: lost runs, logged models, traces", () => {
  const held = { runs: 0, loggedModels: 0, traces: 0 };
  const kept = (more: Partial<typeof held>) => stays({ kind: "holds-lost-data", ...held, ...more });
  assertEquals(ofOrphan({ lostRuns: 2 }), kept({ runs: 2 }));
  assertEquals(ofOrphan({ modelDirectories: 1 }), kept({ loggedModels: 1 }));
  assertEquals(ofOrphan({ traces: 3 }), kept({ traces: 3 }));
});

Deno.test("judgeOrphan() keeps what names another experiment, and what cannot be read", () => {
  const path = orphan({ id: "7" }).path;
  const denied = damagedRun({ id: runId(2), damage: "io", message: "Permission denied" });
  const linked = damagedRun({ id: runId(1), link: true, message: "torn" });
  const placed = orphan({ id: "7", damagedRuns: [linked, denied] }).damagedRuns;
  const message = "its files could not all be looked at";
  assertEquals(
    [
      ofOrphan({ damage: "id-mismatch", message: "it is 8" }),
      ofOrphan({ damage: "io", message: "Permission denied" }),
      ofOrphan({ damage: "unreadable", message: MERGE_MARKS }),
      ofOrphan({ damagedRuns: [denied, linked] }),
      ofOrphan({ damagedRuns: [denied] }),
      ofOrphan({ newestChange: null }),
      ofOrphan({ stamp: "" }),
    ],
    [
      stays({ kind: "names-another-experiment", message: "it is 8" }),
      stays({ kind: "unreadable", path, message: "Permission denied" }),
      stays({ kind: "unreadable", path, message: MERGE_MARKS }),
      stays({ kind: "unreadable", path: placed[0]!.path, message: "torn" }),
      stays({ kind: "unreadable", path: placed[1]!.path, message: "Permission denied" }),
      stays({ kind: "unreadable", path, message }),
      stays({ kind: "unreadable", path, message }),
    ],
  );
});

Deno.test("judgeOrphan() keeps links, an experiment 0, and what MLflow did not write", () => {
  assertEquals(
    [
      ofOrphan({ link: true }),
      ofOrphan({ id: "0" }),
      ofOrphan({ foreign: ["src", ".DS_Store", "paper.pdf"] }),
      ofOrphan({}, { ...POLICY, quarantineOrphans: false }),
    ],
    [
      stays({ kind: "symbolic-link" }),
      stays({ kind: "default-experiment" }),
      stays({ kind: "holds-foreign-files", entries: ["paper.pdf", "src"] }),
      stays({ kind: "no-rule" }),
    ],
  );
});

Deno.test("judgeOrphan() takes what an operating system left behind for nothing", () => {
  const litter = { foreign: [".DS_Store", "runs/Thumbs.db"] };
  assertEquals(ofOrphan(litter), ofOrphan({}));
  assertEquals(ofOrphan(litter).goes, true);
});

Deno.test("judgeRun() counts an undated deletion from the last sign of life, if that is asked for", () => {
  const asked = { ...POLICY, undated: "last-sign-of-life" } as const;
  const undated = run({
    ...deletedRun({ startTime: OLD - 9, endTime: OLD - 8, deletedTime: null }),
  });
  const judged = (lastChange: number, policy: CleanupPolicy) =>
    judgeRun(deepFreeze({ ...undated, lastChange }), policy, NOW, pinFinder(policy));
  assertEquals(judged(OLD, POLICY), stays({ kind: "no-deletion-time" }));
  assertEquals(
    ofDeletedRun({ endTime: OLD, deletedTime: null }, asked),
    stays({ kind: "no-deletion-time" }),
  );
  assertEquals(
    judged(OLD, asked),
    goes({ kind: "undated-longer-than", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
  assertEquals(
    judged(OLD + 1, asked),
    stays({ kind: "undated-recently", age: LIMIT, limit: LIMIT }),
  );
});

Deno.test("a time of deletion before the beginning is none", () => {
  const asked = { ...POLICY, undated: "last-sign-of-life" } as const;
  for (const time of [0, -5, Math.floor(OLD / 1000), OLD - 10]) {
    const undated = {
      ...run({ ...deletedRun({ startTime: OLD - 9, endTime: OLD - 8, deletedTime: time }) }),
      lastChange: OLD,
    };
    const judged = (policy: CleanupPolicy) =>
      judgeRun(deepFreeze(undated), policy, NOW, pinFinder(policy));
    const ofDeleted = (policy: CleanupPolicy) => {
      const times = { creationTime: OLD - 9, lastUpdateTime: time };
      const gone = { id: "7", lifecycleStage: "deleted", recordedStage: "deleted" } as const;
      const found = { ...experiment({ ...gone, ...times }), lastChange: OLD };
      return judgeDeletedExperiment(deepFreeze(found), policy, NOW);
    };
    const went = { kind: "undated-longer-than", time: OLD, age: LIMIT + 1, limit: LIMIT } as const;
    for (const one of [judged, ofDeleted]) {
      assertEquals(one(POLICY), stays({ kind: "no-deletion-time" }), `${time}`);
      assertEquals(one(asked), goes(went), `${time}`);
    }
  }
});

Deno.test("judgeDeletedExperiment() counts an undated deletion from the last sign of life of it and its runs", () => {
  const asked = { ...POLICY, undated: "last-sign-of-life" } as const;
  const judged = (init: ExperimentInit) => {
    const times = { creationTime: OLD - 9, lastUpdateTime: OLD - 9 };
    const gone = { id: "7", lifecycleStage: "deleted", recordedStage: "active", ...times } as const;
    const found = { ...experiment({ ...gone, ...init }), lastChange: OLD };
    return judgeDeletedExperiment(deepFreeze(found), asked, NOW);
  };
  assertEquals(
    judged({ runs: [run({ startTime: OLD - 9, endTime: OLD + 5 })] }),
    stays({ kind: "undated-recently", age: LIMIT - 4, limit: LIMIT }),
  );
  assertEquals(
    judged({}),
    goes({ kind: "undated-longer-than", time: OLD, age: LIMIT + 1, limit: LIMIT }),
  );
});
