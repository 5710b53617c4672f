/**
 * Which experiments of another store are merged into which of this one, and what belongs to their runs.
 *
 * @module
 */

import type { KeepReason, Kept, MergePolicy } from "../plan/plan.ts";
import { selectIn } from "../selection/select.ts";
import { asExperimentId, asStorePath, type ExperimentId, type StorePath } from "../store/path.ts";
import type { Experiment, NonEmpty, RegisteredModel, StoreSnapshot } from "../store/snapshot.ts";
import { freeExperimentId } from "./free_experiment_id.ts";

/** An experiment of the other store, and the one here into which its runs are copied. */
export interface MergedExperiment {
  /** The one there. */
  readonly there: Experiment;
  /** Its address here. */
  readonly path: StorePath;
  /** Its id here. */
  readonly id: ExperimentId;
  /** The one here; `null` where it is to be made. */
  readonly here: Experiment | null;
}

/** What is merged. */
export interface MergeChoice {
  /** Experiments, by path there. */
  readonly experiments: readonly MergedExperiment[];
  /** Registered models, by path there. */
  readonly registeredModels: readonly RegisteredModel[];
  /** Experiments that stay, with all that is in them. */
  readonly kept: readonly Kept[];
  /** What is selected there. */
  readonly isSelected: (path: string) => boolean;
}

/**
 * Finds the experiments of another store that are merged, each by its name: into the active one here that has it,
 * or into a new one, which has its id where that is free.
 *
 * @param snapshot This store.
 * @param other The other store.
 * @param policy What is asked for.
 * @returns The experiments, the registered models, and what stays.
 * @throws {InvalidArgumentError} When a part of the selection fits nothing there.
 */
export function chooseMerge(
  snapshot: StoreSnapshot,
  other: StoreSnapshot,
  { only }: Pick<MergePolicy, "only">,
): MergeChoice {
  const isSelected = selectIn(other, only);
  const isAsked = ({ path, runs }: Experiment) =>
    isSelected(path) && (only.runs.length === 0 || runs.some((run) => isSelected(run.path)));
  const experiments: MergedExperiment[] = [];
  const kept: Kept[] = [];
  const taken = new Set<string>();
  const others = other.experiments.map(({ id }) => id);
  for (const there of other.experiments.filter(isAsked)) {
    const against = reasonsAgainst(there, snapshot, other);
    if (against !== null) {
      kept.push({ kind: "experiment", path: there.path, name: there.name, reasons: against });
      continue;
    }
    const here = snapshot.experiments.find((one) => isActive(one) && one.name === there.name) ??
      null;
    const id = here?.id ?? asExperimentId(freeExperimentId(snapshot, there, { taken, others }));
    taken.add(id);
    experiments.push({ there, here, id, path: here?.path ?? asStorePath(id) });
  }
  return {
    experiments,
    registeredModels: other.registeredModels.filter(modelsOf(other, only, isSelected)),
    kept,
    isSelected,
  };
}

const isActive = ({ lifecycleStage }: Experiment) => lifecycleStage === "active";

function reasonsAgainst(
  there: Experiment,
  { experiments }: StoreSnapshot,
  other: StoreSnapshot,
): NonEmpty<KeepReason> | null {
  if (!isActive(there)) return [{ kind: "in-deleted-experiment", experiment: there.id }];
  if (there.link) return [{ kind: "symbolic-link" }];
  const isNamesake = (one: Experiment) => one.name === there.name;
  const twin = other.experiments.find((one) => one !== there && isActive(one) && isNamesake(one));
  if (twin !== undefined) return [{ kind: "twin-of", path: twin.path }];
  const namesakes = experiments.filter(isNamesake);
  const [active, second] = namesakes.filter(isActive);
  // Of two of a name MLflow finds one, and its like that is deleted keeps the name.
  const inTheWay = active === undefined ? namesakes[0] : active.link ? active : second;
  return inTheWay === undefined ? null : [{ kind: "differs-here", path: inTheWay.path }];
}

/** Where a part of the store is selected, models that have come of that part alone, and no prompts. */
function modelsOf(
  { experiments }: StoreSnapshot,
  only: MergePolicy["only"],
  isSelected: (path: string) => boolean,
): (model: RegisteredModel) => boolean {
  if (only.experiments.length + only.exclude.length + only.runs.length === 0) return () => true;
  const selected = new Set<string>(
    experiments.flatMap(({ runs }) => runs).filter(({ path }) => isSelected(path))
      .map(({ id }) => id),
  );
  return ({ versions }) =>
    versions.length > 0 && versions.every(({ runId }) => selected.has(runId ?? ""));
}
