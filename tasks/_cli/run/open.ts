/**
 * Opening the store that a command means, and finding the configuration that goes with it.
 *
 * @module
 */

import { resolve } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import type { CommandOf } from "../../../lib/render/commands.ts";
import { moreLines } from "../../../lib/render/more.ts";
import { namedAgain, parseStoreName, placeOf } from "../../../lib/store/store_uri.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { variableIn } from "../../_io/process.ts";
import { openStore } from "../../open_store.ts";
import { findUnfinished } from "../../ports/find_unfinished.ts";
import type { SettledChange, Store } from "../../ports/store.ts";
import { chooseBackups } from "../choose/choose_backups.ts";
import { chooseConfig, type ChosenConfig, configBeside, storeOf } from "../choose/choose_config.ts";
import { chooseStore, isRemote, trackedDatabase, trackedStore } from "../choose/choose_store.ts";
import { UsageError } from "../table/usage_error.ts";
import { nextCommand } from "./next_command.ts";
import type { World } from "../world.ts";

/** What tells which store is meant. */
export interface StoreFlags {
  readonly store: string | null;
  /** Absolute path of the store that a saved plan is for. */
  readonly planned?: string;
  /** Whether to go by no configuration, whatever lies there. */
  readonly noConfig: boolean;
  /** Whether to make a store where nothing is. @default {false} */
  readonly create?: boolean;
  readonly quiet: boolean;
}

/** What else tells what the next command has to be told. */
export interface CarriedFlags extends StoreFlags {
  readonly config?: string | null;
  readonly backups?: string | null;
}

/** A store, and how the commands on it are named. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: Store;
  /** Gives what is typed to run a task on the same store, by the same policy. */
  readonly command: CommandOf;
}

/** A store with the configuration that goes with it. */
export interface ConfiguredStore extends OpenedStore {
  /** `null` when there is none. */
  readonly chosen: ChosenConfig | null;
}

/**
 * Opens the store that a command means, and says which it is.
 *
 * @param flags What tells which store is meant.
 * @param world What the task needs of the world.
 * @returns The store.
 */
export async function openChosenStore(flags: StoreFlags, world: World): Promise<OpenedStore> {
  return await open(flags, null, world);
}

/**
 * Opens the store that a command means, with its configuration: that of the flag, else that beside the
 * store, else that of the caller's directory. Says which they are.
 *
 * @param flags What tells which store and which configuration are meant.
 * @param world What the task needs of the world.
 * @returns Both.
 * @throws {UsageError} When nobody can tell what the configuration says.
 */
export async function openConfigured(
  flags: CarriedFlags,
  world: World,
): Promise<ConfiguredStore> {
  const { config = null, noConfig } = flags;
  if (config !== null && noConfig) {
    throw new UsageError("Cannot use --no-config with --config: type one of them");
  }
  const named = config === null ? null : await chooseConfig(config, world.directory);
  const { configured, ...opened } = await open(flags, named, world);
  const chosen = noConfig
    ? null
    : named ?? await configBeside(opened.store.describe().location) ?? configured ??
      await chooseConfig(null, world.directory);
  if (chosen !== null && !flags.quiet) {
    world.say(`Configuration ${chosen.path} (found ${chosen.chosenBy})\n`);
  }
  return { ...opened, chosen };
}

/** What is wrong with the configuration here matters to no store that has one of its own. */
async function configToOpen(
  { store, planned, noConfig }: StoreFlags,
  world: World,
): Promise<ChosenConfig | null> {
  const isKnown = noConfig || store !== null || planned !== undefined;
  return isKnown ? null : await chooseConfig(null, world.directory);
}

