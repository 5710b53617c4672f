import {
  dayName,
  madeBy,
  type PreparedSchedule,
  type Schedule,
  weekdayOf,
  whenText,
} from "./schedule.ts";
import { explained, xmlLines, type XmlNode } from "./xml.ts";

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
      ...(secrets.length === 0 ? [] : [
        `Secrets: variables of the account, for each that counts of ${
          secrets.join(", ")
        }: [Environment]::SetEnvironmentVariable('NAME', '…', 'User'); or name files instead.`,
      ]),
    ],
  };
}

function document(schedule: Schedule): readonly XmlNode[] {
  const { task, store } = schedule;
  return explained([madeBy(schedule), "What the Task Scheduler reads, in its order:"], [
    "Task",
    [
      ...explained("What it is called in lists:", ["RegistrationInfo", [
        ...explained("the task, and its store", ["Description", `mltidy ${task} of ${store}`]),
      ]]),
      ...explained(`When: ${whenText(schedule)}`, ["Triggers", [
        ...explained("By the calendar:", ["CalendarTrigger", trigger(schedule)]),
      ]]),
      ...explained("As whom:", ["Principals", [
        ...explained("the account that hands it over", ["Principal", [
          ...explained("while it is logged in, so that no password is kept,", [
            "LogonType",
            "InteractiveToken",
          ]),
          ...explained("and with no more rights than it has", ["RunLevel", "LeastPrivilege"]),
        ], AUTHOR]),
      ]]),
      ...explained("How:", ["Settings", settings()]),
      ...explained("What, by that account:", [
        "Actions",
        actions(schedule),
        ' Context="Author"',
      ]),
    ],
    ` version="1.2" xmlns="${NAMESPACE}"`,
  ]);
}

const AUTHOR = ' id="Author"';

function trigger({ every, at }: Schedule): readonly XmlNode[] {
  const weekday = weekdayOf(every);
  const start = explained("from a day that has passed, at this time of the day,", [
    "StartBoundary",
    `2026-01-01T${at}:00`,
  ]);
  if (weekday !== null) {
    const day: XmlNode = [dayName(weekday), ""];
    return [
      ...start,
      ...explained("by the week:", ["ScheduleByWeek", [
        ...explained("on these days,", ["DaysOfWeek", explained("this one,", day)]),
        ...explained("every week", ["WeeksInterval", "1"]),
      ]]),
    ];
  }
  if (every === "daily") {
    const days = explained("every one", ["DaysInterval", "1"]);
    return [...start, ...explained("by the day:", ["ScheduleByDay", days])];
  }
  const months = MONTHS.flatMap((month, index) =>
    explained(`month ${index + 1},`, [month, ""] as const)
  );
  return [
    ...start,
    ...explained("by the month:", ["ScheduleByMonth", [
      ...explained("on these days,", ["DaysOfMonth", explained("the first,", ["Day", "1"])]),
      ...explained("in these months:", ["Months", months]),
    ]]),
  ];
}

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

function settings(): readonly XmlNode[] {
  return [
    ...explained("While it runs it is not started again", ["MultipleInstancesPolicy", "IgnoreNew"]),
    ...explained("It begins on battery, too,", ["DisallowStartIfOnBatteries", "false"]),
    ...explained("and goes on where the mains go", ["StopIfGoingOnBatteries", "false"]),
    ...explained("A time at which the machine was off is made up for", [
      "StartWhenAvailable",
      "true",
    ]),
    ...explained("Longer than any store takes", ["ExecutionTimeLimit", "PT12H"]),
    ...explained("Others come first: processor and disk", ["Priority", "8"]),
  ];
}

function actions({ command, telling }: Schedule): readonly XmlNode[] {
  const all = [
    { why: "The task:", command },
    ...(telling === null ? [] : [{ why: "Then, what tells of it:", command: telling }]),
  ];
  return all.flatMap(({ why, command: { program, words, directory } }) =>
    explained(why, ["Exec", [
      ...explained("the program,", ["Command", program]),
      ...explained("with no more rights than it needs,", [
        "Arguments",
        words.map(windowsWord).join(" "),
      ]),
      ...explained("in the clone of mltidy", ["WorkingDirectory", directory]),
    ]])
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
