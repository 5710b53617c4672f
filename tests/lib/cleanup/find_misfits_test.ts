import { assert, assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import { isMisfit } from "../../../lib/plan/reason_shape.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { extrasOf } from "../../../lib/policy/policy.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { NO_EXTRAS } from "../../../lib/store/extras.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { misfitText } from "../../../lib/words/misfit.ts";
import { noteLines } from "../../../lib/words/totals.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

/** Three experiments; f1 is logged in one of them, and one run is marked and has a parameter. */
const EXPERIMENTS = ["churn", "vision", "scratch"].map((name, index) =>
  experiment({
    id: `${index + 1}`,
    name,
    runs: [1, 2].map((number) =>
      run({
        id: runId(10 * index + number),
        experimentId: `${index + 1}`,
        name: `${name}-${number}`,
        endTime: NOW - 90 * DAY,
        tags: index === 0 && number === 1 ? { keep: "yes" } : {},
        extras: {
          metrics: new Map(
            index === 0 ? [["f1", { latest: number, least: number, greatest: number }]] : [],
          ),
          params: new Map(index === 1 ? [["model", "cnn"]] : []),
          inputs: [],
          heavy: [],
        },
      })
    ),
  })
);

function planOf(
  yaml: string,
  store: Partial<StoreSnapshot<"tags">> = { experiments: EXPERIMENTS },
) {
  const policy = policyOf(readConfig(yaml, "mltidy.yaml"));
  const read = { ...snapshot(store), extras: extrasOf(policy.retention!) };
  return planCleanup(deepFreeze(read), policy, { now: NOW });
}
const notesOf = (yaml: string) => (planOf(yaml).notes ?? []).map(misfitText);

Deno.test("findMisfits() names metrics that rank no run, and in how many experiments", () => {
  assertEquals(notesOf("retention: { keep_best: { n: 1 } }"), [
    "keep_best by f1 ranks no run in 2 of 3 experiments",
  ]);
  assertEquals(notesOf("retention: { keep_best: { metric: F1, mode: max } }"), [
    "keep_best by F1 ranks no run in 3 experiments",
  ]);
  // What another rule judges does not count.
  assertEquals(
    notesOf(`
retention: { keep_last: 1 }
rules: [{ experiments: churn, keep_best: { n: 1 } }]`),
    [],
  );
});

Deno.test("a plan says that its policy has no keep_within, where a run goes", () => {
  const said = (yaml: string) => noteLines(planOf(yaml)).filter((line) => line.includes("within"));
  const note = "Note: no rule has keep_within, so a run that ended two days ago may go as well";
  assertEquals(said('retention: { keep_where: ["f1 > 1"] }'), [note]);
  assertEquals(said('retention: { keep_where: ["f1 > 1"], keep_within: 30d }'), []);
  assertEquals(said("retention: { keep_last: 2 }"), []);
});

Deno.test("findMisfits() does not count what a rule that keeps none would rank by", () => {
  const latest = experiment({
    id: "1",
    runs: [run({
      id: runId(1),
      experimentId: "1",
      extras: {
        ...NO_EXTRAS,
        metrics: new Map([["f1", { latest: NaN, least: 0, greatest: 0.5 }]]),
      },
    })],
  });
  const plan = planOf(
    `
retention:
  keep_best:
    - { metric: f1, mode: max, over: history, n: 0 }
    - { metric: f1, mode: max, over: latest, n: 1 }
`,
    { experiments: [latest] },
  );
  assertEquals(plan.notes?.map(misfitText), ["keep_best by f1 ranks no run in 1 experiment"]);
});

Deno.test("findMisfits() names globs, tags and parameters that nothing has", () => {
  assertEquals(
    notesOf(`
retention:
  keep_last: 1
  keep_best: { metric: f1, mode: max, per: nothere }
  group_by: Model
  keep_tags: [keep, "keep=no*", kept]
  keep_named: ["churn-*", "base*"]
rules:
  - experiments: [my_vision, vision]
  - tags: team=vision
protect: { pinned_tags: [thesis], experiments: [prod-*, "3"] }
purge: { artifacts_only: "*.ckpt" }
`),
    [
      "experiments of rule 1 my_vision fits none of 3 experiments",
      "tags of rule 2 team=vision fits none of 6 runs",
      "keep_best by f1 ranks no run in 2 of 3 experiments",
      "per nothere fits none of 6 runs",
      "group_by Model fits none of 6 runs",
      "keep_tags keep=no* fits none of 6 runs",
      "keep_tags kept fits none of 6 runs",
      "keep_named base* fits none of 6 runs",
      "protect.experiments prod-* fits none of 3 experiments",
      "protect.pinned_tags thesis fits none of 6 runs",
      "purge.artifacts_only *.ckpt fits none of 6 runs",
    ],
  );
});

Deno.test("findMisfits() is silent where all fits, where nothing keeps, and in an empty store", () => {
  assertEquals(
    notesOf("retention: { keep_named: churn*, keep_tags: keep=y*, group_by: model }"),
    [],
  );
  assertEquals(notesOf("retention: { keep_best: { metric: no, mode: max, n: 0, per: no } }"), []);
  assertEquals(planOf("retention: { keep_tags: keep }", {}).notes, undefined);
});

Deno.test("a plan shows what fits nothing, and a saved plan must say it in full", () => {
  const plan = planOf("retention: { keep_best: { n: 1 } }");
  const line = "Note: keep_best by f1 ranks no run in 2 of 3 experiments\n";
  assert(renderPlan(plan).includes(line), renderPlan(plan));
  assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plan);
  assert(plan.notes!.every(isMisfit));
  assert(!isMisfit({ ...plan.notes![0], of: "3" }) && !isMisfit(null));
});
