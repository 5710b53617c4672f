import { assertEquals } from "@std/assert";
import { readAssessmentSource } from "../../lib/trace_file.ts";

Deno.test("readAssessmentSource() reads the run from the metadata, as MLflow writes it", () => {
  const text = `assessment_id: a-1
metadata:
  mlflow.assessment.sourceRunId: 12345678901234567890123456789e12
source:
  source_type: HUMAN
`;
  assertEquals(readAssessmentSource(text), "12345678901234567890123456789e12");
});

Deno.test("readAssessmentSource() finds nothing where there is nothing, or no YAML", () => {
  for (
    const text of ["", "metadata: {}\n", "metadata: text\n", "metadata:\n  other: x\n", "a: [1"]
  ) {
    assertEquals(readAssessmentSource(text), null);
  }
});
