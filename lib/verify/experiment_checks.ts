/**
 * How the rules of `verify` look at experiments.
 *
 * @module
 */

import { isMigratedDirectory } from "../records/check_meta.ts";
import { DEFAULT_EXPERIMENT, DEFAULT_NAME } from "../store/names.ts";
import { nameInstead, namesakeToRename } from "../store/holders.ts";
import type { Experiment, Orphan, StoreSnapshot } from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { count, findProblems, ofExperiment, ofStore } from "./checks.ts";
import { byTaking, type Remedy, REPAIR, type Violation } from "./rule.ts";

/**
 * Finds that there is no experiment to which MLflow logs where none is named.
 *
 * @param snapshot The store.
 * @returns One violation, or none. A store without experiments may be one of registered models alone,
 * and where `.trash/` cannot be listed, it may lie there.
 */
export function findMissingDefault(
  { experiments, orphans, strays, problems }: StoreSnapshot,
): readonly Violation[] {
  const isThere = [...experiments, ...orphans, ...strays, ...problems]
    .some(({ path }) => DEFAULT_PLACES.includes(path));
  if (isThere || experiments.length + orphans.length === 0) return [];
  const holder = experiments.find((each) =>
    each.name === DEFAULT_NAME && each.lifecycleStage === "active"
  );
  const message = `There is no experiment ${DEFAULT_EXPERIMENT}`;
  if (holder === undefined) return [ofStore(DEFAULT_EXPERIMENT, message)];
  return [{
    ...ofStore(
      DEFAULT_EXPERIMENT,
      `${message}, and experiment ${holder.id} has its name ${DEFAULT_NAME}`,
    ),
    mendable: false,
  }];
}

/** Where anything at all is in its way, or may hide it. */
const DEFAULT_PLACES: readonly string[] = [
  DEFAULT_EXPERIMENT,
  `.trash/${DEFAULT_EXPERIMENT}`,
  ".trash",
];

/**
 * Finds that the experiment is deleted to which MLflow logs where none is named.
 *
 * @param snapshot The store.
 * @returns One violation, or none: what records that it is active MLflow takes, wherever it lies.
 */
export function findDeletedDefault({ experiments, orphans }: StoreSnapshot): readonly Violation[] {
  const isActive = [...experiments, ...orphans].some(({ id, lifecycleStage }) =>
    id === DEFAULT_EXPERIMENT && lifecycleStage === "active"
  );
  return experiments
    .filter(({ id, recordedStage }) =>
      id === DEFAULT_EXPERIMENT && recordedStage !== "active" && !isActive
    )
    .map((each) => ofExperiment(each, `Experiment ${DEFAULT_EXPERIMENT} is deleted`));
}

/**
 * Finds names that an active experiment has and another one, deleted ones included.
 *
 * @param snapshot The store.
 * @returns One violation per name.
 */
export function findDuplicateNames({ experiments }: StoreSnapshot): readonly Violation[] {
  return namesakesOf(experiments, (ones) => ones.some((one) => one.lifecycleStage === "active"));
}

/**
 * Finds names that several experiments have, all of them deleted.
 *
 * @param snapshot The store.
 * @returns One violation per name.
 */
export function findDeletedTwins({ experiments }: StoreSnapshot): readonly Violation[] {
  return namesakesOf(experiments, (ones) => ones.every((one) => one.lifecycleStage === "deleted"));
}

/**
 * Finds names that nobody can use, since a deleted experiment has them; one that another experiment uses is free of it.
 *
 * @param snapshot The store.
 * @returns One violation for each such experiment.
 */
export function findHeldNames({ experiments }: StoreSnapshot): readonly Violation[] {
  const isDeleted = ({ lifecycleStage }: Experiment) => lifecycleStage === "deleted";
  const used = new Set(experiments.filter((one) => !isDeleted(one)).map(({ name }) => name));
  return experiments
    .filter((one) => isDeleted(one) && one.id !== DEFAULT_EXPERIMENT && !used.has(one.name))
    .map((each) => ({
      ...ofExperiment(each, `It is deleted, and keeps the name ${quoteText(each.name)}`),
      // Others are not about its name, and by its age it may stay for long.
      remedy: { kind: "cleanup", does: "purge", or: "restore it in MLflow", experimentId: each.id },
    }));
}

function namesakesOf(
  experiments: readonly Experiment[],
  isWanted: (ones: readonly Experiment[]) => boolean,
): readonly Violation[] {
  return [...Map.groupBy(experiments, (each) => each.name)].flatMap(([name, ones]) => {
    const [first, ...others] = ones;
    // The same experiment in two places has a rule of its own.
    const twins = others.filter(({ id }) => id !== first?.id);
    if (first === undefined || twins.length === 0 || !isWanted(ones)) return [];
    const paths = twins.map((each) => each.path).join(", ");
    const message = `The name ${JSON.stringify(name)} is also that of ${paths}`;
    const active = ones.filter(({ lifecycleStage }) => lifecycleStage === "active");
    const remedy = active.length === 0 ? undefined : remedyOfNamesakes(active);
    return [{ ...ofExperiment(first, message), ...(remedy === undefined ? {} : { remedy }) }];
  });
}

/** A repair renames what is deleted; of two active ones nothing tells which is meant. */
function remedyOfNamesakes(active: readonly Experiment[]): Remedy {
  const twin = namesakeToRename(active);
  if (twin === undefined) return REPAIR;
  return {
    kind: "choice",
    ways: ["rename all but the one that MLflow takes"],
    by: "renaming",
    from: twin.id,
    to: nameInstead(twin),
  };
}

