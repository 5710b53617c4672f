import { assertEquals } from "@std/assert";
import { assessmentSource } from "../../../lib/records/trace_file.ts";
import { parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

Deno.test("assessmentSource() reads the run from the metadata, as MLflow writes it", () => {
  const text = `assessment_id: a-1
metadata:
  mlflow.assessment.sourceRunId: 12345678901234567890123456789e12
source:
  source_type: HUMAN
`;
  assertEquals(assessmentSource(parseMetaYaml(text)), "12345678901234567890123456789e12");
});

Deno.test("assessmentSource() finds nothing where there is nothing", () => {
  const texts = [
    "",
    "metadata: {}\n",
    "metadata: text\n",
    "metadata:\n  other: x\n",
    "metadata:\n  mlflow.assessment.sourceRunId: null\n",
    "metadata:\n  mlflow.assessment.sourceRunId: ''\n",
  ];
  assertEquals(
    texts.map((text) => assessmentSource(parseMetaYaml(text))),
    texts.map(() => null),
  );
});

Deno.test("assessmentSource() tells that a run was named, and its id lost", () => {
  const text = "metadata:\n  mlflow.assessment.sourceRunId:\n";
  assertEquals(assessmentSource(parseMetaYaml(text)), "");
});
