import { prepareCron } from "./cron.ts";
import { prepareGithub } from "./github.ts";
import { prepareKubernetes } from "./kubernetes.ts";
import { prepareLaunchd } from "./launchd.ts";
import { isServer, placeOf } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import type { PreparedSchedule, Schedule, Scheduler, ScheduleStep } from "./schedule.ts";
import { prepareSystemd } from "./systemd.ts";
import { prepareWindows } from "./windows.ts";

const PREPARE: Readonly<Record<Scheduler, (schedule: Schedule) => PreparedSchedule>> = {
  systemd: prepareSystemd,
  cron: prepareCron,
  launchd: prepareLaunchd,
  windows: prepareWindows,
  kubernetes: prepareKubernetes,
  github: prepareGithub,
};

/**
 * Prepares what has to be installed so that a task runs by itself.
 *
 * @param schedule What runs, and when.
 * @param scheduler What runs it.
 * @returns The files, and what to type.
 * @throws {InvalidArgumentError} When that cannot hold the command.
 */
export function prepareSchedule(schedule: Schedule, scheduler: Scheduler): PreparedSchedule {
  const prepared = PREPARE[scheduler](schedule);
  const made = schedule.writes.filter((path) => path !== placeOf(schedule.store));
  return {
    ...prepared,
    steps: [...makeSteps(made, scheduler), ...prepared.steps],
    notes: [...prepared.notes, ...(isServer(schedule.store) ? [LOGIN] : [])],
  };
}

/** What counts of the variables that say who asks a server. */
const LOGIN =
  "A server takes MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN: leave the others out, and all three where it lets everybody in.";

/** What a task writes into has to be there. */
function makeSteps(directories: readonly string[], scheduler: Scheduler): readonly ScheduleStep[] {
  if (scheduler === "kubernetes") return [];
  const does = "make the directory of its reports, and any other that it writes into";
  if (scheduler === "windows") {
    const paths = directories.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ");
    return [{ command: `New-Item -ItemType Directory -Force ${paths}`, does }];
  }
  return [{ command: `mkdir -p ${shellWords(directories)}`, does }];
}
