/**
 * Checks a snapshot against every rule.
 *
 * @module
 */

import { findDatabaseUses } from "../judge/find_database_uses.ts";
import type { StorePath } from "../store/path.ts";
import type { Migration } from "../store/problem.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import {
  MLFLOW_VERSIONS,
  type MlflowVersion,
  type Remedy,
  REPAIR,
  type Rule,
  RULES,
  SEVERITIES,
  type Severity,
  type Violation,
} from "./rules.ts";

/** A broken invariant. */
export interface Finding {
  /** Id of the rule that is broken. */
  readonly rule: string;
  /** How bad it is. */
  readonly severity: Severity;
  /** What breaks the rule, below the store's root. */
  readonly path: StorePath;
  /** 1-based line in the file, where there is one. */
  readonly line: number | null;
  /** The experiment, or orphan, that it belongs to; `null` when there is none. */
  readonly experimentId: string | null;
  /** The run that it belongs to; `null` when there is none. */
  readonly runId: string | null;
  /** What is wrong, and what MLflow makes of it. */
  readonly message: string;
  /** What to do about it; `null` when nothing needs to be done. */
  readonly remedy: Remedy | null;
  /** The versions of MLflow that it is something to. */
  readonly versions: readonly MlflowVersion[];
}

/** For whom to verify. */
export type Reader =
  /** For whoever minds most, but not for versions of MLflow older than the store. */
  | { readonly kind: "any" }
  /** For one version of MLflow. */
  | { readonly kind: "mlflow"; readonly version: MlflowVersion }
  /** For `mlflow migrate-filestore`. */
  | { readonly kind: "migration" };

/** How to verify a snapshot. */
export interface VerifySnapshotOptions {
  /** For whom to verify. @default {{ kind: "any" }} */
  readonly reader?: Reader;
  /** Only this rule. @default {all of them} */
  readonly rule?: string;
  /** Only what belongs to this experiment, by its id or its name. @default {the whole store} */
  readonly experiment?: string;
  /** Only what is as bad as this. @default {everything} */
  readonly severity?: Severity;
}

/**
 * Finds everything in a store that MLflow warns of, hides or fails on.
 *
 * A snapshot of depth `full` shows all of it, one of depth `tags` what is wrong with metadata and
 * tags, one of depth `meta` what is wrong with metadata.
 *
 * @param snapshot The store.
 * @param options For whom to verify, and what of it.
 * @returns The findings: errors first, then warnings, then infos; each by rule, then by path. Each
 * message says what is wrong and what MLflow makes of it.
 *
 * @example No error in a healthy store
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { verifySnapshot } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const findings = verifySnapshot(await store.read({ depth: "full" }));
 * assertEquals(findings.filter((finding) => finding.severity === "error"), []);
 * ```
 */
export function verifySnapshot(
  snapshot: StoreSnapshot,
  options: VerifySnapshotOptions = {},
): readonly Finding[] {
  const { reader = { kind: "any" }, rule, experiment, severity } = options;
  const ids = experiment === undefined ? null : experimentIds(snapshot, experiment);
  const remedyOf = databaseRemedies(snapshot);
  const isDatabase = snapshot.backend !== undefined;
  return rulesAbout(snapshot)
    .filter(({ id }) => rule === undefined || id === rule)
    .flatMap((each) =>
      reader.kind === "any" && (each.whenAsked || each.severity === null)
        ? []
        : [...each.check(snapshot)].flatMap((violation) =>
          findingOf(
            isDatabase ? { ...each, repairable: each.mendsRows === true } : each,
            violation,
            reader,
          )
        )
    )
    .filter((finding) => severity === undefined || finding.severity === severity)
    .filter(({ experimentId }) => ids === null || (experimentId !== null && ids.has(experimentId)))
    .map((finding) => ({ ...finding, remedy: remedyOf(finding.path, finding.remedy) }))
    .toSorted((left, right) =>
      SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity) ||
      compare(left.rule, right.rule) || compare(left.path, right.path)
    );
}

