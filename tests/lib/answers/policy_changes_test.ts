import { assertEquals } from "@std/assert";
import { policyChanges } from "../../../lib/answers/policy_changes.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";

const DAY = 86_400_000;

function changes(before: string, after: string): readonly string[] {
  const [left, right] = [before, after].map((yaml) => policyOf(readConfig(yaml, "mltidy.yaml")));
  return policyChanges(left!, right!)
    .map(({ rule, key, from, to }) => `${rule}: ${key} ${from} → ${to}`);
}

Deno.test("policyChanges() lists numbers, lists and switches as one types them", () => {
  assertEquals(
    changes(
      "retention: { keep_last: 1, keep_within: 30d, keep_best: { n: 1 }, keep_tags: [a, b] }",
      `retention: { keep_last: 2, keep_best: { n: 3 }, keep_tags: [b], children: own }
protect: { unsafe_young: true }
purge: { after: 7d }
`,
    ),
    [
      "retention: keep_tags [a, b] → [b]",
      "retention: keep_best of f1, n 1 → 3",
      "retention: keep_last 1 → 2",
      "retention: keep_within 30d → 0d",
      "retention: children follow → own",
      "protect: unsafe_young false → true",
      "purge: after 30d → 7d",
    ],
  );
});

Deno.test("policyChanges() names what tells rules of one metric apart", () => {
  assertEquals(
    changes(
      "retention: { keep_best: [{ n: 1 }, { n: 1, over: history, per: lr }] }",
      "retention: { keep_best: [{ n: 1 }, { n: 2, over: history, per: lr }] }",
    ),
    ["retention: keep_best of f1 (max, over history, per lr), n 1 → 2"],
  );
});

Deno.test("policyChanges() names options of a clean-up where there is no file", () => {
  assertEquals(
    policyChanges(policyOfAges(), policyOfAges({ olderThan: "1.25d", purgeAfter: 7 * DAY })),
    [
      { rule: null, key: "purgeAfter", from: "30d", to: "7d" },
      { rule: null, key: "olderThan", from: "30d", to: "1.25d" },
    ],
  );
  assertEquals(policyChanges(policyOfAges(), policyOfAges()), []);
});
