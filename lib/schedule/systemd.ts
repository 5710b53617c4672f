import { shellWords } from "../text/shell_words.ts";
import {
  dayName,
  madeBy,
  type PreparedSchedule,
  type Schedule,
  type ScheduledCommand,
  weekdayOf,
  whenText,
} from "./schedule.ts";
import { environmentFile, makeSecrets } from "./secrets.ts";

/** A line of a unit, and why it is there; the name of a section stands alone. */
type Line = readonly [why: string, line: string] | string;

/**
 * Prepares a timer of systemd and the service that it starts: of the system for the root account, else of the
 * user.
 *
 * What a unit of a user may not do cannot be said by `ProtectSystem=` and its like: older versions pass over
 * that in silence, and newer ones show the unit no account but its own, so that what belongs to others in a
 * store would seem to be nobody's. There, Deno's own permissions are what keeps the task in its place.
 *
 * @param schedule What runs, and when.
 * @returns The files and what to type.
 */
export function prepareSystemd(schedule: Schedule): PreparedSchedule {
  const { name, settings, isSystem } = schedule;
  const user = isSystem ? "" : " --user";
  const [timer, service] = [`${name}.timer`, `${name}.service`];
  const own = isSystem ? "/etc/systemd/system" : `${settings}/systemd/user`;
  const directory = schedule.into ?? own;
  const files = [service, timer].map((file) => `${directory}/${file}`);
  return {
    directory,
    files: [
      { name: service, text: unitText(schedule, serviceLines(schedule)) },
      { name: timer, text: unitText(schedule, timerLines(schedule)) },
    ],
    steps: [
      ...makeSecrets(schedule),
      ...(directory === own ? [] : [{
        command: `systemctl${user} link ${shellWords(files)}`,
        does: "let systemd find the files",
      }]),
      { command: `systemctl${user} daemon-reload`, does: "let systemd read the files" },
      {
        command: `systemctl${user} enable --now ${timer}`,
        does: "start the timer, now and after each boot",
      },
      ...(isSystem ? [] : [{
        command: "loginctl enable-linger",
        does: "let it run while you are logged out, too",
      }]),
    ],
    checks: [
      { command: `systemctl${user} list-timers ${timer}`, does: "when it runs next" },
      { command: `systemctl${user} start ${service}`, does: "run it now, and wait for it" },
      {
        command: `journalctl${user} -u ${name} -n 30`.replace(" --user -u", " --user-unit"),
        does: "what it said; the journal bounds its own size",
      },
    ],
    notes: isSystem
      ? [
        "To run it as another account, add User=NAME below [Service]; that account needs the store.",
      ]
      : [
        "Where these commands find no bus, as in sudo or a cron job, log in as that account, or set XDG_RUNTIME_DIR=/run/user/$(id -u).",
      ],
  };
}

/**
 * Says for systemd when something runs.
 *
 * @param schedule How often and when.
 * @returns What `OnCalendar=` takes, by the clock of the machine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(calendarOf({ every: "weekly", at: "03:30" }), "Sun *-*-* 03:30:00");
 * ```
 */
export function calendarOf({ every, at }: Pick<Schedule, "every" | "at">): string {
  const weekday = weekdayOf(every);
  if (weekday !== null) return `${dayName(weekday).slice(0, 3)} *-*-* ${at}:00`;
  return `*-*-${every === "monthly" ? "01" : "*"} ${at}:00`;
}

function unitText(schedule: Schedule, lines: readonly Line[]): string {
  const text = lines.map((line) =>
    typeof line === "string" ? `\n[${line}]\n` : `# ${line[0]}\n${line[1]}\n`
  );
  return `# ${madeBy(schedule)}\n${text.join("")}`;
}

