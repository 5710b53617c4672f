/**
 * Database → evidence: what tells whether a run is still at work, and which rows belong to runs that are gone.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../lib/errors.ts";
import {
  type Evidence,
  NO_EVIDENCE,
  type RepairPolicy,
  type RunEvidence,
} from "../../lib/plan/repair_action.ts";
import { isUnfinished } from "../../lib/store/run_status.ts";
import type { Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { isGone } from "../_io/read.ts";
import { countOfRuns } from "./scan/dangling_rows.ts";
import { newestArtifact } from "./scan/measure_artifacts.ts";
import { NEWEST } from "./scan/read_rows.ts";
import { selectRows, type Tables, text } from "./scan/tables.ts";

/**
 * Reads what repair must know of a database. Needs read permission for it, and for its artifacts.
 *
 * @param snapshot The store, read at depth `full`.
 * @param policy What may be done.
 * @param withTables Looks into the database as it is at one moment.
 * @returns The evidence.
 * @throws {UnsupportedStoreError} When the policy asks for what only a store of files has.
 */
export async function readRowEvidence(
  snapshot: StoreSnapshot<"full">,
  policy: RepairPolicy,
  withTables: <T>(use: (tables: Tables) => T) => T,
): Promise<Evidence> {
  const { location, problems, experiments } = snapshot;
  if (policy.relocate !== null || policy.dropLines) {
    const [what, flag] = policy.relocate === null
      ? ["take lines out of metrics", "--drop-lines"]
      : ["rewrite the places that records name", "--relocate"];
    throw new UnsupportedStoreError(
      `Cannot ${what} in store ${location}: mltidy does that in a store of files alone; leave out ${flag}`,
      location,
    );
  }
  // Of a damaged file no more can be read.
  if (problems.some(({ subject, damage }) => subject === "database" && damage === "unreadable")) {
    return NO_EVIDENCE;
  }
  const unfinished = experiments.flatMap(({ runs }) => runs)
    .filter(({ status }) => isUnfinished(status));
  const { dangling, points } = withTables((tables) => ({
    dangling: countOfRuns(tables),
    points: newestPoints(tables),
  }));
  const named = snapshot.backend?.artifactRoot ?? null;
  // Asked once, not for each run.
  const root = named === null || isGone(named) ? null : named;
  const runs = new Map<string, RunEvidence>();
  const stamps = new Map<string, string>();
  for (const run of unfinished) {
    runs.set(run.path, await evidenceOf(run, root, points.get(run.id) ?? 0));
    stamps.set(run.path, run.stamp);
  }
  return { ...NO_EVIDENCE, runs, stamps, dangling };
}

/** Run → when a metric of it was logged last, of runs that have not ended. */
function newestPoints(tables: Tables): ReadonlyMap<string, number> {
  const rows = selectRows<{ run: string; time: number | null }>(tables, {
    table: "latest_metrics",
    fields: { run: text("run_uuid"), time: NEWEST },
    tail: `WHERE run_uuid IN (SELECT run_uuid FROM runs
      WHERE status IN ('RUNNING', 'SCHEDULED')) GROUP BY run_uuid`,
  });
  return new Map([...rows].map(({ run, time }) => [run, time ?? 0]));
}

/** What it logged last, be it an artifact on this machine. */
async function evidenceOf(run: Run, root: string | null, point: number): Promise<RunEvidence> {
  const artifact = await newestArtifact(run, root);
  return {
    lacks: [],
    blocked: [],
    tags: run.tags,
    points: null,
    oldestFile: null,
    newestFile: artifact,
    newestChange: Math.max(point, artifact ?? 0),
  };
}
