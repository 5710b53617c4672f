/**
 * What was installed on this machine so that tasks run by themselves, and what the last of them reported.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { isCount, isRecord, isText, isTime } from "../../lib/text/json.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { infoOf, MOST, readTextFile, timeOf } from "../_io/read.ts";

/** Where things lie on this machine. */
export interface MachinePlaces {
  /** Absolute path of the home directory; `null` where nobody says it. */
  readonly home: string | null;
  /** Absolute path of the directory of configurations. @default {~/.config} */
  readonly settings?: string | undefined;
  /** Absolute path of the directory of what programs keep. @default {~/.local/state} */
  readonly state?: string | undefined;
  /** Absolute path of what a system has of its own. @default {"/"} */
  readonly root?: string;
}

/** What was found. */
export interface FoundSchedules {
  /** Absolute paths of the files. */
  readonly files: readonly string[];
  /** Absolute paths of the reports that they write. */
  readonly reports: readonly string[];
  /** Whether accounts have crontabs that this process may not look at. */
  readonly hasHiddenCrontabs: boolean;
}

/** How such a file begins, or its part of a crontab. */
const MADE_BY = /^(?:#|<!--) *Made by mltidy/m;

/**
 * Looks for units, crontabs and jobs where systems look for them. Needs read permission for these places.
 *
 * @param places Where things lie.
 * @returns What mltidy has made of it.
 */
export async function findSchedules(places: MachinePlaces): Promise<FoundSchedules> {
  const { home, root = "/" } = places;
  const settings = places.settings ?? (home === null ? null : join(home, ".config"));
  const directories = [
    ...(settings === null ? [] : [join(settings, "systemd", "user")]),
    ...(home === null ? [] : [join(home, "Library", "LaunchAgents")]),
    ...["etc/systemd/system", "etc/cron.d", "Library/LaunchDaemons"].map((path) =>
      join(root, path)
    ),
  ];
  const crontabs = CRONTABS.map((path) => join(root, path));
  const found = (await Promise.all([...directories, ...crontabs].map(filesOf))).flat();
  const scripts = found.flatMap(({ text }) => scriptsIn(text)).flatMap(readMade);
  return {
    files: found.map(({ path }) => path),
    reports: [...new Set([...found, ...scripts].flatMap(({ text }) => reportsIn(text)))],
    hasHiddenCrontabs: (await Promise.all(crontabs.map(isHidden))).includes(true),
  };
}

/** Where systems keep what `crontab` writes: Debian, Red Hat and others, macOS. */
const CRONTABS = ["var/spool/cron/crontabs", "var/spool/cron", "var/at/tabs"];

/** Only root, and the program `crontab`, may list it. */
async function isHidden(directory: string): Promise<boolean> {
  const listed = await listDirectory(directory);
  return listed.kind === "failed" && !listed.missing;
}

/** A file that mltidy has made. */
interface MadeFile {
  readonly path: string;
  readonly text: string;
}

/** Where nothing may be looked at, nothing is found. */
async function filesOf(directory: string): Promise<readonly MadeFile[]> {
  const listed = await listDirectory(directory);
  if (listed.kind !== "listed") return [];
  return listed.entries.map(({ name }) => join(directory, name)).toSorted().flatMap(readMade);
}

function readMade(path: string): readonly MadeFile[] {
  try {
    const text = readTextFile(path, { most: MOST.config });
    return MADE_BY.test(text) ? [{ path, text }] : [];
  } catch {
    return [];
  }
}

/** What a crontab starts in place of a line that would be too long for it. */
function scriptsIn(text: string): readonly string[] {
  return [...text.matchAll(/ \/bin\/sh (?:'([^'\n]+)'|(\/\S+))$/gm)]
    .map(([, quoted, bare = ""]) => (quoted ?? bare).replaceAll("\\%", "%"));
}

/** As systemd, a shell and XML have the word behind the flag. */
function reportsIn(text: string): readonly string[] {
  const pattern =
    /--report(?:=|["']?\s+|<\/string>\s*<string>)(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'<]+))/g;
  return [...text.matchAll(pattern)].map(([, quoted, single, bare]) =>
    (quoted ?? single ?? bare ?? "").replaceAll("%%", "%")
  ).filter((path) => path.startsWith("/"));
}

/** What is told of a report. */
export interface LastReport {
  /** Absolute path. */
  readonly path: string;
  readonly task: string;
  /** Epoch ms. */
  readonly finishedAt: number;
  readonly exitCode: number;
  /** The class of why it failed; `null` where it did not. */
  readonly error: string | null;
}

/**
 * Finds the report of what has run last. Needs read permission for where reports lie.
 *
 * @param places Where things lie.
 * @param reports Absolute paths of reports that are known.
 * @returns The newest of these, and of those in the usual place; `null` where there is none that can be read.
 */
export async function findLastReport(
  places: MachinePlaces,
  reports: readonly string[],
): Promise<LastReport | null> {
  const paths = await listDocuments(places, reports);
  return [...new Set([...paths, ...reports])].flatMap(readReport)
    .toSorted((left, right) => right.finishedAt - left.finishedAt)[0] ?? null;
}

/** What is kept of who was told. */
export interface LastTold {
  /** Absolute path. */
  readonly path: string;
  /** Epoch ms. */
  readonly writtenAt: number;
  /** Channels by which somebody was told. */
  readonly told: readonly string[];
  /** Why somebody could not be told, by channel where there is one. */
  readonly notTold: readonly string[];
}

/**
 * Finds what is kept of who was told last, and who could not be. Needs read permission for where reports lie.
 *
 * @param places Where things lie.
 * @param reports Absolute paths of reports that are known.
 * @returns The newest beside these, and in the usual place; `null` where there is none that can be read.
 */
export async function findLastTold(
  places: MachinePlaces,
  reports: readonly string[],
): Promise<LastTold | null> {
  const paths = await listDocuments(places, reports);
  return paths.filter((path) => path.endsWith(TOLD)).flatMap(readTold)
    .toSorted((left, right) => right.writtenAt - left.writtenAt)[0] ?? null;
}

/** How the name ends of what `notify --told` keeps beside a report. */
const TOLD = ".told.json";

async function listDocuments(
  { home, state, root = "/" }: MachinePlaces,
  reports: readonly string[],
): Promise<readonly string[]> {
  const kept = state ?? (home === null ? null : join(home, ".local", "state"));
  const directories = new Set([
    ...(kept === null ? [] : [join(kept, "mltidy", "reports")]),
    join(root, "var/lib/mltidy/reports"),
    ...reports.map((path) => dirname(path)),
  ]);
  const lists = await Promise.all([...directories].map(async (directory) => {
    const listed = await listDirectory(directory);
    return listed.kind === "listed"
      ? listed.entries.filter(({ name }) => name.endsWith(".json")).map(({ name }) =>
        join(directory, name)
      )
      : [];
  }));
  return lists.flat();
}

function readReport(path: string): readonly LastReport[] {
  const document = readDocument(path);
  if (document?.["schema"] !== "mltidy/report/v1") return [];
  const { task, finishedAt, exitCode, error } = document;
  if (!isText(task) || !isTime(finishedAt) || !isCount(exitCode)) return [];
  return [{
    ...{ path, task, finishedAt, exitCode },
    error: isRecord(error) && isText(error["name"]) ? error["name"] : null,
  }];
}

function readTold(path: string): readonly LastTold[] {
  const document = readDocument(path);
  const writtenAt = timeOf(infoOf(path));
  if (document?.["schema"] !== "mltidy/notify/v1" || writtenAt === null) return [];
  const { notified, problem } = document;
  const channels = (Array.isArray(notified) ? notified : []).filter(isRecord);
  const failed = channels.filter((one) => isText(one["problem"]));
  return [{
    path,
    writtenAt,
    told: channels.filter((one) => !failed.includes(one)).map(({ channel }) => `${channel}`),
    notTold: [
      ...failed.map((one) => `${one["channel"]}: ${one["problem"]}`),
      ...(isText(problem) ? [problem] : []),
    ],
  }];
}

/** What cannot be read tells nothing. */
function readDocument(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const document: unknown = JSON.parse(readTextFile(path, { most: MOST.text }));
    return isRecord(document) ? document : null;
  } catch {
    return null;
  }
}
