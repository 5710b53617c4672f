/**
 * Permanent deletions: what of a plan's subjects still stands as it was planned goes, with all its rows.
 *
 * @module
 */

import type {
  Action,
  PurgeExperiment,
  PurgeLoggedModel,
  PurgeRun,
} from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import type { Owner } from "../../../lib/snapshot/owned_tables.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { Tables } from "../scan/tables.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import type { PurgeTrees } from "./purge_trees.ts";
import { type GoingSubject, type RemovalPlace, removeAll } from "./remove_rows.ts";
import type { Subject } from "../log/removed_rows.ts";
import {
  type Standings,
  standingsOfExperiments,
  standingsOfModels,
  standingsOfRuns,
  standsAs,
} from "./standing_facts.ts";

/** An action that takes something away for good. */
export type Purge = PurgeRun | PurgeExperiment | PurgeLoggedModel;

/**
 * Tells whether an action takes something away for good.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isPurge(action: Action): action is Purge {
  return ["purge-run", "purge-experiment", "purge-logged-model"].includes(action.kind);
}

/** How all that goes stands, by its id, before anything has gone. */
export type Known = Readonly<
  Record<Exclude<Subject["kind"], "metric-points" | "dangling-rows">, Standings>
>;

/**
 * Looks at how all stands that is to go. Needs read permission.
 *
 * @param tables The database.
 * @param rows The same.
 * @param actions What is to go.
 * @returns How it stands.
 */
export function lookAtPurges(tables: Tables, rows: OwnedRows, actions: readonly Purge[]): Known {
  const experiments = actions.filter(({ kind }) =>
    kind === "purge-experiment"
  ) as PurgeExperiment[];
  const runs = actions.flatMap((action) => {
    if (action.kind === "purge-run") return [action.runId];
    return action.kind === "purge-experiment" ? action.runIds : [];
  });
  const models = actions.flatMap((action) => {
    if (action.kind === "purge-logged-model") return [action.modelId];
    return action.kind === "purge-experiment" && rows.columns.has("logged_models")
      ? idsIn(rows, "logged_models", "model_id", action.experimentId)
      : [];
  });
  return {
    "run": standingsOfRuns(tables, runs),
    "logged-model": standingsOfModels(tables, models),
    "experiment": standingsOfExperiments(tables, runsOf(experiments)),
  };
}

function runsOf(actions: readonly PurgeExperiment[]): ReadonlyMap<string, number> {
  return new Map(actions.map(({ experimentId, runIds }) => [experimentId, runIds.length]));
}

function idsIn(
  rows: OwnedRows,
  table: string,
  column: string,
  experiment: string,
): readonly string[] {
  return statementOf(rows, `SELECT "${column}" AS id FROM "${table}" WHERE experiment_id = ?`)
    .all(experiment).map(({ id }) => String(id));
}

/**
 * Tells whether what is to go stands as it was planned. Needs read permission.
 *
 * @param place From where.
 * @param known How all stood before anything has gone.
 * @param action What is to go.
 * @returns Whether it does.
 */
export function standsAsPlanned(
  { tables, rows }: Pick<RemovalPlace, "tables" | "rows">,
  known: Known,
  action: Purge,
): boolean {
  const now = lookAtPurges(tables, rows, [action]);
  const owners: readonly (keyof Known)[] = action.kind === "purge-experiment"
    ? ["run", "logged-model"]
    : [action.kind === "purge-run" ? "run" : "logged-model"];
  return owners.every((owner) =>
    whyNot({ rows, known, now, owner, ids: [...now[owner].keys()], action }) === null
  );
}

/**
 * Takes away what stands as it was planned. Needs write permission.
 *
 * @param place From where.
 * @param actions What is to go; all of one kind.
 * @param options How it stood before, its artifacts, and what is awaited between two transactions.
 * @returns What came of it.
 */
export async function performPurges(
  place: RemovalPlace,
  actions: readonly Purge[],
  { known, trees, signal, turn, explain }: PurgeOptions,
): Promise<Purged> {
  const actionOf = new Map<Subject, Purge>();
  const outcomeOf = new Map<Purge, ActionOutcome>();
  const staying = new Map<Purge, string>();
  const subjects: GoingSubject[] = [];
  for (let at = 0; at < actions.length; at += AT_ONCE) {
    await turn();
    const some = actions.slice(at, at + AT_ONCE);
    const asked = some.map(subjectFor);
    const prepared = signal?.aborted ? null : await trees.prepare(asked, signal);
    for (const [index, action] of some.entries()) {
      const { kind, path } = action;
      const one = prepared?.[index] ?? { kind: "interrupted" };
      if (one.kind === "ready") {
        const going = { ...asked[index]!, trees: one.trees };
        subjects.push(going);
        actionOf.set(going, action);
        if (one.stays !== null) staying.set(action, one.stays);
      } else if (one.kind === "failed") {
        outcomeOf.set(action, { kind, path, outcome: "failed", message: one.message });
      } else outcomeOf.set(action, { kind, path, outcome: "not-run", because: "interrupted" });
    }
  }
  const removed = await removeAll<SkipReason>(place, subjects, {
    turn,
    follow: trees.follow,
    refuse(owner, parts) {
      const reasons = new Map<Subject, SkipReason>();
      const now = lookAgain(place, owner, parts, actionOf);
      for (const [subject, ids] of parts) {
        const action = actionOf.get(subject)!;
        const because = whyNot({ rows: place.rows, known, now, owner, ids, action });
        if (because !== null) reasons.set(subject, because);
      }
      return reasons;
    },
  });
  for (const [index, one] of removed.entries()) {
    const action = actionOf.get(subjects[index]!)!;
    const { kind, path } = action;
    switch (one.outcome) {
      case "gone": {
        const stays = staying.get(action);
        const left = stays === undefined ? {} : { stays };
        outcomeOf.set(action, { kind, path, outcome: "applied", usage: one.usage, ...left });
        break;
      }
      case "stays":
        outcomeOf.set(action, { kind, path, outcome: "skipped", because: one.because });
        break;
      case "failed":
        outcomeOf.set(action, { kind, path, outcome: "failed", message: explain(one.error) });
    }
  }
  return {
    outcomes: actions.map((action) => outcomeOf.get(action)!),
    isUnsettled: removed.some((one) => one.outcome === "failed" && one.isLogged),
    remains: removed.flatMap((one) => one.outcome === "gone" ? one.remains : []),
  };
}

