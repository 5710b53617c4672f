import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { comparePlans } from "../../../lib/answers/compare_plans.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { renderComparison } from "../../../lib/render/comparison.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { DAY, experiment, NOW, run, RUN_USAGE, runId } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { longHistory } from "../../_support/long_history.ts";

const STORE = deepFreeze(longHistory(null));
const HEAVY = deepFreeze(longHistory("checkpoints"));
const planOf = (yaml: string, store: StoreSnapshot<"tags"> = STORE) =>
  planCleanup(store, policyOf(readConfig(yaml, "mltidy.yaml")), { now: NOW });

Deno.test("comparePlans() names the runs that change sides, with what they take", () => {
  const { removed, kept, usage } = comparePlans(
    STORE,
    planOf("retention: { keep_within: 30d }"),
    planOf("retention: { keep_within: 10d, keep_best: { n: 4 } }"),
  );
  assertEquals(removed.map(({ name }) => name), ["crash", "cnn-4", "cnn-3"]);
  assertEquals(kept.map(({ name }) => name), ["cnn-2", "sweep", "trial-1", "trial-2", "trial-3"]);
  assertEquals(kept.map(({ reasons: [{ kind }] }) => kind), [
    "keep-best",
    "parent-of-kept",
    "child-of-kept",
    "keep-best",
    "child-of-kept",
  ]);
  assertEquals(usage, {
    removed: { bytes: 1_020_000, files: 9 },
    kept: { bytes: 1_040_000, files: 15 },
  });
});

Deno.test("comparePlans() finds nothing between a policy and itself", () => {
  const plan = planOf("retention: { keep_last: 3 }");
  const { removed, kept } = comparePlans(STORE, plan, plan);
  assertEquals([removed, kept], [[], []]);
});

Deno.test("comparePlans() counts a purge as a removal, and that of an experiment for its runs", () => {
  const { kept } = comparePlans(STORE, planOf(""), planOf("purge: { after: 50d }"));
  assertEquals(kept.map(({ name }) => name), ["binned"]);
  const deleted = experiment({
    id: "9",
    lifecycleStage: "deleted",
    recordedStage: "deleted",
    lastUpdateTime: NOW - 40 * DAY,
    runs: [
      run({
        id: runId(900),
        experimentId: "9",
        name: "trial",
      }),
    ],
  });
  const store = deepFreeze({ ...STORE, experiments: [deleted] });
  const purged = comparePlans(store, planOf("", store), planOf("purge: { after: 50d }", store));
  assertEquals(purged.removed, []);
  assertEquals(purged.kept.map(({ kind, name, usage }) => [kind, name, usage]), [
    ["run", "trial", RUN_USAGE],
  ]);
  const back = comparePlans(store, planOf("purge: { after: 50d }", store), planOf("", store));
  assertEquals(back.removed.map(({ name }) => name), ["trial"]);
});

Deno.test("comparePlans() names orphans and heavy files of runs that stay", () => {
  const without = planOf("retention: { keep_within: 365d }", HEAVY);
  const withHeavy = planOf(
    "retention: { keep_within: 365d }\npurge: { artifacts_only: checkpoints }",
    HEAVY,
  );
  const { removed, kept } = comparePlans(HEAVY, without, withHeavy);
  assertEquals(kept, []);
  assertEquals([...new Set(removed.map(({ kind }) => kind))], ["heavy-file"]);
  assert(removed.length > 1);
  assertStringIncludes(
    renderComparison(comparePlans(HEAVY, without, withHeavy), { other: "b.yaml" }),
    `Only b.yaml removes ${removed.length} heavy files, `,
  );
  const back = comparePlans(HEAVY, withHeavy, without);
  assertEquals(back.kept.map(({ path }) => path), removed.map(({ path }) => path));
  assertEquals(back.kept[0]?.reasons[0].kind, "keep-within");
  // Where the other policy takes the whole run, its heavy files say nothing more.
  const strict = planOf("retention: { keep_within: 30d }", HEAVY);
  const paths = comparePlans(HEAVY, withHeavy, strict).kept.map(({ path }) => path);
  const gone = strict.actions.map(({ path }) => path);
  assertEquals(paths.filter((path) => gone.some((run) => path.startsWith(`${run}/`))), []);
  const later = {
    ...without,
    actions: without.actions.filter((one) => one.kind !== "quarantine-orphan"),
  };
  assertEquals(comparePlans(HEAVY, later, without).removed.map(({ kind }) => kind), ["orphan"]);
});
