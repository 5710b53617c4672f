import { assertEquals } from "@std/assert";
import { allowingFlags, findStops, stopText } from "../../lib/find_stops.ts";
import type { JudgedRun, JudgedSnapshot } from "../../lib/judged.ts";
import { asExperimentId } from "../../lib/model.ts";
import type { RetentionPolicy } from "../../lib/policy.ts";
import { experiment as anExperiment, retentionRule, run } from "../_support/builders.ts";

const experiment = asExperimentId("7");

/** Runs of one experiment, of which the groups named in capitals go. */
function judged(groups: readonly (string | null)[]): JudgedSnapshot {
  const rule = retentionRule();
  const judgedRun = (group: string | null, goes: boolean): JudgedRun => ({
    run: run({ experimentId: experiment }),
    holder: null,
    ruling: { rule, group },
    standings: [],
    isProtected: false,
    verdict: goes
      ? { goes, reasons: [{ kind: "not-kept", rule: rule.name, time: 0, age: 0, standings: [] }] }
      : { goes, reasons: [{ kind: "no-rule" }] },
  });
  const runs = groups.map((group) => judgedRun(group, group === group?.toUpperCase()));
  const activeExperiments = [anExperiment({ id: "7", name: "churn" })];
  return { runs, experiments: [], orphans: [], activeExperiments };
}

const limited = (maxShare: number, protectedOnes: readonly string[] = []): RetentionPolicy => ({
  rules: [],
  protect: { pinnedTags: [], experiments: protectedOnes, unsafe: [] },
  limits: { maxShare, maxRuns: null },
  artifactsOnly: null,
});

const share = { kind: "max-share", experiment, name: "churn" } as const;
const runs = { kind: "max-runs", removes: 1_200, limit: 1_000 } as const;
const emptied = { kind: "empties-protected", experiment, name: "churn", group: "cnn" } as const;

Deno.test("stopText() names what is too much, and the limit as it was written", () => {
  assertEquals(
    stopText({ ...share, removes: 37, of: 40, limit: 0.5 }),
    "it removes 37 of 40 runs of experiment churn (7), and max_share is 50%",
  );
  assertEquals(
    stopText({ ...share, removes: 50, of: 100, limit: 0.499 }),
    "it removes 50 of 100 runs of experiment churn (7), and max_share is 49.9%",
  );
  assertEquals(stopText(runs), "it removes 1,200 runs, and max_runs is 1,000");
  assertEquals(
    stopText({ ...emptied, removes: 2 }),
    'it removes all 2 runs of group "cnn" of experiment churn (7), which protect.experiments names; let the policy keep one of them',
  );
});

Deno.test("allowingFlags() allows all at once, or nothing", () => {
  const shares = [
    { ...share, removes: 37, of: 40, limit: 0.5 },
    { ...share, removes: 58, of: 100, limit: 0.5 },
  ];
  assertEquals(allowingFlags(shares), "--max-share 93%");
  assertEquals(allowingFlags([runs, ...shares]), "--max-share 93% --max-runs 1200");
  assertEquals(allowingFlags([...shares, { ...emptied, removes: 2 }]), "");
});

Deno.test("findStops() is content with the share that its own flag allows", () => {
  for (let of = 1; of <= 100; of++) {
    for (let removes = 1; removes <= of; removes++) {
      const some = judged(Array.from({ length: of }, (_, index) => index < removes ? "A" : "a"));
      const flag = allowingFlags(findStops(some, limited(0)));
      const share = Number(/(\d+)%/.exec(flag)?.[1]) / 100;
      assertEquals(findStops(some, limited(share)), [], `${removes} of ${of}: ${flag}`);
    }
  }
});

Deno.test("findStops() lets no protected experiment lose its last run, nor one of its groups", () => {
  const emptiedBy = (...groups: readonly (string | null)[]) =>
    findStops(judged(groups), limited(1, ["churn"])).flatMap((stop) =>
      stop.kind === "empties-protected" ? [[stop.group, stop.removes]] : []
    );
  assertEquals(emptiedBy("A", "A", "b"), [["A", 2]]);
  assertEquals(emptiedBy("A", "B", "b"), [["A", 1], ["B", 1]]);
  assertEquals(emptiedBy("A", "B"), [[null, 2]]);
  assertEquals(emptiedBy(null, null), []);
});
