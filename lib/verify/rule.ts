/**
 * The nouns of `verify`: rules, and the places where they are broken.
 *
 * @module
 */

import type { DatabaseUse } from "../judge/find_database_uses.ts";
import type { StorePath } from "../store/path.ts";
import type { Migration } from "../store/problem.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";

/** How bad a finding is. */
export type Severity = "error" | "warning" | "info";

/** The severities, worst first. */
export const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

/** The versions of MLflow that were asked about every kind of damage. */
export type MlflowVersion = "2.22" | "3.17";

/** The versions, oldest first. */
export const MLFLOW_VERSIONS: readonly MlflowVersion[] = ["2.22", "3.17"];

/** How bad something is to each version of MLflow; `null`: it is nothing to it. */
export type Severities = Readonly<Record<MlflowVersion, Severity | null>>;

/** What to do about something that is broken. */
export type Remedy =
  /**
   * A repair plans it; `relocate`: once it may rewrite the places that records name; `dropLines`: once it
   * may take lines out of metrics.
   */
  | { readonly kind: "repair"; readonly relocate?: true; readonly dropLines?: true }
  /** A clean-up plans it, unless its owner does something else, in the imperative. */
  | {
    readonly kind: "cleanup";
    readonly does: "quarantine" | "purge" | "purge-model";
    readonly or: string;
    /** Of a purge: of that experiment alone, and at once. */
    readonly experimentId?: string;
  }
  /** MLflow restores the experiment of that id, unless its owner does something else, in the imperative. */
  | { readonly kind: "restore"; readonly experimentId: string; readonly or: string }
  /** Its owner does it: a sentence in the imperative, without a full stop. */
  | {
    readonly kind: "by-hand";
    readonly text: string;
    /** It takes what the finding is about from its place. */
    readonly takes?: true;
  }
  /** Its owner gives MLflow a directory of its own, and moves these there. */
  | {
    readonly kind: "separate";
    readonly moves: readonly StorePath[];
    /** The new directory: an absolute path. */
    readonly to: string;
  }
  /** Its owner chooses, each way in the imperative; `by`: what carries out the last. */
  | {
    readonly kind: "choice";
    readonly ways: readonly [string, ...string[]];
    readonly by?:
      | "cleanup"
      | "repair"
      | "relocation"
      | "restoration"
      | "renaming"
      | "dropping"
      | "undated";
    /** Of a relocation that must be told the store's former root: this one. Of a renaming, the experiment's id. */
    readonly from?: string;
    /** Of a renaming, the new name. */
    readonly to?: string;
  }
  /** Nothing, since its files are those of a row of a database. */
  | { readonly kind: "leave"; readonly use: DatabaseUse }
  /** Nothing before a database can be read that may refer to it. */
  | { readonly kind: "read-database"; readonly database: string; readonly message: string };

/** The remedy of what a repair mends. */
export const REPAIR: Remedy = { kind: "repair" };

/** The remedy of what a repair mends that may rewrite the places that records name. */
export const RELOCATE: Remedy = { kind: "repair", relocate: true };

/** The remedy of what a repair mends that may take lines out of metrics. */
export const DROP_LINES: Remedy = { kind: "repair", dropLines: true };

/**
 * Makes the remedy that an owner carries out.
 *
 * @param text What to do, in the imperative, without a full stop.
 * @returns The remedy.
 */
export function byHand(text: string): Remedy {
  return { kind: "by-hand", text };
}

/**
 * Makes the remedy by which an owner takes from its place what the finding is about.
 *
 * @param text What to do, in the imperative, without a full stop.
 * @returns The remedy.
 */
export function byTaking(text: string): Remedy {
  return { kind: "by-hand", text, takes: true };
}

/** The remedy of a directory whose `meta.yaml` is lost, or can no longer be read. */
export const RESTORE_META: Remedy = byTaking(
  "Restore its meta.yaml from a backup, or move the directory out of the store",
);

/** The remedy of a file that this account may not read. */
export const GIVE_ACCESS: Remedy = byHand(
  "Give this account permission to read it, or restore the file from a backup",
);

/** One place where a rule is broken. */
export interface Violation {
  /** What breaks the rule, below the store's root. */
  readonly path: StorePath;
  /** 1-based line in the file, where there is one. */
  readonly line: number | null;
  /** The experiment, or orphan, that it belongs to; `null` when there is none. */
  readonly experimentId: string | null;
  /** The run that it belongs to; `null` when there is none. */
  readonly runId: string | null;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it, where that differs from the rule's remedy. */
  readonly remedy?: Remedy | null;
  /** No repair mends it, though one mends others that break the rule. */
  readonly mendable?: false;
  /** What a migration makes of it, where that differs from the rule's. */
  readonly migration?: Migration | null;
}

/** Finds the places where a rule is broken. */
export type Check = (snapshot: StoreSnapshot) => Iterable<Violation>;

/** One invariant, as its row says. */
export interface RuleRow {
  /** Stable, in kebab case. */
  readonly id: string;
  /** How bad it is to each version of MLflow where it is broken. */
  readonly in: Severities;
  /** What MLflow does where it is broken. */
  readonly describes: string;
  /** What `mlflow migrate-filestore` makes of it; `null`: it migrates. */
  readonly migration: Migration | null;
  /** What to do about it where no repair mends it; `null` when nothing needs to be done. */
  readonly remedy: Remedy | null;
  /** A repair mends it, where what is there proves how. */
  readonly repairable?: true;
  /** So it does in a database of SQLite. */
  readonly mendsRows?: true;
  /** Reported only when one version of MLflow is asked for: a store of another version is sound. */
  readonly whenAsked?: boolean;
  /**
   * Which kinds of store it is about; `served`: databases, also where only a tracking server can be asked.
   *
   * @default {directories alone}
   */
  readonly stores?: "database" | "served" | "any";
  /** It is broken where something is not there, which whoever is shown a part of a store cannot tell. */
  readonly byAbsence?: true;
  /** Finds the places where it is broken. */
  readonly check: Check;
}

/** One invariant. */
export interface Rule extends Omit<RuleRow, "repairable"> {
  /** How bad it is to the version that minds it most; `null`: to none, but to a migration. */
  readonly severity: Severity | null;
  /** Whether `repair` mends it. */
  readonly repairable: boolean;
}

/**
 * Says that something is as bad to every version.
 *
 * @param severity How bad.
 * @returns The severities.
 */
export function toBoth(severity: Severity | null): Severities {
  return { "2.22": severity, "3.17": severity };
}

/**
 * Says that something is nothing to MLflow 2.
 *
 * @param severity How bad it is to MLflow 3.
 * @returns The severities.
 */
export function toMlflow3(severity: Severity): Severities {
  return { "2.22": null, "3.17": severity };
}

/**
 * Says that something is nothing to MLflow 3.
 *
 * @param severity How bad it is to MLflow 2.
 * @returns The severities.
 */
export function toMlflow2(severity: Severity): Severities {
  return { "2.22": severity, "3.17": null };
}

/**
 * Gives the worst of some severities.
 *
 * @param severities The severities.
 * @returns The worst; `null` when there is none.
 */
export function worstOf(severities: readonly (Severity | null)[]): Severity | null {
  return SEVERITIES.find((each) => severities.includes(each)) ?? null;
}
