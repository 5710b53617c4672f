import { InvalidArgumentError } from "../errors.ts";
import { shellWords } from "../text/shell_words.ts";
import {
  cronFields,
  madeBy,
  type PreparedSchedule,
  type Schedule,
  type ScheduleStep,
  whenText,
} from "./schedule.ts";
import { type ShellStep, shellSteps } from "./shell_line.ts";

/** What cron takes of one line. */
const LONGEST = 998;

/**
 * Prepares a line of a crontab; where that would be too long, a script that it starts.
 *
 * Cron starts it with `/bin/sh` in the home directory, with `/usr/bin:/bin` for `PATH`; it takes a per cent
 * sign for the end of the command, and sends by mail what is printed.
 *
 * @param schedule What runs, and when.
 * @returns The files and what to type.
 * @throws {InvalidArgumentError} When cron cannot hold the command.
 */
export function prepareCron(schedule: Schedule): PreparedSchedule {
  const { name, report, secrets, settings } = schedule;
  const directory = schedule.into ?? `${settings}/mltidy`;
  const [file, script] = [`${name}.cron`, `${name}.sh`];
  const does = doneBy(schedule);
  const inOne = entryOf(schedule, does.map(({ text }) => text).join("; "));
  const isShort = inOne.length <= LONGEST;
  const told =
    `Cron mails what this says, which is nothing where there was nothing to do; ${report} tells all.`;
  const about = [
    madeBy(schedule),
    `${
      whenText(schedule)
    }, by the clock of this machine: minute, hour, day of the month, month, weekday.`,
    ...(isShort
      ? ["Then, one after the other:", ...does.map(({ why }) => `- ${why}`), told]
      : [`What it starts stands in ${script}, as cron reads no longer lines.`]),
  ];
  return {
    directory,
    files: [
      {
        name: file,
        text: lines([
          ...about.map((one) => `# ${one}`),
          isShort ? inOne : entryOf(schedule, `/bin/sh ${shellWords([`${directory}/${script}`])}`),
        ]),
      },
      ...(isShort ? [] : [{
        name: script,
        text: lines([
          "#!/bin/sh",
          ...[madeBy(schedule), told].map((one) => `# ${one}`),
          ...does.flatMap(({ why, text }) => ["", `# ${why}`, text]),
        ]),
      }]),
    ],
    steps: [
      ...(secrets.length === 0 ? [] : [secretsStep(schedule)]),
      {
        command: `(crontab -l 2>/dev/null; cat ${
          shellWords([`${directory}/${file}`])
        }) | crontab -`,
        does: "add the line to this account's crontab; to change it later: crontab -e",
      },
    ],
    checks: [{ command: "crontab -l", does: "what cron is going to run" }],
    notes: ["Cron does not make up for what it missed while the machine was off; systemd does."],
  };
}

/**
 * Names the file that has the variables that are secret.
 *
 * @param settings The directory of configurations.
 * @returns Its path.
 */
export function environmentFile(settings: string): string {
  return `${settings}/mltidy/environment`;
}

/**
 * Says how to make the file that has the variables that are secret; one that is there stays as it is.
 *
 * @param schedule What needs it.
 * @returns What to type.
 */
export function secretsStep(
  { settings, secrets }: Pick<Schedule, "settings" | "secrets">,
): ScheduleStep {
  const [directory, file] = [`${settings}/mltidy`, environmentFile(settings)];
  return {
    command: `(umask 077; mkdir -p ${shellWords([directory])} && touch ${shellWords([file])})`,
    does: `make the file of secrets, then write a line into it for each: ${
      secrets.map((variable) => `${variable}='…'`).join(", ")
    }`,
  };
}

/** What cron starts: the secrets are read first. */
function doneBy(schedule: Schedule): readonly ShellStep[] {
  const { secrets, settings } = schedule;
  const file = shellWords([environmentFile(settings)]);
  return [
    ...(secrets.length === 0 ? [] : [{
      why: "Secrets, for what is started here alone; their file need not be there.",
      text: `set -a; [ ! -f ${file} ] || . ${file}; set +a`,
    }]),
    ...shellSteps(schedule, ["nice", "-n", "19"]),
  ];
}

function entryOf(schedule: Schedule, command: string): string {
  return `${cronFields(schedule)} ${cronText(command)}`;
}

function lines(all: readonly string[]): string {
  return [...all, ""].join("\n");
}

function cronText(command: string): string {
  if (/\\[\\%]/.test(command)) {
    throw new InvalidArgumentError(
      "Cannot write a line for cron: it reads a backslash before another or a per cent sign as its own; use systemd",
    );
  }
  return command.replaceAll("%", "\\%");
}
