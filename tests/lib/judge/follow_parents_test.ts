import { assertEquals } from "@std/assert";
import { judgeRepeatedly, judgeSnapshot } from "../../../lib/judge/judge_snapshot.ts";
import type { JudgedSnapshot } from "../../../lib/judge/judged.ts";
import type { ActionReason, KeepReason } from "../../../lib/plan/plan.ts";
import type { CleanupPolicy, RetentionRule } from "../../../lib/policy/policy.ts";
import type { Run } from "../../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  HOUR,
  NOW,
  orphan,
  retentionRule,
  run,
  type RunInit,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import {
  A,
  B,
  C,
  childOf,
  justDeleted,
  OLD,
  old,
  parentOf,
  POLICY,
  type Reason,
  registered,
  version,
  YOUNG,
  young,
} from "../../_support/verdicts.ts";

const TOGETHER: CleanupPolicy = deepFreeze({ ...POLICY, children: "together" });

/** A rule under which runs go and stay together. */
function byRule(init: Partial<RetentionRule>): CleanupPolicy {
  const rules = [retentionRule({ children: "together", ...init })];
  const protect = { pinnedTags: [], experiments: [], unsafe: [] };
  const limits = { maxShare: 1, maxRuns: null };
  return deepFreeze({
    ...POLICY,
    olderThan: null,
    retention: { rules, protect, limits, artifactsOnly: null },
  });
}

/** Reasons of the runs, by id. */
function reasonsOf({ runs }: JudgedSnapshot): Readonly<Record<string, readonly Reason[]>> {
  return Object.fromEntries(runs.map(({ run, verdict }) => [run.id, verdict.reasons]));
}

function judge(init: SnapshotInit, policy = TOGETHER) {
  return reasonsOf(judgeSnapshot(deepFreeze(snapshot(init)), policy, NOW));
}

function judgeRuns(runs: readonly Run[], policy = TOGETHER) {
  return judge({ experiments: [experiment({ runs })] }, policy);
}

/** Why a run goes that ended a day ago, as {@linkcode young} ones do. */
const follows = (parent: string): ActionReason => ({
  kind: "child-of-gone",
  parent: run({ id: parent }).id,
  time: NOW - DAY,
});

const follower = (parent: string): KeepReason => ({
  kind: "child-of-kept",
  parent: run({ id: parent }).id,
});

Deno.test("followParents() lets a child follow a parent that goes or is soft-deleted, over generations", () => {
  const family = [young(B, childOf(A)), young(C, childOf(B))];
  const followed = { [B]: [follows(A)], [C]: [follows(B)] };
  assertEquals(judgeRuns([old(A), ...family]), { [A]: [OLD], ...followed });
  assertEquals(judgeRuns([justDeleted(A), ...family]), {
    [A]: [{ kind: "deleted-recently", age: HOUR, limit: 30 * DAY }],
    ...followed,
  });
  assertEquals(
    judge({
      experiments: [
        experiment({ id: "1", name: "one", runs: family }),
        experiment({ id: "2", name: "two", runs: [old(A)] }),
      ],
    }),
    { [A]: [OLD], ...followed },
  );
});

Deno.test("followParents() lets nothing follow unless that is asked for", () => {
  const runs = [justDeleted(A), young(B, childOf(A))];
  const asBefore = {
    [A]: [{ kind: "deleted-recently" as const, age: HOUR, limit: 30 * DAY }],
    [B]: [YOUNG],
  };
  for (const children of ["own", "follow"] as const) {
    assertEquals(judgeRuns(runs, { ...POLICY, children }), asBefore);
  }
  assertEquals(judgeRuns(runs, POLICY), asBefore);
});

Deno.test("followParents() lets no child follow that anything but its age keeps, which keeps the parent and its siblings", () => {
  const child = (init: RunInit) =>
    young(B, { ...init, tags: { ...childOf(A).tags, ...init.tags } });
  const kept: readonly (readonly [Run, KeepReason])[] = [
    [child({ tags: { "mltidy.pin": "" } }), { kind: "pinned", tag: "mltidy.pin" }],
    [child({ status: "RUNNING", endTime: null }), { kind: "not-finished", status: "RUNNING" }],
    [
      child({ endTime: NOW - DAY + 1 }),
      { kind: "younger-than", age: DAY - 1, limit: 30 * DAY },
    ],
    [child({ endTime: NOW + 1 }), { kind: "in-the-future", time: NOW + 1 }],
    [child({ link: true }), { kind: "symbolic-link" }],
  ];
  for (const [one, reason] of kept) {
    assertEquals(judgeRuns([old(A), one, young(C, childOf(A))]), {
      [A]: [parentOf(B)],
      [B]: [reason],
      [C]: [follower(A)],
    });
  }
  assertEquals(
    judge({
      experiments: [experiment({ runs: [old(A), child({}), young(C, childOf(A))] })],
      registeredModels: [version({ runId: B })],
    }),
    { [A]: [parentOf(B)], [B]: [registered()], [C]: [follower(A)] },
  );
});

