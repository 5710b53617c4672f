import { assertEquals } from "@std/assert";
import { findStops } from "../../../lib/cleanup/find_stops.ts";
import type { JudgedRun, JudgedSnapshot } from "../../../lib/judge/judged.ts";
import type { RetentionPolicy } from "../../../lib/policy/policy.ts";
import { asExperimentId } from "../../../lib/store/path.ts";
import { allowanceOf } from "../../../lib/plan/allowance.ts";
import { experiment as anExperiment, retentionRule, run } from "../../_support/builders.ts";

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
    isUnsure: false,
    verdict: goes
      ? { goes, reasons: [{ kind: "not-kept", rule: rule.name, time: 0, age: 0, standings: [] }] }
      : { goes, reasons: [{ kind: "no-rule" }] },
  });
  const runs = groups.map((group) => judgedRun(group, group === group?.toUpperCase()));
  const activeExperiments = [anExperiment({ id: "7", name: "churn" })];
  return { runs, models: [], experiments: [], orphans: [], activeExperiments };
}

const limited = (maxShare: number, protectedOnes: readonly string[] = []): RetentionPolicy => ({
  rules: [],
  protect: { pinnedTags: [], experiments: protectedOnes, unsafe: [] },
  limits: { maxShare, maxRuns: null },
  artifactsOnly: null,
});

Deno.test("findStops() is content with the share that its own allowance has", () => {
  for (let of = 1; of <= 100; of++) {
    for (let removes = 1; removes <= of; removes++) {
      const some = judged(Array.from({ length: of }, (_, index) => index < removes ? "A" : "a"));
      const percent = allowanceOf(findStops(some, limited(0)))!.maxShare!;
      assertEquals(
        findStops(some, limited(percent / 100)),
        [],
        `${removes} of ${of}: ${percent}%`,
      );
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
