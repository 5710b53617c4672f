/**
 * Stores on the disk, laid out as MLflow lays them out, from the same nouns that the builders make:
 *
 * ```ts
 * await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
 * ```
 *
 * Files are as old as what they record, so that a test may rely on their times. What a link leads to
 * lies in a directory beside the store.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { MetaDamage } from "../../lib/store/problem.ts";
import type {
  Experiment,
  LoggedModel,
  ModelVersion,
  Orphan,
  RegisteredModel,
  Run,
  Stray,
} from "../../lib/store/snapshot.ts";
import { scalar, stringifyMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { DAY, NOW, snapshot, type SnapshotInit } from "./builders.ts";
import { memoryDirectory, type TempDirectory, tempDirectory } from "./temp_directory.ts";

/** Where a store lies. */
export interface StorePlace {
  /** Absolute real path of the store's root, `…/mlruns`. */
  readonly root: string;
  /** A directory beside it, for what links lead to. */
  readonly outside: string;
}

/** A store in a directory of its own, which goes when the scope ends. */
export interface TempStore extends StorePlace, AsyncDisposable {}

/** Path → text of a file, or `null` for a directory. */
export type Files = Readonly<Record<string, string | null>>;

/** The time of everything that records none. */
const LONG_AGO = NOW - 90 * DAY;

/**
 * Writes a store into a new directory: in memory if possible, so on another disk than `tempDirectory()`.
 *
 * @param init What it holds.
 * @returns The store, to be bound by `await using`.
 */
export async function tempStore(init: SnapshotInit = {}): Promise<TempStore> {
  return storeIn(await memoryDirectory(), init);
}

/**
 * Writes a store into a new directory on the disk, for tasks in processes of their own: what lies below
 * `/dev`, as memory does, Deno shows to nobody who does not have all permissions.
 *
 * @param init What it holds.
 * @returns The store, to be bound by `await using`.
 */
export async function diskStore(init: SnapshotInit = {}): Promise<TempStore> {
  return storeIn(await tempDirectory(), init);
}

function storeIn(directory: TempDirectory, init: SnapshotInit): TempStore {
  const { path, [Symbol.asyncDispose]: dispose } = directory;
  const place = { root: join(path, "mlruns"), outside: join(path, "outside") };
  writeStore(place, init);
  return { ...place, [Symbol.asyncDispose]: dispose };
}

/**
 * Writes a store.
 *
 * @param place Where it goes; both directories are made.
 * @param init What it holds. Usages, stamps and problems come from the disk when it is read.
 */
export function writeStore(place: StorePlace, init: SnapshotInit = {}): void {
  const { root } = place;
  const { experiments, orphans, registeredModels, strays, hasTrash } = snapshot(init);
  writeFiles(root, hasTrash ? { ".trash": null } : {});
  Deno.mkdirSync(place.outside);
  for (const model of registeredModels) writeRegisteredModel(root, model);
  for (const stray of strays) writeStray(root, stray);
  for (const experiment of experiments) {
    writeHolder(place, experiment, experimentMeta(experiment), experiment.creationTime ?? LONG_AGO);
  }
  for (const orphan of orphans) {
    const time = orphan.newestChange ?? LONG_AGO;
    writeHolder(place, orphan, damagedMeta(orphan.damage), time);
  }
  writeModelUses(root, [...experiments, ...orphans]);
  for (const { path } of [...registeredModels, ...strays]) setTimes(join(root, path), LONG_AGO);
  for (const { name, isDirectory } of [...Deno.readDirSync(root)]) {
    if (isDirectory && /^(models|.trash)$/.test(name)) setTime(join(root, name), LONG_AGO);
  }
  setTime(root, LONG_AGO);
}

/**
 * Writes files and directories, with the directories they lie in.
 *
 * @param root Where the paths begin; made when it is not there.
 * @param files What to write.
 */
export function writeFiles(root: string, files: Files): void {
  Deno.mkdirSync(root, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    Deno.mkdirSync(text === null ? target : dirname(target), { recursive: true });
    if (text !== null) Deno.writeTextFileSync(target, text);
  }
}

/**
 * Sets the modification times of everything in a tree; links stay as they are.
 *
 * @param path The tree's root.
 * @param time Epoch ms.
 */
export function setTimes(path: string, time: number): void {
  const info = Deno.lstatSync(path);
  if (info.isSymlink) return;
  if (info.isDirectory) {
    for (const { name } of Deno.readDirSync(path)) setTimes(join(path, name), time);
  }
  setTime(path, time);
}

function setTime(path: string, time: number): void {
  Deno.utimeSync(path, new Date(time), new Date(time));
}

/**
 * The text of a run's `meta.yaml`, as all versions of MLflow read it.
 *
 * @param run The run.
 * @returns YAML.
 */
