import { resolve } from "@std/path";

/** Which store to open, and why that one. */
export interface ChosenStore {
  /** A directory, absolute, or a URI. */
  readonly location: string;
  /** For people. */
  readonly chosenBy: string;
}

/** What the choice depends on. */
export interface StoreChoice {
  /** The flag `--store`; `null` when it was not given. */
  readonly flag: string | null;
  /** `MLFLOW_TRACKING_URI`. */
  readonly trackingUri: string | undefined;
  /** What a configuration names, absolute; `null` when none does. @default {null} */
  readonly configured?: string | null;
  /** The directory in which the user typed the command. */
  readonly directory: string;
}

/**
 * Chooses the store: the flag, else `MLFLOW_TRACKING_URI` if it names a file store,
 * else what a configuration names, else `./mlruns`.
 *
 * @param choice What the choice depends on.
 * @returns The store, and why that one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   chooseStore({ flag: null, trackingUri: "http://localhost:5000", directory: "/home/kim" }),
 *   {
 *     location: "/home/kim/mlruns",
 *     chosenBy: "by default, since MLFLOW_TRACKING_URI names no file store",
 *   },
 * );
 * ```
 */
export function chooseStore(
  { flag, trackingUri = "", configured = null, directory }: StoreChoice,
): ChosenStore {
  if (flag !== null) return { location: absolute(flag, directory), chosenBy: "by --store" };
  const isFileStore = trackingUri !== "" && !/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(trackingUri);
  if (isFileStore) {
    return { location: absolute(trackingUri, directory), chosenBy: "by MLFLOW_TRACKING_URI" };
  }
  if (configured !== null) return { location: configured, chosenBy: "by mltidy.yaml" };
  return {
    location: resolve(directory, "mlruns"),
    chosenBy: trackingUri === ""
      ? "by default"
      : "by default, since MLFLOW_TRACKING_URI names no file store",
  };
}

function absolute(location: string, directory: string): string {
  const relativeUri = /^file:(?!\/)(.*)$/i.exec(location);
  if (relativeUri) return resolve(directory, relativeUri[1] ?? "");
  return /^[a-z][a-z0-9+.-]+:/i.test(location) ? location : resolve(directory, location);
}
