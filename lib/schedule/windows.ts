import {
  dayName,
  madeBy,
  type PreparedSchedule,
  type Schedule,
  weekdayOf,
  whenText,
} from "./schedule.ts";
import { xmlLines, type XmlNode } from "./xml.ts";

const NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task";

/**
 * Prepares a task of the Task Scheduler of Windows.
 *
 * @param schedule What runs, and when.
 * @returns The file and what to type in PowerShell.
 */
export function prepareWindows(schedule: Schedule): PreparedSchedule {
  const { name, settings, secrets } = schedule;
  const file = `${name}.xml`;
  const directory = schedule.into ?? `${settings}\\mltidy`;
  const path = powerShellText(`${directory}\\${file}`);
  return {
    directory,
    // Without a declaration of its encoding, as it is handed over as a text.
    files: [{ name: file, text: [...xmlLines(document(schedule)), ""].join("\n") }],
    steps: [{
      command:
        `Register-ScheduledTask -TaskName ${name} -Xml (Get-Content -Raw -Encoding UTF8 ${path}) -Force`,
      does: "hand it to the Task Scheduler, or change it there",
    }],
    checks: [
      { command: `Get-ScheduledTaskInfo ${name}`, does: "when it runs, and how it ended last" },
      { command: `Start-ScheduledTask ${name}`, does: "run it now" },
    ],
    notes: [
      "A last result of 11 is no failure: another task was at work on the store.",
      ...(secrets.length === 0
        ? []
        : [`Secrets: variables of the account, ${secrets.join(" and ")}; or name files instead.`]),
    ],
  };
}

function document(schedule: Schedule): readonly XmlNode[] {
  const { task, store } = schedule;
  return [
    { comment: madeBy(schedule) },
    ["Task", [
      ["RegistrationInfo", [["Description", `mltidy ${task} of ${store}`]]],
      { comment: `When: ${whenText(schedule)}` },
      ["Triggers", [["CalendarTrigger", trigger(schedule)]]],
      { comment: "With no more rights than the account has" },
      [
        "Principals",
        [[
          "Principal",
          [["LogonType", "InteractiveToken"], ["RunLevel", "LeastPrivilege"]],
          AUTHOR,
        ]],
      ],
      ["Settings", settings()],
      { comment: "The program, with no more rights than the task needs" },
      ["Actions", actions(schedule), ' Context="Author"'],
    ], ` version="1.2" xmlns="${NAMESPACE}"`],
  ];
}

const AUTHOR = ' id="Author"';

function trigger({ every, at }: Schedule): readonly XmlNode[] {
  const weekday = weekdayOf(every);
  const start: XmlNode = ["StartBoundary", `2026-01-01T${at}:00`];
  if (weekday !== null) {
    const day: XmlNode = [dayName(weekday), ""];
    return [start, ["ScheduleByWeek", [["DaysOfWeek", [day]], ["WeeksInterval", "1"]]]];
  }
  if (every === "daily") return [start, ["ScheduleByDay", [["DaysInterval", "1"]]]];
  const months = MONTHS.map((month): XmlNode => [month, ""]);
  return [
    start,
    ["ScheduleByMonth", [["DaysOfMonth", [["Day", "1"]]], ["Months", months]]],
  ];
}

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

function settings(): readonly XmlNode[] {
  return [
    { comment: "While it runs it is not started again" },
    ["MultipleInstancesPolicy", "IgnoreNew"],
    { comment: "Also on battery" },
    ["DisallowStartIfOnBatteries", "false"],
    ["StopIfGoingOnBatteries", "false"],
    { comment: "A time at which the machine was off is made up for" },
    ["StartWhenAvailable", "true"],
    { comment: "Longer than any store takes" },
    ["ExecutionTimeLimit", "PT12H"],
    { comment: "Others come first: processor and disk" },
    ["Priority", "8"],
  ];
}

function actions({ command, telling }: Schedule): readonly XmlNode[] {
  return [command, ...(telling === null ? [] : [telling])].map(
    ({ program, words, directory }): XmlNode => ["Exec", [
      ["Command", program],
      ["Arguments", words.map(windowsWord).join(" ")],
      ["WorkingDirectory", directory],
    ]],
  );
}

/** As the C library of Microsoft takes a command line apart. */
function windowsWord(word: string): string {
  if (/^[\w@%+=:,./\\*-]+$/.test(word)) return word;
  const escaped = word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1");
  return `"${escaped}"`;
}

function powerShellText(text: string): string {
  return /^[\w:.\\/~-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
