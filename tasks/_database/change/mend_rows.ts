/**
 * Changes of a part of a run's rows: runs that are stale end, metrics lose points, and rows go that belong to runs
 * which are gone.
 *
 * *Ordering*: what is made of a row, and which rows go, is logged before any is touched.
 *
 * *Locking*: SQLite's own, for a fraction of a second in each transaction, in which all is looked at again.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type { EditMeta, PurgeDanglingRows } from "../../../lib/plan/repair_action.ts";
import { pointsToStay } from "../../../lib/records/metric_file.ts";
import type { Action, ThinMetric } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { statusOf } from "../../../lib/store/run_status.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { countOfRuns } from "../scan/dangling_rows.ts";
import { pointsOfMetric, stampOfPoints } from "../scan/read_extras.ts";
import { NEWEST, selectRuns } from "../scan/read_rows.ts";
import { selectRows, type Tables } from "../scan/tables.ts";
import { endedRun, type LoggedRow, makeChanges } from "../log/change_rows.ts";
import { type RemovalPlace, removeAll } from "./remove_rows.ts";
import { type Standings, standingsOfRuns, standsAs } from "./standing_facts.ts";

/** An action that ends a run. */
export type FinishRun = EditMeta & { readonly kind: "finish-stale-run" };

/**
 * Tells whether an action ends a run.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isFinish(action: Action): action is FinishRun {
  return action.kind === "finish-stale-run";
}

/**
 * Tells whether an action takes rows away that belong to runs which are gone.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isOfGoneRuns(action: Action): action is PurgeDanglingRows {
  return action.kind === "purge-dangling-rows";
}

/**
 * Ends runs that stand as they were planned, as MLflow does. Needs write permission.
 *
 * @param place Where.
 * @param actions What is to end.
 * @returns One outcome for each.
 */
export function finishRuns(
  { tables, rows: { database }, log, change }: RemovalPlace,
  actions: readonly FinishRun[],
): readonly ActionOutcome[] {
  const byRun = new Map(actions.map((action) => [runOf(action), action]));
  const ids = [...byRun.keys()];
  const found = new Map([...selectRuns(tables, ids)].map((row) => [row.id, row]));
  const rows = log.add(
    change,
    [...byRun].flatMap(([run, { changes }]) => {
      const { status, ended, experiment } = found.get(run) ?? {};
      const to = statusOf(Number(changes["status"]));
      if (to === undefined || !status || experiment === undefined) return [];
      const ending = {
        from: { status, end: ended ?? null },
        to: { status: to, end: Number(changes["end_time"]) },
      };
      return [{ experiment: `${experiment}`, run, ...endedRun(run, ending) }];
    }),
  );
  let changed: ReadonlySet<LoggedRow> = new Set();
  try {
    let standings: Standings | null = null;
    changed = new Set(makeChanges(database, rows, ({ run, after }) => {
      standings ??= standingsOfRuns(tables, ids);
      return standings.get(run)?.stamp === byRun.get(run)?.stamp &&
        newestPoint(tables, run) <= Number(after["end_time"]);
    }));
  } finally {
    log.drop(rows.filter((row) => !changed.has(row)));
  }
  const ended = new Set([...changed].map(({ run }) => run));
  return [...byRun].map(([run, { kind, path }]) =>
    ended.has(run) ? { kind, path, outcome: "applied", usage: NO_USAGE } : {
      kind,
      path,
      outcome: "skipped",
      because: found.has(run) ? "changed-since-plan" : "gone",
    }
  );
}

/** An address has no more than what a name may not have spelt otherwise. */
function runOf({ path }: FinishRun): string {
  return decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
}

function newestPoint(tables: Tables, run: string): number {
  const [row] = selectRows<{ time: number | null }>(tables, {
    table: "latest_metrics",
    fields: { time: NEWEST },
    tail: "WHERE run_uuid = ?",
    values: [run],
  });
  return row?.time ?? 0;
}

/**
 * Takes rows away that belong to runs which are gone, as far as they are still those that were planned. Needs write
 * permission.
 *
 * @param place From where.
 * @param action What is to go.
 * @param options What is awaited between two transactions, and how an error is told.
 * @returns The outcome, and whether what was to stay is in the log alone.
 */
