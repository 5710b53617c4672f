/**
 * The task `verify`: what MLflow would warn of, hide or fail on.
 *
 * @module
 */

import type { Severity } from "../lib/verify_rules.ts";
import { type Finding, verifySnapshot } from "../lib/verify_snapshot.ts";
import type { Abortable, Store } from "./store.ts";

/** How to verify. */
export interface VerifyOptions extends Abortable {
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: (runs: number) => void;
}

/** What was found. */
export interface Verification {
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Number of findings by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
}

/**
 * Checks a store against every rule. Needs read permission for it.
 *
 * @param store The store.
 * @param options How to verify.
 * @returns The findings; none means that MLflow lists and searches the store without a warning.
 *
 * @example
 * ```ts
 * import { openStore, verify } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { counts } = await verify(store);
 * if (counts.error > 0) Deno.exitCode = 3;
 * ```
 */
export async function verify(store: Store, options: VerifyOptions = {}): Promise<Verification> {
  const findings = verifySnapshot(await store.read({ depth: "tags", ...options }));
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return {
    findings,
    counts: { error: count("error"), warning: count("warning"), info: count("info") },
  };
}
