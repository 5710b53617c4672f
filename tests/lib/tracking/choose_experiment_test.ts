import { assertEquals } from "@std/assert";
import { readExperimentMeta } from "../../../lib/records/meta_record.ts";
import { newExperimentMeta } from "../../../lib/records/tracking_meta.ts";
import {
  chooseExperiment,
  type ExperimentFile,
  repairExperimentMeta,
} from "../../../lib/tracking/choose_experiment.ts";

const locationOf = (id: string) => `file:///mlruns/${id}`;

function file(
  id: string,
  init: Partial<ExperimentFile> & { name?: string; createdAt?: number } = {},
) {
  const { name = "churn", createdAt = 1, ...rest } = init;
  const text = newExperimentMeta({
    experimentId: id,
    name,
    artifactLocation: locationOf(id),
    createdAt,
  });
  return { id, stage: "active", text, ...rest } as const;
}

const choose = (...files: readonly ExperimentFile[]) =>
  chooseExperiment(files, "churn", locationOf);

Deno.test("chooseExperiment() finds nothing but the very name", () => {
  assertEquals(choose(), null);
  assertEquals(choose(file("1", { name: "churn 2" }), file("2", { name: "Churn" })), null);
});

Deno.test("chooseExperiment() prefers active to deleted, then healthy to damaged", () => {
  const healthy = file("1");
  const damaged = file("2", { text: "name: churn\n" });
  const deleted = file("3", { stage: "deleted", createdAt: 9 });
  const lost = file("4", { stage: "deleted", text: "name: churn\n" });
  const order = [healthy, damaged, deleted, lost];
  const chosen = order.map((_, index) => choose(...order.slice(index).reverse())?.id);
  assertEquals(chosen, ["1", "2", "3", "4"]);
});

Deno.test("chooseExperiment() takes of several the one that MLflow takes: the newest, then the least id", () => {
  const files = [
    file("5", { createdAt: 2 }),
    file("4", { createdAt: 3 }),
    file("3", { createdAt: 3 }),
  ];
  assertEquals(choose(...files)?.id, "3");
});

Deno.test("chooseExperiment() gives a healthy one unrepaired", () => {
  const healthy = file("1");
  assertEquals(choose(healthy), { ...healthy, repaired: null });
});

Deno.test("repairExperimentMeta() takes a copied experiment's id from its directory", () => {
  const repaired = repairExperimentMeta({ ...file("1"), id: "2" }, locationOf("2")) ?? "";
  const read = readExperimentMeta(repaired);
  assertEquals(read.ok && [read.meta.experimentId, read.meta.name], ["2", "churn"]);
});

Deno.test("repairExperimentMeta() keeps what can be read, unknown keys included", () => {
  const text = "artifact_location: s3://b/1\ncreation_time: 17\nmine: '1'\nname: churn\n: }{\n";
  assertEquals(
    repairExperimentMeta({ id: "1", stage: "deleted", text }, locationOf("1")),
    'artifact_location: s3://b/1\ncreation_time: 17\nexperiment_id: "1"\nlast_update_time: null\n' +
      'lifecycle_stage: deleted\nmine: "1"\nname: churn\n',
  );
});

Deno.test("repairExperimentMeta() trusts a folded name, and no name that was cut off", () => {
  const id = { id: "1", stage: "active" } as const;
  const folded = repairExperimentMeta({ ...id, text: "name: a long\n  name\n" }, "s3://b/1") ?? "";
  const read = readExperimentMeta(folded);
  assertEquals(read.ok && read.meta.name, "a long name");
  const texts = [
    "",
    "name: chu",
    "lifecycle_stage: active\n",
    "name: null\n",
    "name: [\n",
    "name: ''\n",
  ];
  assertEquals(
    texts.map((text) => repairExperimentMeta({ ...id, text }, "s3://b/1")),
    texts.map(() => null),
  );
});

Deno.test("chooseExperiment() finds no experiment by the name of which its text was cut off", () => {
  const { text } = file("1");
  const end = text.indexOf("name: churn\n") + "name: churn".length;
  for (let length = 0; length < text.length; length++) {
    const chosen = choose(file("1", { text: text.slice(0, length) }));
    assertEquals([length, chosen?.id], [length, length < end ? undefined : "1"]);
  }
});
