/**
 * Snapshot of depth `tags` → depth `full`: what is wrong with the registry and the store as a whole, and
 * a second look at what the scan could not use.
 *
 * @module
 */

import {
  isMigratedDirectory,
  migrateExperimentMeta,
  migrateModelVersionMeta,
  migrateRunMeta,
} from "../../../lib/records/check_meta.ts";
import { checkRecord } from "../../../lib/records/check_record.ts";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import { fileUri } from "../../../lib/records/relocate_uri.ts";
import { asStorePath, byPath } from "../../../lib/store/path.ts";
import { recordProblem } from "../../../lib/store/record_problem.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { readText } from "../../_io/read.ts";
import {
  type DatasetUse,
  directoriesAt,
  folderAt,
  type Inspected,
  type Inspection,
  report,
} from "./inspection.ts";
import { kindAt } from "./list_entries.ts";
import { weighTree } from "./measure.ts";
import { isRunDirectory } from "./scan_remains.ts";

/**
 * Ends the inspection of a store whose experiments have been inspected. Needs read permission for it.
 *
 * @param snapshot The store, with what is wrong with its experiments and runs.
 * @param inspected What was found in its experiments and runs.
 * @returns The snapshot at depth `full`. Its fingerprint stays that of depth `tags`, on which plans
 * are based.
 */
export async function inspectStore(
  snapshot: StoreSnapshot,
  inspected: readonly Inspected[],
): Promise<StoreSnapshot<"full">> {
  const { location: root, readAt } = snapshot;
  const inspection: Inspection = {
    root,
    now: readAt,
    list: listDirectory,
    problems: inspected.flatMap(({ problems }) => problems),
    references: inspected.flatMap(({ references }) => references),
  };
  const uses = Map.groupBy(
    inspected.flatMap(({ datasetUses }) => datasetUses),
    ({ experiment }) => experiment,
  );
  for (const { path } of [...snapshot.experiments, ...snapshot.orphans]) {
    await inspectDatasets(inspection, path, uses.get(path) ?? []);
  }
  // Loaded when it is needed: a second look, as a summary takes it, needs nothing of it.
  const { inspectRegistry } = await import("./inspect_registry.ts");
  await inspectRegistry(inspection, snapshot);
  await inspectStrays(inspection, snapshot);
  const known = await lookAgain(snapshot);
  // What is no run lacks nothing.
  const borrowed = new Set(
    known.filter(({ damage }) => damage === "borrowed").map(({ path }) => path),
  );
  const met = inspection.problems.filter(({ path }) => !borrowed.has(path));
  return {
    ...snapshot,
    depth: "full",
    problems: [...known, ...met].toSorted(byPath),
    references: inspection.references.toSorted(byPath),
  };
}

/**
 * Takes a second look at all that the scan could not use. Needs read permission for the store.
 *
 * @param snapshot The store, at any depth.
 * @returns Its problems, by what each thing is.
 */
export async function lookAgain(snapshot: StoreSnapshot): Promise<readonly Problem[]> {
  const { location: root } = snapshot;
  const runs = new Set<string>(
    [...snapshot.experiments, ...snapshot.orphans].flatMap((holder) => holder.runs)
      .map((run) => run.path),
  );
  const taken = takenIn(snapshot);
  const borrowers = new Map(
    [...snapshot.experiments, ...snapshot.orphans].flatMap((holder) => holder.runs)
      .map((run) => [run.artifactUri, run.path] as const),
  );
  const looked: Problem[] = [];
  for (const problem of snapshot.problems) {
    const { subject, damage, path } = problem;
    const owner = subject === "run" && damage === "missing"
      ? borrowers.get(fileUri(`${root}/${path}/artifacts`)) ??
        borrowers.get(`file://${root}/${path}/artifacts`) ??
        borrowers.get(`${root}/${path}/artifacts`)
      : undefined;
    const borrowed = {
      damage: "borrowed",
      message: `it holds the artifacts of run ${owner}`,
    } as const;
    looked.push(
      owner === undefined || owner === path
        ? await inspectProblem(problem, root, runs)
        : { ...problem, ...borrowed },
    );
  }
  return looked.map((problem) => clash(problem, root, taken));
}

/** Takes a second look at what the scan could not use: what it is, and what a migration makes of it. */
async function inspectProblem(
  problem: Problem,
  root: string,
  runs: ReadonlySet<string>,
): Promise<Problem> {
  const { subject, damage, path } = problem;
  const isAlias = subject === "registry" && path.split("/")[2] === "aliases";
  if (isAlias || subject === "tags" && damage === "io") {
    const named = isAlias ? { ...problem, subject: "registry-value" as const } : problem;
    // A link to nothing is a file to MLflow's reader, and none to the migration's.
    if (kindAt(`${root}/${path}`) === "nothing") return { ...named, migration: null };
    if (isAlias) return named;
  }
  if (subject === "tags" && folderAt(root, path) === "not-a-directory" && path.endsWith("/tags")) {
    return { ...problem, damage: "not-a-directory", message: "it is a file, not a folder" };
  }
  if (damage === "incomplete" && (subject === "logged-model" || subject === "registry")) {
    // A migration needs nothing of them but the number of a version.
    const isVersion = /\/version-[^/]*$/.test(path);
    const meta = isVersion ? readText(`${root}/${path}/meta.yaml`) : null;
    const migration = meta?.kind === "text" ? migrateModelVersionMeta(meta.text) : null;
    return { ...problem, migration };
  }
  if (subject !== "run" && subject !== "experiment") return problem;
  if (subject === "run" && damage === "missing") {
    if (!await isRunDirectory(`${root}/${path}`)) {
      return { ...problem, damage: "foreign", message: "it is no run" };
    }
    return await holdsArtifactsAlone(`${root}/${path}`) ? { ...problem, mendable: false } : problem;
  }
  const meta = readText(`${root}/${path}/meta.yaml`);
  if (meta.kind !== "text") return problem;
  if (subject === "experiment") {
    return { ...problem, migration: migrateExperimentMeta(meta.text) };
  }
  const migration = migrateRunMeta(meta.text);
  const read = readRunMeta(meta.text);
  if (damage !== "id-mismatch" || !read.ok) return { ...problem, migration };
  const [name = "", owner = ""] = path.split("/").toReversed();
  const { experimentId, runId } = read.meta;
  if (experimentId !== owner) {
    const message = `experiment_id is ${JSON.stringify(experimentId)}, but it lies in ${owner}`;
    return { ...problem, damage: "wrong-experiment", message, migration };
  }
  return runs.has(path.slice(0, -name.length) + runId)
    ? {
      ...problem,
      damage: "copied",
      message: `it is a copy of ${runId} beside it`,
      migration: "aborts",
    }
    : { ...problem, migration };
}

