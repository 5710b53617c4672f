import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { renderMarkdown } from "../../../lib/render/markdown.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { DAY, experiment, NOW, orphan, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { longHistory } from "../../_support/long_history.ts";

const planOf = (yaml: string, store: StoreSnapshot<"tags"> = longHistory(null)) =>
  planCleanup(deepFreeze(store), policyOf(readConfig(yaml, "mltidy.yaml")), { now: NOW });

Deno.test("renderMarkdown() puts the totals first, then what goes, then what stays and why", () => {
  const text = renderMarkdown(
    planOf("retention: { keep_within: 100d }\nlimits: { max_share: 100% }"),
  );
  assertEquals(text.split("\n").slice(0, 9), [
    "**Plan: 4 to soft-delete, 2 to purge, 1 to quarantine; 25.8 KiB leave the store now, 1005.9 KiB once what is soft-deleted is purged.**",
    "",
    "| Experiment | Goes | Leaves the store | Once purged |",
    "| --- | --- | --- | --- |",
    "| churn (1) | 3 to be soft-deleted, 1 to be purged | 9.8 KiB | 996.1 KiB |",
    "| vision (2) | 1 to be soft-deleted | 0 B | 9.8 KiB |",
    "| deleted experiments | 1 to be purged | 8.0 KiB | 0 B |",
    "| orphans | 1 to be quarantined | 8.0 KiB | 0 B |",
    "",
  ]);
  assertStringIncludes(text, "<summary>churn (1)</summary>");
  assertStringIncludes(text, "| 2 runs | registered |");
});

Deno.test("renderMarkdown() says what stops a plan", () => {
  assertStringIncludes(
    renderMarkdown(planOf("retention: { keep_within: 7d }")),
    "> This plan cannot be applied: it removes 4 of 4 runs of experiment scratch (3), and max\\_share is 50%\n> To allow it: `deno task cleanup --max-share 100%`\n",
  );
});

Deno.test("renderMarkdown() lets no name become mark-up, break a table or mention anybody", () => {
  const name = "a|b <img src=x> [c](d) `e` @everyone #1\n# heading";
  const endTime = NOW - 90 * DAY;
  const runs = [run({ id: runId(1), name, startTime: endTime, endTime })];
  const store = deepFreeze(snapshot({ experiments: [experiment({ name, runs })] }));
  const policy = { olderThan: DAY, purgeAfter: null, quarantineOrphans: false, settle: 0 };
  const text = renderMarkdown(planCleanup(store, policy, { now: NOW }));
  const [, summary] = /<summary>(.*)<\/summary>/.exec(text)!;
  assertEquals(
    summary,
    "a|b &#60;img src=x&#62; [c](d) `e` &#64;everyone #1\\n# heading (1)",
  );
  const markdown = text.replace(/<summary>.*/, "");
  assert(!/<img|[^\\]@everyone|[^\\]`e|[^\\]\|b|^# /m.test(markdown), text);
  assertStringIncludes(
    text,
    "a\\|b &lt;img src=x\\> \\[c\\](d) \\`e\\` \\@everyone \\#1\\\\n\\# heading",
  );
});

Deno.test("renderMarkdown() lets no name begin a list, and says where there is none", () => {
  const names = ["- [ ] x", "+ y", "12. z", "3) u", " - v", "", "  "];
  const endTime = NOW - 90 * DAY;
  const runs = names.map((name, index) =>
    run({ id: runId(index), name, startTime: endTime, endTime })
  );
  const store = deepFreeze(snapshot({ experiments: [experiment({ runs })] }));
  const policy = { olderThan: DAY, purgeAfter: null, quarantineOrphans: false, settle: 0 };
  const text = renderMarkdown(planCleanup(store, policy, { now: NOW }));
  assertEquals([...text.matchAll(/^- (.*) \(1\//gm)].map(([, name]) => name), [
    "\\- \\[ \\] x",
    "\\+ y",
    "12\\. z",
    "3\\) u",
    "\\- v",
    "(no name)",
    "(no name)",
  ]);
});

Deno.test("renderMarkdown() and renderPlan() agree on why things stay, and which come first", () => {
  const orphans = [orphan({ id: "70", runs: [run({ experimentId: "70" })] })];
  const plan = planOf("retention: { keep_last: 1, keep_named: nope }", {
    ...longHistory(null),
    orphans,
  });
  const rows = [...renderMarkdown(plan).matchAll(/^\| ([\d,]+) [a-z -]+ \| (.*) \|$/gm)]
    .map(([, count, words]) => `${count} ${words!.replaceAll("\\", "")}`);
  const kept = [...renderPlan(plan).matchAll(/^Keep ([\d,]+) [^:]*: (.*)$/gm)]
    .flatMap(([, count, words]) =>
      words!.includes("·") ? words!.split(" · ") : [`${count} ${words}`]
    );
  assertEquals(rows, kept);
  assert(rows.includes("1 with readable runs"), rows.join("\n"));
  assertStringIncludes(
    renderMarkdown(plan),
    "- Note: keep\\_named nope fits none of 32 runs\n",
  );
  const first = (text: string, sign: string) =>
    text.split("\n").find((line) => line.startsWith(sign))?.trim().split(/\s+/)[1];
  const text = renderMarkdown(plan);
  const places = ["This plan takes ", "- Note: ", "<details>"].map((each) => text.indexOf(each));
  assertEquals(places.toSorted((left, right) => left - right), places);
  assert(places.every((place) => place >= 0));
  const sample = renderMarkdown(plan).split("<summary>churn (1)</summary>")[1]!;
  assertEquals(first(sample, "- "), first(renderPlan(plan), "    ~"));
});

Deno.test("renderMarkdown() samples long lists unless all is wanted", () => {
  const endTime = NOW - 90 * DAY;
  const runs = Array.from(
    { length: 30 },
    (_, index) => run({ id: runId(index), startTime: endTime, endTime }),
  );
  const store = deepFreeze(snapshot({ experiments: [experiment({ runs })] }));
  const policy = { olderThan: DAY, purgeAfter: null, quarantineOrphans: false, settle: 0 };
  const plan = planCleanup(store, policy, { now: NOW });
  assertEquals(renderMarkdown(plan).match(/^- sunny/gm)?.length, 10);
  assertStringIncludes(renderMarkdown(plan), "- … and 20 more (--all shows them)\n");
  assertEquals(renderMarkdown(plan, { all: true }).match(/^- sunny/gm)?.length, 30);
});

Deno.test("an experiment has its name where nothing but heavy files of its runs goes", () => {
  const store = longHistory("checkpoints");
  const experiments = store.experiments.map((each) => ({
    ...each,
    runs: each.runs.filter(({ extras }) => (extras?.heavy ?? []).length > 0),
    loggedModels: [],
  }));
  const plan = planOf(
    "retention: { keep_within: 365d }\npurge: { after: 7d, artifacts_only: checkpoints }",
    { ...store, experiments, orphans: [] },
  );
  assertEquals(plan.experiments, { "1": "churn" });
  assertStringIncludes(renderMarkdown(plan), "| churn (1) | 3 to be dropped | 2.6 MiB | 0 B |\n");
  assertStringIncludes(renderPlan(plan), "  churn (1): 3 files\n");
});
