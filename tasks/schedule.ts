/**
 * The task `schedule`: what has to be installed so that another task runs by itself.
 *
 * *Ordering*: files are written one after another, each beside its place and whole before it gets its name.
 *
 * *Locking*: none.
 *
 * *After an interruption*: each file is there whole, or as it was before; the same command ends the rest.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import manifest from "../deno.json" with { type: "json" };
import { InvalidArgumentError } from "../lib/errors.ts";
import type { NotifyConfig } from "../lib/policy/notify_rows.ts";
import {
  type Interval,
  INTERVALS,
  SCHEDULED_TASKS,
  type ScheduledTask,
} from "../lib/policy/scheduled_task.ts";
import { prepareSchedule } from "../lib/schedule/prepare_schedule.ts";
import {
  MADE_BY,
  type PreparedSchedule,
  type Schedule,
  type ScheduledCommand,
  type ScheduleFile,
  type Scheduler,
  SCHEDULERS,
  type ScheduleStep,
} from "../lib/schedule/schedule.ts";
import { isCached, scheduledWork, type SchedulePlaces } from "../lib/schedule/scheduled_command.ts";
import {
  artifactPlaceOf,
  bucketRootsOf,
  inferArtifactRoot,
  isLocalRoot,
} from "../lib/snapshot/artifact_root.ts";
import { parseStoreName } from "../lib/store/store_uri.ts";
import { HARMFUL } from "../lib/text/terminal_text.ts";
import { writeAmongOthers } from "./_io/durable.ts";
import { MOST, readText } from "./_io/read.ts";

export { INTERVALS, SCHEDULED_TASKS, SCHEDULERS };
export type {
  Interval,
  PreparedSchedule,
  ScheduledCommand,
  ScheduledTask,
  ScheduleFile,
  Scheduler,
  ScheduleStep,
};

/** What of a store counts: where it is, and where its artifacts lie. */
export interface ScheduledStore {
  /** Tells where it is. */
  describe(): { readonly location: string };
  /** Reads where its artifacts lie. */
  read(options: { readonly depth: "meta" }): Promise<{
    readonly backend?: { readonly artifactRoot: string | null };
    readonly experiments: readonly { readonly id: string; readonly artifactLocation: string }[];
  }>;
}

/** Where things lie on this machine, and who asks. */
export interface Machine {
  /** Absolute path of the home directory; `null` where nobody says it. */
  readonly home: string | null;
  /** Absolute path of the directory of configurations. @default {~/.config, or /etc for the root account} */
  readonly settings?: string | undefined;
  /** Absolute path of the directory of what programs keep. @default {~/.local/state, or /var/lib for the root account} */
  readonly state?: string | undefined;
  /** Absolute path of Deno's cache, where it is not in its usual place. */
  readonly denoCache?: string | undefined;
  /** Whether the root account asks. */
  readonly isRoot: boolean;
}

/** What is to run by itself, and when. */
export interface ScheduleOptions {
  /** What runs it. @default {what this machine has} */
  readonly for?: Scheduler | undefined;
  /** How often. @default {"weekly"} */
  readonly every?: Interval;
  /** At which time of the day, `HH:MM`. @default {"03:30"} */
  readonly at?: string;
  /** Which task. @default {"cleanup:apply"} */
  readonly task?: ScheduledTask;
  /** What else that task is told. @default {[]} */
  readonly flags?: readonly string[];
  /** What units and files are called after. @default {mltidy- and the task} */
  readonly name?: string | undefined;
  /** Absolute path of the directory of reports. @default {mltidy/reports in the directory of what programs keep} */
  readonly reports?: string | undefined;
  /** Absolute path of the configuration; `null` where there is none. @default {null} */
  readonly config?: string | null;
  /** Who is told what came of it, as that configuration says. @default {nobody} */
  readonly notify?: NotifyConfig | undefined;
  /** Absolute path of where backups lie, if that is not the store. @default {null} */
  readonly backups?: string | null;
  /** Absolute path of where the files are to go. @default {where what runs it looks for them} */
  readonly into?: string | undefined;
  /** Where things lie. */
  readonly machine: Machine;
}

/** What has to be installed, and what will run. */
export interface ScheduleReport extends PreparedSchedule {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/schedule/v1";
  /** What runs it. */
  readonly for: Scheduler;
  /** What units and files are called after. */
  readonly name: string;
  /** The task. */
  readonly task: ScheduledTask;
  /** How often. */
  readonly every: Interval;
  /** At which time of the day, `HH:MM`. */
  readonly at: string;
  /** The store's location. */
  readonly store: string;
  /** Absolute path of the report of each run. */
  readonly report: string;
  /** What is started. */
  readonly command: ScheduledCommand;
}

