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

/**
 * Chooses where goes what a change takes out of the store: a store that keeps that beside itself takes what
 * the configuration says for copies alone. A flag that it cannot follow is for the store to refuse.
 *
 * @param choice What the choice depends on.
 * @param store Whether changes of the store may be kept elsewhere; left out where that is not known.
 * @returns An absolute path; `null` for where the store keeps it.
 */
export function choosePlaceOfChanges(
  choice: BackupsChoice,
  store: { readonly elsewhere: boolean } | null | undefined,
): string | null {
  const isForCopies = choice.flag === null && !store?.elsewhere;
  return isForCopies ? null : chooseBackups(choice);
}
