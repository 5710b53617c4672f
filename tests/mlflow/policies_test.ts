/**
 * Policies, put to real MLflow: whatever they say, a registered model's run survives, and MLflow still
 * loads the model.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Plan } from "../../lib/plan/plan.ts";
import { editMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { runForJson } from "../_support/command.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

const LONG_AGO = Date.now() - 400 * 24 * 60 * 60 * 1000;

/** Every way of writing a policy without a key that begins with `unsafe_`, the harshest last. */
const POLICIES: readonly string[] = [
  "retention: { keep_last: 1 }",
  "retention: { keep_within: 1d }",
  "retention: { keep_best: { metric: f1, mode: max, n: 1 } }",
  "retention: { keep_best: { metric: f1, mode: max, n: 1, over: history, per: model } }",
  "retention: { keep_daily: 1, keep_weekly: 1, keep_monthly: 1 }",
  "retention: { keep_tags: nobody }",
  "retention: { keep_status: FAILED, children: own }",
  "retention: { keep_named: run-5, group_by: model }",
  "retention: { keep_last: 2 }\nrules: [{ experiments: churn, keep_named: run-5, keep_last: 0 }]",
  "retention: { keep_last: 2 }\nrules: [{ tags: mlflow.user, keep_last: 0, keep_tags: x }]",
  "retention: { keep_last: 1 }\nprotect: { pinned_tags: other }",
  'retention: { keep_last: 1 }\npurge: { after: 0d, artifacts_only: "**" }',
  'retention: { keep_tags: nobody }\npurge: { after: 0d, artifacts_only: "**" }',
].map((policy) => `limits: { max_share: 100% }\n${policy}\n`);

testEachVersion("a registered model outlives every policy, and still loads", async (version) => {
  const parent = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    const store = join(parent, "mlruns");
    const { runs } = await runPython(version, "registered_model.py", ["make", store]) as {
      readonly runs: readonly string[];
    };
    const [registered = ""] = runs;
    for (const [index, run] of runs.entries()) {
      const meta = join(store, run, "meta.yaml");
      const end = LONG_AGO + index * 1000;
      await Deno.writeTextFile(
        meta,
        editMetaYaml(await Deno.readTextFile(meta), { start_time: end - 1, end_time: end }),
      );
    }

    for (const policy of POLICIES) {
      await Deno.writeTextFile(join(parent, "mltidy.yaml"), policy);
      const { actions } = await runForJson<Plan>("cleanup", store);
      const paths = actions.map(({ path }) => `${path}`);
      assert(paths.length > 0, `${policy} lets nothing go`);
      assertEquals(paths.filter((path) => path.startsWith(registered)), [], policy);
    }

    // The harshest is in force now; a moment later, what it soft-deletes is purged.
    await runForJson("cleanup:apply", store, "--force");
    await runForJson("cleanup:apply", store, "--force");
    const left = [...Deno.readDirSync(join(store, registered, ".."))]
      .filter(({ name }) => /^[0-9a-f]{32}$/.test(name)).map(({ name }) => name);
    assertEquals(left, [registered.split("/").at(-1)]);
    assertEquals(await runPython(version, "registered_model.py", ["load", store]), {
      answer: [2, 42],
      stage: "active",
    });
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});
