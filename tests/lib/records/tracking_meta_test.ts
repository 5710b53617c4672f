import { assertEquals } from "@std/assert";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import {
  datasetMeta,
  inputMeta,
  newExperimentMeta,
  runMetaText,
} from "../../../lib/records/tracking_meta.ts";
import { parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

const RUN = {
  runId: "12345678901234567890123456789e12",
  experimentId: "420101650667246494",
  runName: "1e5",
  artifactUri: "file:///srv/mlruns/420101650667246494/12345678901234567890123456789e12/artifacts",
  user: "김민준",
  startTime: 1_700_000_000_000,
};

Deno.test("newExperimentMeta() writes the keys of MLflow 3", () => {
  const text = newExperimentMeta({
    experimentId: "420101650667246494",
    name: "고객 이탈: v2",
    artifactLocation: "s3://b/x",
    createdAt: 17,
  });
  assertEquals([...parseMetaYaml(text).keys()], [
    "artifact_location",
    "creation_time",
    "experiment_id",
    "last_update_time",
    "lifecycle_stage",
    "name",
    "trace_location",
    "workspace",
  ]);
  assertEquals(readExperimentMeta(text), {
    ok: true,
    meta: {
      experimentId: "420101650667246494",
      name: "고객 이탈: v2",
      artifactLocation: "s3://b/x",
      lifecycleStage: "active",
      creationTime: 17,
      lastUpdateTime: 17,
    },
  });
});

Deno.test("runMetaText() names the run for MLflow 2 and for MLflow 3", () => {
  const document = parseMetaYaml(runMetaText(RUN, "RUNNING", null));
  const id = { kind: "scalar", text: RUN.runId, plain: false } as const;
  assertEquals([document.get("run_id"), document.get("run_uuid")], [id, id]);
  assertEquals(document.get("tags"), { kind: "sequence", items: [] });
});

Deno.test("runMetaText() writes what readRunMeta() reads, for every status", () => {
  for (const status of ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const) {
    assertEquals(readRunMeta(runMetaText(RUN, status, 18)), {
      ok: true,
      meta: {
        runId: RUN.runId,
        experimentId: RUN.experimentId,
        name: "1e5",
        status,
        lifecycleStage: "active",
        startTime: RUN.startTime,
        endTime: 18,
        deletedTime: null,
        artifactUri: RUN.artifactUri,
        userId: "김민준",
      },
    });
  }
});

Deno.test("datasetMeta() writes null for what a dataset does not have", () => {
  assertEquals(
    datasetMeta({ name: "iris", digest: "0123", sourceType: "local", source: '{"uri": "a"}' }),
    'digest: "0123"\nname: iris\nprofile: null\nschema: null\n' +
      'source: "{\\"uri\\": \\"a\\"}"\nsource_type: local\n',
  );
});

Deno.test("inputMeta() names the dataset at both ends, as MLflow does", () => {
  assertEquals(
    inputMeta("abc", new Map([["mlflow.data.context", "train"]])),
    "destination_id: abc\ndestination_type: RUN\nsource_id: abc\nsource_type: DATASET\n" +
      "tags:\n  mlflow.data.context: train\n",
  );
  assertEquals(inputMeta("abc", new Map()).endsWith("tags: {}\n"), true);
});
