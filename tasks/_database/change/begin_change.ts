/**
 * A change of a database: its actions in their order, many in each transaction.
 *
 * *Ordering*: what is made of rows, and which go, is logged before any is touched; the change ends in the log when
 * all of it is done.
 *
 * *Locking*: the lock of the store is held; SQLite's own for the fraction of a second of each transaction.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type {
  Action,
  CopyIn,
  DropArtifact,
  MoveRun,
  QuarantineOrphan,
  SoftDeleteRun,
  ThinMetric,
} from "../../../lib/plan/plan.ts";
import type { PurgeDanglingRows } from "../../../lib/plan/repair_action.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { isLocalRoot } from "../../../lib/snapshot/artifact_root.ts";
import { NO_USAGE, type Remains } from "../../../lib/store/usage.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { type Chunking, performInChunks } from "../../ports/perform_in_chunks.ts";
import type { Change } from "../../ports/store.ts";
import { storeErrorOf } from "../scan/open_database.ts";
import type { Tables } from "../scan/tables.ts";
import type { WritableLog } from "../log/change_log.ts";
import {
  AT_ONCE,
  type LoggedRow,
  makeChanges,
  mayBeChanged,
  softDeletion,
} from "../log/change_rows.ts";
import {
  type FinishRun,
  finishRuns,
  isFinish,
  isOfGoneRuns,
  purgeRowsOfGone,
  thinMetric,
} from "./mend_rows.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { isPurge, lookAtPurges, performPurges, type Purge } from "./purge.ts";
import type { ReadNamed } from "../rows/judge_tree.ts";
import { purgeTrees } from "./purge_trees.ts";
import type { RemovalPlace } from "./remove_rows.ts";
import { dropArtifacts, quarantineOrphans } from "./set_trees_aside.ts";
import { copyThings, isCopyIn, Sources } from "../merges/copy_things.ts";
import { isMove, moveRuns } from "../moves/move_runs.ts";
import { type Standings, standingsOfRuns, standsAs } from "./standing_facts.ts";
import { statePaths } from "../log/state_directory.ts";
import { isOther, witnessesIn } from "../log/witnesses.ts";
import { rootedIn } from "../trees/artifact_roots.ts";
import { forgetBucketCopies, freeBucketCopies } from "../trees/logged_trees.ts";
import { isEmpty, leaveChange, reverseChange } from "./undo_change.ts";

/** What a change is made of. */
export interface ChangeOptions {
  readonly actions: readonly Action[];
  readonly task: string;
  /** Epoch ms. */
  readonly now: number;
  readonly keepBackup: boolean;
  readonly log: WritableLog;
  readonly tables: Tables;
  /** The same, to be written. */
  readonly rows: OwnedRows;
  /** Absolute path of the store's database. */
  readonly path: string;
  readonly readNamed: ReadNamed;
  /** Opens where its artifact trees lie. */
  readonly places: OpenPlace;
  /** Throws when another database has taken its place. */
  readonly requireSame: () => void;
}

type Done =
  | SoftDeleteRun
  | DropArtifact
  | ThinMetric
  | Purge
  | QuarantineOrphan
  | FinishRun
  | MoveRun
  | CopyIn
  | PurgeDanglingRows;

/**
 * Begins a change. Needs write permission; the lock of the store must be held.
 *
 * @param options What it is made of.
 * @returns The change.
 */
