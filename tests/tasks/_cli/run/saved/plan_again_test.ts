import { assertEquals } from "@std/assert";
import { wordsToPlanAgain } from "../../../../../tasks/_cli/run/saved/plan_again.ts";

Deno.test("wordsToPlanAgain() names the task that made a plan, and what it needs, as far as a text says", () => {
  const merge = `{
  "schema": "mltidy/merge/v1",
  "task": "merge",
  "policy": {"from":"/data/my \\"old\\" runs","only":{"experiments":[]},"deleted":false},
  "actions": [{"kind":"non`;
  const move =
    '{"schema":"mltidy/move/v1","policy":{"only":{"runs":[]},"to":"Default","deleted":false}}';
  assertEquals(
    [
      merge,
      merge.slice(0, merge.indexOf("old")),
      move,
      '{\n  "schema": "mltidy/prune/v2"',
      '{"schema":"mltidy/summary/v1"}',
      "no plan",
      "",
    ].map(wordsToPlanAgain),
    [
      "merge --from '/data/my \"old\" runs' --json",
      "merge --from DIR --json",
      "move --to Default --json",
      "prune --json",
      "cleanup --json",
      "cleanup --json",
      "cleanup --json",
    ],
  );
});
