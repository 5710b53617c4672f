import { shellWords } from "../text/shell_words.ts";
import {
  madeBy,
  type PreparedSchedule,
  type Schedule,
  timeOf,
  weekdayOf,
  whenText,
} from "./schedule.ts";
import { makeSecrets, readSecrets } from "./secrets.ts";
import { shellLine, shellSteps, shellWhys } from "./shell_line.ts";
import { explained, xmlLines, type XmlNode } from "./xml.ts";

/**
 * Prepares an agent of launchd, as macOS has it; a daemon for the root account.
 *
 * @param schedule What runs, and when.
 * @returns The file and what to type.
 */
export function prepareLaunchd(schedule: Schedule): PreparedSchedule {
  const { name, home, isSystem, report } = schedule;
  const label = `org.mltidy.${name}`;
  const own = isSystem ? "/Library/LaunchDaemons" : `${home}/Library/LaunchAgents`;
  const directory = schedule.into ?? own;
  const file = `${label}.plist`;
  const domain = isSystem ? "system" : "gui/$(id -u)";
  const place = shellWords([`${directory}/${file}`]);
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    ...xmlLines([
      ...explained([
        madeBy(schedule),
        "A property list; the lines above say that, too.",
      ], [
        "plist",
        explained("Keys, each with its value below:", ["dict", entries(schedule, label)]),
        ' version="1.0"',
      ]),
    ]),
    "",
  ];
  return {
    directory,
    files: [{ name: file, text: text.join("\n") }],
    steps: [...makeSecrets(schedule), {
      command:
        `launchctl bootout ${domain}/${label} 2>/dev/null; launchctl bootstrap ${domain} ${place}`,
      does: "let launchd start it, in place of what it knows of it already",
    }],
    checks: [
      {
        command: `launchctl print ${domain}/${label}`,
        does: "when it runs, and how it ended last",
      },
      { command: `launchctl kickstart ${domain}/${label}`, does: "run it now" },
    ],
    notes: [
      `What it says is written nowhere, so that no log grows; ${report} tells all.`,
      "A time at which the machine slept is made up for when it wakes, one at which it was off is not.",
    ],
  };
}

function entries(schedule: Schedule, label: string): readonly XmlNode[] {
  const { command } = schedule;
  const steps = [...readSecrets(schedule), ...shellSteps(schedule)];
  return [
    ...entry("What it is called", "Label", ["string", label]),
    ...entry("What is started:", "ProgramArguments", ["array", [
      ...explained("a shell, since another task at work (exit code 11) is no failure,", [
        "string",
        "/bin/sh",
      ]),
      ...explained("which is told", ["string", "-c"]),
      ...explained(["one after the other:", ...shellWhys(steps)], ["string", shellLine(steps)]),
    ]]),
    ...entry("The clone of mltidy", "WorkingDirectory", ["string", command.directory]),
    ...entry(`When: ${whenText(schedule)}`, "StartCalendarInterval", [
      "dict",
      calendar(schedule),
    ]),
    ...entry("Others come first: the machine may take its time with it,", "ProcessType", [
      "string",
      "Background",
    ]),
    ...entry("and the disk as well,", "LowPriorityIO", ["true", ""]),
    ...entry("and the processor", "Nice", ["integer", "19"]),
    ...entry(
      "It ends between two actions when it is told to end; give it the seconds",
      "ExitTimeOut",
      ["integer", "300"],
    ),
  ];
}

function entry(why: string, key: string, value: XmlNode): readonly XmlNode[] {
  return [...explained(why, ["key", key]), value];
}

function calendar({ every, at }: Schedule): readonly XmlNode[] {
  const { hour, minute } = timeOf(at);
  const weekday = weekdayOf(every);
  return [
    ...(every === "monthly" ? entry("On the first of a month", "Day", ["integer", "1"]) : []),
    ...(weekday === null
      ? []
      : entry("On this day of the week, from 0 for Sunday", "Weekday", ["integer", `${weekday}`])),
    ...entry("At this hour of the day", "Hour", ["integer", `${hour}`]),
    ...entry("At this minute of the hour", "Minute", ["integer", `${minute}`]),
  ];
}
