/**
 * What the files of a trace say of where it comes from.
 *
 * @module
 */

import { type MetaDocument, textOf } from "../yaml/node.ts";

/**
 * Tells from which run an assessment of a trace comes (MLflow 3.2 and later).
 *
 * @param assessment The record in `assessments/a-….yaml`.
 * @returns The run's id; `null` when it names none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseMetaYaml } from "../yaml/meta_yaml.ts";
 *
 * const text = "metadata:\n  mlflow.assessment.sourceRunId: 0123abcd\ntrace_id: tr-1\n";
 * assertEquals(assessmentSource(parseMetaYaml(text)), "0123abcd");
 * ```
 */
export function assessmentSource(assessment: MetaDocument): string | null {
  const metadata = assessment.get("metadata");
  if (metadata?.kind !== "mapping") return null;
  return textOf(metadata.entries.get("mlflow.assessment.sourceRunId")) || null;
}
