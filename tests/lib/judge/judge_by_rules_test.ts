import { assertEquals } from "@std/assert";
import { judgeByRules } from "../../../lib/judge/judge_by_rules.ts";
import type { ProtectPolicy, RetentionRule } from "../../../lib/policy/policy.ts";
import type { Run } from "../../../lib/store/snapshot.ts";
import {
  DAY,
  deletedRun,
  experiment,
  HOUR,
  NOW,
  retentionRule,
  run,
  runId,
  type RunInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const PROTECT: ProtectPolicy = { pinnedTags: [], experiments: [], unsafe: [] };

/** The kinds of reasons for each run, in order; of one that goes the rule. */
function judged(
  runs: readonly Run[],
  rules: readonly Partial<RetentionRule>[],
  protect: Partial<ProtectPolicy> = {},
): readonly string[] {
  const churn = deepFreeze(experiment({ id: "7", name: "churn", runs }));
  const rulings = judgeByRules({
    rules: rules.map((rule, index) => retentionRule({ name: `rule ${index + 1}`, ...rule })),
    protect: { ...PROTECT, ...protect },
    limits: { maxShare: 1, maxRuns: null },
    artifactsOnly: null,
  }, NOW)(churn);
  return churn.runs.map((one) => {
    const verdict = rulings.get(one)?.verdict;
    if (verdict === undefined) return "not judged";
    return verdict.reasons
      .map((reason) => reason.kind === "not-kept" ? `not kept by ${reason.rule}` : reason.kind)
      .join(" + ");
  });
}

const OLD = NOW - 100 * DAY;
const old = (number: number, init: RunInit = {}) =>
  run({ id: runId(number), startTime: OLD - HOUR, endTime: OLD, ...init });

Deno.test("judgeByRules() judges each run by the first rule that fits it", () => {
  const runs = [old(1), old(2, { tags: { team: "a" } }), old(3, { tags: { team: "b" } })];
  assertEquals(
    judged(runs, [
      { experiments: ["vision"], keepWithin: DAY },
      { tags: ["team=a"], keepWithin: DAY },
      { experiments: ["ch*"], tags: ["team"], keepWithin: 2 * DAY },
      { keepWithin: 3 * DAY },
    ]),
    ["not kept by rule 4", "not kept by rule 2", "not kept by rule 3"],
  );
});

Deno.test("judgeByRules() lets a run stay that no rule fits, or whose rule keeps nothing", () => {
  assertEquals(judged([old(1)], [{ experiments: ["vision"], keepLast: 1 }]), ["no-rule"]);
  assertEquals(judged([old(1)], [{ keepBest: [] }]), ["no-rule"]);
  assertEquals(
    judged([old(1)], [{
      keepBest: [{ metric: "f1", mode: "max", n: 0, over: "latest", per: null }],
    }]),
    ["no-rule"],
  );
});

Deno.test("judgeByRules() ranks only runs that the same rule judges", () => {
  const runs = [old(1), old(2), old(3, { tags: { team: "a" } })];
  assertEquals(judged(runs, [{ tags: ["team"], keepLast: 1 }, { keepLast: 1 }]), [
    "keep-last",
    "not kept by rule 2",
    "keep-last",
  ]);
});

Deno.test("judgeByRules() protects whatever the rules, each until it is switched off by its name", () => {
  const runs = [
    old(1, { status: "RUNNING", endTime: null }),
    old(2, { status: "SCHEDULED", endTime: null }),
    old(3, { startTime: NOW - HOUR, endTime: NOW - DAY + 1 }),
    old(4, { tags: { "mltidy.pin": "" } }),
    old(5, { link: true }),
    old(6, { stamp: "" }),
    old(7, { endTime: NOW + 1 }),
    old(8, { endTime: NOW / 1000 }),
  ];
  const rule = { keepNamed: ["nothing"] };
  assertEquals(judged(runs, [rule]), [
    "not-finished",
    "not-finished",
    "ended-recently",
    "pinned",
    "symbolic-link",
    "unreadable",
    "in-the-future",
    "implausible-time",
  ]);
  const gone = "not kept by rule 1";
  assertEquals(judged(runs, [rule], { unsafe: ["running", "young", "pinned", "unreadable"] }), [
    gone,
    gone,
    gone,
    gone,
    "symbolic-link",
    "unreadable",
    "in-the-future",
    "implausible-time",
  ]);
});

Deno.test("judgeByRules() gives a run from the future no place that another would lose", () => {
  assertEquals(judged([old(1), old(2, { endTime: NOW + DAY })], [{ keepLast: 1 }]), [
    "keep-last",
    "in-the-future",
  ]);
});

Deno.test("judgeByRules() tells every reason, and lets an age that is the limit stay", () => {
  assertEquals(
    judged([old(1, { tags: { keep: "" }, name: "base", status: "FAILED" })], [{
      keepTags: ["keep"],
      keepNamed: ["b*"],
      keepStatus: ["FAILED"],
      keepLast: 1,
      keepWithin: 100 * DAY,
      keepDaily: 1,
    }]),
    ["keep-tag + keep-named + keep-status + keep-last + keep-within + keep-period"],
  );
});

Deno.test("judgeByRules() does not judge soft-deleted runs", () => {
  assertEquals(judged([deletedRun()], [{ keepLast: 1 }]), ["not judged"]);
});
