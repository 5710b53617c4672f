/**
 * Checks a snapshot against every rule.
 *
 * @module
 */

import type { StoreSnapshot } from "./model.ts";
import type { Violation } from "./verify_checks.ts";
import { RULES, type Severity } from "./verify_rules.ts";

/** A broken invariant. */
export interface Finding extends Violation {
  /** Id of the rule that is broken. */
  readonly rule: string;
  /** How bad it is. */
  readonly severity: Severity;
}

/**
 * Finds everything in a store that MLflow warns of, hides or fails on.
 *
 * Tags are only checked in a snapshot of depth `tags`.
 *
 * @param snapshot The store.
 * @returns The findings: errors first, then warnings, then infos; each by rule, then by path. Each
 * message says what is wrong and what MLflow makes of it.
 *
 * @example No error in a healthy store
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore, verifySnapshot } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const findings = verifySnapshot(await store.read({ depth: "tags" }));
 * assertEquals(findings.filter((finding) => finding.severity === "error"), []);
 * ```
 */
export function verifySnapshot(snapshot: StoreSnapshot): readonly Finding[] {
  return RULES.flatMap(({ id, severity, describes, check }) =>
    [...check(snapshot)].map(({ message, ...rest }) => ({
      rule: id,
      severity,
      ...rest,
      message: `${message}; ${describes}`,
    }))
  ).toSorted((left, right) =>
    SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity) ||
    compare(left.rule, right.rule) || compare(left.path, right.path)
  );
}

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
