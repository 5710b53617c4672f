import { assert, assertEquals } from "@std/assert";
import { policyOf, readConfig } from "../../lib/config.ts";
import { explainRun, findRuns } from "../../lib/explain_run.ts";
import { renderExplanation } from "../../lib/render_explanation.ts";
import { NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { longHistory } from "../_support/long_history.ts";

const STORE = deepFreeze(longHistory(null));

function explained(name: string, yaml: string) {
  const [run] = findRuns(STORE, name);
  assert(run);
  const policy = policyOf(readConfig(`limits: { max_share: 100% }\n${yaml}`, "mltidy.yaml"));
  return explainRun(STORE, policy, { path: run.path, now: NOW });
}

/** The smallest change, as `key from → to`, and how many other runs it moves. */
function flipOf(name: string, yaml: string): readonly [string, number] | null {
  const { flip } = explained(name, yaml);
  if (flip === null) return null;
  return [
    flip.changes.map(({ key, from, to }) => `${key} ${from} → ${to}`).join(", "),
    flip.others,
  ];
}

Deno.test("findRuns() takes an id, its beginning, or a name", () => {
  const [champion] = findRuns(STORE, "champion");
  assertEquals(findRuns(STORE, champion!.id), [champion!]);
  assertEquals(findRuns(STORE, "00000000").length > 10, true);
  assertEquals(findRuns(STORE, "0000"), []);
  assertEquals(findRuns(STORE, "nobody"), []);
});

Deno.test("explainRun() tells the verdict, the rule, the reasons and the rank", () => {
  const { verdict, rule, experiment, reasons, standings } = explained(
    "cnn-2",
    "retention: { keep_best: { n: 3 }, keep_last: 5 }",
  );
  assertEquals([verdict, rule, experiment], ["soft-delete", "retention", "churn"]);
  assertEquals(reasons.map(({ kind }) => kind), ["not-kept"]);
  assertEquals(standings, [
    {
      kind: "keep-best",
      metric: "f1",
      mode: "max",
      over: "latest",
      per: null,
      rank: 4,
      of: 12,
      n: 3,
    },
    { kind: "keep-last", rank: 10, of: 15, n: 5 },
  ]);
});

Deno.test("explainRun() finds the change that moves the fewest other runs", () => {
  const rules = "retention: { keep_best: { n: 3 }, keep_last: 5 }";
  // In vision the fourth best is registered and stays anyway.
  assertEquals(flipOf("cnn-2", rules), ["keep_best of f1, n 3 → 4", 0]);
  assertEquals(flipOf("gru-3", "retention: { keep_last: 5, children: own }"), [
    "keep_last 5 → 2",
    7,
  ]);
});

Deno.test("explainRun() lowers all that keeps a run at once, and switches off what protects it", () => {
  assertEquals(
    flipOf("gru-3", "retention: { keep_within: 30d, keep_best: { n: 1 }, keep_last: 4 }"),
    [
      "keep_best of f1, n 1 → 0, keep_last 4 → 2, keep_within 30d → 1d23h59m",
      8,
    ],
  );
  assertEquals(flipOf("champion", "retention: { keep_within: 30d }"), [
    "unsafe_registered false → true",
    1,
  ]);
  assertEquals(flipOf("cnn-3", "retention: { keep_last: 1, keep_tags: keep }"), [
    "keep_tags [keep] → []",
    0,
  ]);
});

Deno.test("explainRun() lets children be judged by themselves where that alone turns it", () => {
  assertEquals(flipOf("trial-3", "retention: { keep_best: { n: 1 } }"), [
    "children follow → own",
    1,
  ]);
});

Deno.test("explainRun() knows no change for what only another run keeps, or the future", () => {
  assertEquals(flipOf("sweep", "retention: { keep_best: { n: 1 }, children: own }"), null);
  assertEquals(flipOf("tomorrow", "retention: { keep_last: 1 }"), null);
});

Deno.test("explainRun() explains a soft-deleted run by the time since its deletion", () => {
  const { verdict, rule } = explained("binned", "");
  assertEquals([verdict, rule], ["purge", null]);
  assertEquals(flipOf("binned", ""), ["after 30d → 40d", 0]);
  assertEquals(explained("binned", "").flip?.changes[0].rule, "purge");
  assertEquals(flipOf("binned-lately", ""), ["after 30d → 4d23h59m", 0]);
});

Deno.test("explainRun() explains a policy of ages alone by its flags", () => {
  const policy = {
    olderThan: 10 * 86_400_000,
    purgeAfter: 30 * 86_400_000,
    quarantineOrphans: false,
    settle: 0,
  };
  const flipped = (name: string) => {
    const [run] = findRuns(STORE, name);
    const explanation = explainRun(STORE, policy, { path: run!.path, now: NOW });
    const change = renderExplanation(explanation).match(/^Smallest change that (.*);/m)?.[1];
    return [explanation.verdict, change];
  };
  assertEquals(flipped("cnn-4"), ["soft-delete", "keeps it: --days-old 10 → 20"]);
  assertEquals(flipped("gru-2"), ["stays", "lets it go: --days-old 10 → 2.19"]);
  assertEquals(flipped("binned"), ["purge", "keeps it: --purge-after 30d → 40d"]);
});