function serviceLines(schedule: Schedule): readonly Line[] {
  const { task, store, command, telling, settings, isSystem, secrets } = schedule;
  const hasSecrets = secrets.length > 0;
  return [
    "Unit",
    ["What it is called in lists.", `Description=mltidy ${task} of ${specifiers(store)}`],
    ...(hasSecrets && isSystem
      ? [
        [
          "What it needs lies on another machine.",
          "Wants=network-online.target\nAfter=network-online.target",
        ] as const,
      ]
      : []),
    "Service",
    ["It runs and ends; while it runs it is not started again.", "Type=oneshot"],
    ["The clone of mltidy.", `WorkingDirectory=${specifiers(command.directory)}`],
    [
      "Where its commands are typed; no look for newer versions; where those lie that were fetched.",
      environmentLines(command),
    ],
    ...(hasSecrets
      ? [
        [
          "Secrets; a dash: it need not be there.",
          `EnvironmentFile=-${specifiers(environmentFile(settings))}`,
        ] as const,
      ]
      : []),
    ["The program, with no more rights than the task needs.", `ExecStart=${execLine(command)}`],
    ...(telling === null ? [] : [
      [
        "Tells of it, also after a failure; a dash: if that fails, the task has not.",
        `ExecStopPost=-${execLine(telling)} --exit-code \${EXIT_STATUS}`,
      ] as const,
    ]),
    [
      "Another task at work on the store is no failure: the next time will do.",
      "SuccessExitStatus=11",
    ],
    [
      "It ends between two actions when it is told to end; give it the time.",
      "TimeoutStopSec=5min",
    ],
    ["Others come first: processor and disk.", "Nice=19\nIOSchedulingClass=idle"],
    ["No program that it could start gets more rights.", "NoNewPrivileges=yes"],
    ...hardeningLines(schedule),
  ];
}

/** Never `MemoryDenyWriteExecute=`: Deno makes code as it runs. Nor `RestrictSUIDSGID=`: directories of a store may have set-group-ID. */
function hardeningLines({ writes, isSystem, command }: Schedule): readonly Line[] {
  const isTemporary = [command.program, command.directory, ...writes]
    .some((path) => /^\/(var\/)?tmp\//.test(path));
  const always: readonly Line[] = [
    ["Kernel interfaces that it does not need.", "LockPersonality=yes\nRestrictRealtime=yes"],
    ["No system calls of other architectures.", "SystemCallArchitectures=native"],
  ];
  return isSystem
    ? [
      ...always,
      ["The system is read-only,", "ProtectSystem=strict"],
      ["but for the store and reports.", `ReadWritePaths=${writes.map(quoted).join(" ")}`],
      ...(isTemporary
        ? []
        : [["A directory of its own for temporary files.", "PrivateTmp=yes"] as const]),
      [
        "No devices, no kernel settings, modules, logs or clock.",
        "PrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\nProtectClock=yes\nProtectControlGroups=yes",
      ],
    ]
    : always;
}

function timerLines(schedule: Schedule): readonly Line[] {
  return [
    "Unit",
    ["What it is called in lists.", `Description=${whenText(schedule)}: mltidy ${schedule.task}`],
    "Timer",
    [`${whenText(schedule)}, by the clock of this machine.`, `OnCalendar=${calendarOf(schedule)}`],
    ["A time at which the machine was off is made up for once it is on.", "Persistent=true"],
    ["Not in the very second in which everything else begins.", "RandomizedDelaySec=10min"],
    "Install",
    ["Started with all other timers.", "WantedBy=timers.target"],
  ];
}

function environmentLines({ environment }: ScheduledCommand): string {
  return Object.entries(environment)
    .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
    .join("\n");
}

/** A dollar sign of the program's own path stands for itself. */
function execLine({ program, words }: ScheduledCommand): string {
  return [quoted(program), ...words.map((word) => quoted(word).replaceAll("$", "$$$$"))].join(" ");
}

function quoted(word: string): string {
  const escaped = specifiers(word).replace(/[\\"]/g, "\\$&");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** A per cent sign would begin a specifier. */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}