/** Whether nothing but artifacts is left of a run, which tell neither what it was nor when. */
async function holdsArtifactsAlone(directory: string): Promise<boolean> {
  const count = async (at: string) => (await weighTree(at))?.files ?? 0;
  for (const name of ["tags", "params", "metrics"]) {
    if (await count(`${directory}/${name}`) > 0) return false;
  }
  return await count(directory) > 0;
}

/** Names of experiments and ids of runs, each of which a database takes once. */
interface Taken {
  readonly experiment: Set<string>;
  readonly run: Set<string>;
}

function takenIn({ experiments, orphans }: StoreSnapshot): Taken {
  const migrated = [...experiments, ...orphans].filter(({ id }) => isMigratedDirectory(id));
  return {
    experiment: new Set(migrated.flatMap((each) => "name" in each ? [each.name] : [])),
    run: new Set(migrated.flatMap(({ runs }) => runs).map(({ id }) => id)),
  };
}

/** What lies in the wrong place migrates as what it says it is, unless that is there already. */
function clash(problem: Problem, root: string, taken: Taken): Problem {
  const { subject, damage, path, migration } = problem;
  if (subject !== "run" && subject !== "experiment") return problem;
  if (damage !== "id-mismatch" && damage !== "wrong-experiment") return problem;
  const [directory = ""] = path.replace(/^\.trash\//, "").split("/");
  if (!isMigratedDirectory(directory)) return { ...problem, migration: null };
  const meta = readText(`${root}/${path}/meta.yaml`);
  if (migration !== null || meta.kind !== "text") return problem;
  const name = nameOf(subject, meta.text);
  if (name === null) return problem;
  if (taken[subject].has(name)) return { ...problem, migration: "aborts" };
  taken[subject].add(name);
  return problem;
}

function nameOf(subject: "run" | "experiment", text: string): string | null {
  if (subject === "experiment") {
    const read = readExperimentMeta(text);
    return read.ok ? read.meta.name : null;
  }
  const read = readRunMeta(text);
  return read.ok ? read.meta.runId : null;
}

/**
 * MLflow looks for a run by its id below every directory of the root that is not named `*.trash`, and
 * takes the first it finds.
 */
async function inspectStrays(inspection: Inspection, snapshot: StoreSnapshot): Promise<void> {
  const { strays, registeredModels, experiments } = snapshot;
  const kinds = [
    ...["backup-directory", "unlistable-directory", "foreign-directory", "nested-store"],
    ...["renamed-experiment", "duplicate-link"],
  ];
  const places = [
    ...strays.filter(({ kind, path }) => kinds.includes(kind) && !path.endsWith(".trash"))
      .map(({ path }) => path),
    ...(registeredModels.length === 0 ? [] : [asStorePath("models")]),
  ];
  if (places.length === 0) return;
  const ids = new Set<string>(experiments.flatMap(({ runs }) => runs).map(({ id }) => id));
  for (const path of places) {
    const names = await directoriesAt(inspection, path) ?? [];
    const copies = names.filter((name) => ids.has(name)).length;
    if (copies === 0) continue;
    const message = `${copies} of its directories are named after runs of this store`;
    inspection.problems.push({
      path,
      subject: "directory",
      damage: "copied-outside",
      message,
      line: null,
      column: null,
    });
  }
}

/** Inspects datasets, once it is known what the runs of the experiment use. */
async function inspectDatasets(
  inspection: Inspection,
  experiment: string,
  uses: readonly DatasetUse[],
): Promise<void> {
  const { root } = inspection;
  const folder = `${experiment}/datasets`;
  const directories = await directoriesAt(inspection, folder);
  if (directories === null) return;
  const names = new Set(directories);
  for (const { path, dataset } of uses) {
    if (names.has(dataset)) continue;
    const message = `its dataset ${dataset} is not in ${folder}/`;
    report(inspection, "input", path, [recordProblem("dangling", message)]);
  }
  if (names.size === 0) return;
  const used = new Set(uses.map(({ dataset }) => dataset));
  // What cannot be read may use any of them.
  const isKnown = !inspection.problems.some(({ subject, path }) =>
    subject === "input" && path.startsWith(`${experiment}/`)
  );
  for (const name of names) {
    const path = `${folder}/${name}`;
    const { problems: [found] } = checkRecord(readText(`${root}/${path}/meta.yaml`), "dataset");
    if (used.has(name) || !isKnown) {
      report(inspection, "dataset", path, found === undefined ? [] : [found]);
      continue;
    }
    const isSkipped = found !== undefined &&
      found.damage !== "incomplete" && found.damage !== "wrong-type";
    const unused = recordProblem("unused", "no run uses it");
    report(inspection, "dataset", path, [isSkipped ? { ...unused, migration: "skips" } : unused]);
  }
}
