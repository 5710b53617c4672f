/**
 * What is started of a schedule: the task, and what tells of it, each with the rights that it needs and no
 * others.
 *
 * @module
 */

import type { NotifyConfig, Secret } from "../policy/notify_rows.ts";
import type { ScheduledTask } from "../policy/scheduled_task.ts";
import { isServer, parseStoreName, placeOf } from "../store/store_uri.ts";
import { grantable, grantWords, type Needs } from "./grants.ts";
import type { ScheduledCommand } from "./schedule.ts";
import { SCHEDULED_CALLS, scheduledWords, type Told } from "./scheduled_words.ts";

/** What is started, and where things lie; absolute paths. */
export interface SchedulePlaces {
  /** Deno. */
  readonly program: string;
  /** What Deno is told of its memory, as the commands of tasks have it. */
  readonly memory: string;
  /** The clone. */
  readonly clone: string;
  /** Deno's cache; left out where it is in its usual place. */
  readonly cache?: string;
  /** The home directory; `null` where nobody says it. */
  readonly home: string | null;
  /** The directory of what programs keep: a task keeps there what undoes its change of another machine's store. */
  readonly state: string;
  /** Where the artifacts of a database lie; `null` for nowhere on this machine, and for a directory. */
  readonly artifacts: string | null;
  /** Where else a database says that some lie: a task looks what is there, and leaves it. @default {[]} */
  readonly looks?: readonly string[];
}

/** What a task is told, and what it may write. */
export interface ScheduledWork {
  /** What is started. */
  readonly command: ScheduledCommand;
  /** What tells of it; `null` where nobody is told. */
  readonly telling: ScheduledCommand | null;
  /** The directories that the task writes into, the last that of its report. */
  readonly writes: readonly string[];
  /** The variables that hold secrets, where there are any. */
  readonly secrets: readonly string[];
}

/**
 * Puts together what is started of a schedule.
 *
 * @param task The task.
 * @param told What it is told.
 * @param notify Who is to be told; `null` where there is no configuration.
 * @param places Where things lie.
 * @returns The commands.
 */
export function scheduledWork(
  task: ScheduledTask,
  told: Told,
  notify: NotifyConfig | null,
  places: SchedulePlaces,
): ScheduledWork {
  const { store, config, backups, report } = told;
  const { state, artifacts, looks = [], clone } = places;
  const { changes } = SCHEDULED_CALLS[task];
  const place = placeOf(store);
  const reports = parentOf(report);
  const trees = artifacts === null ? [] : [artifacts];
  const own = place === null
    ? [`${state}/mltidy`, ...trees]
    : place === store
    ? [place]
    : [parentOf(place), ...trees];
  const remote = place === null ? remoteNeeds(store, places) : NOTHING;
  const more = backups === null ? [] : [backups];
  const writes = changes ? [...own, ...more, reports] : [reports];
  // A database that lies beside a store, or beside artifacts, may name them, too; so may the usual one beside the
  // directory of a database.
  const beside = [
    ...[...(place === null ? [] : [place]), ...trees].map(parentOf),
    ...(place === null || place === store ? [] : [usualBeside(parentOf(place))]),
    ...directoryOf(config),
  ];
  return {
    command: commandOf(
      places,
      {
        reads: [
          ...[clone, ...own, ...beside, ...more, reports, ...remote.reads, ...looks],
        ],
        writes: [...writes, ...remote.writes],
        hosts: remote.hosts,
        variables: [...VARIABLES, ...remote.variables],
        locks: changes,
      },
      scheduledWords(task, told),
      place === null ? accountOf(places) : {},
    ),
    telling: notify === null || config === null ? null : tellingCommand(
      notify,
      { config, report },
      places,
    ),
    writes,
    secrets: [
      ...(place === null ? loginOf(store) : []),
      ...(notify === null ? [] : variablesOf(notify)),
    ],
  };
}

/** A system's own services have no home, and a container another one. */
function accountOf({ home, state }: SchedulePlaces): Readonly<Record<string, string>> {
  return { ...(home === null ? {} : { HOME: home }), XDG_STATE_HOME: state };
}

/** Who asks a host is no part of a store's name, be it a secret or not. */
function loginOf(store: string): readonly string[] {
  return isServer(store)
    ? ["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"]
    : ["PGUSER", "PGPASSWORD"];
}

const VARIABLES = ["MLFLOW_TRACKING_URI", "INIT_CWD", "NO_COLOR"];
const NOTHING: Omit<Needs, "locks"> = { reads: [], writes: [], hosts: [], variables: [] };

