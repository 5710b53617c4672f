import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Extras } from "../../../../lib/store/extras.ts";
import type { Problem } from "../../../../lib/store/problem.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import {
  scanRunExtras,
  scanTraceUses,
  seekExtras,
} from "../../../../tasks/_file/scan/scan_extras.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { type Files, tempStore, writeFiles } from "../../../_support/disk_store.ts";

const NOTHING: Extras = { tags: [], metrics: [], params: [], uses: false, artifacts: null };
const RUN = `1/${runId(1)}`;

/** As MLflow writes it, apart from metadata. */
const ASSESSMENT =
  "assessment_name: good\ncreate_time: '2026-05-01T00:00:29Z'\nfeedback:\n  value: true\n" +
  "last_update_time: '2026-05-01T00:00:29Z'\nsource:\n  source_type: HUMAN\n";

/** What is read of a run that has these files, and what could not be. */
async function scanned(files: Files, wanted: Partial<Extras>) {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  writeFiles(store.root, files);
  const problems: Problem[] = [];
  const sought = await seekExtras(store.root, { ...NOTHING, ...wanted });
  const extras = await scanRunExtras({ root: store.root, problems }, RUN, sought);
  return { extras, problems };
}

Deno.test("scanRunExtras() reads the metrics and parameters that it is asked for, no others", async () => {
  const { extras, problems } = await scanned({
    [`${RUN}/metrics/f1`]: "1 0.5 0\n2 0.7 1\n",
    [`${RUN}/metrics/val/loss`]: "1 0.1 0\n",
    [`${RUN}/metrics/broken`]: "",
    [`${RUN}/params/model`]: "cnn",
    [`${RUN}/params/lr`]: "0.1",
  }, { metrics: ["f1", "missing", "val/loss", "val"], params: ["model", "../../../x"] });
  assertEquals(extras, {
    metrics: new Map([
      ["f1", { latest: 0.7, least: 0.5, greatest: 0.7 }],
      ["val/loss", { latest: 0.1, least: 0.1, greatest: 0.1 }],
    ]),
    params: new Map([["model", "cnn"]]),
    inputs: [],
    heavy: [],
  });
  assertEquals(problems, []);
});

Deno.test("scanRunExtras() takes a metric that cannot be read for a problem of its run", async () => {
  const { extras, problems } = await scanned({
    [`${RUN}/metrics/f1`]: "1 0.5 0\n17\n",
  }, { metrics: ["f1"] });
  assertEquals(extras.metrics, new Map());
  assertEquals(problems.map(({ path, message }) => [`${path}`, message]), [
    [`${RUN}/metrics/f1`, "line 2 is no point of a metric"],
  ]);
});

Deno.test("scanRunExtras() names the logged models that are inputs, and no datasets", async () => {
  const model = "m-0123456789abcdef0123456789abcdef";
  const inputs = {
    [`${RUN}/inputs/aa/meta.yaml`]:
      `destination_id: ${model}\ndestination_type: RUN\nsource_id: ${model}\nsource_type: MODEL\ntags: {}\n`,
    [`${RUN}/inputs/bb/meta.yaml`]:
      "destination_id: d1\ndestination_type: RUN\nsource_id: d1\nsource_type: DATASET\ntags: {}\n",
  };
  const models = { [`2/models/${model}`]: null };
  assertEquals((await scanned({ ...inputs, ...models }, { uses: true })).extras.inputs, [model]);
  assertEquals((await scanned({ ...inputs, ...models }, { uses: false })).extras.inputs, []);
  // Where no experiment has a logged model, none can be an input.
  assertEquals((await scanned(inputs, { uses: true })).extras.inputs, []);
});

Deno.test("scanRunExtras() reads an input however it is quoted", async () => {
  const model = "m-0123456789abcdef0123456789abcdef";
  const ends = `destination_id: ${RUN}\ndestination_type: RUN\n`;
  const forms = [
    `source_id: "${model}"\nsource_type: "MODEL"\n`,
    `source_id: '${model}'  # a comment\r\nsource_type: 'MODEL'\r\n`,
    `"source_id": ${model}\n'source_type': MODEL\n`,
    `source_id: >-\n  ${model}\nsource_type: !!str MODEL\n`,
  ];
  for (const form of forms) {
    const { extras, problems } = await scanned({
      [`${RUN}/inputs/aa/meta.yaml`]: `${ends}${form}tags: {}\n`,
      [`2/models/${model}`]: null,
    }, { uses: true });
    assertEquals([extras.inputs, problems], [[model], []], form);
  }
});

Deno.test("scanRunExtras() takes an input that cannot be used for a problem of its run", async () => {
  const { extras, problems } = await scanned({
    [`${RUN}/inputs/aa/meta.yaml`]: "source_id: 'm-0123",
    [`${RUN}/inputs/bb/meta.yaml`]: "destination_id: m-1\n",
    [`${RUN}/inputs/cc/meta.yaml`]: "",
    [`${RUN}/inputs/dd`]: null,
    "2/models/m-1": null,
  }, { uses: true });
  assertEquals(extras.inputs, []);
  assertEquals(problems.map(({ path, subject, damage }) => [`${path}`, subject, damage]), [
    [`${RUN}/inputs/aa/meta.yaml`, "input", "unreadable"],
    [`${RUN}/inputs/bb/meta.yaml`, "input", "incomplete"],
    [`${RUN}/inputs/cc/meta.yaml`, "input", "empty"],
    [`${RUN}/inputs/dd/meta.yaml`, "input", "missing"],
  ]);
});

