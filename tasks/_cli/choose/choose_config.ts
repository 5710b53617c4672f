import { dirname, join, resolve } from "@std/path";
import { CONFIG_FILE } from "../../../lib/policy/config_file.ts";
import type { Config } from "../../../lib/policy/config_rows.ts";
import { placeOf } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { failureText, MOST, readTextFile } from "../../_io/read.ts";
import { UsageError } from "../table/usage_error.ts";
import { absolute } from "./choose_store.ts";

/** A configuration that was found. */
export interface ChosenConfig {
  readonly config: Config;
  /** Absolute path. */
  readonly path: string;
  /** For people. */
  readonly chosenBy: string;
}

/**
 * Finds the configuration before the store is known: the one that a flag names, else that of the
 * caller's directory. Needs read permission for it.
 *
 * @param flag What `--config` says; `null` when it was not given.
 * @param directory The directory in which the user typed the command.
 * @returns The configuration; `null` when there is none.
 * @throws {UsageError} When the flag names no file, or nobody can tell what the file says.
 * @throws {ConfigError} When the file makes no sense.
 */
export async function chooseConfig(
  flag: string | null,
  directory: string,
): Promise<ChosenConfig | null> {
  if (flag === null) return await readIfThere(join(directory, CONFIG_FILE), "in this directory");
  const path = resolve(directory, flag);
  const found = await readIfThere(path, NAMED);
  if (found === null) {
    throw new UsageError(
      `Cannot read configuration ${flag}: no such file; name one that is there, or leave --config out`,
    );
  }
  return found;
}

/**
 * Finds the configuration beside a store. Needs read permission for it.
 *
 * @param location The store's location.
 * @returns The configuration; `null` when there is none.
 * @throws {UsageError} When nobody can tell what the file says.
 * @throws {ConfigError} When the file makes no sense.
 */
export async function configBeside(location: string): Promise<ChosenConfig | null> {
  const place = placeOf(location);
  return place === null
    ? null
    : await readIfThere(join(dirname(place), CONFIG_FILE), "beside the store");
}

/**
 * Tells where the store of a configuration is.
 *
 * @param chosen The configuration; `null` when there is none.
 * @returns An absolute path, or a URI; `null` when the configuration names none.
 */
export function storeOf(chosen: ChosenConfig | null): string | null {
  const store = chosen?.config.store ?? null;
  return chosen === null || store === null ? null : absolute(store, dirname(chosen.path));
}

/** How the configuration was found that the user has named. */
const NAMED = "by --config";

/** A policy that nobody can read may keep what a plan without it would take. */
async function readIfThere(path: string, chosenBy: string): Promise<ChosenConfig | null> {
  let text: string;
  try {
    text = readTextFile(path, { most: MOST.config });
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    if (isMissing && !isLink(path)) {
      if (chosenBy !== NAMED) refuseMisnamed(path);
      return null;
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new UsageError(
        `Cannot look for configuration ${path}: this process may not read it; grant ${
          shellWords([`--allow-read=${path}`])
        }, or go without a configuration with --no-config`,
      );
    }
    const instead = chosenBy === NAMED
      ? "mend that, or name another file"
      : "mend that, or go without a configuration with --no-config";
    const why = isMissing ? "it is a link to nothing" : failureText(error);
    throw new UsageError(`Cannot read configuration ${path}: ${why}; ${instead}`);
  }
  // Loaded when it is needed, as it would cost every task without a configuration time at its start.
  const { readConfig } = await import("../../../lib/policy/config.ts");
  return { config: readConfig(text, path), path, chosenBy };
}

/** Whoever ends the name as others end theirs believes to be protected by what the file says. */
function refuseMisnamed(path: string): void {
  const misnamed = path.replace(/\.yaml$/, ".yml");
  if (infoOf(misnamed) === null) return;
  throw new UsageError(
    `Cannot go by configuration ${misnamed}: expected ${CONFIG_FILE} as its name; type \`${
      shellWords(["mv", misnamed, path])
    }\`, or go without a configuration with --no-config`,
  );
}

function isLink(path: string): boolean {
  return infoOf(path)?.isSymlink ?? false;
}

/** Of what this process may not look for, as of nothing. */
function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}
