/**
 * Schedules for tests, and how what was made of them is read again: units as systemd takes their lines apart,
 * and lines of a crontab as cron does.
 *
 * @module
 */

import type { Schedule } from "../../lib/schedule/schedule.ts";

/** A path with all that somebody has to quote. */
export const ODD = `/data/a b%c"d'e$f/한글`;

/** A schedule of a store with that path. */
export const SCHEDULE: Schedule = {
  name: "mltidy-cleanup",
  task: "cleanup:apply",
  every: "weekly",
  at: "03:30",
  timeZone: "Asia/Seoul",
  store: `${ODD}/mlruns`,
  command: {
    program: "/usr/local/bin/deno",
    words: ["run", "tasks/cli.ts", "--store", `${ODD}/mlruns`, "--max-share", "50%"],
    directory: "/opt/ml tidy",
    environment: { INIT_CWD: "/opt/ml tidy" },
  },
  telling: null,
  writes: [`${ODD}/mlruns`, "/home/kim/reports"],
  report: "/home/kim/reports/mltidy-cleanup.json",
  config: null,
  into: null,
  settings: "/home/kim/.config",
  home: "/home/kim",
  isSystem: false,
  secrets: [],
  versions: { mltidy: "0.1.0", deno: "2.9.6" },
};

/** The same, where somebody is told of it. */
export const TOLD: Schedule = {
  ...SCHEDULE,
  telling: {
    ...SCHEDULE.command,
    words: ["run", "tasks/cli.ts", "notify", "/home/kim/reports/mltidy-cleanup.json"],
  },
  secrets: ["MLTIDY_SMTP_PASSWORD"],
};

/**
 * Reads one setting of a unit.
 *
 * @param text The unit.
 * @param key The setting.
 * @returns Its values, as they stand.
 */
export function unitValues(text: string, key: string): readonly string[] {
  return text.split("\n").flatMap((line) =>
    line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []
  );
}

/**
 * Takes a value apart as systemd does: words with quotes and escapes, specifiers, variables.
 *
 * @param value The value.
 * @param variables What `${NAME}` stands for; `null` where dollar signs stand for themselves.
 * @returns The words.
 */
export function unitWords(
  value: string,
  variables: Readonly<Record<string, string>> | null = null,
): readonly string[] {
  const words = [...value.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, plain = ""]) =>
    (quoted ?? plain).replace(/\\(.)/g, "$1").replace(/%(.?)/g, (_, next) => {
      if (next !== "%") throw new Error(`Unknown specifier %${next} in ${value}`);
      return "%";
    })
  );
  if (variables === null) return words;
  return words.map((word, index) =>
    index === 0
      ? word
      : word.replace(/\$(\$|\{(\w+)\}|.?)/g, (_, next, name = "") =>
        next === "$" ? "$" : variables[name] ?? "")
  );
}

/**
 * Takes the last line of a crontab apart as cron does.
 *
 * @param text The crontab.
 * @returns Its five fields, and what `/bin/sh -c` is told.
 */
export function cronEntry(text: string): { readonly fields: string; readonly command: string } {
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  const [, fields = "", rest = ""] = /^((?:\S+ ){5})(.*)$/.exec(line) ?? [];
  const [command = ""] = /^(?:\\[^]|[^%\\])*/.exec(rest) ?? [];
  return { fields: fields.trim(), command: command.replace(/\\([\\%])/g, "$1") };
}

/**
 * Takes out of a command that others come first: on a busy machine it would wait for minutes.
 *
 * @param command A command of a crontab.
 * @returns The same without `nice`.
 */
export function withoutWaiting(command: string): string {
  const [before, after, ...more] = command.split(" nice -n 19 ");
  if (after === undefined || more.length > 0) throw new Error(`Expected one nice in ${command}`);
  return `${before} ${after}`;
}
