/**
 * What of a change is meant, and what is in the way of that.
 *
 * @module
 */

import type { BackupContents } from "../../../lib/backup/resolve_selection.ts";
import { treeOfRun } from "../../../lib/backup/tree_of_run.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { ownTableOf } from "../../../lib/snapshot/owned_tables.ts";
import { PARENT_TAG } from "../../../lib/store/tags.ts";
import { formatCount, formatTime, plural } from "../../../lib/text/units.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { deletedExperimentText } from "../../ports/deleted_experiment.ts";
import type { RestoreSelection } from "../../ports/backups.ts";
import type { LoggedAdded } from "../log/added_things.ts";
import type { ChangeLog } from "../log/change_log.ts";
import { type LoggedRow, type RowState, stateOf } from "../log/change_rows.ts";
import { experimentPart, type Part, partsWith } from "../log/part_subject.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import { isOther, type Witness } from "../log/witnesses.ts";
import { addedCollisions } from "../merges/take_out_things.ts";
import { rootedIn } from "../trees/artifact_roots.ts";
import { type TreesBelow, treesBelow } from "../trees/logged_trees.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import { experimentsIn, nameOfSubject, stateOfSubject, triggersIn } from "./undo_removals.ts";

/** What of a change is meant. */
export interface Chosen {
  readonly rows: readonly LoggedRow[];
  readonly subjects: readonly LoggedSubject[];
  /** What comes back alone of what went as a whole. */
  readonly parts: readonly Part[];
  /** What was put in, and is to go. */
  readonly added: readonly LoggedAdded[];
}

/**
 * Chooses what of a change is meant. Needs read permission.
 *
 * @param log The log.
 * @param owned The store's database.
 * @param id The change.
 * @param selection What is meant.
 * @returns It.
 * @throws {InvalidArgumentError} When the change holds nothing of it.
 */
export function chosenOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  selection: RestoreSelection,
): Chosen {
  const { experiment, run } = selection;
  const chosen = log.rowsOf(id, selection);
  const rows = run !== undefined && chosen.some(isMove) ? treeRows(log, owned, id, run) : chosen;
  const subjects = log.subjectsOf(id, selection);
  const added = log.addedOf(id).filter((one) =>
    (experiment === undefined || one.experiment === experiment) &&
    (run === undefined || one.run === run)
  );
  const parts = run === undefined ? [] : partsOf(log, owned, id, subjects, run);
  const count = rows.length + subjects.length + parts.length + added.length;
  if (count > 0 || (experiment ?? run) === undefined) {
    return { rows, subjects, parts, added };
  }
  const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
  throw new InvalidArgumentError(
    `Cannot restore ${wanted} from ${id}: the change holds nothing of it`,
  );
}

/** Of a run that has moved: all that its change made of it, and of the runs that moved in one tree with it. */
function treeRows(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  run: string,
): readonly LoggedRow[] {
  const rows = log.rowsOf(id);
  const parents = rows.filter(isMove).map((row) => {
    const tag = statementOf(owned, "SELECT value FROM tags WHERE run_uuid = ? AND key = ?")
      .get(row.run, PARENT_TAG);
    return [row.run, tag === undefined ? null : `${tag["value"]}`] as const;
  });
  const tree = treeOfRun(run, new Map(parents));
  return rows.filter((row) => tree.has(row.run));
}

function isMove({ table, before }: LoggedRow): boolean {
  return table === "runs" && before["experiment_id"] !== undefined;
}

/** A run does not come back without its experiment. */
function partsOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  own: readonly LoggedSubject[],
  run: string,
): readonly Part[] {
  const all = log.subjectsOf(id);
  const [direct] = own.filter(({ kind }) => kind === "run");
  if (direct === undefined) return partsWith(log, all, run);
  const { experiment } = direct;
  const isThere = hasRow(owned, "experiments", "experiment_id", experiment);
  return isThere || own.some(({ kind }) => kind === "experiment")
    ? []
    : experimentPart(log, all, experiment, run);
}

