import { dirname, resolve } from "@std/path";
import type { ChosenConfig } from "./choose_config.ts";

/** What the choice depends on. */
export interface BackupsChoice {
  /** The flag `--backups`; `null` when it was not given. */
  readonly flag: string | null;
  /** The configuration; `null` when there is none. */
  readonly chosen: ChosenConfig | null;
  /** The directory in which the user typed the command. */
  readonly directory: string;
}

/**
 * Chooses where backups lie: where the flag says, else where the configuration says, seen from its own
 * directory, else in the store.
 *
 * @param choice What the choice depends on.
 * @returns An absolute path; `null` for our own directory inside the store.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const choice = { flag: "copies", chosen: null, directory: "/home/kim" };
 * assertEquals(chooseBackups(choice), "/home/kim/copies");
 * ```
 */
export function chooseBackups({ flag, chosen, directory }: BackupsChoice): string | null {
  const configured = chosen?.config.backups.directory ?? null;
  if (flag !== null) return resolve(directory, flag);
  return chosen === null || configured === null ? null : resolve(dirname(chosen.path), configured);
}