Deno.test("followParents() lets a child go of a soft-deleted parent beside a protected one", () => {
  assertEquals(
    judge({
      experiments: [
        experiment({ runs: [justDeleted(A), young(B, childOf(A)), young(C, childOf(A))] }),
      ],
      registeredModels: [version({ runId: B })],
    }),
    {
      [A]: [{ kind: "deleted-recently", age: HOUR, limit: 30 * DAY }],
      [B]: [registered()],
      [C]: [follows(A)],
    },
  );
});

Deno.test("followParents() lets no child follow a parent that is not known to be gone", () => {
  const [one, two] = [["1", "one"], ["2", "two"]] as const;
  const children = experiment({ id: one[0], name: one[1], runs: [young(B, childOf(A))] });
  const stores: readonly SnapshotInit[] = [
    { experiments: [children] },
    {
      experiments: [
        children,
        experiment({ id: two[0], name: two[1], damagedRuns: [damagedRun({ id: A })] }),
      ],
    },
    {
      experiments: [
        experiment({ ...children, runs: [...children.runs, justDeleted(A)] }),
        experiment({ id: two[0], name: two[1], damagedRuns: [damagedRun({ id: A })] }),
      ],
    },
    { experiments: [children], orphans: [orphan({ id: "8", runs: [justDeleted(A)] })] },
  ];
  for (const store of stores) assertEquals(judge(store)[B], [YOUNG]);
});

Deno.test("followParents() marks a child that might have gone, but for damage", () => {
  const flagsOf = (init: SnapshotInit) =>
    judgeSnapshot(deepFreeze(snapshot(init)), byRule({ keepWithin: 5 * DAY }), NOW).runs
      .map(({ run, isProtected, isUnsure }) => [run.id, isProtected, isUnsure]);
  const family = [young(B, childOf(A)), young(C, childOf(B))];
  assertEquals(
    flagsOf({ experiments: [experiment({ runs: family, damagedRuns: [damagedRun({ id: A })] })] }),
    [[B, true, true], [C, true, true]],
  );
  assertEquals(flagsOf({ experiments: [experiment({ runs: [young(A), ...family] })] }), [
    [A, false, false],
    [B, false, false],
    [C, false, false],
  ]);
});

Deno.test("followParents() lets a child go within keep_within, and none that a rank, a name, a tag or a status keeps", () => {
  const runs = [justDeleted(A), young(B, { ...childOf(A), name: "best" })];
  const within: KeepReason = { kind: "keep-within", age: DAY, limit: 5 * DAY };
  const keepWithin = 5 * DAY;
  const keptBy = (init: Partial<RetentionRule>) =>
    judgeRuns(runs, byRule({ keepWithin, ...init }))[B];
  assertEquals(keptBy({}), [follows(A)]);
  assertEquals(keptBy({ children: "follow" }), [within]);
  assertEquals(keptBy({ keepLast: 1 }), [
    { kind: "keep-last", rank: 1, of: 1, n: 1 },
    within,
  ]);
  assertEquals(keptBy({ keepNamed: ["best"] }), [{ kind: "keep-named", glob: "best" }, within]);
  assertEquals(keptBy({ keepStatus: ["FINISHED"] }), [
    { kind: "keep-status", status: "FINISHED" },
    within,
  ]);
});

Deno.test("followParents() lets a child stay again whose parent a budget does not need", () => {
  const store = snapshot({ experiments: [experiment({ runs: [old(A), young(B, childOf(A))] })] });
  const judgeHeld = judgeRepeatedly(deepFreeze(store), TOGETHER, NOW, { kind: "not-needed" });
  const [parent] = store.experiments[0]!.runs;
  assertEquals(reasonsOf(judgeHeld(new Set())), { [A]: [OLD], [B]: [follows(A)] });
  assertEquals(reasonsOf(judgeHeld(new Set([parent!.path]))), {
    [A]: [{ kind: "not-needed" }],
    [B]: [follower(A)],
  });
});

Deno.test("a child stays with its parent where ages alone decide and they stay together", () => {
  const runs = [young(A), old(B, childOf(A))];
  for (const children of ["follow", "together"] as const) {
    assertEquals(judgeRuns(runs, { ...POLICY, children }), { [A]: [YOUNG], [B]: [follower(A)] });
  }
  assertEquals(judgeRuns(runs, POLICY), { [A]: [YOUNG], [B]: [OLD] });
});
