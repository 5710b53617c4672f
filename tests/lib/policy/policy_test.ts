import { assertEquals, assertThrows } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import {
  type CleanupPolicy,
  extrasOf,
  isEmptyRule,
  policyOfAges,
  readingOf,
} from "../../../lib/policy/policy.ts";
import { NOW, retentionRule, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const policyFor = (yaml: string) => policyOf(readConfig(yaml, "mltidy.yaml"));

Deno.test("isEmptyRule() takes zeros and empty lists for nothing that keeps", () => {
  const best = { metric: "f1", mode: "max", n: 0, over: "latest", per: null } as const;
  assertEquals(isEmptyRule(retentionRule({ keepBest: [best] })), true);
  assertEquals(isEmptyRule(retentionRule({ keepBest: [{ ...best, n: 1 }] })), false);
  assertEquals(isEmptyRule(retentionRule({ keepNamed: ["*"] })), false);
  assertEquals(isEmptyRule(retentionRule({ keepMonthly: 1 })), false);
});

Deno.test("extrasOf() names the files that a rule looks at, and no others", () => {
  const { retention } = policyFor(`
retention:
  keep_best: [{ metric: loss, mode: min, n: 1, per: model }, { metric: unused, mode: min, n: 0 }]
  group_by: team
rules: [{ experiments: a, keep_best: { metric: acc, mode: max } }]
purge: { artifacts_only: "*.ckpt" }
`);
  assertEquals(extrasOf(retention!), {
    tags: ["mlflow.parentRunId", "mltidy.artifacts_dropped", "mltidy.pin", "model", "team"],
    metrics: ["acc", "loss"],
    params: ["model", "team"],
    uses: true,
    artifacts: "*.ckpt",
  });
});

Deno.test("readingOf() asks for parents and pins alone where ages alone count", () => {
  const byAge: CleanupPolicy = {
    olderThan: 0,
    purgeAfter: null,
    quarantineOrphans: true,
    settle: 0,
  };
  const extras = {
    tags: ["mlflow.parentRunId", "mltidy.pin"],
    metrics: [],
    params: [],
    uses: false,
    artifacts: null,
  };
  assertEquals(readingOf(byAge), { sizes: false, extras });
  const budget = { kind: "free", bytes: 1, first: "oldest" } as const;
  assertEquals(readingOf({ ...byAge, budget }), { sizes: true, extras });
});

Deno.test("planCleanup() refuses to guess what was not read", () => {
  const policy = policyFor("retention: { keep_best: { n: 1, per: model } }");
  const plan = (extras?: Partial<ReturnType<typeof extrasOf>>) =>
    planCleanup(
      deepFreeze({
        ...snapshot(),
        ...(extras === undefined ? {} : { extras: { ...extrasOf(policy.retention!), ...extras } }),
      }),
      policy,
      { now: NOW },
    );
  assertEquals(plan({}).actions, []);
  assertThrows(
    () => plan(),
    RangeError,
    "Cannot plan without tag mlflow.parentRunId, tag mltidy.pin, tag model, metric f1, param model, what runs and traces refer to",
  );
  assertThrows(() => plan({ metrics: ["loss"] }), RangeError, "without metric f1:");
  assertThrows(
    () =>
      planCleanup({ ...snapshot(), sizes: false }, {
        ...policy,
        budget: { kind: "free", bytes: 1, first: "oldest" },
      }, { now: NOW }),
    RangeError,
    "Cannot plan for a budget without sizes",
  );
});

Deno.test("policyOfAges() takes an age in days, too, and refuses to be given two", () => {
  assertEquals(policyOfAges({ daysOld: 90 }), policyOfAges({ olderThan: "90d" }));
  assertThrows(
    () => policyOfAges({ daysOld: 90, olderThan: "30d" }),
    InvalidArgumentError,
    "Cannot plan with olderThan 30d and daysOld 90: expected one of the two",
  );
});

Deno.test("policyOfAges() takes the ages of a configuration that names none for what is not given", () => {
  const byFile = policyFor("");
  const byAge = policyOfAges({ olderThan: "90d" });
  assertEquals(byAge.olderThan, 90 * 86_400_000);
  assertEquals(policyOfAges({ purgeAfter: 0, settle: 1 }), {
    olderThan: 30 * 86_400_000,
    purgeAfter: 0,
    quarantineOrphans: true,
    settle: 1,
  });
  const { olderThan: _, ...rest } = byAge;
  const { olderThan: _none, retention: _rules, ...filed } = byFile;
  assertEquals(rest, filed);
});
