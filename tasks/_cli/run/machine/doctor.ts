/**
 * Running `doctor`: what mltidy sees of this machine and of the store that a task would look at.
 *
 * @module
 */

import manifest from "../../../../deno.json" with { type: "json" };
import {
  type Examination,
  type ExaminedPart,
  renderExamination,
} from "../../../../lib/doctor/examination.ts";
import type { NotifyConfig } from "../../../../lib/policy/notify_rows.ts";
import { isServer, parseStoreName, placeOf } from "../../../../lib/store/store_uri.ts";
import { variableIn } from "../../../_io/process.ts";
import { secretName } from "../../../_notify/secret.ts";
import {
  findLastReport,
  findLastTold,
  findSchedules,
  type MachinePlaces,
} from "../../../_doctor/find_schedules.ts";
import { doctor, examine, type Facts, kindOf } from "../../../doctor.ts";
import { chooseBackups } from "../../choose/choose_backups.ts";
import { chooseConfig, type ChosenConfig, storeOf } from "../../choose/choose_config.ts";
import { chooseStore, trackedStore } from "../../choose/choose_store.ts";
import { ExitCode } from "../../table/exit_code.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import type { World } from "../../world.ts";
import { errorText } from "../error_text.ts";
import { openConfigured } from "../open.ts";
import { printJson } from "../print_json.ts";

type Command = Extract<TaskCommand, { task: "doctor" }>;

/**
 * Runs `doctor`. What cannot be looked at says why, and stops nothing else.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code: findings, where something could not be looked at.
 */
export async function runDoctor({ options }: Command, world: World): Promise<ExitCode> {
  const parts = await lookAtAll(options, world);
  const examination: Examination = { schema: "mltidy/doctor/v1", parts };
  if (options.json) printJson(examination, world);
  else world.print(renderExamination(examination, world.style));
  return parts.some(({ problem }) => problem !== null) ? ExitCode.findings : ExitCode.done;
}

async function lookAtAll(
  options: Command["options"],
  world: World,
): Promise<readonly ExaminedPart[]> {
  const { config: flag, noConfig, store } = options;
  const { directory } = world;
  const look = (part: string, see: () => Promise<Facts> | Facts) => examine(part, see, errorText);
  const program = await look("program", programFacts);
  const environment = await look("environment", () => environmentFacts(world));

  let config: ChosenConfig | null = null;
  let location: string | null = null;
  const configuration = await look("configuration", async () => {
    config = noConfig ? null : await chooseConfig(flag, directory);
    return configFacts(config);
  });
  const choice = await look("choice", async () => {
    const trackingUri = variable("MLFLOW_TRACKING_URI", world);
    const chosen = await chooseStore({
      flag: store,
      trackingUri,
      configured: storeOf(config),
      directory,
    });
    location = chosen.location;
    return {
      store: chosen.location,
      chosen: chosen.chosenBy,
      trackingUriNames: trackedStore(trackingUri, directory),
    };
  });
  const isBroken = configuration.problem !== null;
  const [opened, beside] = await lookAtStore(options, { isBroken, config }, world);
  const places = placesOf(world);
  let found: ReturnType<typeof findSchedules> | null = null;
  const schedules = () => found ??= findSchedules(places);
  return [
    ...[program, environment, configuration, ...beside, choice],
    await look("rights", () => rightsFacts(location)),
    ...opened,
    await look("schedule", async () => {
      const { files, hasHiddenCrontabs } = await schedules();
      return { files, ...(hasHiddenCrontabs ? { crontabs: UNSEEN } : {}) };
    }),
    await look("report", async () => {
      const { reports } = await schedules();
      const last = await findLastReport(places, reports);
      return last === null ? { last: null } : { ...last };
    }),
    await look("told", async () => {
      const { reports } = await schedules();
      const last = await findLastTold(places, reports);
      return last === null ? { last: null } : { ...last };
    }),
  ];
}