export async function beginChange(options: ChangeOptions): Promise<Change> {
  const { task, now, keepBackup, log, tables, rows, path, readNamed, requireSame } = options;
  const { places } = options;
  const actions = options.actions.filter((one): one is Done =>
    isSoftDelete(one) || isDrop(one) || isThin(one) || isPurge(one) || isQuarantine(one) ||
    isFinish(one) || isMove(one) || isCopyIn(one) || isOfGoneRuns(one)
  );
  const turn = takeTurns();
  const changing = actions.flatMap((one) =>
    isSoftDelete(one) || isDrop(one) || isThin(one) ? one.runId : []
  );
  const known = new Map(standingsOfRuns(tables, changing));
  await turn();
  const purging = lookAtPurges(tables, rows, actions.filter(isPurge));
  const concerned = new Set(
    actions.flatMap((one) => "experimentId" in one ? one.experimentId ?? [] : []),
  );
  const { id } = log.begin(task, now, witnessesIn(rows, concerned), earlierIn(log, rows));
  const { served } = rows;
  if (served?.isProven && !isLocalRoot(served.root)) log.noteServed(id, served.root);
  const place: RemovalPlace = { places, tables, rows, log, change: id };
  const leaving = new Set(
    actions.flatMap((one) => one.kind === "purge-experiment" ? one.experimentId : []),
  );
  const how = { change: id, keepBackup, readNamed, leaving };
  const trees = await purgeTrees({ database: path, places, rows, ...how });
  const sources = new Sources();
  const remains: Remains[] = [];
  let isOpen = true;
  let isUnsettled = false;
  const explain = (error: unknown) => (storeErrorOf(error, path) ?? error as Error).message;
  const perform: Chunking<Done>["perform"] = async (chunk, signal) => {
    try {
      requireSame();
      const soft = chunk.filter(isSoftDelete);
      if (soft.length > 0) return softDelete(place, soft, { known, now });
      const aside = { keepBackup, readNamed, signal };
      const drops = chunk.filter(isDrop);
      const orphans = chunk.filter(isQuarantine);
      if (drops.length + orphans.length > 0) {
        const done = drops.length > 0
          ? await dropArtifacts(place, drops, { ...aside, known, now })
          : await quarantineOrphans(place, orphans, aside);
        remains.push(...done.remains);
        return done.outcomes;
      }
      const stale = chunk.filter(isFinish);
      if (stale.length > 0) return finishRuns(place, stale);
      const [thin] = chunk.filter(isThin);
      if (thin !== undefined) {
        const done = await thinMetric(place, thin, { known, turn, explain });
        isUnsettled ||= done.isUnsettled;
        return [done.outcome];
      }
      const moves = chunk.filter(isMove);
      if (moves.length > 0) {
        const stampOf = (run: string) => standingsOfRuns(tables, [run]).get(run)?.stamp;
        return moveRuns({ tables, log, change: id, stampOf }, moves);
      }
      const copies = chunk.filter(isCopyIn);
      if (copies.length > 0) {
        const onUnsettled = () => {
          isUnsettled = true;
        };
        const into = { rows, path, log, change: id, explain, onUnsettled };
        return await copyThings(into, copies, sources, signal);
      }
      const [dangling] = chunk.filter(isOfGoneRuns);
      if (dangling !== undefined) {
        const done = await purgeRowsOfGone(place, dangling, { turn, explain });
        isUnsettled ||= done.isUnsettled;
        return [done.outcome];
      }
      const purges = chunk.filter(isPurge);
      const how = { known: purging, trees, signal, turn, explain };
      const done = await performPurges(place, purges, how);
      isUnsettled ||= done.isUnsettled;
      remains.push(...done.remains);
      return done.outcomes;
    } catch (error) {
      // What happens in the store is an outcome: none of them has been changed then.
      return chunk.map(({ kind, path }) => ({
        kind,
        path,
        outcome: "failed",
        message: explain(error),
      }));
    }
  };
  return {
    performAll: (how) => performInChunks(actions, { most: (kind) => CHUNKS[kind], perform }, how),
    async finish({ onRemains, ...work } = {}) {
      isOpen = false;
      sources[Symbol.dispose]();
      const isKept = !isEmpty(log, id) && (keepBackup || isUnsettled);
      const copies = { path, change: id, served: log.servedOf(id) };
      if (isKept) {
        const left = trees.mayHaveLeft()
          ? await freeBucketCopies(rootedIn(places, rows), copies)
          : forgetBucketCopies(copies);
        if (left) remains.push(left);
        log.finish(id, remains.length > 0);
      }
      if (!isKept) {
        remains.push(...await leaveChange({ log, rows, database: path, places }, id, work));
      }
      for (const one of remains) onRemains?.(one);
      return isKept ? { id, path: statePaths(path).directory } : null;
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      sources[Symbol.dispose]();
      await reverseChange({ log, rows, database: path, places }, { id, task });
    },
  };
}

/** All that was there when they began may be gone some day. */
function earlierIn(log: WritableLog, rows: OwnedRows): readonly string[] {
  return log.list().map(({ id }) => id).filter((id) => {
    const witnesses = log.witnessesOf(id);
    return witnesses.length > 0 && !isOther(rows, witnesses);
  });
}

function isSoftDelete(action: Action): action is SoftDeleteRun {
  return action.kind === "soft-delete-run";
}

function isDrop(action: Action): action is DropArtifact {
  return action.kind === "drop-artifact";
}

function isThin(action: Action): action is ThinMetric {
  return action.kind === "thin-metric";
}

function isQuarantine(action: Action): action is QuarantineOrphan {
  return action.kind === "quarantine-orphan";
}

/** Deletes as MLflow does what stands as it was planned. */
function softDelete(
  { tables, rows: { database }, log, change }: RemovalPlace,
  chunk: readonly SoftDeleteRun[],
  { known, now }: { readonly known: Standings; readonly now: number },
): readonly ActionOutcome[] {
  const isDated = tables.columns.get("runs")!.has("deleted_time");
  const reasons = new Map<string, SkipReason>();
  const rows = log.add(
    change,
    chunk.map(({ runId, experimentId }) => ({
      experiment: experimentId,
      run: runId,
      ...softDeletion(runId, isDated ? now : null),
    })),
  );
  let changed: ReadonlySet<LoggedRow> = new Set();
  try {
    let standings: Standings | null = null;
    const stamps = new Map<string, string>(chunk.map(({ runId, stamp }) => [runId, stamp]));
    changed = new Set(makeChanges(database, rows, ({ run }) => {
      standings ??= standingsOfRuns(tables, chunk.map(({ runId }) => runId));
      const found = standings.get(run);
      if (found === undefined) reasons.set(run, "gone");
      return found?.stamp === stamps.get(run) && standsAs(found, known.get(run));
    }));
  } catch (error) {
    // A server that is heard of no more may have done it all the same.
    log.drop(rows.filter((row) => !mayBeChanged(database, row)));
    throw error;
  }
  log.drop(rows.filter((row) => !changed.has(row)));
  const deleted = new Set([...changed].map(({ run }) => run));
  return chunk.map(({ kind, path, runId }) =>
    deleted.has(runId)
      ? { kind, path, outcome: "applied", usage: NO_USAGE }
      : { kind, path, outcome: "skipped", because: reasons.get(runId) ?? "changed-since-plan" }
  );
}

/** As many actions of one kind at once as are done before the signal is looked at again. */
const CHUNKS: Readonly<Record<Done["kind"], number>> = {
  "soft-delete-run": AT_ONCE,
  "drop-artifact": AT_ONCE,
  "thin-metric": 1,
  "purge-run": 1_000,
  "purge-experiment": 20,
  "purge-logged-model": 1_000,
  "quarantine-orphan": 1_000,
  "finish-stale-run": AT_ONCE,
  "move-run": 20,
  "copy-in": 200,
  "purge-dangling-rows": 1,
};
