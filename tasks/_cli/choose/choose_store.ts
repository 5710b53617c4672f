import { resolve } from "@std/path";
import { percentDecoded } from "../../../lib/store/artifact_uri.ts";

/** Which store to open, and why that one. */
export interface ChosenStore {
  /** A directory, absolute, or a URI. */
  readonly location: string;
  /** For people. */
  readonly chosenBy: string;
  /** Whether the same is chosen again in the same directory, whatever the environment says. @default {false} */
  readonly isImplied?: boolean;
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
 *     isImplied: true,
 *   },
 * );
 * ```
 */
export function chooseStore(
  { flag, trackingUri = "", configured = null, directory }: StoreChoice,
): ChosenStore {
  if (flag !== null) return { location: absolute(flag, directory), chosenBy: "by --store" };
  const tracked = trackedPath(trackingUri, directory);
  if (tracked !== null) {
    return { location: absolute(tracked, directory), chosenBy: "by MLFLOW_TRACKING_URI" };
  }
  if (configured !== null) {
    return { location: configured, chosenBy: "by mltidy.yaml", isImplied: true };
  }
  return {
    location: resolve(directory, "mlruns"),
    chosenBy: trackingUri === ""
      ? "by default"
      : "by default, since MLFLOW_TRACKING_URI names no file store",
    isImplied: true,
  };
}

/** What MLflow takes the variable for (2.22 and 3.17): a path is decoded like a URI, and its scheme is in small letters. */
function trackedPath(uri: string, directory: string): string | null {
  if (uri === "" || /^(databricks|uc)$/.test(uri)) return null;
  if (uri.startsWith("file:")) return uri;
  if (/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(uri)) return null;
  return resolve(directory, percentDecoded(uri));
}

function absolute(location: string, directory: string): string {
  const relativeUri = /^file:(?!\/)(.*)$/i.exec(location);
  if (relativeUri) return resolve(directory, relativeUri[1] ?? "");
  return /^[a-z][a-z0-9+.-]+:/i.test(location) ? location : resolve(directory, location);
}
