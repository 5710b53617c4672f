/**
 * Tracking server → evidence: what tells whether a run is still at work.
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
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { refuseFileRepairs } from "../ports/refuse_file_repairs.ts";
import { readAgain } from "./change/read_again.ts";
import type { ReadingClient } from "./scan/read_pages.ts";

/**
 * Reads what repair must know of runs that have not ended: when each logged a metric last. A deleted one is left as it
 * is, since MLflow changes none.
 *
 * @param client Asks the server.
 * @param snapshot The store.
 * @param policy What may be done.
 * @returns The evidence.
 * @throws {UnsupportedStoreError} When the policy asks for what only a store of files has.
 * @throws {RequestError} When the server does not tell.
 */
export async function readRunEvidence(
  client: ReadingClient,
  { location, experiments }: StoreSnapshot<"full">,
  policy: RepairPolicy,
): Promise<Evidence> {
  refuseFileRepairs(location, policy);
  const unfinished = experiments.flatMap(({ runs }) => runs).filter((run) =>
    run.lifecycleStage === "active" && isUnfinished(run.status)
  );
  const found = await readAgain(
    client,
    unfinished.map(({ id: run, experimentId: experiment }) => ({ run, experiment })),
  );
  const runs = new Map<string, RunEvidence>();
  for (const { id, path } of unfinished) {
    const record = found.get(id);
    if (record === undefined) continue;
    runs.set(path, {
      lacks: [],
      blocked: [],
      tags: record.tags,
      points: null,
      oldestFile: null,
      newestFile: null,
      newestChange: Math.max(0, ...record.metrics.map(({ time }) => time)),
    });
  }
  const stamps = new Map(unfinished.map(({ path, stamp }) => [`${path}`, stamp]));
  return { ...NO_EVIDENCE, runs, stamps };
}