/** How many things are prepared together, between two turns. */
const AT_ONCE = 64;

/** How to purge. */
export interface PurgeOptions {
  /** How it stood before. */
  readonly known: Known;
  readonly trees: PurgeTrees;
  /** Looked at while artifacts are copied. */
  readonly signal?: AbortSignal | undefined;
  /** Awaited between two transactions. */
  readonly turn: () => Promise<void>;
  readonly explain: (error: unknown) => string;
}

/** What came of it. */
export interface Purged {
  /** One for each action. */
  readonly outcomes: readonly ActionOutcome[];
  /** Whether what was to stay is in the log alone. */
  readonly isUnsettled: boolean;
  /** What of artifacts could not be freed though a whole copy is kept. */
  readonly remains: readonly Remains[];
}

/**
 * Names what goes with an action.
 *
 * @param action The action.
 * @returns What that is.
 */
export function subjectFor(action: Purge): Subject {
  const { experimentId: experiment } = action;
  switch (action.kind) {
    case "purge-run":
      return { kind: "run", experiment, run: action.runId, id: action.runId };
    case "purge-logged-model":
      return { kind: "logged-model", experiment, run: action.withoutRun, id: action.modelId };
    case "purge-experiment":
      return { kind: "experiment", experiment, run: null, id: experiment };
  }
}

type Parts = ReadonlyMap<Subject, readonly string[]>;

/** How all of one transaction stands, and the experiments that go as a whole. */
function lookAgain(
  { tables }: RemovalPlace,
  owner: Owner,
  parts: Parts,
  actionOf: ReadonlyMap<Subject, Purge>,
): Known {
  const ids = [...parts.values()].flat();
  const whole = [...parts.keys()].map((subject) => actionOf.get(subject)!)
    .filter((action) => action.kind === "purge-experiment") as PurgeExperiment[];
  return {
    "run": owner === "run" ? standingsOfRuns(tables, ids) : NONE,
    "logged-model": owner === "logged-model" ? standingsOfModels(tables, ids) : NONE,
    "experiment": whole.length === 0 ? NONE : standingsOfExperiments(tables, runsOf(whole)),
  };
}

const NONE: Standings = new Map();

interface Question {
  readonly rows: OwnedRows;
  readonly known: Known;
  readonly now: Known;
  readonly owner: Owner;
  readonly ids: readonly string[];
  readonly action: Purge;
}

/** Why something must stay by now. */
function whyNot({ rows, known, now, owner, ids, action }: Question): SkipReason | null {
  if (action.kind === "purge-experiment") {
    const { experimentId: id } = action;
    const found = now.experiment.get(id);
    if (found === undefined) return "gone";
    const isSame = found.stamp === action.stamp && standsAs(found, known.experiment.get(id));
    if (!isSame || rows.words.reusesIds && isNewest(rows, id)) {
      return "changed-since-plan";
    }
    if (owner === "experiment") return isEmpty(rows, id) ? null : "changed-since-plan";
    if (owner === "trace") return null;
    const runs = new Set<string>(action.runIds);
    const areKnown = ids.every((one) =>
      standsAs(now[owner].get(one), known[owner].get(one)) && (owner !== "run" || runs.has(one))
    );
    return areKnown ? null : "changed-since-plan";
  }
  const [kind, id] = action.kind === "purge-run"
    ? ["run", action.runId] as const
    : ["logged-model", action.modelId] as const;
  const found = now[kind].get(id);
  if (found === undefined) return "gone";
  if (found.stamp !== action.stamp || !standsAs(found, known[kind].get(id))) {
    return "changed-since-plan";
  }
  const waitsFor = action.kind === "purge-logged-model" ? action.withoutRun : null;
  return waitsFor !== null && isThere(rows, "runs", "run_uuid", waitsFor)
    ? "changed-since-plan"
    : null;
}

/** SQLite gives the highest id out again once it is free. */
function isNewest(rows: OwnedRows, id: string): boolean {
  const most = statementOf(
    rows,
    "SELECT CAST(MAX(experiment_id) AS TEXT) AS id FROM experiments",
  ).get();
  return String(most?.["id"]) === id;
}

/** Whether all that an experiment held is gone. */
function isEmpty(rows: OwnedRows, id: string): boolean {
  return ["runs", "logged_models", "trace_info"]
    .filter((table) => rows.columns.has(table))
    .every((table) => !isThere(rows, table, "experiment_id", id));
}

function isThere(rows: OwnedRows, table: string, column: string, id: string): boolean {
  return statementOf(rows, `SELECT 1 FROM "${table}" WHERE "${column}" = ?`).get(id) !== undefined;
}
