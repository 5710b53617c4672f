import { assertEquals } from "@std/assert";
import {
  checkFlags,
  checkTypes,
  isStorable,
  meantValues,
  type TypedRecord,
  withMeantValues,
} from "../../../lib/records/value_types.ts";
import { parseMetaYaml, stringifyMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

const document = (text: string) => parseMetaYaml(text);

Deno.test("meantValues() gives text back as it is written, whatever YAML takes it for", () => {
  const written = ["2024", "2024-01-05", "on", "1.50", "0x1F", "12:30", "1_000", ".inf", "NO"];
  for (const name of written) {
    assertEquals(meantValues(document(`name: ${name}\n`), "experiment"), { name });
    assertEquals(meantValues(document(`name: '${name}'\n`), "experiment"), {});
  }
  const text = ["lr", "1e5", "0899", "y", "none", "2024-1-1", "null", ""];
  for (const name of text) {
    assertEquals(meantValues(document(`name: ${name}\n`), "experiment"), {}, name);
  }
});

Deno.test("meantValues() minds the keys alone that MLflow sends as text", () => {
  const run = "run_name: 7\nuser_id: 1000\nsource_name: 3\nrun_uuid: 4\nstatus: 3\n";
  assertEquals(meantValues(document(run), "run"), { run_name: "7", user_id: "1000" });
  assertEquals(meantValues(document("digest: 12345678\nsource: a\n"), "dataset"), {
    digest: "12345678",
  });
});

Deno.test("meantValues() gives a time back that is written as text, where it proves one", () => {
  const model = "creation_timestamp: '1700000000000'\nlast_updated_timestamp: 1700000000000.0\n";
  assertEquals(meantValues(document(model), "registered-model"), {
    creation_timestamp: 1700000000000,
    last_updated_timestamp: 1700000000000,
  });
  const lost = document("creation_timestamp: 2024-01-05\nlast_updated_timestamp: null\n");
  assertEquals(meantValues(lost, "registered-model"), { creation_timestamp: null });
  assertEquals(checkTypes(lost, "registered-model"), {
    damage: "wrong-type",
    message: "creation_timestamp is no integer",
    line: null,
    column: null,
    mendable: false,
  });
  assertEquals(withMeantValues(lost, "registered-model"), lost);
});

Deno.test("meantValues() takes a list for no text, and nothing for no time of a model alone", () => {
  const keys = (text: string, kind: TypedRecord) => Object.keys(meantValues(document(text), kind));
  assertEquals(keys("name: [a]\ndigest: {a: b}\nprofile: []\nschema: {}\n", "dataset"), [
    "name",
    "digest",
  ]);
  for (const time of ["''", "[]"]) {
    const text = `last_updated_timestamp: ${time}\n`;
    assertEquals(keys(text, "registered-model"), []);
    assertEquals(keys(text, "model-version"), ["last_updated_timestamp"]);
  }
  const listed = checkTypes(document("digest: [a]\n"), "dataset");
  assertEquals([listed?.message, listed?.migration, listed?.mendable], [
    ...["digest is a list, and no text", "aborts", false],
  ]);
});

Deno.test("checkFlags() finds a boolean where a time belongs, and checkTypes() leaves it to that", () => {
  const kinds = {
    experiment: "creation_time",
    run: "end_time",
    "model-version": "creation_timestamp",
  };
  for (const [kind, key] of Object.entries(kinds)) {
    const found = document(`${key}: on\n`);
    assertEquals(checkFlags(found, kind)?.message, `${key} is the boolean on, and no time`);
    assertEquals(checkTypes(found, kind as TypedRecord), null);
    assertEquals(checkFlags(document(`${key}: 1\n`), kind), null);
  }
});

Deno.test("isStorable() takes what fits into a column", () => {
  const takes = (value: string) => isStorable(document(`a: ${value}\n`).get("a"));
  assertEquals(
    ["1", "word", "null", "9223372036854775807", "1e300"].map(takes),
    Array(5).fill(true),
  );
  assertEquals(["[]", "{a: b}", "9223372036854775808"].map(takes), Array(3).fill(false));
});

Deno.test("meantValues() looks into what a trace and an assessment hold", () => {
  const trace =
    "request_time: 2026-05-01T00:00:29Z\nexecution_duration_ms: '5'\ntrace_location:\n" +
    "  mlflow_experiment: {experiment_id: 5}\n";
  assertEquals(meantValues(document(trace), "trace"), {
    request_time: "2026-05-01T00:00:29Z",
    "trace_location/mlflow_experiment/experiment_id": "5",
    execution_duration_ms: 5,
  });
  const assessment = "feedback: {value: 2026-05-01}\nsource: {source_id: 007, source_type: CODE}\n";
  assertEquals(
    stringifyMetaYaml(withMeantValues(document(assessment), "assessment")),
    'feedback:\n  value: "2026-05-01"\nsource:\n  source_id: "007"\n  source_type: CODE\n',
  );
  assertEquals(
    meantValues(document("feedback: {value: 2026}\nmetadata: {k: 5}\n"), "assessment"),
    {},
  );
  assertEquals(
    ["{value: 2026-05-01}", "{error: {error_code: 5}}"].map((feedback) =>
      checkTypes(document(`feedback: ${feedback}\n`), "assessment")?.migration
    ),
    ["aborts", undefined],
  );
  assertEquals(
    checkTypes(document("source: {source_id: on}\n"), "assessment")?.message,
    'YAML takes source.source_id "on" for a boolean, without quotes around it',
  );
});

Deno.test("checkTypes() says what YAML takes each value for", () => {
  const found = checkTypes(document("name: 2024-01-05\nartifact_location: 7\n"), "experiment");
  assertEquals(
    found?.message,
    'YAML takes name "2024-01-05" for a date, without quotes around it, and ' +
      'YAML takes artifact_location "7" for an integer, without quotes around it',
  );
  assertEquals(checkTypes(document("name: a\nartifact_location: b\n"), "experiment"), null);
});

Deno.test("withMeantValues() changes nothing but what is of a wrong type", () => {
  const text = "experiment_id: '1'\nlast_update_time: 5\nname: on\n";
  const meant = withMeantValues(document(text), "experiment");
  assertEquals(stringifyMetaYaml(meant), 'experiment_id: "1"\nlast_update_time: 5\nname: "on"\n');
});