/**
 * Prepares what has to be installed so that a task runs by itself on a store, by this Deno and from this clone.
 * Needs read permission for the store.
 *
 * @param store The store.
 * @param options What is to run, and when.
 * @returns The files and what to type; nothing is installed.
 * @throws {InvalidArgumentError} When that cannot be done for a path as it is, or nobody says where reports go.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { schedule } from "mltidy/schedule";
 *
 * await using store = await openStore("./mlruns");
 * const machine = { home: "/home/kim", isRoot: false };
 * for (const { name, text } of (await schedule(store, { for: "systemd", machine })).files) {
 *   console.log(name, text);
 * }
 * ```
 */
export async function schedule(
  store: ScheduledStore,
  options: ScheduleOptions,
): Promise<ScheduleReport> {
  const { every = "weekly", at = "03:30", task = "cleanup:apply", flags = [] } = options;
  const { config = null, backups = null, machine } = options;
  const { location } = store.describe();
  const scheduler = options.for ?? ownScheduler();
  const name = options.name ?? `mltidy-${task.replace(/:apply$/, "")}`;
  const { settings, state } = placesOf(machine);
  const reports = options.reports ?? join(state, "mltidy", "reports");
  const report = join(reports, `${name}.json`);
  const { far, ...places } = await artifactsOf(store);
  const work = scheduledWork(
    task,
    { store: location, config, backups, report, flags },
    options.notify ?? null,
    {
      program: Deno.execPath(),
      memory: /--v8-flags=\S+/.exec(manifest.tasks["cleanup:apply"].command)?.[0] ?? "",
      clone: cloneDirectory(),
      ...(machine.denoCache === undefined ? {} : { cache: machine.denoCache }),
      home: machine.home,
      // Where whoever undoes a change by hand looks, too: a task knows of no account but its own.
      state: machine.home === null ? state : placesOf({ ...machine, isRoot: false }).state,
      ...places,
    },
  );
  const { command, telling } = work;
  refuseUnwritable([
    ...[command, telling].flatMap((one) => one === null ? [] : textsOf(one)),
    ...[settings, machine.home ?? "", options.into ?? ""],
  ]);
  const planned: Schedule = {
    ...work,
    ...{ name, task, every, at, store: location, report, config, settings },
    home: machine.home ?? "/",
    into: options.into ?? null,
    isSystem: machine.isRoot,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    versions: { mltidy: manifest.version, deno: Deno.version.deno },
  };
  const prepared = prepareSchedule(planned, scheduler);
  return {
    schema: "mltidy/schedule/v1",
    for: scheduler,
    ...{ name, task, every, at, store: location, report },
    ...prepared,
    notes: [...warningsOf(command, far), ...prepared.notes],
    command,
  };
}

function ownScheduler(): Scheduler {
  if (Deno.build.os === "darwin") return "launchd";
  if (Deno.build.os === "windows") return "windows";
  try {
    // As sd_booted() asks.
    Deno.lstatSync("/run/systemd/system");
    return "systemd";
  } catch {
    return "cron";
  }
}

/** A program that was fetched from elsewhere has no directory in which it could be started. */
function cloneDirectory(): string {
  const { dirname: tasks } = import.meta;
  if (tasks !== undefined) return dirname(tasks);
  throw new InvalidArgumentError(
    "Cannot schedule a task of a package: expected a clone of mltidy; clone it, and schedule it from there",
  );
}

function placesOf(
  { home, settings, state, isRoot }: Machine,
): { readonly settings: string; readonly state: string } {
  if (isRoot) return { settings: settings ?? "/etc", state: state ?? "/var/lib" };
  if (home === null && (settings === undefined || state === undefined)) {
    throw new InvalidArgumentError(
      "Cannot tell where the files of this account go: HOME is not set; set it",
    );
  }
  const base = home ?? "";
  return {
    settings: settings ?? join(base, ".config"),
    state: state ?? join(base, ".local", "state"),
  };
}

/** Where the artifacts of a database lie. */
interface ArtifactPlaces extends Pick<SchedulePlaces, "artifacts" | "looks"> {
  /** Places in buckets of S3, and what a server keeps nobody knows where. */
  readonly far: readonly string[];
}