export async function purgeRowsOfGone(
  place: RemovalPlace,
  { kind, path, stamp }: PurgeDanglingRows,
  { turn, explain }: {
    readonly turn: () => Promise<void>;
    readonly explain: (error: unknown) => string;
  },
): Promise<{ readonly outcome: ActionOutcome; readonly isUnsettled: boolean }> {
  const { tables } = place;
  const skipped = (because: SkipReason) => ({
    outcome: { kind, path, outcome: "skipped", because } as const,
    isUnsettled: false,
  });
  const found = countOfRuns(tables).find(({ table }) => table === path);
  if (found === undefined) return skipped("gone");
  if (found.stamp !== stamp) return skipped("changed-since-plan");
  const subject = {
    kind: "dangling-rows",
    experiment: "",
    run: null,
    id: path,
    trees: [],
  } as const;
  const [removed] = await removeAll<SkipReason>(place, [subject], {
    turn,
    // None of these runs has come back meanwhile.
    refuse: (_, parts) =>
      new Map(
        [...parts].flatMap(([subject, ids]) =>
          standingsOfRuns(tables, ids).size === 0 ? [] : [[subject, "changed-since-plan"] as const]
        ),
      ),
    follow: (subjects) =>
      Promise.resolve(subjects.map(() => ({ kind: "gone", usage: NO_USAGE, remains: [] }))),
  });
  switch (removed?.outcome) {
    case "gone":
      return { outcome: { kind, path, outcome: "applied", usage: NO_USAGE }, isUnsettled: false };
    case "failed": {
      const { error, isLogged = false } = removed;
      return {
        outcome: { kind, path, outcome: "failed", message: explain(error) },
        isUnsettled: isLogged,
      };
    }
    default:
      return skipped("changed-since-plan");
  }
}

/**
 * Takes points out of a metric that still has those that were planned, of a run that stands as it stood. Needs write
 * permission.
 *
 * @param place From where.
 * @param action Which metric.
 * @param options How the run stood, what is awaited between two transactions, and how an error is told.
 * @returns The outcome, and whether what was to stay is in the log alone.
 */
export async function thinMetric(
  place: RemovalPlace,
  { kind, path, runId: run, experimentId: experiment, key, most, stamp }: ThinMetric,
  { known, turn, explain }: {
    readonly known: Standings;
    readonly turn: () => Promise<void>;
    readonly explain: (error: unknown) => string;
  },
): Promise<{ readonly outcome: ActionOutcome; readonly isUnsettled: boolean }> {
  const { tables } = place;
  const end = (outcome: ActionOutcome, isUnsettled = false) => ({ outcome, isUnsettled });
  const points = pointsOfMetric(tables, run, key);
  const isStill = () => standsAs(standingsOfRuns(tables, [run]).get(run), known.get(run));
  if (points.length === 0) return end({ kind, path, outcome: "skipped", because: "gone" });
  if (stampOfPoints(points) !== stamp || !isStill()) {
    return end({ kind, path, outcome: "skipped", because: "changed-since-plan" });
  }
  const staying = [...pointsToStay(points, most)].map((index) => points[index]!.at);
  const subject = { kind: "metric-points", experiment, run, id: key, trees: [] } as const;
  const [removed] = await removeAll<SkipReason>(place, [subject], {
    turn,
    // What was logged meanwhile lies behind all that was there.
    tables: [{
      table: "metrics",
      owner: "run_uuid",
      where: `"key" = '${key.replaceAll("'", "''")}' AND rowid <= ${points.at(-1)!.at} ` +
        `AND rowid NOT IN (${staying.join(", ")})`,
    }],
    refuse: (_, parts) =>
      new Map(isStill() ? [] : [...parts.keys()].map((one) => [one, "changed-since-plan"])),
    follow: (subjects) =>
      Promise.resolve(subjects.map(() => ({ kind: "gone", usage: NO_USAGE, remains: [] }))),
  });
  switch (removed?.outcome) {
    case "gone":
      return end({ kind, path, outcome: "applied", usage: NO_USAGE });
    case "failed": {
      const { error, isLogged = false } = removed;
      return end({ kind, path, outcome: "failed", message: explain(error) }, isLogged);
    }
    default:
      return end({ kind, path, outcome: "skipped", because: "changed-since-plan" });
  }
}