export function runMeta(run: Run): string {
  return yaml({
    artifact_uri: run.artifactUri,
    ...(run.deletedTime === null ? {} : { deleted_time: run.deletedTime }),
    end_time: run.endTime,
    experiment_id: run.experimentId,
    lifecycle_stage: run.lifecycleStage,
    run_id: run.id,
    run_name: run.name,
    run_uuid: run.id,
    source_type: 4,
    start_time: run.startTime,
    status: ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"].indexOf(run.status) + 1,
    user_id: "kim",
  });
}

/**
 * The text of an experiment's `meta.yaml`.
 *
 * @param experiment The experiment.
 * @returns YAML.
 */
export function experimentMeta(experiment: Experiment): string {
  return yaml({
    artifact_location: experiment.artifactLocation,
    creation_time: experiment.creationTime,
    experiment_id: experiment.id,
    last_update_time: experiment.lastUpdateTime,
    lifecycle_stage: experiment.recordedStage,
    name: experiment.name,
  });
}

/** What stands at `meta.yaml`; a directory there is what no account can read. */
type Meta = { readonly text: string } | "nothing" | "directory";

function damagedMeta(damage: MetaDamage): Meta {
  switch (damage) {
    case "missing":
      return "nothing";
    case "io":
      return "directory";
    case "empty":
      return { text: "" };
    case "lfs-pointer":
      return { text: "version https://git-lfs.github.com/spec/v1\noid sha256:0f\nsize 9\n" };
    case "unreadable":
      return { text: "name: [" };
    case "incomplete":
      return { text: "name: incomplete\n" };
    case "id-mismatch":
      return { text: COPIED_META };
  }
}

/** Complete as a run's and as an experiment's, but never of the directory in which it lies. */
const COPIED_META = yaml({
  artifact_location: "file:///elsewhere",
  end_time: NOW,
  experiment_id: "999",
  lifecycle_stage: "active",
  name: "copied",
  run_id: "copied",
  run_uuid: "copied",
  start_time: NOW,
  status: 3,
  user_id: "kim",
});

function writeMeta(directory: string, meta: Meta | string): void {
  const path = join(directory, "meta.yaml");
  if (meta === "nothing") return;
  if (meta === "directory") return Deno.mkdirSync(path);
  Deno.writeTextFileSync(path, typeof meta === "string" ? meta : meta.text);
}

/** Makes a directory, outside of the store if it is linked, and tells where it really is. */
function makeDirectory(
  { root, outside }: StorePlace,
  { path, link }: { readonly path: string; readonly link: boolean },
): string {
  const target = join(root, path);
  const real = link ? join(outside, path.replaceAll("/", "-")) : target;
  Deno.mkdirSync(real, { recursive: true });
  if (link) {
    Deno.mkdirSync(dirname(target), { recursive: true });
    Deno.symlinkSync(real, target);
  }
  return real;
}

function writeHolder(
  place: StorePlace,
  holder: Experiment | Orphan,
  meta: Meta | string,
  time: number,
): void {
  const directory = makeDirectory(place, holder);
  writeMeta(directory, meta);
  for (const model of holder.loggedModels) {
    const at = join(directory, "models", model.id);
    writeFiles(at, {
      "meta.yaml": loggedModelMeta(model, holder.id),
      "artifacts/MLmodel": "flavors: {}\n",
      ...Object.fromEntries([...model.tags].map(([key, value]) => [`tags/${key}`, value])),
    });
  }
  if ("foreign" in holder) {
    writeFiles(directory, Object.fromEntries(holder.foreign.map((name) => [name, ""])));
  } else {
    writeCounted(directory, holder);
  }
  for (const run of holder.damagedRuns) {
    const at = makeDirectory(place, run);
    writeFiles(at, { "artifacts": null, "metrics": null, "params": null });
    writeMeta(at, damagedMeta(run.damage));
  }
  const written = holder.runs.map((run) => [run, writeRun(place, run)] as const);
  setTimes(directory, time);
  // An orphan is as old as its newest change, whatever its runs record.
  if ("newestChange" in holder) return;
  for (const [run, at] of written) setTimes(at, run.endTime ?? run.startTime);
  for (const { id, lastChange } of holder.loggedModels) {
    setTimes(join(directory, "models", id), lastChange ?? LONG_AGO);
  }
}

function writeRun(place: StorePlace, run: Run): string {
  const at = makeDirectory(place, run);
  writeMeta(at, runMeta(run));
  writeFiles(at, {
    "artifacts/report.txt": `${run.name}\n`,
    "metrics/loss": `${run.startTime} 0.5 0\n`,
    "params/lr": "0.1",
    ...Object.fromEntries([...run.tags].map(([key, value]) => [`tags/${key}`, value])),
  });
  return at;
}

function writeCounted(directory: string, { traces, datasets }: Experiment): void {
  for (let number = 0; number < traces; number++) {
    writeFiles(directory, { [`traces/tr-${number}/trace_info.yaml`]: "state: OK\n" });
  }
  for (let number = 0; number < datasets; number++) {
    writeFiles(directory, { [`datasets/${number}/meta.yaml`]: "name: iris\n" });
  }
}

