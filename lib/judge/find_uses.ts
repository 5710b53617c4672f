/**
 * What traces and assessments still point to: runs, and logged models whose run it is.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { Protection } from "../policy/policy.ts";
import { experimentDirectoryOf, runDirectoryOf } from "../snapshot/artifact_root.ts";
import type { TraceUse } from "../store/extras.ts";
import type { Experiment, Hold, Orphan, StoreSnapshot } from "../store/snapshot.ts";

/** Why a run is still of use, and what switches that off. */
export interface Use {
  readonly protection: Protection;
  readonly reason: KeepReason;
}

/**
 * Finds the runs that a trace of an active experiment, or an assessment of one, comes from.
 *
 * A trace that names a logged model was made by it, so it uses the model's source run, too.
 *
 * @param snapshot The store.
 * @returns Run id → one use of each kind.
 */
export function findUses(snapshot: StoreSnapshot): ReadonlyMap<string, readonly Use[]> {
  const sources = sourceRuns(snapshot);
  const uses = new Map<string, Use[]>();
  const add = (id: string, use: Use) => {
    const known = uses.get(id) ?? [];
    if (!known.some(({ reason }) => reason.kind === use.reason.kind)) uses.set(id, [...known, use]);
  };
  const traces = activeOf(snapshot).flatMap(({ traceUses = [] }) => traceUses).toSorted(byTrace);
  for (const { trace, assessment, runId, modelId } of traces) {
    if (runId !== null) {
      const reason: KeepReason = assessment === null
        ? { kind: "trace-source", trace }
        : { kind: "assessment-source", trace, assessment };
      add(runId, { protection: "traces", reason });
    }
    if (modelId === null) continue;
    for (const source of sources.get(modelId) ?? []) {
      const reason: KeepReason = { kind: "logged-model-in-use", model: modelId, trace };
      add(source, { protection: "logged_models", reason });
    }
  }
  return uses;
}

/** Gives why a thing must not be removed for good, by what it is and its id. */
export type FindHolds = (of: Hold["of"], id: string) => readonly KeepReason[];

/**
 * Finds what keeps a thing from being removed for good, and from nothing else.
 *
 * @param snapshot The store.
 * @returns Gives why it stays.
 */
export function holdFinder(snapshot: StoreSnapshot): FindHolds {
  const { backend, experiments } = snapshot;
  const unreadable = unreadableArtifacts(snapshot);
  const { holds = [], reusesIds = false } = backend ?? {};
  const byId = Map.groupBy(holds, ({ of, id }) => `${of} ${id ?? ""}`);
  const newest = reusesIds
    ? experiments.reduce((most, { id }) => BigInt(id) > most ? BigInt(id) : most, 0n)
    : null;
  return (of, id) => {
    const isNewest = newest !== null && of === "experiment" && BigInt(id) === newest;
    const own = [...byId.get(`${of} ${id}`) ?? [], ...byId.get(`${of} `) ?? []];
    const lost = unreadable.get(`${of} ${id}`) ?? [];
    return [...(isNewest ? [NEWEST] : []), ...own.map(holdReason), ...lost];
  };
}

/** Rows are not to go while nobody can tell what goes with them. */
function unreadableArtifacts(
  { backend, experiments }: StoreSnapshot,
): ReadonlyMap<string, readonly KeepReason[]> {
  const found = new Map<string, readonly KeepReason[]>();
  for (const { root, problem } of backend?.buckets ?? []) {
    if (problem === null) continue;
    const reasons: KeepReason[] = [{ kind: "artifacts-unreadable", root, message: problem }];
    const add = (of: Hold["of"], id: string, place: string | null) => {
      if (place !== null) found.set(`${of} ${id}`, reasons);
    };
    for (const experiment of experiments) {
      const { runs, loggedModels } = experiment;
      add("experiment", experiment.id, experimentDirectoryOf(root, experiment));
      for (const run of runs) add("run", run.id, runDirectoryOf(root, run));
      for (const { id, artifactLocation: artifactUri } of loggedModels) {
        add("logged-model", id, runDirectoryOf(root, { id, artifactUri }));
      }
    }
  }
  return found;
}

const NEWEST: KeepReason = { kind: "newest-experiment" };

function holdReason({ table, row, trace }: Hold): KeepReason {
  if (row === null) return { kind: "newer-database", table };
  return trace === undefined
    ? { kind: "row-refers", table, row }
    : { kind: "assessment-source", trace, assessment: row };
}

/**
 * Names the run that made each logged model of the active experiments. Where a store holds copies there
 * may be several. A model in a deleted experiment is in nobody's use: it may itself go.
 *
 * @param snapshot The store.
 * @returns Logged model id → run ids, in alphabetical order.
 */
export function sourceRuns(snapshot: StoreSnapshot): ReadonlyMap<string, readonly string[]> {
  const models = activeOf(snapshot)
    .flatMap(({ loggedModels }) => loggedModels)
    .flatMap(({ id, sourceRunId }) => sourceRunId === null ? [] : [{ id, source: sourceRunId }]);
  return new Map(
    [...Map.groupBy(models, ({ id }) => id)]
      .map(([id, group]) => [id, [...new Set(group.map(({ source }) => source))].toSorted()]),
  );
}

/** An orphan outside of the trash was an active experiment, and may be one again. */
function activeOf({ experiments, orphans }: StoreSnapshot): readonly (Experiment | Orphan)[] {
  return [...experiments, ...orphans].filter((one) => one.lifecycleStage === "active");
}

function byTrace(left: TraceUse, right: TraceUse): number {
  const [first, second] = [left, right]
    .map(({ trace, assessment, runId, modelId }) =>
      [trace, assessment ?? "", runId ?? "", modelId ?? ""].join("/")
    );
  return first! < second! ? -1 : 1;
}
