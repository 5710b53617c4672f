import { assertEquals, assertStringIncludes } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { BucketRoot } from "../../../lib/store/artifact_uri.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { DAY, deletedRun, experiment, NOW, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const BUCKET: BucketRoot = { root: "s3://team/ml", problem: null, keeps: "nothing" };
const long = { deletedTime: NOW - 90 * DAY };

/** A database of which long deleted runs have their artifacts in a bucket, and two behind another scheme. */
function planWith(bucket: Partial<BucketRoot>) {
  const store = deepFreeze(snapshot({
    experiments: [experiment({
      id: "1",
      runs: [
        deletedRun({ id: runId(1), ...long, artifactUri: `s3://team/ml/1/${runId(1)}/artifacts` }),
        deletedRun({ id: runId(2), ...long, artifactUri: `gs://team/1/${runId(2)}/artifacts` }),
        deletedRun({ id: runId(3), ...long, artifactUri: `gs://team/1/${runId(3)}/artifacts` }),
      ],
    })],
  }));
  const backend = { artifactRoot: null, revision: null, buckets: [{ ...BUCKET, ...bucket }] };
  return planCleanup({ ...store, backend }, policyOfAges(), { now: NOW });
}

Deno.test("a plan says where artifacts lie that are not on this machine, and what stays there", () => {
  const plan = planWith({});
  assertEquals(plan.actions.length, 3);
  assertEquals(plan.remote, { buckets: [BUCKET], elsewhere: { gs: 2 } });
  const text = renderPlan(plan);
  assertStringIncludes(text, "Artifacts lie in s3://team/ml;");
  assertStringIncludes(text, "artifacts stay of what is purged: 2 in gs:.");
});

Deno.test("a plan says of every scheme at which mltidy cannot look how many artifacts stay there", () => {
  const locations = [
    "gs://team",
    "wasbs://container@team.blob.core.windows.net",
    "abfss://container@team.dfs.core.windows.net",
    "dbfs:/team",
    "hdfs://team:8020",
    "mlflow-artifacts:",
  ];
  const store = deepFreeze(snapshot({
    experiments: [experiment({
      id: "1",
      runs: locations.map((location, at) =>
        deletedRun({
          ...{ id: runId(at), ...long },
          artifactUri: `${location}/1/${runId(at)}/artifacts`,
        })
      ),
    })],
  }));
  const backend = { artifactRoot: null, revision: null };
  const plan = planCleanup({ ...store, backend }, policyOfAges(), { now: NOW });
  assertEquals(plan.actions.length, locations.length);
  assertEquals(plan.remote, {
    buckets: [],
    elsewhere: { gs: 1, wasbs: 1, abfss: 1, dbfs: 1, hdfs: 1, "mlflow-artifacts": 1 },
  });
  assertStringIncludes(
    renderPlan(plan),
    "artifacts stay of what is purged: 1 in gs:, 1 in wasbs:, 1 in abfss:, 1 in dbfs:, 1 in hdfs:, 1 in mlflow-artifacts:.",
  );
});

Deno.test("what has artifacts in a bucket that nobody can look at is not purged, and the plan says why", () => {
  const plan = planWith({ problem: "there is no such bucket", keeps: "unknown" });
  assertEquals(plan.actions.map(({ path }) => path), [`1/${runId(2)}`, `1/${runId(3)}`]);
  const message = "there is no such bucket";
  assertEquals(plan.kept.map(({ path }) => `${path}`), [`1/${runId(1)}`]);
  assertEquals(plan.kept[0]?.reasons, [
    { kind: "artifacts-unreadable", root: "s3://team/ml", message },
  ]);
  assertStringIncludes(renderPlan(plan), "Artifacts in s3://team/ml were not looked at");
});

Deno.test("a plan says of a bucket what it keeps of what is deleted", () => {
  const keptBy = (keeps: BucketRoot["keeps"]) => renderPlan(planWith({ keeps }));
  assertStringIncludes(keptBy("versions"), "s3://team keeps versions of what is deleted");
  assertStringIncludes(keptBy("locked versions"), "s3://team keeps and locks versions");
});
