/**
 * Database → evidence: what tells whether a run is still at work, and which rows belong to runs that are gone.
 *
 * @module
 */

import {
  type Evidence,
  NO_EVIDENCE,
  type RepairPolicy,
  type RunEvidence,
} from "../../lib/plan/repair_action.ts";
import { isUnfinished } from "../../lib/store/run_status.ts";
import type { Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { isGone } from "../_io/read.ts";
import { refuseFileRepairs } from "../ports/refuse_file_repairs.ts";
import { countOfRuns } from "./scan/dangling_rows.ts";
import { newestArtifact } from "./scan/measure_artifacts.ts";
import { newestPoints, UNFINISHED } from "./scan/read_rows.ts";
import type { Tables } from "./scan/tables.ts";

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
  refuseFileRepairs(location, policy);
  // Of a damaged file no more can be read.
  if (problems.some(({ subject, damage }) => subject === "database" && damage === "unreadable")) {
    return NO_EVIDENCE;
  }
  const unfinished = experiments.flatMap(({ runs }) => runs)
    .filter(({ status }) => isUnfinished(status));
  const { dangling, points } = withTables((tables) => ({
    dangling: countOfRuns(tables),
    points: newestPoints(tables, UNFINISHED),
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