/**
 * Lists the rules that are about such a store.
 *
 * @param snapshot The store.
 * @returns Those about its kind, of which whoever has read it can tell whether they are broken.
 */
export function rulesAbout({ backend }: StoreSnapshot): readonly Rule[] {
  const seesAll = backend?.server?.seesAll ?? true;
  return RULES.filter(({ stores, byAbsence = false }) => {
    if (byAbsence && !seesAll) return false;
    if (backend === undefined) return stores === undefined || stores === "any";
    return stores === "any" || stores === "served" ||
      stores === "database" && backend.server === undefined;
  });
}

/**
 * Names the experiments, and orphans, that a word means.
 *
 * @param snapshot The store.
 * @param word An id or a name.
 * @returns Their ids; empty when there is none.
 */
export function experimentIds(
  { experiments, orphans }: StoreSnapshot,
  word: string,
): ReadonlySet<string> {
  const isThere = [...experiments, ...orphans].some(({ id }) => id === word);
  // An id goes before a name that reads like it.
  if (isThere) return new Set([word]);
  return new Set(experiments.filter(({ name }) => name === word).map(({ id }) => id));
}

function findingOf(rule: Rule, violation: Violation, reader: Reader): readonly Finding[] {
  const migration = violation.migration === undefined ? rule.migration : violation.migration;
  const severity = severityOf(rule, migration, reader);
  if (severity === null) return [];
  const { path, line, experimentId, runId, message } = violation;
  const consequence = reader.kind === "migration" && migration !== null
    ? MIGRATIONS[migration].message
    : rule.describes;
  return [{
    rule: rule.id,
    severity,
    path,
    line,
    experimentId,
    runId,
    message: `${message}; ${consequence}`,
    remedy: remedyOf(rule, violation),
    versions: MLFLOW_VERSIONS.filter((version) => rule.in[version] !== null),
  }];
}

function severityOf(rule: Rule, migration: Migration | null, reader: Reader): Severity | null {
  switch (reader.kind) {
    case "any":
      return rule.severity;
    case "mlflow":
      return rule.in[reader.version];
    case "migration":
      return migration === null ? null : MIGRATIONS[migration].severity;
  }
}

const MIGRATIONS: Readonly<
  Record<Migration, { readonly severity: Severity; readonly message: string }>
> = {
  aborts: { severity: "error", message: "the migration stops, and nothing is migrated" },
  skips: { severity: "warning", message: "the migration leaves it behind" },
  diverts: { severity: "error", message: "the migration takes it in place of this store" },
  alters: { severity: "warning", message: "the migration makes an active experiment of it" },
};

function remedyOf(rule: Rule, { remedy, mendable }: Violation): Remedy | null {
  if (remedy !== undefined) return remedy;
  return rule.repairable && mendable !== false ? REPAIR : rule.remedy;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Prepares to say what is to be done about something by what would have to be done if there were no database:
 * what one has its files in is never to be taken from its place.
 */
function databaseRemedies(
  snapshot: StoreSnapshot,
): (path: string, remedy: Remedy | null) => Remedy | null {
  const { databases = [] } = snapshot;
  if (databases.length === 0) return (_, remedy) => remedy;
  const uses: ReadonlyMap<string, Extract<Remedy, { kind: "leave" }>["use"]> = findDatabaseUses(
    snapshot,
  );
  const hidden = databases.find(({ problem }) => problem !== null);
  const lost = new Set<string>(
    [...snapshot.problems.filter(({ damage }) => damage === "missing"), ...snapshot.strays]
      .map(({ path }) => path),
  );
  return (path, remedy) => {
    if (remedy === null) return null;
    const use = uses.get(path);
    // A record that is damaged may be mended; one that never was is not missed.
    if (use !== undefined && (takesAway(remedy) || lost.has(path))) return { kind: "leave", use };
    if (hidden === undefined || !takesAway(remedy)) return remedy;
    return { kind: "read-database", database: hidden.path, message: hidden.problem! };
  };
}

function takesAway(remedy: Remedy): boolean {
  return remedy.kind === "cleanup" || remedy.kind === "by-hand" && remedy.takes === true;
}
