/**
 * The report of a task, in the file that `--report` names.
 *
 * *Ordering*: before the task begins, the place is looked at, and an older report there gets the time of its
 * own in its name. So what has that name afterwards is of this task, or there is nothing. It is written
 * beside, made durable, and then gets its name.
 *
 * *Locking*: none. Of two tasks with the same file the one that ends later has it, and the other's report is
 * an older one.
 *
 * *After an interruption*: the report is there whole or not at all. What a killed task has left of one goes
 * with the next report, a day later.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import manifest from "../../../../deno.json" with { type: "json" };
import { countRuns } from "../../../../lib/report/count_runs.ts";
import { datedName, expiredReports } from "../../../../lib/report/report_names.ts";
import { summarizePlan, type TaskReport } from "../../../../lib/report/task_report.ts";
import { grantable } from "../../../../lib/schedule/grants.ts";
import { hideCredentials } from "../../../../lib/text/credentials.ts";
import { shellWords } from "../../../../lib/text/shell_words.ts";
import { jsonPieces } from "../../../../lib/text/terminal_text.ts";
import { isDiskFull, noRoomError } from "../../../_io/disk_full.ts";
import { enclosingStore } from "../../../_file/own/enclosing_store.ts";
import { asideOf, removeIfThere, syncDirectory, writeAndSync } from "../../../_io/durable.ts";
import { listDirectory } from "../../../_io/list_directory.ts";
import { failureText, infoOf, isDocument, timeOf } from "../../../_io/read.ts";
import { exitCodeOf } from "../../table/exit_code.ts";
import { UsageError } from "../../table/usage_error.ts";
import type { Ended, Noted, World } from "../../world.ts";
import { errorText } from "../error_text.ts";
import { willApply } from "../run_job.ts";

/** What is run. */
export interface Reported {
  /** The task's name. */
  readonly task: string;
  /** What its flags say. */
  readonly options: { readonly apply?: boolean; readonly dryRun: boolean };
  /** What `--report` says. */
  readonly report: string;
}

/**
 * Runs a task and writes its report, also where the task fails.
 *
 * @param reported What is run.
 * @param run Runs it, and gives the code that it ends with.
 * @param world What it needs of the world.
 * @returns The exit code of the task.
 * @throws {UsageError} When no report can be written there; then nothing was done.
 * @throws {Error} What the task throws; or, where it got to its end without a fault, why its report could
 * not be written.
 */
export async function runReported(
  { task: name, options, report: file }: Reported,
  run: (world: World) => Promise<number>,
  world: World,
): Promise<number> {
  const { apply = false, dryRun } = options;
  const task = willApply({ apply, dryRun }) ? `${name}:apply` : name;
  const path = await takePlace(resolve(world.directory, file), world);
  const startedAt = world.now();
  let noted: Noted = {};
  let isTold = false;
  /** Gives why it could not be written. */
  const write = (ended: Ended) =>
    writeReport(path, makeReport(task, ended, world), world).then(
      () => null,
      (error: unknown) => {
        const what = `write report ${path}`;
        const full = noRoomError(error, path, what, "name another place");
        return full === error ? new Error(`Cannot ${what}: ${failureText(error)}`) : full;
      },
    );
  const sayWhy = (failure: unknown) => failure !== null && world.say(`${errorText(failure)}\n`);
  const ended = await run({
    ...world,
    note: (more) => noted = { ...noted, ...more },
    conclude: async (part) => {
      isTold = true;
      sayWhy(await write({ ...part, noted: { ...noted, ...part.noted } }));
    },
  }).then(
    (exitCode) => ({ exitCode, error: null }),
    (error: unknown) => ({ exitCode: exitCodeOf(error), error }),
  );
  // What each part has told of itself is not to be written over by nothing.
  if (isTold && ended.error === null) return ended.exitCode;
  const failure = await write({ startedAt, noted, ...ended });
  if (ended.exitCode === 0 && failure !== null) throw failure;
  sayWhy(failure);
  if (ended.error !== null) throw ended.error;
  return ended.exitCode;
}

