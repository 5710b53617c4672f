/**
 * How the rules of `verify` look at the store as a whole, and at what lies in its root, or in `.trash/`, and is no
 * experiment.
 *
 * @module
 */

import { isMigratedDirectory } from "../records/check_meta.ts";
import { isExperimentDirectoryName, isLitter, isTrashName } from "../store/names.ts";
import { asStorePath, type StorePath } from "../store/path.ts";
import type { Migration } from "../store/problem.ts";
import type { Experiment, Orphan, StoreSnapshot, Stray } from "../store/snapshot.ts";
import { count, namesOf, ofExperiment, ofStore } from "./checks.ts";
import { byHand, byTaking, type Check, type Remedy, REPAIR, type Violation } from "./rule.ts";

/**
 * Finds that the store lies below a directory called `artifacts`, where MLflow 3.8 and newer take
 * nothing for a run.
 *
 * @param snapshot The store.
 * @returns One violation, or none.
 */
export function findStoreBelowArtifacts({ location }: StoreSnapshot): readonly Violation[] {
  if (!location.split("/").includes("artifacts")) return [];
  return [
    ofStore(".trash", `The store lies below a directory called artifacts: ${location}`),
  ];
}

/**
 * Finds that `.trash/` is not there.
 *
 * @param snapshot The store.
 * @returns One violation, or none.
 */
export function findMissingTrash({ hasTrash }: StoreSnapshot): readonly Violation[] {
  return hasTrash ? [] : [ofStore(".trash", "The directory .trash/ does not exist")];
}

/**
 * Finds runs that more than one directory of the root holds.
 *
 * @param snapshot The store.
 * @returns One violation per directory that holds copies.
 */
export function* findRunsInTwoPlaces(snapshot: StoreSnapshot): Iterable<Violation> {
  const { experiments, orphans, problems } = snapshot;
  const holders = [...orphans, ...experiments];
  const borrowed = new Set(
    problems.filter(({ damage }) => damage === "borrowed").map(({ path }) => path),
  );
  const repeated = repeatedRunIds(holders);
  // MLflow looks among the active ones first.
  const listed = new Map<string, Experiment>(
    repeated.size === 0
      ? []
      : experiments.toReversed().flatMap((each) =>
        each.runs.filter(({ id }) => repeated.has(id)).map(({ id }) => [id, each])
      ),
  );
  for (const holder of repeated.size === 0 ? [] : holders) {
    const copies = [...holder.runs, ...holder.damagedRuns].filter(({ id, path }) => {
      if (borrowed.has(path)) return false;
      const other = listed.get(id);
      return other !== undefined && other !== holder &&
        (holder.lifecycleStage === "active" || other.lifecycleStage === "deleted");
    }).length;
    if (copies === 0) continue;
    yield {
      ...ofExperiment(holder, `It holds ${count(copies, "run")} that an experiment holds too`),
      migration: isMigratedDirectory(holder.id) ? "aborts" : null,
      // MLflow shows the experiment, and whatever else it holds.
      ...("name" in holder ? { remedy: COPIES_ALONE } : {}),
    };
  }
  for (const { path, damage, message } of problems) {
    if (damage !== "copied-outside") continue;
    yield { path, line: null, experimentId: null, runId: null, message, migration: null };
  }
}

const COPIES_ALONE = byHand(
  "Move the copies of these runs out of the store, and leave the experiment where it is",
);