async function open(
  flags: CarriedFlags,
  named: ChosenConfig | null,
  world: World,
): Promise<OpenedStore & { readonly configured: ChosenConfig | null }> {
  const { store: flag, planned, noConfig, quiet } = flags;
  const found = named ?? await configToOpen(flags, world);
  const trackingUri = world.environment("MLFLOW_TRACKING_URI");
  const { directory } = world;
  const { location, chosenBy, isImplied = false } = flag === null && planned !== undefined
    ? { location: planned, chosenBy: "by the plan" }
    : await chooseStore({ flag, trackingUri, configured: storeOf(found), directory });
  const isNamed = isRemote(parseStoreName(location));
  const backups = flags.backups ?? null;
  // No configuration lies beside it, so that what it says is known already.
  const configured = isNamed && !noConfig ? found ?? await chooseConfig(null, directory) : found;
  const state = isNamed ? chooseBackups({ flag: backups, chosen: configured, directory }) : null;
  const database = trackedDatabase(trackingUri, directory);
  const artifactsDestination = destinationFrom(world);
  const store = await openStore(location, {
    chosenBy,
    now: world.now,
    create: flags.create === true,
    environment: (name) => variableIn(world.environment, name),
    ...(state === null ? {} : { backups: state }),
    artifactsDestination,
    onCreate: (root) => quiet || world.say(`Made store ${root}: nothing was there\n`),
    ...(database === null ? {} : { databases: [database] }),
  });
  world.note({ store: store.describe().location });
  const command = nextCommand({
    config: flags.config ?? null,
    noConfig,
    trackingUri: store.describe().location,
    backups: backups === null ? null : resolve(directory, backups),
    // A password is not shown to whoever looks at the screen.
    store: isImplied
      ? null
      : isNamed
      ? namedAgain(location, store.describe().location)
      : flag ?? location,
    // What a configuration says that is found without being named is found again.
    ...(named === null ? {} : {
      configured: {
        store: isNamed ? store.describe().location : location,
        backups: chooseBackups({ flag: null, chosen: named, directory }),
      },
    }),
  });
  const opened = {
    store,
    command,
    configured,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  if (quiet) return opened;
  world.say(`Store ${store.describe().location} (chosen ${chosenBy})\n`);
  sayOther(trackedStore(trackingUri, directory), database !== null, store, world);
  await sayInterrupted(store, command, world);
  return opened;
}

/**
 * Opens a store besides the one that a command means.
 *
 * @param named As it was typed.
 * @param flag The flag that names it.
 * @param world What the task needs of the world.
 * @returns The store.
 */
export async function openBesides(named: string, flag: string, world: World): Promise<Store> {
  const { directory, now } = world;
  const { location } = await chooseStore({
    flag: named,
    trackingUri: undefined,
    configured: null,
    directory,
  });
  return await openStore(location, {
    chosenBy: `by ${flag}`,
    flag,
    now,
    artifactsDestination: destinationFrom(world),
    environment: (name) => variableIn(world.environment, name),
  });
}

/** A server takes a relative one from where it is started. */
function destinationFrom(world: World): string | undefined {
  const named = variableIn(world.environment, "MLFLOW_ARTIFACTS_DESTINATION") || undefined;
  return named === undefined || /^[a-z][a-z0-9+.-]*:/i.test(named)
    ? named
    : resolve(world.directory, named);
}

/** What MLflow writes to may be another store than the one that somebody means by a directory. */
function sayOther(
  tracked: string | null,
  isAsked: boolean,
  store: Store,
  world: Pick<World, "say">,
): void {
  if (tracked === null) return;
  const { location } = store.describe();
  if ([tracked, `${tracked}/mlruns`].some((other) => isSame(other, location))) return;
  const use = isAsked
    ? "which is asked at most for what it refers to here"
    : "which is not looked at";
  world.say(`MLFLOW_TRACKING_URI names another store, ${tracked}, ${use}\n`);
}

function isSame(other: string, location: string): boolean {
  if (other === location) return true;
  const [place, opened] = [placeOf(other), placeOf(location)];
  try {
    return place !== null && Deno.realPathSync(place) === opened;
  } catch {
    return false;
  }
}

/** An account that may read a store need not be one that may read what another one changed of it. */
async function sayInterrupted(
  store: Store,
  command: CommandOf,
  world: Pick<World, "say">,
): Promise<void> {
  try {
    const { changes, holder } = await findUnfinished(store);
    for (const id of changes) {
      world.say(
        holder === null
          ? `Change ${id} of this store was cut off; \`${
            command("recover")
          }\` settles it, or says what keeps it from that\n`
          : `Change ${id} of this store is not finished: ${holder} is at work on it\n`,
      );
    }
  } catch (error) {
    if (!(error instanceof StoreAccessError)) throw error;
    world.say(`${error.message}\n`);
  }
}

/** What earlier changes came to, as whoever holds the lock finds it. */
export interface Earlier {
  readonly settled: readonly SettledChange[];
  readonly remains: readonly Remains[];
}

const SAMPLE = 10;

/**
 * Says what had been cut off and was settled, and what earlier changes left that can still not be freed.
 *
 * @param earlier The changes, and what they left.
 * @param world What the task needs of the world.
 */
export function sayEarlier(
  { settled, remains }: Earlier,
  world: Pick<World, "say" | "note">,
): void {
  world.note({ settled, remains });
  for (const { id, task, outcome, collisions } of settled) {
    const isWhole = collisions.length === 0;
    const back = isWhole ? "all of it was taken back" : "it was taken back";
    const result = outcome === "completed" ? "it is complete now" : back;
    const what = task === "restore" ? `The undoing of change ${id}` : `Change ${id}`;
    const left = task === "run" ? "the server refuses" : `backup ${id} still keeps`;
    const rest = isWhole ? "" : `, but for what ${left}:`;
    world.say(`${what} had been cut off: ${result}${rest}\n`);
    for (const collision of collisions.slice(0, SAMPLE)) world.say(`  ${collision}\n`);
    for (const line of moreLines(collisions.length - SAMPLE, "--json")) world.say(`  ${line}\n`);
  }
  for (const { path, message, isUnsent = false } of remains) {
    if (isUnsent) {
      world.say(
        `What a training logged waits in ${path}: ${message}; the next task that changes the store tries again, and so does the next training\n`,
      );
      continue;
    }
    world.say(
      `An earlier change could not free ${path}: ${message}; mend that, and the next task that changes the store frees it\n`,
    );
  }
}
