import { assert, assertEquals } from "@std/assert";
import { explainRun, findRuns } from "../../../lib/answers/explain_run.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { renderExplanation } from "../../../lib/render/explanation.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { longHistory } from "../../_support/long_history.ts";

function rendered(
  name: string,
  yaml: string,
  store: StoreSnapshot<"tags"> = deepFreeze(longHistory(null)),
): readonly string[] {
  const [found] = findRuns(store, name);
  assert(found);
  const policy = policyOf(readConfig(yaml, "mltidy.yaml"));
  return renderExplanation(explainRun(store, policy, { path: found.path, now: NOW })).split("\n");
}

/** The lines of a list, by its heading. */
function under(heading: string, lines: readonly string[]): readonly string[] {
  const rest = lines.slice(lines.indexOf(`${heading}:`) + 1);
  const end = rest.findIndex((line) => !line.startsWith("  "));
  return rest.slice(0, end).map((line) => line.trim());
}

const MISSES = "Of retention it is not kept by";

Deno.test("renderExplanation() says what a run lacks", () => {
  const lines = rendered(
    "gru-1",
    "retention: { keep_tags: [keep, stage], keep_named: [base*], keep_status: [FAILED, KILLED] }",
  );
  assertEquals(under(MISSES, lines), [
    "has none of the tags keep, stage",
    "its name fits none of base*",
    "its status is not FAILED or KILLED",
  ]);
});

Deno.test("renderExplanation() tells a metric that was never logged from one without a finite value", () => {
  const misses = (name: string) =>
    under(MISSES, rendered(name, "retention: { keep_best: { n: 1 } }"));
  assertEquals(misses("crash"), ["never logged f1"]);
  assertEquals(misses("gru-nan"), ["best of f1: has no finite value, n is 1"]);
});

Deno.test("renderExplanation() names the group, and says where a run has none", () => {
  const yaml = "retention: { group_by: model, keep_last: 1, keep_best: { n: 1, per: team } }";
  assertEquals(under(MISSES, rendered("cnn-4", yaml)), [
    "best of f1 in model cnn without team: #2 of 4, n is 1",
  ]);
  assertEquals(under(MISSES, rendered("baseline-1", yaml)), [
    "best of f1 without model without team: #2 of 4, n is 1",
    "newest without model: #4 of 5, n is 1",
  ]);
});

Deno.test("renderExplanation() tells two rules of one metric apart", () => {
  const lines = rendered(
    "gru-1",
    "retention: { keep_best: [{ n: 1 }, { n: 2, over: history, per: model }] }",
  );
  assertEquals(under(MISSES, lines), [
    "best of f1 (max, over latest): #3 of 12, n is 1",
    "best of f1 (max, over history) with model gru: #4 of 5, n is 2",
  ]);
  assert(
    lines.some((line) =>
      /^Smallest change found that keeps it: keep_best of f1 \(max, over .*\), n \d → \d in/.test(
        line,
      )
    ),
  );
});

Deno.test("renderExplanation() tells which heavy files of a run that stays would be dropped", () => {
  const lines = rendered(
    "cnn-2",
    "{ retention: { keep_named: [cnn*] }, purge: { artifacts_only: '*.ckpt' } }",
    deepFreeze(longHistory("*.ckpt")),
  );
  assertEquals(lines[2], "Stays, but heavy files of it go.");
  assertEquals(under("Heavy files that a clean-up would drop", lines), [
    "artifacts/checkpoints: *.ckpt, ended 35 d ago, limit 30 d",
  ]);
});

Deno.test("renderExplanation() says that a plan is stopped as a whole, and what would allow it", () => {
  const stopped = (name: string) =>
    rendered(name, "retention: { keep_last: 1 }").filter((line) =>
      /^T(he plan|o allow)/.test(line)
    );
  assertEquals(stopped("try-3"), [
    "The plan as a whole is stopped: it removes 3 of 4 runs of experiment scratch (3), " +
    "and max_share is 50%, and for 1 more reason.",
    "To allow it: deno task cleanup --max-share 82%",
  ]);
  assertEquals(stopped("pinned"), []);
});

Deno.test("renderExplanation() promises nothing of a pin that the policy does not heed", () => {
  const pin = (yaml: string) =>
    rendered("first", yaml).includes("It also stays once it has the tag mltidy.pin.");
  assertEquals(pin("retention: { keep_last: 1 }"), true);
  assertEquals(pin("{ retention: { keep_last: 1 }, protect: { unsafe_pinned: true } }"), false);
});

Deno.test("renderExplanation() says from when a run without an end counts", () => {
  const [startTime, endTime] = [NOW - 90 * DAY, null];
  const runs = [run({ id: runId(1), name: "endless", startTime, endTime })];
  const extras = { ...longHistory(null).extras!, metrics: [] };
  const store = deepFreeze({
    ...snapshot({ experiments: [experiment({ id: "1", runs })] }),
    extras,
  });
  const policy = policyOfAges();
  const policies = [
    policy,
    { ...policy, ...policyOf(readConfig("retention: { keep_within: 30d }", "mltidy.yaml")) },
  ];
  for (const each of policies) {
    const text = renderExplanation(explainRun(store, each, { path: runs[0]!.path, now: NOW }));
    assert(text.includes("\n  has no end time, started 90 d ago, limit 30 d\n"), text);
  }
});

Deno.test("renderExplanation() claims no more than was tried", () => {
  assert(
    rendered("tomorrow", "retention: { keep_last: 1 }")
      .includes("No single change that was tried lets it go."),
  );
});
