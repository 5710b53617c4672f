import { assertThrows } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { checkPolicy } from "../../../lib/policy/check_policy.ts";
import type {
  BestRule,
  Budget,
  CleanupPolicy,
  RetentionPolicy,
  RetentionRule,
} from "../../../lib/policy/policy.ts";
import { NOW, retentionRule } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { longHistory } from "../../_support/long_history.ts";

const POLICY: CleanupPolicy = {
  olderThan: null,
  purgeAfter: null,
  quarantineOrphans: false,
  settle: 0,
};
const BEST: BestRule = { metric: "f1", mode: "max", n: 3, over: "latest", per: null };

const byRules = (retention: Partial<RetentionPolicy>): CleanupPolicy => ({
  ...POLICY,
  retention: {
    rules: [retentionRule({ keepLast: 1, keepBest: [BEST] })],
    protect: { pinnedTags: [], experiments: [], unsafe: [] },
    limits: { maxShare: 0.5, maxRuns: null },
    artifactsOnly: null,
    ...retention,
  },
});
const byRule = (rule: Partial<RetentionRule>) => byRules({ rules: [retentionRule(rule)] });
const byBest = (best: unknown) => byRule({ keepBest: [best as BestRule] });
const withBudget = (budget: unknown): CleanupPolicy => ({ ...POLICY, budget: budget as Budget });

/** Each with what is wrong with it. */
const WRONG: readonly (readonly [policy: CleanupPolicy, words: string])[] = [
  [{ ...POLICY, olderThan: NaN }, "olderThan NaN: expected milliseconds, 0 or more"],
  [{ ...POLICY, settle: -1 }, "settle -1: expected milliseconds, 0 or more"],
  [
    byRule({ keepLast: NaN }),
    "retention.rules[0].keepLast NaN: expected a whole number, 0 or more",
  ],
  [byRule({ keepLast: -1 }), "retention.rules[0].keepLast -1: expected"],
  [byRule({ keepWithin: NaN }), "retention.rules[0].keepWithin NaN: expected milliseconds"],
  [
    byRule({ keepTags: "keep" as unknown as [] }),
    'retention.rules[0].keepTags "keep": expected a list',
  ],
  [
    byRule({ children: "on" as "own" }),
    'retention.rules[0].children "on": expected one of follow, together, own',
  ],
  [byBest({ ...BEST, n: NaN }), "retention.rules[0].keepBest[0].n NaN: expected a whole number"],
  [
    byBest({ ...BEST, metric: null }),
    "retention.rules[0].keepBest[0].metric null: expected a text",
  ],
  [
    byBest({ ...BEST, mode: null }),
    "retention.rules[0].keepBest[0].mode null: expected max or min",
  ],
  [
    byRules({ limits: { maxShare: NaN, maxRuns: null } }),
    "retention.limits.maxShare NaN: expected a share from 0 to 1",
  ],
  [
    byRules({ limits: { maxShare: 1, maxRuns: 0 } }),
    "retention.limits.maxRuns 0: expected a whole number, 1 or more",
  ],
  [
    byRules({ protect: { pinnedTags: [], experiments: [], unsafe: ["all" as "young"] } }),
    'retention.protect.unsafe[0] "all": expected one of running, young',
  ],
  [
    withBudget({ kind: "free", bytes: NaN, first: "oldest" }),
    "budget.bytes NaN: expected a whole number, 0 or more",
  ],
  [withBudget({ kind: "max-files", files: -1, first: "oldest" }), "budget.files -1: expected"],
  [withBudget({ kind: "free", bytes: 1, first: "newest" }), 'budget.first "newest": expected'],
];

Deno.test("checkPolicy() names the key of a value that makes no sense, what is expected and found", () => {
  for (const [policy, words] of WRONG) {
    assertThrows(() => checkPolicy(policy), RangeError, `Cannot plan with ${words}`);
  }
});

Deno.test("checkPolicy() takes what readConfig() could have read", () => {
  checkPolicy(byRules({}));
  checkPolicy({ ...byRules({ artifactsOnly: "*.ckpt" }), purgeAfter: 0 });
  checkPolicy(withBudget({ kind: "max-files", files: 0, first: "largest" }));
});

Deno.test("planCleanup() lets no run go by a policy that makes no sense", () => {
  const store = deepFreeze(longHistory(null));
  for (const [policy, words] of WRONG) {
    assertThrows(() => planCleanup(store, policy, { now: NOW }), RangeError, words);
  }
});
