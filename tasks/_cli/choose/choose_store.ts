import { resolve } from "@std/path";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { percentDecoded, withoutCredentials } from "../../../lib/store/artifact_uri.ts";

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
 * Chooses the store: the flag, else `MLFLOW_TRACKING_URI`, else what a configuration names, else
 * `./mlruns`.
 *
 * @param choice What the choice depends on.
 * @returns The store, and why that one.
 * @throws {UnsupportedStoreError} When without a flag the variable names a server or a database: whoever
 * works there means no directory that happens to lie here.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   chooseStore({ flag: null, trackingUri: "file:///data/mlruns", directory: "/home/kim" }),
 *   { location: "file:///data/mlruns", chosenBy: "by MLFLOW_TRACKING_URI" },
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
  const here = configured ?? resolve(directory, "mlruns");
  if (trackingUri !== "") {
    const named = withoutCredentials(trackingUri);
    throw new UnsupportedStoreError(
      `Cannot open store ${named}, which MLFLOW_TRACKING_URI names: expected a file store (a directory), and tracking servers and databases are not supported; to look at a directory all the same, name it, such as ${
        shellWords(["--store", here])
      }`,
      named,
    );
  }
  const chosenBy = configured === null ? "by default" : "by mltidy.yaml";
  return { location: here, chosenBy, isImplied: true };
}

/**
 * Tells what `MLFLOW_TRACKING_URI` names besides the store that was opened.
 *
 * @param trackingUri `MLFLOW_TRACKING_URI`.
 * @param directory The directory in which the user typed the command.
 * @returns The directory, or the URI without credentials; `null` when it names nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(trackedStore("http://kim:secret@host:5000", "/home/kim"), "http://host:5000");
 * assertEquals(trackedStore("./mlruns", "/home/kim"), "/home/kim/mlruns");
 * ```
 */
export function trackedStore(trackingUri: string | undefined, directory: string): string | null {
  if (trackingUri === undefined || trackingUri === "") return null;
  const tracked = trackedPath(trackingUri, directory);
  if (tracked === null) return withoutCredentials(trackingUri);
  const path = /^file:\/\/[^/]*(\/[^?#]*)/.exec(tracked)?.[1];
  return path === undefined ? absolute(tracked, directory) : percentDecoded(path);
}

/**
 * Names the database of SQLite that `MLFLOW_TRACKING_URI` names.
 *
 * @param trackingUri `MLFLOW_TRACKING_URI`.
 * @param directory The directory in which the user typed the command.
 * @returns An absolute path; `null` when it names no file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(trackedDatabase("sqlite:///mlflow.db", "/home/kim"), "/home/kim/mlflow.db");
 * assertEquals(trackedDatabase("sqlite:////data/mlflow.db", "/home/kim"), "/data/mlflow.db");
 * assertEquals(trackedDatabase("postgresql://host/mlflow", "/home/kim"), null);
 * ```
 */
export function trackedDatabase(trackingUri: string | undefined, directory: string): string | null {
  const [, path = ""] = /^sqlite(?:\+\w+)?:\/\/\/([^?]*)/.exec(trackingUri ?? "") ?? [];
  return path === "" || path === ":memory:" ? null : resolve(directory, path);
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