/** What is not on this machine is no artifact root of a snapshot's; an experiment may have a place of its own. */
async function artifactsOf(store: ScheduledStore): Promise<ArtifactPlaces> {
  const { location } = store.describe();
  if (!["sqlite", "postgresql"].includes(parseStoreName(location).kind)) {
    return { artifacts: null, looks: [], far: [] };
  }
  const { backend, experiments } = await store.read({ depth: "meta" });
  const artifacts = backend?.artifactRoot ?? null;
  const named = experiments.map(({ id, artifactLocation }) => ({ id, location: artifactLocation }));
  const served = named.map((one) => one.location)
    .filter((one) => one.startsWith("mlflow-artifacts:"));
  const root = artifacts ?? inferArtifactRoot(named);
  const own = named.map((one) => artifactPlaceOf(one.location)).filter(isLocalRoot)
    .filter((path) => !`${path}/`.startsWith(`${root}/`));
  return {
    artifacts,
    looks: [...(artifacts === null && root !== null ? [root] : []), ...own],
    far: [...bucketRootsOf(named), ...served.slice(0, 1)],
  };
}

function textsOf({ program, words, directory, environment }: ScheduledCommand): readonly string[] {
  return [program, ...words, directory, ...Object.values(environment)];
}

/** What no file of these could say, or only in a way that nobody sees. */
function refuseUnwritable(texts: readonly string[]): void {
  const found = texts.find((text) => text.search(HARMFUL) >= 0);
  if (found === undefined) return;
  throw new InvalidArgumentError(
    `Cannot schedule what holds a control character: ${JSON.stringify(found)}; rename it`,
  );
}

function warningsOf(
  { program, words }: ScheduledCommand,
  [far]: readonly string[],
): readonly string[] {
  const isWide = words.some((word, index) => words[index - 1] === "--store" && word.includes(","));
  return [
    ...(isCached(program)
      ? [
        `Deno lies in a cache, which may be cleaned: ${program}. Install it to stay, such as with npm install --global deno@${Deno.version.deno}, and type this again with that one.`,
      ]
      : []),
    ...(isWide
      ? ["Deno takes a comma in a path for its end, so the directory above it is granted."]
      : []),
    ...(far === undefined ? [] : [farText(far)]),
  ];
}

function farText(place: string): string {
  return place.startsWith("mlflow-artifacts:")
    ? `Artifacts behind a server, such as ${place}, stay when their rows are purged: nothing says here where it keeps them. To let them go, too, add MLFLOW_ARTIFACTS_DESTINATION to --allow-env, with all that a bucket needs, and set them where the secrets are.`
    : `Artifacts in a bucket, such as ${place}, stay, with the rows of what is purged: nothing says here which host has it, and by whose name. To let them go, too, add that host to --allow-net, AWS_* and MLFLOW_S3_* to --allow-env, and HOME, and set them where the secrets are.`;
}

/** What came of writing a file. */
export interface WrittenFile {
  /** Its path. */
  readonly path: string;
  /** Whether it is new, took the place of another that mltidy had made, or was there as it is. */
  readonly outcome: "written" | "replaced" | "unchanged";
}

/**
 * Writes what `schedule()` has prepared. Needs read and write permission for the directory.
 *
 * @param prepared The files.
 * @param directory Where they go; made if it is missing.
 * @returns What became of each.
 * @throws {InvalidArgumentError} When a file is there that mltidy has not made; then nothing is written.
 */
export async function writeSchedule(
  { files }: Pick<PreparedSchedule, "files">,
  directory: string,
): Promise<readonly WrittenFile[]> {
  const found = files.map(({ name, text }) => {
    const path = join(directory, name);
    const there = textOf(path);
    if (there === null) return { path, text, outcome: "written" } as const;
    if (there === text) return { path, text, outcome: "unchanged" } as const;
    if (there.slice(0, 400).includes(MADE_BY)) return { path, text, outcome: "replaced" } as const;
    throw new InvalidArgumentError(
      `Cannot write ${path}: it is there, and mltidy has not made it; remove it, or name the schedule otherwise`,
    );
  });
  await Deno.mkdir(directory, { recursive: true });
  for (const { path, text, outcome } of found) {
    if (outcome === "unchanged") continue;
    writeAmongOthers(path, text);
  }
  return found.map(({ path, outcome }) => ({ path, outcome }));
}

/** What is there; empty where that is nothing that mltidy writes, such as a pipe. */
function textOf(path: string): string | null {
  const read = readText(path, { most: MOST.config });
  if (read.kind === "text") return read.text;
  return read.kind === "missing" ? null : "";
}
