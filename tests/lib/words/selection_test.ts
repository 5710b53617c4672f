import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { selectionLines, selectionText } from "../../../lib/words/selection.ts";
import { DAY, experiment, NOW, run, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

Deno.test("selectionText() names experiments, what is left out of them, and runs", () => {
  const text = (experiments: string[], exclude: string[], runs: string[]) =>
    selectionText({ experiments, exclude, runs });
  assertEquals(text([], [], []), "");
  assertEquals(text(["churn"], [], []), "experiment churn");
  assertEquals(text(["a-*", "7"], ["a-1"], []), "experiments a-*, 7 without a-1");
  assertEquals(text([], ["a-1", "b"], []), "all experiments without a-1, b");
  assertEquals(text([], [], ["3a7b"]), "run 3a7b");
  assertEquals(text(["a"], ["b"], ["3a", "4b"]), "runs 3a, 4b of experiment a without b");
  assertEquals(text([], ["b"], ["3a"]), "run 3a without b");
});

Deno.test("a plan about an experiment by its id says the name of that one", () => {
  const plan = planCleanup(
    deepFreeze(snapshot({
      experiments: [
        experiment({ id: "1", name: "2" }),
        experiment({ id: "2", name: "churn", runs: [run({ endTime: NOW - 90 * DAY })] }),
      ],
    })),
    { ...policyOfAges(), only: { experiments: ["2"], exclude: [], runs: [] } },
    { now: NOW },
  );
  assertEquals(selectionLines(plan), [
    "This plan is about experiment 2 (churn) alone; all else stays as it is.",
  ]);
});
