/**
 * The task `verify`: what MLflow would warn of, hide or fail on.
 *
 * @module
 */

import { InvalidArgumentError, UnsupportedStoreError } from "../lib/errors.ts";
import type { RepairPlan } from "../lib/plan/plan.ts";
import type { RepairRemedy } from "../lib/answers/prove_remedies.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import { OWN_DIRECTORY } from "../lib/store/names.ts";
import { isServer } from "../lib/store/store_uri.ts";
import { shellWords } from "../lib/text/shell_words.ts";
import type { Entry, Host } from "../lib/verify/portability/portability_rules.ts";
import type { Severity } from "../lib/verify/rules.ts";
import {
  experimentIds,
  type Finding,
  type Reader,
  verifySnapshot,
  type VerifySnapshotOptions,
} from "../lib/verify/verify_snapshot.ts";
import { infoOf } from "./_io/read.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** For whom to verify: for a version of MLflow, or for what the store is to be copied to. */
export type VerifyReader = Reader | { readonly kind: "host"; readonly host: Host };

/** How to verify. */
export interface VerifyOptions extends Abortable, Omit<VerifySnapshotOptions, "reader"> {
  /** For whom to verify. @default {{ kind: "any" }} */
  readonly reader?: VerifyReader;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/** What was found. */
export interface Verification {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/verify/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** For whom it was verified. */
  readonly reader: VerifyReader;
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Number of findings by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /**
   * Whether the one that was asked for, a version of MLflow, a migration or a host, gets through the whole
   * store, whatever was filtered; left out where none was asked for.
   */
  readonly passes?: boolean;
}

/**
 * Checks a store against every rule. Needs read permission for it, and for the places that its
 * artifact URIs name, which otherwise count as being there.
 *
 * @param store The store.
 * @param options How to verify.
 * @returns The findings; none means that MLflow lists and searches the store without a warning.
 * @throws {InvalidArgumentError} When the store has no experiment of that id or name.
 * @throws {UnsupportedStoreError} When a migration is asked for of what is a database already, a version of MLflow
 * of what a server has, or another host where the artifacts of a database do not lie on this machine.
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
  const { experiment, reader = { kind: "any" } } = options;
  if (reader.kind === "host") return await verifyForHost(store, options, reader);
  const asked = { ...options, reader };
  // A version of MLflow, or a migration, gets through the whole store or not.
  const part = reader.kind === "any" ? experiment : undefined;
  const snapshot = await store.read({
    ...{ depth: "full", isReport: true, ...options, experiment: part },
  });
  const refusal = snapshot.backend === undefined ? null : refusalOf(snapshot.location, reader);
  if (refusal !== null) {
    const { location } = snapshot;
    const command = shellWords(["deno", "task", "verify", "--store", location]);
    throw new UnsupportedStoreError(
      `Cannot verify store ${location} for ${refusal}; \`${command}\` tells what is wrong with it`,
      location,
    );
  }
  requireExperiment(snapshot, experiment);
  const findings = await withProvenRemedies(store, snapshot, asked);
  const result = verificationOf(store, reader, findings);
  if (reader.kind === "any") return result;
  return {
    ...result,
    passes: verifySnapshot(snapshot, { reader, severity: "error" }).length === 0,
  };
}

/** Why nobody can tell whether that reader gets through what is no store of files. */
function refusalOf(location: string, reader: VerifyReader): string | null {
  if (reader.kind === "migration") {
    return `a migration: ${
      isServer(location)
        ? "only a directory such as mlruns is migrated"
        : "it is a database already"
    }`;
  }
  return reader.kind === "mlflow" && isServer(location)
    ? `MLflow ${reader.version}: which versions open its database, a server does not tell`
    : null;
}

function requireExperiment(snapshot: StoreSnapshot, experiment: string | undefined): void {
  if (experiment === undefined || experimentIds(snapshot, experiment).size > 0) return;
  throw new InvalidArgumentError(`Unknown experiment "${experiment}": no id and no name is that`);
}

function verificationOf(
  store: Store,
  reader: VerifyReader,
  findings: readonly Finding[],
): Verification {
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return {
    schema: "mltidy/verify/v1",
    store: store.describe().location,
    reader,
    findings,
    counts: { error: count("error"), warning: count("warning"), info: count("info") },
  };
}

/** What another machine cannot hold is told by names alone: those of the store's files, or of its artifacts. */
async function verifyForHost(
  store: Store,
  { experiment, rule, severity, onProgress, signal }: VerifyOptions,
  reader: Extract<VerifyReader, { kind: "host" }>,
): Promise<Verification> {
  const snapshot = await store.read({ depth: "meta", isReport: true, onProgress, signal });
  requireExperiment(snapshot, experiment);
  const { backend, location } = snapshot;
  const root = backend === undefined ? location : backend.artifactRoot;
  if (root === null) {
    throw new UnsupportedStoreError(
      `Cannot verify store ${location} for ${reader.host}: its artifacts do not lie on this machine, and its rows have no names of files`,
      location,
    );
  }
  const [{ findUnportable }, entries] = await Promise.all([
    import("../lib/verify/portability/find_unportable.ts"),
    entriesIn(root, signal),
  ]);
  const all = findUnportable(snapshot, entries, reader.host);
  const ids = experiment === undefined ? null : experimentIds(snapshot, experiment);
  const findings = all
    .filter((one) => rule === undefined || one.rule === rule)
    .filter((one) => severity === undefined || one.severity === severity)
    .filter(({ experimentId }) => ids === null || experimentId !== null && ids.has(experimentId));
  const passes = all.every((one) => one.severity !== "error");
  return { ...verificationOf(store, reader, findings), passes };
}

/** Backups of ours need not leave this machine. */
async function entriesIn(
  root: string,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  const { walkTree } = await import("./_io/tree/walk_tree.ts");
  const entries: Entry[] = [];
  if (infoOf(root) === null) return entries;
  const isOwn = (path: string) => path === OWN_DIRECTORY || path.startsWith(`${OWN_DIRECTORY}/`);
  for await (
    const { path, kind } of walkTree(
      Deno.realPathSync(root),
      (path) => isOwn(path) ? "out" : "in",
    )
  ) {
    signal?.throwIfAborted();
    entries.push({ path, kind });
  }
  return entries;
}

/** Names a repair, or a clean-up, only where one is planned. */
async function withProvenRemedies(
  store: Store,
  snapshot: StoreSnapshot<"full">,
  options: VerifySnapshotOptions,
): Promise<readonly Finding[]> {
  const findings = verifySnapshot(snapshot, options);
  const { mending } = store;
  if (findings.length === 0) return findings;
  // Loaded when it is needed, as it would cost time where nothing is wrong.
  const { possibleRemedies, proveRemedies, repairsAskedFor } = await import(
    "../lib/answers/prove_remedies.ts"
  );
  const kinds = store.changes?.kinds;
  if (mending === null) return possibleRemedies(snapshot, findings, kinds);
  const { planRepair } = await import("../lib/repair/plan_repair.ts");
  const { repairPolicyOf } = await import("./repair.ts");
  const plans: (readonly [RepairRemedy, RepairPlan])[] = [];
  for (const remedy of repairsAskedFor(findings)) {
    const { relocate = false, dropLines = false } = remedy;
    // What is too young to be mended now will be, as soon as it has settled.
    const policy = repairPolicyOf({ settle: 0, relocate, dropLines });
    const evidence = await mending.evidence(snapshot, policy);
    plans.push([remedy, planRepair(snapshot, evidence, policy, { now: store.now(), kinds })]);
  }
  return possibleRemedies(snapshot, proveRemedies(snapshot, findings, plans, options), kinds);
}
