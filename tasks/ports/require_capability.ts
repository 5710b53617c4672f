import { UnsupportedStoreError } from "../../lib/errors.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import type { Store } from "./store.ts";

/** What some kinds of store can do, and others cannot. */
export type Capability =
  | "changes"
  | "mending"
  | "moving"
  | "merging"
  | "backups"
  | "pinning"
  | "tracking";

/** What is not to be had of a store without it. */
const LACKS: Readonly<Record<Capability, string>> = {
  changes: "change",
  mending: "repair",
  moving: "move runs of",
  merging: "merge another store into",
  backups: "back up or restore",
  pinning: "pin runs of",
  tracking: "train into",
};

/** What helps all the same. */
const INSTEAD: Readonly<Record<Capability, (location: string) => string>> = {
  changes: () => "change it with MLflow itself",
  mending: (location) =>
    `\`${shellWords(["deno", "task", "verify", "--store", location])}\` tells what helps instead`,
  moving: () => "name the store behind the server, where that is a directory or a database",
  merging: () => "only a directory is merged into another one, and a database of SQLite likewise",
  pinning: () => "set the tag mltidy.pin in MLflow itself",
  backups: () => "copy it with the tools of its own kind",
  tracking: () => "log to it with MLflow itself",
};

/**
 * Takes a capability of a store.
 *
 * @param store The store.
 * @param capability Which.
 * @param instead What helps without it. @default {what helps whoever needs it}
 * @returns The capability.
 * @throws {UnsupportedStoreError} When this kind of store has none.
 */
export function requireCapability<C extends Capability, S extends Store>(
  store: S,
  capability: C,
  instead: (location: string) => string = INSTEAD[capability],
): NonNullable<S[C]> {
  const found = store[capability];
  if (found !== null) return found as NonNullable<S[C]>;
  const { location } = store.describe();
  throw new UnsupportedStoreError(
    `Cannot ${
      LACKS[capability]
    } store ${location}: this version of mltidy cannot do that with this kind of store; ${
      instead(location)
    }`,
    location,
  );
}