function repeatedRunIds(holders: readonly (Experiment | Orphan)[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const see = ({ id }: { readonly id: string }) => {
    const known = seen.size;
    if (seen.add(id).size === known) repeated.add(id);
  };
  for (const { runs, damagedRuns } of holders) {
    runs.forEach(see);
    damagedRuns.forEach(see);
  }
  return repeated;
}

/**
 * Finds ids that an active and a deleted experiment have.
 *
 * @param snapshot The store.
 * @returns One violation per id.
 */
export function* findExperimentsInTwoPlaces(
  { experiments, orphans }: StoreSnapshot,
): Iterable<Violation> {
  const holders = [...experiments, ...orphans];
  const active = new Set<string>(
    holders.filter((each) => each.lifecycleStage === "active").map(({ id }) => id),
  );
  for (const each of holders) {
    if (each.lifecycleStage === "deleted" && active.has(each.id)) {
      yield ofExperiment(each, `There is an active experiment ${each.id} as well`);
    }
  }
}

/** Kinds of strays that MLflow does not simply pass over, or that lead nowhere. */
export type ReportedStray = Exclude<Stray["kind"], "file" | "ignored-directory">;

/** Names that only the directory of a project, or of a person, has in it. */
const PROJECT =
  /^(?:\.git|\.hg|\.svn|\.venv|venv|\.idea|\.vscode|\.github|node_modules|src|\.ssh|\.config|\.cache|\.local|Desktop|Documents|Downloads|Music|Pictures|Videos|Makefile|Dockerfile|MLproject|pyproject\.toml|setup\.cfg|package\.json|requirements.*\.txt|(?:conda|environment|(?:docker-)?compose)\.ya?ml|\.(?:bash|zsh)(?:rc|_history|_profile)|\.profile|.+\.(?:py|ipynb|r|rmd|jl|go|rs|java|cpp))$/i;

/**
 * Finds what in the root of a store tells that it is a working directory, too: then what MLflow did not
 * write belongs there, and it is MLflow that is to go elsewhere.
 *
 * @param snapshot The store.
 * @returns Where it is; empty in a store of its own.
 */
export function findProject({ strays }: Pick<StoreSnapshot, "strays">): readonly StorePath[] {
  return strays.map(({ path }) => path).filter((path) => PROJECT.test(path));
}

/**
 * Finds that the store is the directory of a project, or of a person, too.
 *
 * @param snapshot The store.
 * @returns One violation, or none.
 */
export function findWorkingDirectory(snapshot: StoreSnapshot): readonly Violation[] {
  const [first, ...others] = findProject(snapshot);
  if (first === undefined) return [];
  const more = others.length === 0 ? "is" : `and ${others.length} more are`;
  const message = `The store is a working directory, too: ${first} ${more} none of MLflow's`;
  return [{
    path: first,
    line: null,
    experimentId: null,
    runId: null,
    message,
    remedy: separate(snapshot),
  }];
}

/** What is not MLflow's stays where its owner wants it: MLflow's goes. */
function separate(
  { location, experiments, orphans, registeredModels, strays, hasTrash }: StoreSnapshot,
): Remedy {
  const roots = [...experiments, ...orphans].map(({ path }) => path)
    .filter((path) => !path.startsWith(".trash/"));
  const others = [
    ...(hasTrash ? [".trash"] : []),
    ...(registeredModels.length > 0 ? ["models"] : []),
  ];
  const taken = new Set<string>([...roots, ...strays.map(({ path }) => path)]);
  const name = ["mlruns", "mlflow-store", "mlflow-store-2"].find((one) => !taken.has(one));
  return {
    kind: "separate",
    moves: [...others.map(asStorePath), ...roots],
    to: `${location}/${name ?? "mlflow-store-3"}`,
  };
}

/**
 * Makes the check for things in the root, or in `.trash/`, that are no experiment.
 *
 * @param kind Which kind of thing, as MLflow's listing takes it.
 * @returns The check.
 */
export function findStrays(kind: ReportedStray): Check {
  return (snapshot) => {
    const isShared = findProject(snapshot).length > 0;
    const isCopy = copyFinder(snapshot);
    return snapshot.strays.filter((each) => reportedKind(each) === kind)
      .map((each) => ({
        path: each.path,
        line: null,
        experimentId: null,
        runId: null,
        message: each.path === "mlruns" && kind === "nested-store"
          ? `${STRAYS[kind]}, but \`mlflow migrate-filestore\` takes it in place of this one`
          : STRAYS[kind],
        ...(isCopy(each) ? { remedy: COPY } : remedyOf(each, isShared ? separate(snapshot) : null)),
        ...(AS_EXPERIMENT.includes(kind) ? { migration: migrationOf(each.path) } : {}),
      }));
  };
}

/**
 * Makes the finder of directories that cannot get the name that their records give: it is taken.
 *
 * @param snapshot The store.
 * @returns Tells whether a stray is a copy of an experiment that is there besides.
 */
export function copyFinder({ experiments, orphans }: StoreSnapshot): (stray: Stray) => boolean {
  const taken = new Set([...experiments, ...orphans].map(({ id }) => `${id}`));
  return ({ names }) => names !== undefined && taken.has(names);
}

const COPY = byTaking("Move it out of the store: the experiment that its meta.yaml names is there");

/** Kinds that a migration takes for experiments without metadata, too, where their names are numbers. */
const AS_EXPERIMENT: readonly ReportedStray[] = ["foreign-directory", "nested-store"];

/** A migration looks for a directory of this name before it looks at the store. */
function migrationOf(path: StorePath): Migration | null {
  if (path === "mlruns") return "diverts";
  return isMigratedDirectory(namesOf(path).at(-1)!) ? "skips" : null;
}

/** In a working directory only what MLflow put there is to be moved. */
function remedyOf(stray: Stray, separation: Remedy | null): Pick<Violation, "remedy"> {
  if (separation !== null && OTHERS.includes(stray.kind)) return { remedy: separation };
  return isRepairable(stray) ? { remedy: REPAIR } : {};
}

const OTHERS: readonly Stray["kind"][] = [
  "foreign-directory",
  "unlistable-directory",
  "backup-directory",
];

function isRepairable({ kind, path }: Stray): boolean {
  return kind === "backup-directory" ||
    kind === "unlistable-directory" && isLitter(namesOf(path).at(-1)!);
}

const STRAYS: Readonly<Record<ReportedStray, string>> = {
  "backup-directory": "It is a directory of backups",
  "unlistable-directory": "It is no experiment's directory",
  "foreign-directory": "It is no experiment's directory: no record of MLflow's lies right in it",
  "nested-store": "It is a store of its own, of which MLflow shows nothing here",
  "renamed-experiment": "Its meta.yaml names another experiment than the directory",
  "misplaced-run": "It is a run, and lies where experiments do",
  "duplicate-link": "It is a symbolic link to something in this store",
  "broken-link": "It is a symbolic link to nothing",
};

/** What a stray is to MLflow's listing, which no name survives that its pattern for ids refuses. */
function reportedKind({ kind, path }: Stray): Stray["kind"] {
  if (kind !== "backup-directory" && kind !== "duplicate-link") return kind;
  const name = namesOf(path).at(-1)!;
  if (isTrashName(name) && !path.includes("/")) return "ignored-directory";
  return isExperimentDirectoryName(name) ? kind : "unlistable-directory";
}