/** A configuration that makes no sense keeps nobody from looking at the store. */
async function lookAtStore(
  options: Command["options"],
  { isBroken, config }: { readonly isBroken: boolean; readonly config: ChosenConfig | null },
  world: World,
): Promise<readonly [opened: readonly ExaminedPart[], beside: readonly ExaminedPart[]]> {
  const look = (part: string, see: () => Promise<Facts> | Facts) => examine(part, see, errorText);
  const silent: World = { ...world, say: () => {} };
  const parts: ExaminedPart[] = [];
  const beside: ExaminedPart[] = [];
  const flags = { ...options, ...(isBroken ? { config: null, noConfig: true } : {}) };
  const store = await look("store", async () => {
    await using opened = await openConfigured(flags, silent);
    const { location } = opened.store.describe();
    const { changes, mending, backups, tracking } = opened.store;
    const { chosen } = opened;
    if (chosen !== null && chosen.path !== config?.path) {
      beside.push(await look("configurationOfTheStore", () => configFacts(chosen)));
    }
    const { directory } = world;
    const place = chooseBackups({ flag: options.backups, chosen, directory });
    parts.push(...await doctor(opened.store, { backups: backups?.elsewhere ? place : null }));
    return {
      location,
      kind: kindOf(location),
      canBeChanged: changes !== null,
      canBeMended: mending !== null,
      canBeTrainedInto: tracking !== null,
    };
  });
  return [[store, ...parts], beside];
}

function programFacts(): Facts {
  return {
    mltidy: manifest.version,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    system: Deno.build.target,
    program: Deno.execPath(),
    home: import.meta.dirname?.replace(/[\\/]tasks[\\/].*$/, "") ?? null,
  };
}

/** What these hold may be a secret; that they are set is none. */
const VARIABLES = [
  ...["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"],
  ...["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_WORKSPACE"],
  ...["PGHOST", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "NO_COLOR"],
];

function environmentFacts(world: World): Facts {
  return {
    directory: world.directory,
    set: VARIABLES.filter((name) => variable(name, world) !== undefined),
  };
}

function variable(name: string, { environment }: Pick<World, "environment">): string | undefined {
  return variableIn(environment, name) || undefined;
}

function configFacts(chosen: ChosenConfig | null): Facts {
  if (chosen === null) return { file: null };
  const { path, chosenBy, config } = chosen;
  return {
    file: path,
    found: chosenBy,
    rules: config.rules.length,
    backups: config.backups.directory,
    notify: channelsOf(config.notify),
  };
}

function channelsOf({ email, slack, webhook, ping }: NotifyConfig): readonly string[] {
  return [
    ...(email === null ? [] : [`email by ${email.server}:${email.port}`]),
    ...(slack === null ? [] : [`slack, ${secretName(slack.url)}`]),
    ...(webhook === null ? [] : [`webhook (${webhook.format}), ${secretName(webhook.url)}`]),
    ...(ping === null ? [] : [`ping, ${secretName(ping.url)}`]),
  ];
}

/** What this very process may do; another task is given what it needs. */
function rightsFacts(location: string | null): Facts {
  const place = location === null ? null : placeOf(location);
  const host = location === null ? null : hostOf(location);
  const may = (descriptor: Deno.PermissionDescriptor) =>
    Deno.permissions.querySync(descriptor).state === "granted";
  return {
    ...(place === null ? {} : {
      readStore: may({ name: "read", path: place }),
      writeStore: may({ name: "write", path: place }),
    }),
    ...(host === null ? {} : { reachStore: may({ name: "net", host }) }),
    readAll: may({ name: "read" }),
    writeAll: may({ name: "write" }),
    reachAllHosts: may({ name: "net" }),
    startPrograms: may({ name: "run" }),
  };
}

/** The host that has a store, and its port; `null` for one on this machine. */
function hostOf(location: string): string | null {
  const name = parseStoreName(location);
  if (name.kind !== "postgresql") return isServer(location) ? new URL(location).host : null;
  const { host, port } = name.address;
  return host.startsWith("/") ? null : `${host}:${port}`;
}

/** What `crontab -l` may look at, and this process may not. */
const UNSEEN = "not open to this account; crontab -l lists its own";

function placesOf(world: World): MachinePlaces {
  return {
    home: variable("HOME", world) ?? null,
    settings: variable("XDG_CONFIG_HOME", world),
    state: variable("XDG_STATE_HOME", world),
  };
}
