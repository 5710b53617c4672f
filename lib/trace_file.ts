/**
 * What the files of a trace say of where it comes from.
 *
 * @module
 */

import { parseAnyMetaYaml } from "./meta_yaml.ts";

/**
 * Reads from which run an assessment of a trace comes (MLflow 3.2 and later).
 *
 * @param text The text of `assessments/a-….yaml`.
 * @returns The run's id; `null` when it names none, or is no YAML.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = "metadata:\n  mlflow.assessment.sourceRunId: 0123abcd\ntrace_id: tr-1\n";
 * assertEquals(readAssessmentSource(text), "0123abcd");
 * ```
 */
export function readAssessmentSource(text: string): string | null {
  let metadata;
  try {
    metadata = parseAnyMetaYaml(text).get("metadata");
  } catch {
    return null;
  }
  const source = metadata?.kind === "mapping"
    ? metadata.entries.get("mlflow.assessment.sourceRunId")
    : undefined;
  return source?.kind === "scalar" && source.text !== "" ? source.text : null;
}
