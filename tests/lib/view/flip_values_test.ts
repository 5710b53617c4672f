import { assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/policy/config.ts";
import { changeText, flipValues } from "../../../lib/view/flip_values.ts";
import { basisOfPolicy, policyControls } from "../../../lib/view/policy_controls.ts";

const ages = basisOfPolicy(null);
const file = basisOfPolicy(
  readConfig(
    "rules: [{ experiments: [a], keep_last: 2 }]\nretention: { keep_within: 7d }",
    "a.yaml",
  ),
);

Deno.test("a change of an age is one of its control", () => {
  const changes = [{ rule: null, key: "olderThan", from: "30d", to: "209.51d" }];
  assertEquals(flipValues(changes, policyControls(ages, ages)), { days_old: 209.51 });
  assertEquals(changes.map(changeText), ["days_old 30d → 209.51d"]);
});

Deno.test("changes of numbers of the file are those of their controls, in whole days or parts of them", () => {
  const changes = [
    { rule: "rule 1", key: "keep_last", from: "2", to: "5" },
    { rule: "retention", key: "keep_within", from: "7d", to: "8d12h" },
    { rule: "purge", key: "after", from: "30d", to: "40d" },
  ];
  assertEquals(flipValues(changes, policyControls(file, file)), {
    "rules.0.keep_last": 5,
    "retention.keep_within": 8.5,
    "purge.after": 40,
  });
  assertEquals(changes.map(changeText), [
    "keep_last 2 → 5 in rule 1",
    "keep_within 7d → 8d12h in retention",
    "after 30d → 40d in purge",
  ]);
});

Deno.test("what is no hundredth of a day is rounded away from what it was", () => {
  const change = { rule: "retention", key: "keep_within" };
  const controls = policyControls(file, file);
  assertEquals(
    flipValues([{ ...change, from: "7d", to: "8d1m" }], controls),
    { "retention.keep_within": 8.01 },
  );
  assertEquals(
    flipValues([{ ...change, from: "9d", to: "8d1m" }], controls),
    { "retention.keep_within": 8 },
  );
});

Deno.test("a change that no control makes cannot be tried", () => {
  const changes = [
    { rule: "retention", key: "keep_last", from: "0", to: "5" },
    { rule: "protect", key: "unsafe_pinned", from: "false", to: "true" },
  ];
  assertEquals(flipValues(changes, policyControls(file, file)), null);
});
