import { join, resolve } from "@std/path";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { percentDecoded } from "../../../lib/store/artifact_uri.ts";
import { parseStoreName, sqliteUri, type StoreName } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { infoOf } from "../../_io/read.ts";

/** Which store to open, and why that one. */
export interface ChosenStore {
  /** A path, absolute, or a URI, which may say by whose name a database is opened. */
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
  /** What a configuration names, absolute or a URI; `null` when none does. @default {null} */
  readonly configured?: string | null;
  /** The directory in which the user typed the command. */
  readonly directory: string;
}

/**
 * Chooses the store: the flag, else `MLFLOW_TRACKING_URI`, else what a configuration names, else what MLflow
 * takes where nobody names one: `./mlruns` if it holds an experiment, else `./mlflow.db`. Needs read permission
 * for these two.
 *
 * @param choice What the choice depends on.
 * @returns The store, and why that one.
 * @throws {UnsupportedStoreError} When without a flag the variable names what cannot be opened, such as a database
 * of MySQL: whoever works there means nothing that happens to lie here.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   await chooseStore({ flag: null, trackingUri: "file:///data/mlruns", directory: "/home/kim" }),
 *   { location: "file:///data/mlruns", chosenBy: "by MLFLOW_TRACKING_URI" },
 * );
 * ```
 */
export async function chooseStore(
  { flag, trackingUri = "", configured = null, directory }: StoreChoice,
): Promise<ChosenStore> {
  if (flag !== null) return { location: absolute(flag, directory), chosenBy: "by --store" };
  if (trackingUri !== "") {
    const name = trackedName(trackingUri);
    if (name.kind === "unsupported") throw unsupported(name, configured, directory);
    // As whom MLflow reaches it is in its URI.
    const location = isRemote(name) ? trackingUri : locationOf(name, directory);
    return { location, chosenBy: "by MLFLOW_TRACKING_URI" };
  }
  return configured === null
    ? await defaultStore(directory)
    : { location: configured, chosenBy: "by mltidy.yaml", isImplied: true };
}

function unsupported(
  { shown, what }: Extract<StoreName, { kind: "unsupported" }>,
  configured: string | null,
  directory: string,
): UnsupportedStoreError {
  const here = shellWords(["--store", configured ?? resolve(directory, "mlruns")]);
  return new UnsupportedStoreError(
    `Cannot open store ${shown}, which MLFLOW_TRACKING_URI names: it is ${what}; to look at a directory all the same, name it, such as ${here}`,
    shown,
  );
}

/** What MLflow 3.7 and newer take where nobody names a store; where neither is there, what older ones take. */
async function defaultStore(directory: string): Promise<ChosenStore> {
  const [files, database] = [resolve(directory, "mlruns"), resolve(directory, "mlflow.db")];
  const chosen = { location: files, chosenBy: "by default", isImplied: true };
  if (!isFileThere(database)) return chosen;
  return await holdsExperiment(files)
    ? { ...chosen, chosenBy: "by default, before ./mlflow.db: it holds an experiment" }
    : {
      ...chosen,
      location: sqliteUri(database),
      chosenBy: "by default: ./mlruns holds no experiment",
    };
}

/** Where this process may not look, nothing is. */
function isFileThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** As MLflow asks. */
async function holdsExperiment(root: string): Promise<boolean> {
  const listed = await listDirectory(root);
  return listed.kind === "listed" &&
    listed.entries.some(({ name, isFile }) =>
      !isFile && /^\d+$/.test(name) && infoOf(join(root, name, "meta.yaml")) !== null
    );
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
  const name = trackedName(trackingUri);
  if (name.kind === "unsupported") return name.shown;
  const location = locationOf(name, directory);
  const path = /^file:\/\/[^/]*(\/[^?#]*)/.exec(location)?.[1];
  return path === undefined ? location : percentDecoded(path);
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
  const name = parseStoreName(trackingUri ?? "");
  return name.kind === "sqlite" ? resolve(directory, name.path) : null;
}

/** What MLflow takes the variable for (2.22 and 3.17): a path is decoded like a URI, and its scheme is in small letters. */
function trackedName(uri: string): StoreName {
  const name = parseStoreName(uri);
  return name.kind !== "path" || uri.startsWith("file:")
    ? name
    : { kind: "path", path: `./${percentDecoded(uri)}`.replace(/^\.\/(?=\/)/, "") };
}

function locationOf(
  name: Exclude<StoreName, { kind: "unsupported" }>,
  directory: string,
): string {
  switch (name.kind) {
    case "postgresql":
    case "server":
      return name.location;
    case "sqlite":
      return sqliteUri(resolve(directory, name.path));
    case "path":
      return absolute(name.path, directory);
  }
}

/**
 * Tells whether a store is reached over a network, by somebody's name.
 *
 * @param name The store.
 * @returns Whether its URI may hold credentials.
 */
export function isRemote({ kind }: StoreName): boolean {
  return kind === "postgresql" || kind === "server";
}

/**
 * Makes what somebody named absolute.
 *
 * @param location A path or a URI, as it was typed.
 * @param directory What relative ones are relative to.
 * @returns An absolute path, or a URI; one that cannot be opened as it was typed.
 */
export function absolute(location: string, directory: string): string {
  const name = parseStoreName(location);
  if (name.kind === "sqlite") return locationOf(name, directory);
  const relativeUri = /^file:(?!\/)(.*)$/i.exec(location);
  if (relativeUri) return resolve(directory, relativeUri[1] ?? "");
  return name.kind !== "path" || /^file:/i.test(location) ? location : resolve(directory, location);
}