/**
 * Finds names that MLflow cannot look up: it puts them into a filter between apostrophes.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findQuotedNames({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments.filter(({ name }) => name.includes("'"))
    .map((each) => ofExperiment(each, `Its name ${JSON.stringify(each.name)} has an apostrophe`));
}

/**
 * Finds active experiments whose `meta.yaml` records that they are deleted.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findStagesInRoot({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments
    .filter((each) => each.lifecycleStage === "active" && each.recordedStage === "deleted")
    .map((each) =>
      ofExperiment(
        each,
        'Its meta.yaml records the stage "deleted", but it lies among the active experiments',
      )
    );
}

/**
 * Finds deleted experiments whose `meta.yaml` records that they are active.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findStagesInTrash({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments
    .filter((each) => each.lifecycleStage === "deleted" && each.recordedStage === "active")
    .map((each) =>
      ofExperiment(each, 'Its meta.yaml records the stage "active", but it lies in .trash/')
    );
}

/**
 * Finds experiments of a stage that MLflow does not know.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findUnknownStages({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments.filter(({ recordedStage }) => !["active", "deleted"].includes(recordedStage))
    .map((each) =>
      ofExperiment(each, `Its meta.yaml records the stage ${JSON.stringify(each.recordedStage)}`)
    );
}

/**
 * Finds deleted experiments in which runs are still active.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function* findActiveRunsInTrash({ experiments }: StoreSnapshot): Iterable<Violation> {
  for (const each of experiments) {
    if (each.lifecycleStage === "active") continue;
    const active = each.runs.filter((run) => run.lifecycleStage === "active").length;
    if (active === 0) continue;
    yield ofExperiment(
      each,
      `${count(active, "run")} of the deleted experiment ${active === 1 ? "is" : "are"} active`,
    );
  }
}

/**
 * Finds deleted experiments with deleted logged models, at which `mlflow gc` ends.
 *
 * @param snapshot The store.
 * @returns One violation per logged model.
 */
export function findDeletedModelsInTrash({ experiments }: StoreSnapshot): readonly Violation[] {
  const purge = { kind: "cleanup", does: "purge", or: "restore it in MLflow" } as const;
  return experiments.filter((each) => each.lifecycleStage === "deleted").flatMap((each) =>
    each.loggedModels.filter((model) => model.lifecycleStage === "deleted").map(({ path }) => ({
      ...ofExperiment(each, "It is deleted, and so is its experiment"),
      path,
      // By its age the experiment may stay for long.
      remedy: { ...purge, experimentId: each.id },
    }))
  );
}

/**
 * Finds what is soft-deleted and a symbolic link, which `mlflow gc` cannot remove.
 *
 * @param snapshot The store.
 * @returns One violation per run or experiment.
 */
export function* findDeletedLinks({ experiments }: StoreSnapshot): Iterable<Violation> {
  for (const each of experiments) {
    const message = "It is soft-deleted, and a symbolic link";
    if (each.link && each.lifecycleStage === "deleted") yield ofExperiment(each, message);
    else if (each.link) continue;
    else {
      for (const { id, path, link, lifecycleStage } of each.runs) {
        if (link && lifecycleStage === "deleted") {
          yield { ...ofExperiment(each, message), path, runId: id };
        }
      }
    }
  }
}

/**
 * Finds experiments that a migration leaves behind since their id is no number.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findUnnumbered({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments.filter(({ id }) => !isMigratedDirectory(id))
    .map((each) => ofExperiment(each, `Its id ${JSON.stringify(each.id)} is no number`));
}

/**
 * Finds directories whose record names another experiment; one that is there already cannot be what they are
 * renamed to.
 *
 * @param snapshot The store.
 * @returns The violations.
 */
export function* findMisplacedExperiments(snapshot: StoreSnapshot): Iterable<Violation> {
  const orphans = new Map(snapshot.orphans.map((each) => [`${each.path}`, each]));
  for (const violation of findProblems("experiment", "id-mismatch")(snapshot)) {
    const orphan = orphans.get(violation.path);
    if (orphan !== undefined && namesItsRuns(orphan)) yield violation;
    else if (namesAnother(snapshot, violation)) yield { ...violation, remedy: OWN_META };
    else yield { ...violation, mendable: false };
  }
}

/**
 * Tells whether all runs in a directory name it as their experiment, and there are some: then it is the
 * directory's name that is right, whatever its record says.
 *
 * @param orphan What lies in the directory.
 * @returns Whether they do.
 */
export function namesItsRuns({ runs, damagedRuns }: Orphan): boolean {
  return runs.length > 0 && !damagedRuns.some(({ damage }) => damage === "id-mismatch");
}

/**
 * Tells whether a record names an experiment that is there besides: it is a copy of that one's.
 *
 * @param snapshot The store.
 * @param problem What is wrong with the record.
 * @returns Whether it does.
 */
export function namesAnother(
  { experiments }: Pick<StoreSnapshot, "experiments">,
  { message }: { readonly message: string },
): boolean {
  const [, named] = /^\w+ is "([^"]*)"/.exec(message) ?? [];
  return experiments.some(({ id }) => id === named);
}

const OWN_META = byTaking(
  "Restore the meta.yaml of its own from a backup, for this is a copy of another experiment's, or move " +
    "the directory out of the store",
);