/** Whatever a model is used by, as MLflow writes that down in the run, the model or the trace. */
function writeModelUses(root: string, holders: readonly (Experiment | Orphan)[]): void {
  const runs = holders.flatMap((holder) => [...holder.runs, ...holder.damagedRuns]);
  for (const { path: holder, loggedModels } of holders) {
    for (const { id, path, usedBy } of loggedModels) {
      for (const use of usedBy) {
        if (use.kind === "unreadable") continue;
        if (use.kind === "metric") {
          writeInto(join(root, path), { "metrics/accuracy": `1 0.5 0 ${use.run}\n` });
        } else if (use.kind === "trace") {
          const at = `traces/${use.trace}`;
          writeInto(join(root, holder), {
            [`${at}/trace_info.yaml`]: "state: OK\n",
            [`${at}/request_metadata/mlflow.modelId`]: id,
          });
        } else {
          for (const run of runs.filter((one) => one.id === use.run)) {
            const at = use.kind === "input" ? `inputs/of-${id}` : `outputs/${id}`;
            writeInto(join(root, run.path), { [`${at}/meta.yaml`]: modelUseMeta(use.kind, id) });
          }
        }
      }
    }
  }
}

/**
 * Writes files into what was written already, all of which stays as old as it is.
 *
 * @param directory A run, or another directory of a store; also one behind a link.
 * @param files What to write.
 */
export function writeInto(directory: string, files: Files): void {
  const time = Deno.statSync(directory).mtime?.getTime() ?? LONG_AGO;
  const folders = new Set(Object.keys(files).map((path) => path.split("/")[0]!));
  writeFiles(directory, files);
  for (const name of folders) setTimes(join(directory, name), time);
  setTime(Deno.realPathSync(directory), time);
}

/**
 * The text by which a run names a logged model.
 *
 * @param kind What it is to the run.
 * @param id The model.
 * @returns YAML.
 */
export function modelUseMeta(kind: "input" | "output", id: string): string {
  const [source, destination] = kind === "input"
    ? ["MODEL", "RUN"]
    : ["RUN_OUTPUT", "MODEL_OUTPUT"];
  return `destination_id: ${id}\ndestination_type: ${destination}\nsource_id: ${id}\n` +
    `source_type: ${source}\n${kind === "output" ? "step: 0\n" : ""}tags: {}\n`;
}

function loggedModelMeta(model: LoggedModel, experimentId: string): string {
  return yaml({
    artifact_location: model.artifactLocation,
    creation_timestamp: LONG_AGO,
    experiment_id: experimentId,
    last_updated_timestamp: model.lastUpdatedTime,
    lifecycle_stage: model.lifecycleStage,
    model_id: model.id,
    name: model.name,
    source_run_id: model.sourceRunId,
    status: 2,
  });
}

function writeRegisteredModel(root: string, model: RegisteredModel): void {
  const at = join(root, model.path);
  const aliases = [...model.aliases].map(([alias, version]) => [`aliases/${alias}`, version]);
  writeFiles(at, {
    "meta.yaml": yaml({ creation_timestamp: LONG_AGO, description: null, name: model.name }),
    ...Object.fromEntries(aliases),
  });
  for (const version of model.versions) {
    writeFiles(join(root, version.path), { "meta.yaml": versionMeta(version, model.name) });
  }
}

function versionMeta(version: ModelVersion, name: string): string {
  return yaml({
    creation_timestamp: 0,
    current_stage: version.stage,
    last_updated_timestamp: 0,
    model_id: version.modelId,
    name,
    run_id: version.runId,
    source: version.source,
    status: "READY",
    storage_location: version.storageLocation,
    version: Number(version.version),
  });
}

function writeStray(root: string, { path, kind }: Stray): void {
  switch (kind) {
    case "file":
      return writeFiles(root, { [path]: "a note\n" });
    case "ignored-directory":
    case "backup-directory":
    case "unlistable-directory":
    case "foreign-directory":
      return writeFiles(root, { [`${path}/old/notes.txt`]: "an old note\n" });
    case "renamed-experiment":
      return writeFiles(root, { [`${path}/meta.yaml`]: "experiment_id: '7'\n" });
    case "misplaced-run":
      return writeFiles(root, { [`${path}/meta.yaml`]: "run_id: a\nexperiment_id: '7'\n" });
    case "nested-store":
      return writeFiles(root, { [`${path}/0/meta.yaml`]: "experiment_id: '0'\n" });
    case "duplicate-link":
      return Deno.symlinkSync(".", join(root, path));
    case "broken-link":
      return Deno.symlinkSync("nothing", join(root, path));
  }
}

function yaml(values: Readonly<Record<string, string | number | null>>): string {
  return stringifyMetaYaml(
    new Map(Object.entries(values).map(([key, value]) => [key, scalar(value)])),
  );
}