Deno.test("scanRunExtras() finds heavy files by a glob, directories as a whole, never through links", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  writeFiles(store.root, {
    [`${RUN}/artifacts/last.ckpt`]: "x",
    [`${RUN}/artifacts/model/model.pkl`]: "x",
    [`${RUN}/artifacts/model/old.ckpt`]: "x",
    [`${RUN}/artifacts/checkpoints/1/a`]: "x",
    [`${RUN}/artifacts/checkpoints/2/b`]: "x",
  });
  Deno.symlinkSync(store.outside, join(store.root, RUN, "artifacts/link.ckpt"));
  const found = async (artifacts: string) => {
    const place = { root: store.root, problems: [] };
    const extras = await scanRunExtras(place, RUN, { ...NOTHING, artifacts, inputs: false });
    return extras.heavy
      .map(({ path, usage }) => `${path.slice(`${RUN}/artifacts/`.length)} ${usage.files}`).sort();
  };
  assertEquals(await found("**/*.ckpt"), ["last.ckpt 1", "model/old.ckpt 1"]);
  assertEquals(await found("checkpoints"), ["checkpoints 2"]);
  assertEquals(await found("checkpoints/**"), ["checkpoints/1 1", "checkpoints/2 1"]);
  assertEquals(await found("nothing"), []);
});

Deno.test("scanTraceUses() names what traces and assessments come from", async () => {
  await using store = await tempStore({ experiments: [experiment()] });
  writeFiles(store.root, {
    "1/traces/tr-1/request_metadata/mlflow.sourceRun": runId(1),
    "1/traces/tr-1/request_metadata/mlflow.modelId": "m-1",
    "1/traces/tr-1/assessments/a-1.yaml":
      `${ASSESSMENT}metadata:\n  mlflow.assessment.sourceRunId: ${runId(2)}\n`,
    "1/traces/tr-1/assessments/a-2.yaml": ASSESSMENT,
    "1/traces/tr-2/tags/x": "y",
  });
  const problems: Problem[] = [];
  assertEquals(await scanTraceUses({ root: store.root, problems }, "1/traces"), [
    { trace: "tr-1", assessment: null, runId: runId(1), modelId: "m-1" },
    { trace: "tr-1", assessment: "a-1", runId: runId(2), modelId: null },
  ]);
  assertEquals(problems, []);
});

Deno.test("scanTraceUses() takes an assessment that cannot be used for a problem", async () => {
  await using store = await tempStore({ experiments: [experiment()] });
  const metadata = `metadata:\n  mlflow.assessment.sourceRunId: ${runId(2)}\n`;
  const folder = "1/traces/tr-1/assessments";
  writeFiles(store.root, {
    [`${folder}/a-1.yaml`]: `${ASSESSMENT}${metadata}tags: [`,
    [`${folder}/a-2.yaml`]: "assessment_name: good\n",
    [`${folder}/a-3.yaml`]: `assessment_name: good\n${metadata}`,
  });
  const problems: Problem[] = [];
  // Whatever else is wrong with it, the run that it names is kept.
  assertEquals(await scanTraceUses({ root: store.root, problems }, "1/traces"), [
    { trace: "tr-1", assessment: "a-3", runId: runId(2), modelId: null },
  ]);
  assertEquals(problems.map(({ path, subject, damage }) => [`${path}`, subject, damage]), [
    [`${folder}/a-1.yaml`, "assessment", "unreadable"],
    [`${folder}/a-2.yaml`, "assessment", "incomplete"],
    [`${folder}/a-3.yaml`, "assessment", "incomplete"],
  ]);
});

Deno.test("scanStore() reads only the tags that it is asked for, and a name where there is none", async () => {
  const tags = { keep: "1", "a/b": "2", other: "3", "mlflow.runName": "old" };
  await using store = await tempStore({
    experiments: [experiment({
      runs: [run({ id: runId(1), tags }), run({ id: runId(2), name: "", tags })],
    })],
  });
  const extras = { ...NOTHING, tags: ["a/b", "keep", "missing"] };
  const { experiments: [found] } = await scanStore(store.root, {
    depth: "tags",
    sizes: false,
    now: NOW,
    extras,
  });
  const read = found?.runs.map(({ name, tags }) => [name, ...[...tags.keys()].sort()]).sort();
  assertEquals(read, [
    ["old", "a/b", "keep", "mlflow.runName"],
    ["sunny-crane-1", "a/b", "keep"],
  ]);
});

Deno.test("scanStore() changes its fingerprint with a metric that was asked for, and only then", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  const fingerprints = () =>
    Promise.all([undefined, { ...NOTHING, metrics: ["f1"] }].map(async (extras) => {
      const { fingerprint } = await scanStore(store.root, {
        depth: "tags",
        sizes: false,
        now: NOW,
        ...(extras === undefined ? {} : { extras }),
      });
      return fingerprint;
    }));
  writeFiles(store.root, { [`${RUN}/metrics/f1`]: "1 0.5 0\n" });
  const [plain, withMetric] = await fingerprints();
  Deno.writeTextFileSync(join(store.root, RUN, "metrics/f1"), "1 0.5 0\n2 0.9 1\n");
  const [plainAfter, withMetricAfter] = await fingerprints();
  assertEquals(plainAfter, plain);
  assertEquals(withMetricAfter === withMetric, false);
});
