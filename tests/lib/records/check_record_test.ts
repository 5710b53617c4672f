import { assertEquals } from "@std/assert";
import { checkRecord } from "../../../lib/records/check_record.ts";
import { type RecordKind, recordSubjectOf } from "../../../lib/store/problem.ts";
import { scalar } from "../../../lib/yaml/node.ts";

function found(kind: RecordKind, text: string): readonly (string | null | undefined)[] {
  return checkRecord({ kind: "text", text }, kind).problems
    .flatMap(({ damage, message, migration }) => [damage, message, migration]);
}

const INPUT =
  "destination_id: a\ndestination_type: RUN\nsource_id: a\nsource_type: DATASET\ntags: {}\n";

Deno.test("checkRecord() gives the record of a sound file, and why there is none", () => {
  const { document, problems } = checkRecord({ kind: "text", text: INPUT }, "input");
  assertEquals([document.get("source_id"), problems], [scalar("a"), []]);
  assertEquals(checkRecord({ kind: "missing" }, "trace").problems, [{
    damage: "missing",
    message: "trace_info.yaml does not exist",
    line: null,
    column: null,
  }]);
  const cut = checkRecord({ kind: "text", text: "tags: {}\nsource_id: 'a" }, "input").problems;
  assertEquals(cut.map(({ damage, line }) => [damage, line]), [["unreadable", 2]]);
  assertEquals(found("input", ""), ["empty", "no key in the file", undefined]);
});

Deno.test("checkRecord() knows which keys of an input stop a search, and which a migration", () => {
  assertEquals(found("input", INPUT.replace("source_id: a\n", "")), [
    "incomplete",
    "key source_id is missing",
    "skips",
  ]);
  assertEquals(found("input", INPUT.replace("tags: {}\n", "")), [
    "incomplete",
    "key tags is missing",
    null,
  ]);
  assertEquals(found("input", INPUT.replace("{}", "null")), [
    "incomplete",
    "key tags: expected a mapping",
    "aborts",
  ]);
  assertEquals(found("input", INPUT.replace("DATASET", "TABLE")), [
    "incomplete",
    'key source_type: expected RUN or DATASET or MODEL, found "TABLE"',
    "skips",
  ]);
  assertEquals(found("input", INPUT.replace("DATASET", "MODEL"))[0], "newer-format");
});

Deno.test("checkRecord() tells traces of MLflow 2 from those of MLflow 3", () => {
  const legacy =
    "execution_time_ms: 5\nexperiment_id: '1'\nrequest_id: a\nstatus: OK\ntimestamp_ms: 1\n";
  assertEquals(found("trace", legacy), []);
  assertEquals(found("trace", legacy.replace("OK", "FINE"))[0], "incomplete");
  const newer = "request_time: '2026-05-01T00:00:29.5Z'\nstate: OK\ntrace_id: a\n" +
    "trace_location:\n  type: MLFLOW_EXPERIMENT\n";
  assertEquals(found("trace", newer)[0], "newer-format");
  assertEquals(found("trace", `${newer}zebra: 1\n`)[1], 'key "zebra" is unknown to MLflow');
});

Deno.test("checkRecord() wants what an assessment says, by whom and when", () => {
  const sound =
    "assessment_name: good\ncreate_time: '2026-05-01T00:00:29Z'\nfeedback:\n  value: false\n" +
    "last_update_time: '2026-05-01T00:00:29Z'\nsource:\n  source_type: human\n";
  assertEquals(found("assessment", sound), []);
  assertEquals(found("assessment", sound.replace("value", "worth"))[0], "incomplete");
  assertEquals(found("assessment", sound.replace("human", "alien"))[0], "incomplete");
  assertEquals(found("assessment", sound.replace(/feedback:\n.*\n/, "feedback: {}\n"))[2], "skips");
});

Deno.test("checkRecord() wants a status that MLflow knows of a logged model", () => {
  const sound = "artifact_location: a\ncreation_timestamp: 1\nexperiment_id: '1'\n" +
    "last_updated_timestamp: 1\nmodel_id: m-1\nname: a\nstatus: 2\n";
  assertEquals(found("logged-model", sound), []);
  assertEquals(found("logged-model", sound.replace("status: 2\n", "")), []);
  assertEquals(found("logged-model", sound.replace("2\n", "READY\n"))[0], "incomplete");
  assertEquals(
    found("logged-model", sound.replace("timestamp: 1", "timestamp: null"))[0],
    "unstorable",
  );
});

Deno.test("checkRecord() wants of a version the time by which MLflow 2 sorts versions", () => {
  const sound = "creation_timestamp: 1\nlast_updated_timestamp: 1\nname: a\nversion: 1\n";
  assertEquals(found("model-version", sound), []);
  for (
    const text of [
      sound.replace("updated_timestamp: 1", "updated_timestamp: null"),
      sound.replace(/last.*\n/, ""),
    ]
  ) {
    assertEquals(found("model-version", text)[0], "no-update-time");
  }
});

Deno.test("recordSubjectOf() tells by the place what a file is the record of", () => {
  const places = {
    "1/meta.yaml": "experiment",
    ".trash/1/meta.yaml": "experiment",
    "1/ab/meta.yaml": "run",
    ".trash/1/ab/meta.yaml": "run",
    "1/ab/inputs/x/meta.yaml": "input",
    "1/ab/outputs/x/meta.yaml": "output",
    "1/datasets/x/meta.yaml": "dataset",
    "1/models/m-1/meta.yaml": "logged-model",
    "1/traces/tr-1/trace_info.yaml": "trace",
    "models/churn/meta.yaml": "registry",
    "models/churn/version-1/meta.yaml": "registry",
    "meta.yaml": null,
    "1/ab/params/meta.yaml": null,
    "1/ab/artifacts/meta.yaml": null,
    "1/ab/artifacts/model/meta.yaml": null,
    "1/models/m-1/artifacts/meta.yaml": null,
  };
  const told = Object.keys(places).map((place) => [place, recordSubjectOf(place)]);
  assertEquals(Object.fromEntries(told), places);
});
