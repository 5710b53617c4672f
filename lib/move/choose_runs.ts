/**
 * Which runs are to be moved, and what of a store belongs to each.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { MovePolicy } from "../plan/plan.ts";
import { experimentsMeant, selectIn } from "../selection/select.ts";
import type { Extras } from "../store/extras.ts";
import { holdersOf } from "../store/holders.ts";
import { byPath } from "../store/path.ts";
import type { Experiment, LoggedModel, Run, StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { nearestWord } from "../text/nearest_word.ts";

/** All that is to be known of runs besides their records. */
export const MOVE_EXTRAS: Extras = {
  tags: [PARENT_TAG],
  metrics: [],
  params: [],
  uses: true,
  artifacts: null,
};

/** What moves if a run does. */
export interface MovingRun {
  /** The run. */
  readonly run: Run;
  /** The experiment that it lies in; `null` where that is an orphan. */
  readonly from: Experiment | null;
  /** The run of the same experiment that it is nested in. */
  readonly parent: Run | null;
  /** It was not asked for by itself. */
  readonly follows: boolean;
  /** The logged models that it made. */
  readonly models: readonly LoggedModel[];
  /** Names of the traces that it made. */
  readonly traces: readonly string[];
}

/** What is asked for. */
export interface MoveChoice {
  /** The experiment into which. */
  readonly target: Experiment;
  /** The runs, by path; none lies in that experiment. */
  readonly moving: readonly MovingRun[];
}

/**
 * Finds the experiment into which runs are to be moved, and the runs: those that are selected, and all that are
 * nested in them.
 *
 * @param snapshot The store.
 * @param policy What is asked for.
 * @returns The experiment and the runs.
 * @throws {InvalidArgumentError} When no active experiment, or several ones, are meant, or nothing is selected.
 */
export function chooseRuns(snapshot: StoreSnapshot, policy: MovePolicy): MoveChoice {
  const target = targetOf(snapshot, policy.to);
  const { runs, experiments, exclude } = policy.only;
  if (runs.length + experiments.length + exclude.length === 0) {
    throw new InvalidArgumentError(
      "Cannot move everything: expected runs, or the experiment whose runs are to move",
    );
  }
  const isSelected = selectIn(snapshot, policy.only);
  const moving = holdersOf(snapshot)
    .filter(({ path }) => path !== target.path)
    .flatMap((holder): readonly MovingRun[] => {
      const byId = new Map<string, Run>(holder.runs.map((run) => [run.id, run]));
      const parentOf = (run: Run) => {
        const parent = byId.get(run.tags.get(PARENT_TAG) ?? "") ?? null;
        return parent === run ? null : parent;
      };
      const isAsked = ({ path }: Run) => isSelected(path);
      const models = Map.groupBy(holder.loggedModels, ({ sourceRunId }) => sourceRunId);
      const uses = (holder.traceUses ?? []).filter(({ assessment }) => assessment === null);
      const traces = Map.groupBy(uses, ({ runId }) => runId);
      return holder.runs
        .filter((run) => isAsked(run) || ancestorsOf(run, parentOf).some(isAsked))
        .map((run) => ({
          run,
          from: "name" in holder ? holder : null,
          parent: parentOf(run),
          follows: !isAsked(run),
          models: (models.get(run.id) ?? []).toSorted(byPath),
          traces: (traces.get(run.id) ?? []).map(({ trace }) => trace),
        }));
    });
  return { target, moving: moving.toSorted((left, right) => byPath(left.run, right.run)) };
}

function targetOf({ experiments }: StoreSnapshot, to: string): Experiment {
  const active = experiments.filter(({ lifecycleStage }) => lifecycleStage === "active");
  const isCalled = ({ id, name }: Experiment) => id === to || name === to;
  const [found, other] = experimentsMeant(active.filter(isCalled), to);
  if (found === undefined) {
    const deleted = experiments.find(isCalled);
    const near = nearestWord(to, active.map(({ name }) => name));
    const why = deleted === undefined
      ? `no active experiment of this store has that name or id${
        near === null ? "" : `; did you mean ${near}?`
      }`
      : `experiment ${deleted.name} (${deleted.id}) is soft-deleted; expected an active one`;
    throw new InvalidArgumentError(`Cannot move runs into ${to}: ${why}`);
  }
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `Cannot move runs into ${to}: experiments ${found.id} and ${other.id} have that name; expected an id`,
    );
  }
  return found;
}

/** Runs that name each other in a circle have no end. */
function ancestorsOf(run: Run, parentOf: (run: Run) => Run | null): readonly Run[] {
  const found = new Set<Run>();
  for (let at = parentOf(run); at !== null && !found.has(at); at = parentOf(at)) found.add(at);
  return [...found];
}
