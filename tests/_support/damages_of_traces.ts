/**
 * Damage to traces and assessments.
 *
 * @module
 */

import {
  ASSESSMENT,
  assessment,
  type Damage,
  type DamagedStore,
  EMPTY,
  MAIN,
  NOT_UTF8,
  trace,
  traced,
} from "./damage.ts";

/** A trace with spans, as far as MLflow looks for them. */
function writeTrace(store: DamagedStore, id: string, info: string): void {
  const place = `${EMPTY}/traces/${id}`;
  store.write(`${place}/trace_info.yaml`, info);
  store.write(`${place}/tags/mlflow.artifactLocation`, `file://${store.root}/${place}/artifacts`);
  store.write(`${place}/artifacts/traces.json`, '{"spans": []}');
}

const LEGACY_TRACE = `execution_time_ms: 5
experiment_id: '${EMPTY}'
request_id: 0123456789abcdef0123456789abcdef
status: OK
timestamp_ms: 1777593629000
`;

/** Every damage of that kind. */
export const TRACE_DAMAGES: readonly Damage[] = [
  {
    name: "a trace's trace_info.yaml is lost",
    rule: "trace-info-missing",
    ...traced,
    inflict: (s) => s.remove(`${trace}/trace_info.yaml`),
  },
  {
    name: "a trace's trace_info.yaml is empty",
    rule: "trace-info-damaged",
    ...traced,
    inflict: (s) => s.write(`${trace}/trace_info.yaml`, ""),
  },
  ...["trace_id", "request_time", "state"].map((key): Damage => ({
    name: `a trace lacks ${key}`,
    rule: "trace-info-incomplete",
    ...traced,
    inflict: (s) => s.drop(`${trace}/trace_info.yaml`, key),
  })),
  {
    name: "a trace has an unknown key",
    rule: "trace-info-incomplete",
    ...traced,
    inflict: (s) => s.set(`${trace}/trace_info.yaml`, "zebra", "1"),
  },
  {
    name: "a trace's time is no time",
    rule: "trace-info-incomplete",
    ...traced,
    inflict: (s) => s.set(`${trace}/trace_info.yaml`, "request_time", "yesterday"),
  },
  {
    name: "a trace's state is unknown",
    rule: "trace-info-incomplete",
    ...traced,
    inflict: (s) => s.set(`${trace}/trace_info.yaml`, "state", "FINE"),
  },
  {
    name: "a trace's id is null",
    rule: "trace-info-incomplete",
    ...traced,
    inflict: (s) => s.set(`${trace}/trace_info.yaml`, "trace_id", "null"),
  },
  ...[
    ["request_preview", "2024"],
    ["response_preview", "on"],
    ["client_request_id", "2024-01-05"],
    ["execution_duration_ms", "'5'"],
    ["request_time", "2026-05-01T00:00:29Z"],
  ].map(([key, value]): Damage => ({
    name: `a trace's ${key} is ${value}`,
    rule: "trace-value-of-wrong-type",
    ...traced,
    inflict: (s) => s.set(`${trace}/trace_info.yaml`, key!, value!),
  })),
  {
    name: "the experiment of a trace is a number",
    rule: "trace-value-of-wrong-type",
    ...traced,
    inflict: (s) =>
      s.edit(
        `${trace}/trace_info.yaml`,
        (text) => text.replace(/(experiment_id: )['"](.*)['"]/, "$1$2"),
      ),
  },
  {
    name: "a trace's directory was renamed",
    rule: "trace-id-mismatch",
    ...traced,
    inflict: (s) => s.move(trace, `${MAIN}/traces/tr-0000`),
  },
  {
    name: "a trace's tag is not UTF-8",
    rule: "trace-value-unreadable",
    ...traced,
    inflict: (s) => s.write(`${trace}/tags/mlflow.traceName`, NOT_UTF8),
  },
  {
    name: "a trace's tag has an illegal name",
    rule: "trace-value-unreadable",
    ...traced,
    inflict: (s) => s.write(`${trace}/tags/name~`, "x"),
  },
  {
    name: "a trace's metadata is not UTF-8",
    rule: "trace-value-unreadable",
    ...traced,
    inflict: (s) => s.write(`${trace}/request_metadata/mlflow.user`, NOT_UTF8),
  },
  {
    name: "a trace's spans are lost",
    rule: "trace-spans-missing",
    ...traced,
    inflict: (s) => s.remove(`${trace}/artifacts/traces.json`),
  },
  {
    name: "a trace's spans are sought in a former place",
    rule: "trace-artifacts-moved",
    ...traced,
    inflict: (s) =>
      s.edit(`${trace}/tags/mlflow.artifactLocation`, (t) => t.replace(s.root, "/srv/old/mlruns")),
  },
  ...["mlflow-artifacts:/1/traces/a/artifacts", "gs://bucket/traces/a/artifacts"].map((
    uri,
  ): Damage => ({
    name: `a trace's spans are sought at ${uri.slice(0, 6)}`,
    rule: "trace-spans-remote",
    ...traced,
    inflict: (s) => s.write(`${trace}/tags/mlflow.artifactLocation`, uri),
  })),
  {
    name: "a trace's spans are sought in a place of nobody's",
    rule: "trace-spans-missing",
    ...traced,
    inflict: (s) => s.write(`${trace}/tags/mlflow.artifactLocation`, "file:///srv/nothing/here"),
  },
  {
    name: "a trace's source run is lost",
    rule: "source-run-missing",
    ...traced,
    inflict: (s) => s.write(`${trace}/request_metadata/mlflow.sourceRun`, "f".repeat(32)),
  },
  {
    name: "an assessment is empty",
    rule: "assessment-unreadable",
    ...traced,
    inflict: (s) => s.write(assessment, ""),
  },
  {
    name: "an assessment has no value",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace(/feedback:\n.*\n/, "")),
  },
  {
    name: "an assessment has no source",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace(/source:\n.*\n.*\n/, "")),
  },
  {
    name: "an assessment's source is of a kind that MLflow does not know",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("HUMAN", "ALIEN")),
  },
  {
    name: "an assessment's source has a key that MLflow does not know",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("source_id", "soupce_id")),
  },
  {
    name: "an assessment's error has a key that MLflow does not know",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) =>
      s.write(
        assessment,
        ASSESSMENT.replace(
          "  value: true",
          "  error:\n    error_code: E\n    cause: x\n  value: true",
        ),
      ),
  },
  {
    name: "an assessment's error is as MLflow writes it",
    rule: null,
    ...traced,
    inflict: (s) =>
      s.write(
        assessment,
        ASSESSMENT.replace(
          "  value: true",
          "  error:\n    error_code: E\n    error_message: m\n    stack_trace: s\n  value: null",
        ),
      ),
  },
  {
    name: "an assessment's time is no time",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) =>
      s.write(assessment, ASSESSMENT.replace(/create_time: .*/, "create_time: never")),
  },
  {
    name: "an assessment's value is no mapping",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace(/feedback:\n.*/, "feedback: yes")),
  },
  ...["assessment_id", "assessment_name", "create_time", "source_id", "trace_id"].map(
    (key): Damage => ({
      name: `an assessment's ${key} is a date`,
      rule: "assessment-value-of-wrong-type",
      ...traced,
      inflict: (s) =>
        s.write(
          assessment,
          ASSESSMENT.replace(new RegExp(`( *${key}): .*`), "$1: 2026-05-01T00:00:29Z"),
        ),
    }),
  ),
  ...["rationale: on", "span_id: 5", "overrides: 1.5"].map((line): Damage => ({
    name: `an assessment with ${line}`,
    rule: "assessment-value-of-wrong-type",
    ...traced,
    inflict: (s) => s.write(assessment, `${ASSESSMENT}${line}\n`),
  })),
  ...["error_code", "error_message", "stack_trace"].map((key): Damage => ({
    name: `an assessment's ${key} is a number`,
    rule: "assessment-value-of-wrong-type",
    ...traced,
    inflict: (s) => {
      const error = { error_code: "E", error_message: "m", stack_trace: "s", [key]: "404" };
      const lines = Object.entries(error).map(([one, value]) => `    ${one}: ${value}\n`);
      s.write(assessment, ASSESSMENT.replace("  value:", `  error:\n${lines.join("")}  value:`));
    },
  })),
  {
    name: "an assessment's value is a date",
    rule: "assessment-value-of-wrong-type",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("value: true", "value: 2026-05-01")),
  },
  {
    name: "an assessment's value is a number",
    rule: null,
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("value: true", "value: 2026")),
  },
  {
    name: "an expectation's value is null",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) =>
      s.write(
        assessment,
        ASSESSMENT.replace("feedback:\n  value: true", "expectation:\n  value: null"),
      ),
  },
  {
    name: "an assessment's name is null",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("name: good", "name: null")),
  },
  {
    name: "an assessment's valid is text",
    rule: "assessment-incomplete",
    ...traced,
    inflict: (s) => s.write(assessment, ASSESSMENT.replace("valid: true", "valid: 'true'")),
  },
  {
    name: "an assessment that names an issue",
    rule: "assessment-of-issue",
    ...traced,
    inflict: (s) =>
      s.write(assessment, ASSESSMENT.replace(/feedback:\n.*/, "issue:\n  issue_name: slow")),
  },
  {
    name: "a stray file among assessments",
    rule: "assessment-unreadable",
    ...traced,
    inflict: (s) => s.write(`${trace}/assessments/notes`, "x"),
  },
  {
    name: "a trace of MLflow 3 in a store for MLflow 2",
    rule: "trace-of-mlflow-3",
    inflict: (s) =>
      writeTrace(
        s,
        "tr-1",
        `request_time: '2026-05-01T00:00:29Z'\nstate: OK\ntrace_id: tr-1\ntrace_location:\n` +
          `  mlflow_experiment:\n    experiment_id: '${EMPTY}'\n  type: MLFLOW_EXPERIMENT\n`,
      ),
  },
  {
    name: "a trace as MLflow 2 writes it",
    rule: null,
    inflict: (s) => writeTrace(s, "0123456789abcdef0123456789abcdef", LEGACY_TRACE),
  },
  ...["status", "experiment_id", "timestamp_ms", "execution_time_ms"].map((key): Damage => ({
    name: `a trace of MLflow 2 lacks ${key}`,
    rule: "trace-info-incomplete",
    inflict: (s) => {
      const lines = LEGACY_TRACE.split("\n").filter((line) => !line.startsWith(`${key}:`));
      writeTrace(s, "0123456789abcdef0123456789abcdef", lines.join("\n"));
    },
  })),
  ...[
    ["execution_time_ms", "'5'"],
    ["experiment_id", "5"],
    ["request_id", "2024"],
    ["timestamp_ms", "1777593629000.0"],
  ].map(([key, value]): Damage => ({
    name: `a trace of MLflow 2 whose ${key} is ${value}`,
    rule: "trace-value-of-wrong-type",
    inflict: (s) =>
      writeTrace(
        s,
        key === "request_id" ? value! : "0123456789abcdef0123456789abcdef",
        LEGACY_TRACE.replace(new RegExp(`${key}: .*`), `${key}: ${value}`),
      ),
  })),
  ...["request_id", "timestamp_ms"].map((key): Damage => ({
    name: `a trace of MLflow 2 whose ${key} is null`,
    rule: "trace-info-incomplete",
    inflict: (s) =>
      writeTrace(
        s,
        "0123456789abcdef0123456789abcdef",
        LEGACY_TRACE.replace(new RegExp(`${key}: .*`), `${key}: null`),
      ),
  })),
  {
    name: "a trace of MLflow 2 has an unknown key",
    rule: "trace-info-incomplete",
    inflict: (s) => writeTrace(s, "0123456789abcdef0123456789abcdef", `${LEGACY_TRACE}zebra: 1\n`),
  },
  {
    name: "a trace of MLflow 2 in a directory of another name",
    rule: "trace-id-mismatch",
    inflict: (s) => writeTrace(s, "other", LEGACY_TRACE),
  },
  {
    name: "the spans of a trace of MLflow 2 are lost",
    rule: "trace-spans-missing",
    inflict: (s) => {
      writeTrace(s, "0123456789abcdef0123456789abcdef", LEGACY_TRACE);
      s.remove(`${EMPTY}/traces/0123456789abcdef0123456789abcdef/artifacts/traces.json`);
    },
  },
];
