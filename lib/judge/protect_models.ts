/**
 * Keeping logged models together with the runs that logged or use them.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { RunUse } from "../store/extras.ts";
import { holdersOf } from "../store/holders.ts";
import type { LoggedModel, StoreSnapshot } from "../store/snapshot.ts";
import { brokenRunId, NO_SOURCE } from "./find_broken_names.ts";
import { mayReferToIt } from "./find_hidden.ts";
import {
  type JudgedExperiment,
  type JudgedModel,
  type JudgedOrphan,
  type JudgedRun,
  type JudgedSnapshot,
  keepRun,
  staysInStore,
  subjectOf,
  toKeep,
} from "./judged.ts";

/** A model, or one that cannot be read, of which nobody can tell whose it is. */
export interface WaitingModel {
  /** `null`: it cannot be read. */
  readonly model: LoggedModel | null;
  readonly holder: JudgedExperiment | JudgedOrphan | null;
  readonly verdict: JudgedModel["verdict"];
}

/** What keeps models by runs, and runs by models. */
export interface ModelProtector {
  /** Every model, those that cannot be read included. */
  readonly all: readonly WaitingModel[];
  /** Tells of what holds models which these are. */
  readonly in: (holder: JudgedExperiment | JudgedOrphan) => readonly WaitingModel[];
  /** Tells whether a model stays in the store, as things stand. */
  readonly stays: (one: WaitingModel) => boolean;
  /** Keeps the models of a run that stays, and those that it uses; gives those that are kept by that. */
  readonly keepModels: (run: JudgedRun) => readonly JudgedModel[];
  /** Keeps the run of a model that stays; gives the runs that are kept by that. */
  readonly keepSources: (one: WaitingModel) => readonly JudgedRun[];
}

/**
 * Makes what keeps models together with their runs.
 *
 * @param judged The verdicts, such as they are when what is made is called.
 * @param snapshot The store.
 * @returns What keeps them.
 */
export function modelProtector(
  { models, runs, experiments, orphans }: JudgedSnapshot,
  snapshot: StoreSnapshot,
): ModelProtector {
  const all: readonly WaitingModel[] = [
    ...models,
    ...damagedModels(snapshot, [...experiments, ...orphans]),
  ];
  const byHolder = Map.groupBy(all.filter(({ holder }) => holder !== null), (one) => one.holder);
  const byRun = Map.groupBy(models, ({ model }) => model.sourceRunId);
  const usedBy = new Map<string, { one: JudgedModel; as: RunUse }[]>();
  for (const one of models) {
    for (const use of one.model.usedBy) {
      if (!("run" in use) || use.run === one.model.sourceRunId) continue;
      const known = usedBy.get(use.run);
      if (known === undefined) usedBy.set(use.run, [{ one, as: use.kind }]);
      else known.push({ one, as: use.kind });
    }
  }
  const sources = new Set(models.map(({ model }) => model.sourceRunId));
  const runById = Map.groupBy(
    models.length === 0 ? [] : runs.filter(({ run }) => sources.has(run.id)),
    ({ run }): string => run.id,
  );
  const isBroken = brokenRunId(snapshot);
  const mayBeOfAny = (model: LoggedModel | null) =>
    model === null || model.sourceRunId !== null && isBroken(model.sourceRunId);
  const stays = ({ holder, verdict }: WaitingModel) =>
    holder === null ? !verdict.goes : !holder.verdict.goes;

  return {
    all,
    in: (holder) => byHolder.get(holder) ?? NONE,
    stays,
    keepModels({ run }) {
      if (models.length === 0) return NONE;
      const kept: JudgedModel[] = [];
      const keep = (one: JudgedModel, reason: KeepReason) => {
        if (one.holder !== null || !one.verdict.goes) return;
        one.verdict = toKeep(reason);
        kept.push(one);
      };
      for (const one of byRun.get(run.id) ?? NONE) {
        if (one.model.lifecycleStage === "active") keep(one, { kind: "run-stays", run: run.id });
      }
      for (const { one, as } of usedBy.get(run.id) ?? NONE) {
        keep(one, { kind: "used-by-run", run: run.id, as });
      }
      return kept;
    },
    keepSources(one) {
      if (!stays(one)) return NONE;
      const { model } = one;
      const isAny = mayBeOfAny(model);
      const found = isAny ? runs : runById.get(model?.sourceRunId ?? "") ?? NONE;
      const leaving = found.filter((run) => !staysInStore(run));
      for (const run of leaving) keepRun(run, [sourceReason(one, isAny)]);
      return leaving;
    },
  };
}

const NONE: readonly never[] = [];

/** A model that stays for another reason may still not tell whose it is. */
function sourceReason({ model, verdict }: WaitingModel, isAny: boolean): KeepReason {
  if (model === null) return verdict.reasons[0] as KeepReason;
  return isAny ? mayReferToIt(model.path, NO_SOURCE) : { kind: "source-of-kept", model: model.id };
}

/** Without its record a directory is no model to MLflow; any other that cannot be read may be of any run. */
function damagedModels(
  snapshot: StoreSnapshot,
  holders: readonly (JudgedExperiment | JudgedOrphan)[],
): readonly WaitingModel[] {
  const found = snapshot.problems.filter(({ subject, damage, path }) =>
    subject === "logged-model" && UNREADABLE.has(damage) ||
    subject === "directory" && path.endsWith("/models")
  );
  if (found.length === 0) return NONE;
  const places = holdersOf(snapshot);
  return found.flatMap(({ path, message }) => {
    const place = places.find((one) => path.startsWith(`${one.path}/models`));
    if (place === undefined) return [];
    return [{
      model: null,
      holder: holders.find((one) => subjectOf(one) === place) ?? null,
      verdict: toKeep(mayReferToIt(path, message)),
    }];
  });
}

const UNREADABLE: ReadonlySet<string> = new Set([
  "empty",
  "unreadable",
  "incomplete",
  "io",
  "cut-off",
]);
