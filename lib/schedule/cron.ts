import { InvalidArgumentError } from "../errors.ts";
import { shellWords } from "../text/shell_words.ts";
import { cronFields, madeBy, type PreparedSchedule, type Schedule, whenText } from "./schedule.ts";
import { makeSecrets, readSecrets } from "./secrets.ts";
import { shellLine, shellSteps, shellWhys } from "./shell_line.ts";

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
  const { name, report, settings } = schedule;
  const directory = schedule.into ?? `${settings}/mltidy`;
  const [file, script] = [`${name}.cron`, `${name}.sh`];
  const does = [...readSecrets(schedule), ...shellSteps(schedule, ["nice", "-n", "19"])];
  const path = shellWords([`${directory}/${file}`]);
  const inOne = entryOf(schedule, shellLine(does));
  const isShort = inOne.length <= LONGEST;
  const told =
    `Cron mails what this says, which is nothing where there was nothing to do; ${report} tells all.`;
  const about = [
    madeBy(schedule),
    `${
      whenText(schedule)
    }, by the clock of this machine: minute, hour, day of the month, month, weekday.`,
    ...(isShort
      ? ["Then, one after the other:", ...shellWhys(does), told]
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
      ...makeSecrets(schedule),
      {
        command:
          `crontab -l 2>/dev/null | grep -qxF "$(tail -n 1 ${path})" || (crontab -l 2>/dev/null; cat ${path}) | crontab -`,
        does:
          "add the line to this account's crontab, unless it is there; another that was there before stays, and goes by: crontab -e",
      },
    ],
    checks: [{ command: "crontab -l", does: "what cron is going to run" }],
    notes: ["Cron does not make up for what it missed while the machine was off; systemd does."],
  };
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
