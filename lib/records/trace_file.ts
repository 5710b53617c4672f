/**
 * What the files of a trace say of where it comes from.
 *
 * @module
 */

import { isBare, type MetaDocument, textOf } from "../yaml/node.ts";

/**
 * Tells from which run an assessment of a trace comes (MLflow 3.2 and later).
 *
 * @param assessment The record in `assessments/a-….yaml`.
 * @returns The run's id, be it lost and empty; `null` when it names none.
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
  const source = metadata.entries.get("mlflow.assessment.sourceRunId");
  return isBare(source) ? "" : textOf(source) || null;
}
