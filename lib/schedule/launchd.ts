import { shellWords } from "../text/shell_words.ts";
import {
  madeBy,
  type PreparedSchedule,
  type Schedule,
  timeOf,
  weekdayOf,
  whenText,
} from "./schedule.ts";
import { shellLine } from "./shell_line.ts";
import { xmlLines, type XmlNode } from "./xml.ts";

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
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    ...xmlLines([
      { comment: madeBy(schedule) },
      ["plist", [["dict", entries(schedule, label)]], ' version="1.0"'],
    ]),
    "",
  ];
  return {
    directory,
    files: [{ name: file, text: text.join("\n") }],
    steps: [{
      command: `launchctl bootstrap ${domain} ${shellWords([`${directory}/${file}`])}`,
      does: "let launchd start it; to change it later, first launchctl bootout",
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
      ...(schedule.secrets.length > 0
        ? ["Secrets: launchd has no place for them; name files in mltidy.yaml, or in ~/.pgpass."]
        : []),
    ],
  };
}

function entries(schedule: Schedule, label: string): readonly XmlNode[] {
  const { command } = schedule;
  return [
    { comment: "What it is called" },
    ...entry("Label", ["string", label]),
    { comment: "A shell, since another task at work (exit code 11) is no failure" },
    ...entry("ProgramArguments", [
      "array",
      [["string", "/bin/sh"], ["string", "-c"], ["string", shellLine(schedule)]],
    ]),
    { comment: "The clone of mltidy" },
    ...entry("WorkingDirectory", ["string", command.directory]),
    { comment: `When: ${whenText(schedule)}` },
    ...entry("StartCalendarInterval", ["dict", calendar(schedule)]),
    { comment: "Others come first: processor and disk" },
    ...entry("ProcessType", ["string", "Background"]),
    ...entry("LowPriorityIO", ["true", ""]),
    ...entry("Nice", ["integer", "19"]),
    { comment: "It ends between two actions when it is told to end; give it the seconds" },
    ...entry("ExitTimeOut", ["integer", "300"]),
  ];
}

function entry(key: string, value: XmlNode): readonly XmlNode[] {
  return [["key", key], value];
}

function calendar({ every, at }: Schedule): readonly XmlNode[] {
  const { hour, minute } = timeOf(at);
  const weekday = weekdayOf(every);
  return [
    ...(every === "monthly" ? entry("Day", ["integer", "1"]) : []),
    ...(weekday === null ? [] : entry("Weekday", ["integer", `${weekday}`])),
    ...entry("Hour", ["integer", `${hour}`]),
    ...entry("Minute", ["integer", `${minute}`]),
  ];
}