function makeReport(
  task: string,
  { startedAt, exitCode, error, noted }: Ended,
  { now, named }: World,
): TaskReport {
  const { store = null, undo = null, settled = [], remains = [], result = null } = noted;
  const { snapshot, plan, applied = [] } = noted;
  const message = () => hideCredentials(named(errorText(error)));
  return {
    schema: "mltidy/report/v1",
    version: manifest.version,
    task,
    startedAt,
    finishedAt: now(),
    exitCode,
    error: error === null ? null : { name: nameOf(error), message: message() },
    store,
    runs: snapshot === undefined
      ? null
      : { before: countRuns(snapshot), after: countRuns(snapshot, applied) },
    plan: plan === undefined ? null : summarizePlan(plan),
    undo: undo === null ? null : named(undo),
    settled,
    remains,
    result,
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "Error";
}

/** What cannot be written in the end is better said before anything is done. */
async function takePlace(path: string, world: World): Promise<string> {
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot write report ${path}: ${why}`);
  };
  const parent = dirname(path);
  if (infoOf(parent) === null) {
    refuse(`there is no directory ${parent}; type \`${shellWords(["mkdir", "-p", parent])}\``);
  }
  if (Deno.permissions.querySync({ name: "write", path: parent }).state !== "granted") {
    // What stands in the variable is taken apart at each space, whatever quotes it has.
    const grant = `--allow-write=${grantable(parent, /[\s,'"$\\]/)}`;
    refuse(`this process may not write there; type \`export MLTIDY_GRANT=${grant}\``);
  }
  if (infoOf(path)?.isDirectory) refuse("it is a directory; name a file in it");
  const place = join(Deno.realPathSync(parent), basename(path));
  const store = enclosingStore(place);
  if (store !== null) refuse(`it lies in store ${store}; name a file outside of it`);
  if (infoOf(place) !== null && !isDocument(place, BEGINNING)) {
    refuse("something else is there already; name another file");
  }
  try {
    writeAndSync(asideOf(place), "");
    await moveOlder(place, world);
  } catch (error) {
    // What is applied may make room.
    if (!isDiskFull(error)) refuse(`${failureText(error)}; name another place`);
  }
  removeIfThere(asideOf(place));
  return place;
}

const BEGINNING = '{"schema":"mltidy/report/';

async function writeReport(path: string, report: TaskReport, world: World): Promise<void> {
  const aside = asideOf(path);
  try {
    writeAndSync(aside, `${[...jsonPieces(report)].join("")}\n`);
    await moveOlder(path, world);
    Deno.renameSync(aside, path);
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes way for a report, and lets go what is older than all that stay. */
async function moveOlder(path: string, { now }: World): Promise<void> {
  const [directory, name] = [dirname(path), basename(path)];
  const older = infoOf(path);
  if (older !== null) {
    const isTaken = (dated: string) => infoOf(join(directory, dated)) !== null;
    const dated = datedName(name, timeOf(older) ?? now(), isTaken);
    try {
      Deno.renameSync(path, join(directory, dated));
    } catch (error) {
      // Another task with the same file was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") throw new Error(listed.message);
  const names = listed.entries.filter(({ isFile }) => isFile).map((entry) => entry.name);
  const isLeft = (other: string) =>
    // Clocks may differ by more than a day: that of this machine, and that of the disk.
    join(directory, other) !== asideOf(path) && other.startsWith(`.${name}.`) &&
    /^\d+\.new$/.test(other.slice(name.length + 2)) &&
    now() - (timeOf(infoOf(join(directory, other))) ?? now()) > DAY;
  const expired = expiredReports(name, names).filter((other) =>
    isDocument(join(directory, other), BEGINNING)
  );
  for (const other of [...expired, ...names.filter(isLeft)]) {
    removeIfThere(join(directory, other));
  }
}

const DAY = 86_400_000;