function commandOf(
  { program, memory, clone, cache }: SchedulePlaces,
  needs: Needs,
  words: readonly string[],
  account: Readonly<Record<string, string>> = {},
): ScheduledCommand {
  return {
    program,
    words: [
      ...["run", "--no-prompt", memory],
      ...grantWords(needs),
      "tasks/cli.ts",
      ...words,
    ],
    directory: clone,
    environment: {
      INIT_CWD: clone,
      DENO_NO_UPDATE_CHECK: "1",
      ...(cache === undefined ? {} : { DENO_DIR: cache }),
      ...account,
    },
  };
}

/** What is needed for a store that a host has: the host itself, and what says who asks it. */
function remoteNeeds(store: string, { home }: SchedulePlaces): Omit<Needs, "locks"> {
  const name = parseStoreName(store);
  const inHome = (file: string) => home === null ? [] : [`${home}/${file}`];
  const variables = ["HOME", "USER", "XDG_STATE_HOME"];
  if (name.kind === "postgresql") {
    const { host, port } = name.address;
    const sockets = host.startsWith("/") ? [host] : [];
    return {
      reads: [...inHome(".pgpass"), ...sockets],
      writes: sockets,
      hosts: sockets.length > 0 ? [] : [`${host}:${port}`],
      variables: ["PG*", ...variables],
    };
  }
  const [, scheme, host = "", port] = /^(https?):\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?/.exec(store) ??
    [];
  return {
    reads: inHome(".mlflow"),
    writes: [],
    hosts: [`${host}:${port ?? (scheme === "https" ? 443 : 80)}`],
    variables: ["MLFLOW_*", ...variables],
  };
}

/** What talks can write nothing but what came of that, nor reach a host that nobody named, as far as that can be known. */
function tellingCommand(
  notify: NotifyConfig,
  { config, report }: { readonly config: string; readonly report: string },
  places: SchedulePlaces,
): ScheduledCommand | null {
  const { email, slack, webhook, ping } = notify;
  if ([email, slack, webhook, ping].every((channel) => channel === null)) return null;
  const secrets = secretsOf(notify);
  const files = [
    ...secrets.flatMap((one) => "file" in one ? [one.file] : []),
    ...(email === null || email.ca === null ? [] : [email.ca]),
  ].map((file) => /^([\\/]|[a-z]:)/i.test(file) ? file : `${parentOf(config)}/${file}`);
  const told = toldBeside(report);
  const needs: Needs = {
    reads: [places.clone, ...directoryOf(config), parentOf(report), ...files],
    writes: told,
    hosts: [
      ...(email === null ? [] : [`${email.server}:${email.port}`]),
      ...(slack === null ? [] : SLACK),
    ],
    variables: [...variablesOf(notify), ...VARIABLES],
    locks: false,
  };
  const telling = commandOf(places, needs, [
    ...["notify", report, "--quiet", "--config", config],
    ...told.flatMap((path) => ["--told", path]),
  ]);
  if (webhook === null && ping === null) return telling;
  // Where these are is a secret.
  const words = telling.words.filter((word) => !word.startsWith("--allow-net"));
  const at = words.indexOf("tasks/cli.ts");
  return { ...telling, words: words.toSpliced(at, 0, "--allow-net") };
}

/** Where a directory above would have to be granted, nothing is: what talks must not reach a store. */
function toldBeside(report: string): readonly string[] {
  const path = report.replace(/(\.json)?$/, ".told.json");
  return grantable(path) === path ? [path] : [];
}

const SLACK = ["hooks.slack.com:443"];

function secretsOf({ email, slack, webhook, ping }: NotifyConfig): readonly Secret[] {
  return [email?.password, slack?.url, webhook?.url, ping?.url].flatMap((one) => one ?? []);
}

function variablesOf(notify: NotifyConfig): readonly string[] {
  return secretsOf(notify).flatMap((one) => "env" in one ? [one.env] : []);
}

function parentOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "") || "/";
}

function usualBeside(directory: string): string {
  return `${parentOf(directory).replace(/\/$/, "")}/mlflow.db`;
}

function directoryOf(path: string | null): readonly string[] {
  return path === null ? [] : [parentOf(path)];
}

/**
 * Tells whether a program lies where caches are cleaned.
 *
 * @param program Its absolute path.
 * @returns Whether it may be gone some day.
 */
export function isCached(program: string): boolean {
  return /[\\/](_npx|_cacache|\.cache|Caches|tmp)[\\/]/i.test(program);
}