function hasRow(owned: OwnedRows, table: string, column: string, id: string): boolean {
  return statementOf(owned, `SELECT 1 FROM "${table}" WHERE "${column}" = ?`).get(id) !== undefined;
}

/**
 * Finds what is in the way of rows that are to come back. Needs read permission.
 *
 * @param log The log.
 * @param owned The store's database.
 * @param id The change.
 * @param chosen What of it.
 * @returns Both sides of each collision, in words.
 */
export function collisionsOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  { rows, subjects, parts, added }: Chosen,
): readonly string[] {
  const witnesses = log.witnessesOf(id);
  if (isOther(owned, witnesses)) return [otherText(witnesses)];
  const coming = new Set(experimentsIn(log, subjects));
  for (const { subject } of parts) if (subject.kind === "experiment") coming.add(subject.id);
  const taken = [...new Set(parts.map(({ from }) => from)), ...subjects].flatMap((subject) => {
    const state = stateOfSubject(log, owned, subject, coming);
    return typeof state === "string" ? [] : [state.collision];
  });
  const again = parts.flatMap(({ subject: { kind, id } }) => {
    if (kind !== "run" && kind !== "logged-model") return [];
    const { table, owner } = ownTableOf(kind);
    return hasRow(owned, table, owner, id)
      ? [`${kind.replace("-", " ")} ${id}: expected none, found another one with that id`]
      : [];
  });
  const changed = rows.flatMap((row) => {
    const state = stateOf(owned.database, row);
    const text = isOfMove(row)
      ? moveCollisionText(state, row, movedOnBy(log, owned, row))
      : collisionText(state, row);
    return text === null ? [] : [text];
  });
  const deleted = deletedExperiments(owned, rows);
  const triggers = subjects.length + parts.length === 0 ? [] : triggersIn(owned);
  const others = addedCollisions({ log, rows: owned }, added);
  return [...triggers, ...taken, ...again, ...changed, ...deleted, ...others];
}

/** MLflow shows no run of a deleted experiment, so none goes back into one. */
function deletedExperiments(owned: OwnedRows, rows: readonly LoggedRow[]): readonly string[] {
  const moved = rows.filter((row) => isMove(row) && stateOf(owned.database, row) === "after");
  return [...Map.groupBy(moved, ({ before }) => `${before["experiment_id"]}`)].flatMap(
    ([id, [first, ...more]]) => {
      const found = statementOf(
        owned,
        "SELECT lifecycle_stage AS stage FROM experiments WHERE experiment_id = ?",
      ).get(Number(id));
      const others = more.length === 0 ? "" : `, with ${plural(more.length, "other")},`;
      const need = `run ${first!.run}${others} goes back into it`;
      if (found === undefined) {
        return [`experiment ${id}: expected it, since ${need}, found none with that id`];
      }
      return found["stage"] === "deleted" ? [deletedExperimentText({ id, found: "", need })] : [];
    },
  );
}

/**
 * Finds where the trees of what is meant belong. Needs read permission.
 *
 * @param places Opens places of artifacts by their roots.
 * @param rows The database.
 * @param chosen What is meant.
 * @returns The trees, by their roots.
 */
export function treesOf(
  places: OpenPlace,
  rows: OwnedRows,
  { subjects, parts }: Chosen,
): readonly TreesBelow[] {
  const alone = parts.map(({ from, subject }) => ({ ...from, ...subject }));
  return treesBelow(rootedIn(places, rows), [...subjects, ...alone]);
}

function collisionText(state: RowState, { run, table, after }: LoggedRow): string | null {
  if (table === "tags" && (state === "gone" || state === "other")) {
    return `run ${run}: expected the tag that tells since when it lacks artifacts, found ${
      state === "gone" ? "that it is in the database no more" : "another value of it"
    }`;
  }
  const deed = after["status"] === undefined ? "deleted" : `${after["status"]}`.toLowerCase();
  switch (state) {
    case "before":
    case "after":
      return null;
    case "gone":
      return `run ${run}: expected it ${deed}, found that it is in the database no more`;
    case "other":
      return `run ${run}: expected it ${deed} on ${
        formatTime(Number(after["deleted_time"] ?? after["end_time"]))
      }, found that it has been changed since`;
  }
}

