/**
 * Opening the store that a command means, and finding the configuration that goes with it.
 *
 * @module
 */

import { StoreAccessError } from "../../../lib/errors.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { openStore } from "../../open_store.ts";
import type { SettledChange, Store } from "../../ports/store.ts";
import { chooseConfig, type ChosenConfig, configBeside, storeOf } from "../choose/choose_config.ts";
import { chooseStore } from "../choose/choose_store.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";

/** What tells which store is meant. */
export interface StoreFlags {
  readonly store: string | null;
  /** Absolute path of the store that a saved plan is for. */
  readonly planned?: string;
  /** Whether to go by no configuration, whatever lies there. */
  readonly noConfig: boolean;
  readonly quiet: boolean;
}

/** A store with the configuration that goes with it. */
export interface ConfiguredStore extends AsyncDisposable {
  readonly store: Store;
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
export async function openChosenStore(flags: StoreFlags, world: World): Promise<Store> {
  return await open(flags, await configToOpen(flags, world), world);
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
  flags: StoreFlags & { readonly config?: string | null },
  world: World,
): Promise<ConfiguredStore> {
  const { config = null, noConfig } = flags;
  if (config !== null && noConfig) {
    throw new UsageError("Cannot use --no-config with --config: type one of them");
  }
  const named = config === null ? null : await chooseConfig(config, world.directory);
  const toOpen = named ?? await configToOpen(flags, world);
  const store = await open(flags, toOpen, world);
  const chosen = noConfig
    ? null
    : named ?? await configBeside(store.describe().location) ?? toOpen ??
      await chooseConfig(null, world.directory);
  if (chosen !== null && !flags.quiet) {
    world.say(`Configuration ${chosen.path} (found ${chosen.chosenBy})\n`);
  }
  return { store, chosen, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
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
  { store: flag, planned, quiet }: StoreFlags,
  config: ChosenConfig | null,
  world: World,
): Promise<Store> {
  const trackingUri = world.environment("MLFLOW_TRACKING_URI");
  const { directory } = world;
  const configured = storeOf(config);
  const { location, chosenBy } = flag === null && planned !== undefined
    ? { location: planned, chosenBy: "by the plan" }
    : chooseStore({ flag, trackingUri, configured, directory });
  const store = await openStore(location, { chosenBy, now: world.now });
  if (quiet) return store;
  world.say(`Store ${store.describe().location} (chosen ${chosenBy})\n`);
  await sayInterrupted(store, flag, world);
  return store;
}

/** An account that may read a store need not be one that may read what another one changed of it. */
async function sayInterrupted(
  store: Store,
  flag: string | null,
  world: Pick<World, "say">,
): Promise<void> {
  try {
    for (const id of await store.changes?.interrupted() ?? []) {
      world.say(
        `Change ${id} of this store was cut off; deno task recover${storeFlag(flag)} settles it\n`,
      );
    }
  } catch (error) {
    if (!(error instanceof StoreAccessError)) throw error;
    world.say(`${error.message}\n`);
  }
}

/**
 * Gives the flag that names a store, to be put behind a command.
 *
 * @param location What `--store` said; `null` when it was not given.
 * @returns The flag with a space before it, or nothing.
 */
export function storeFlag(location: string | null): string {
  return location === null ? "" : ` ${shellWords(["--store", location])}`;
}

/**
 * Says what earlier changes left that can still not be freed.
 *
 * @param remains What they left.
 * @param world What the task needs of the world.
 */
export function sayRemains(remains: readonly Remains[], world: Pick<World, "say">): void {
  for (const { path, message } of remains) {
    world.say(
      `An earlier change could not free ${path}: ${message}; mend that, and the next task that changes the store frees it\n`,
    );
  }
}

/**
 * Says what had been cut off and was settled.
 *
 * @param settled The changes.
 * @param world What the task needs of the world.
 */
export function saySettled(
  settled: readonly SettledChange[],
  world: Pick<World, "say">,
): void {
  for (const { id, outcome, collisions } of settled) {
    const result = outcome === "completed" ? "it is complete now" : "all of it was taken back";
    world.say(`Change ${id} had been cut off: ${result}\n`);
    for (const collision of collisions) world.say(`  but ${collision}\n`);
  }
}