/**
 * Finds the move of the same run that stands, and must be undone before. Needs read permission.
 *
 * @param log The log.
 * @param owned The store's database.
 * @param row What an earlier move has made of the run.
 * @returns Its id; `null` where there is none.
 */
export function movedOnBy(log: ChangeLog, owned: OwnedRows, { run }: LoggedRow): string | null {
  const found = log.list().find(({ id }) =>
    log.rowsOf(id, { run }).some((row) => isMove(row) && stateOf(owned.database, row) === "after")
  );
  return found?.id ?? null;
}

/**
 * Tells whether a row is what a move has made of a run, or of what went with it.
 *
 * @param row The row.
 * @returns Whether it is.
 */
export function isOfMove({ table, after }: LoggedRow): boolean {
  return table !== "tags" && (table !== "runs" || after["experiment_id"] !== undefined);
}

function moveCollisionText(
  state: RowState,
  { run, table, after }: LoggedRow,
  by: string | null,
): string | null {
  if (state === "before" || state === "after") return null;
  const what = table === "runs"
    ? `it in experiment ${after["experiment_id"]}`
    : `its rows of table ${table} as they were moved`;
  const found = state === "gone"
    ? "none in the database any more"
    : by === null
    ? "a change since"
    : `that ${by} moved it on; undo that first`;
  return `run ${run}: expected ${what}, found ${found}`;
}

function otherText([first, ...more]: readonly Witness[]): string {
  const others = more.length === 0 ? "" : `, nor any of ${formatCount(more.length)} others`;
  return `the database: expected the one in which this was changed, found another one: experiment ${
    first!.experiment
  } is not the one that was there${others}`;
}

/**
 * Names what a change holds something of. Needs read permission.
 *
 * @param log The log.
 * @param owned The store's database.
 * @param id The change.
 * @returns The experiments and runs.
 */
export function contentsOf(log: ChangeLog, owned: OwnedRows, id: string): BackupContents {
  const [rows, subjects] = [log.rowsOf(id), log.subjectsOf(id)];
  const named = owned.database.prepare("SELECT name FROM experiments WHERE experiment_id = ?");
  const called = owned.database.prepare("SELECT name FROM runs WHERE run_uuid = ?");
  const nameOf = (kind: "experiment" | "run", id: string) => {
    const gone = subjects.find((one) => one.kind === kind && one.id === id);
    const known = kind === "run" ? called : named;
    return (gone === undefined ? undefined : nameOfSubject(log, gone)) ??
      known.get(id)?.["name"]?.toString();
  };
  const all = [
    ...rows,
    ...subjects,
    ...log.addedOf(id).filter(({ experiment }) => experiment !== ""),
  ];
  // Rows of runs that are gone are of no experiment.
  const experiments = new Set(all.map(({ experiment }) => experiment).filter((id) => id !== ""));
  const runs = new Map(
    all.flatMap(({ run, experiment }) => run === null ? [] : [[run, experiment]]),
  );
  const within = subjects.filter(({ kind }) => kind === "experiment")
    .flatMap((subject) => runsWithin(log, subject)).filter(({ id }) => !runs.has(id));
  return {
    experiments: [...experiments].map((id) => ({ id, name: nameOf("experiment", id) })),
    runs: [
      ...[...runs].map(([id, experiment]) => ({ id, name: nameOf("run", id), experiment })),
      ...within,
    ],
  };
}

/** The runs that went with an experiment. */
function runsWithin(log: ChangeLog, subject: LoggedSubject): BackupContents["runs"] {
  const runs: BackupContents["runs"][number][] = [];
  const { experiment } = subject;
  for (const { owner, table, id, columns, rows } of log.chunksOf(subject)) {
    if (owner !== "run" || table !== ownTableOf("run").table) continue;
    const name = rows[0]?.[columns.indexOf("name") + 1];
    runs.push({ id, name: typeof name === "string" ? name : undefined, experiment });
  }
  return runs;
}
