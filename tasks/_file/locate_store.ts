/**
 * From what a user names to the root of a file store, or a clear refusal.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import { StoreAccessError, StoreNotFoundError, UnsupportedStoreError } from "../../lib/errors.ts";
import { looksLikeExperimentId, OWN_DIRECTORY } from "../../lib/store/names.ts";
import { sqliteUri } from "../../lib/store/store_uri.ts";
import { withoutCredentials } from "../../lib/text/credentials.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { fileUriPath } from "../_io/file_uri.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { failureText, infoOf, readText } from "../_io/read.ts";
import { looksLikeStore, recordIn } from "./scan/scan_remains.ts";

/**
 * Finds the root of a file store. Needs read permission.
 *
 * A directory is a store when it has `.trash/` (MLflow makes it whenever it opens a store), our own
 * directory, an experiment's `meta.yaml` in a child, or a run's or registered model's in a grandchild;
 * a directory that has a store as `mlruns`, and no record of MLflow's besides, stands for it. With a database as its backend MLflow keeps
 * only artifacts in `mlruns/`: such a directory is refused, and so is a part of a store.
 *
 * @param location A directory or a `file:` URI.
 * @param flag The flag that names another one, for messages. @default {"--store"}
 * @returns The absolute real path of the root.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read.
 * @throws {UnsupportedStoreError} When it is no file store.
 */
export async function locateStore(location: string, flag = "--store"): Promise<string> {
  const path = storePath(location, flag);
  let root: string;
  try {
    root = Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw unreadable(path, error);
    const found = infoOf(path)?.isSymlink ? "it is a link to nothing" : "no such directory";
    throw new StoreNotFoundError(
      `Cannot open store ${path}: ${found}; name the store with ${flag} DIR`,
      path,
    );
  }
  if (!Deno.statSync(root).isDirectory) {
    throw new UnsupportedStoreError(
      `Cannot open store ${root}: expected a directory such as mlruns/, found a file; name the store with ${flag} DIR`,
      root,
    );
  }
  const around = await storeAround(root);
  if (around !== null) {
    throw new UnsupportedStoreError(
      `Cannot open store ${root}: it is a part of store ${around}; name that with ${
        shellWords([flag, around])
      }`,
      root,
    );
  }
  const inside = join(root, "mlruns");
  const isAround = infoOf(inside)?.isDirectory && await isStore(inside);
  // MLflow makes .trash/ wherever it is once started on a directory.
  const isItself = isAround && infoOf(join(root, OWN_DIRECTORY)) === null
    ? await holdsRecords(root)
    : await isStore(root);
  if (isItself) return root;
  if (isAround) return Deno.realPathSync(inside);
  throw new UnsupportedStoreError(`Cannot open store ${root}: ${await whatItIs(root, flag)}`, root);
}

/**
 * Names the place that a user means. Touches nothing.
 *
 * @param location A directory or a `file:` URI.
 * @param flag The flag that names another one, for messages. @default {"--store"}
 * @returns An absolute path.
 * @throws {StoreNotFoundError} When it names none.
 * @throws {UnsupportedStoreError} When it is a URI of something else.
 */
export function storePath(location: string, flag = "--store"): string {
  if (/^(file:)?$/i.test(location)) {
    throw new StoreNotFoundError(
      "Cannot open a store without a name: expected a directory such as mlruns, or a file URI",
      location,
    );
  }
  if (/^file:/i.test(location)) {
    try {
      const { hostname } = new URL(location);
      if (hostname !== "" && Deno.build.os !== "windows") throw new TypeError(`host ${hostname}`);
      return fileUriPath(location);
    } catch (error) {
      const named = withoutCredentials(location);
      throw new UnsupportedStoreError(
        `Cannot open store ${named}: expected a file URI of this machine, such as file:///data/mlruns`,
        named,
        { cause: error },
      );
    }
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(location)) {
    const named = withoutCredentials(location);
    throw new UnsupportedStoreError(
      `Cannot open store ${named}: expected a file store (a directory), found a ${
        named.slice(0, named.indexOf(":"))
      } URI; name a directory with ${flag} DIR`,
      named,
    );
  }
  return resolve(location);
}

function unreadable(path: string, cause: unknown): StoreAccessError {
  return new StoreAccessError(
    `Cannot read store ${path}: ${failureText(cause)}; check the permissions of that directory`,
    path,
    { cause },
  );
}

async function children(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries
    .filter((entry) => entry.isDirectory || entry.isSymlink)
    .map((entry) => join(directory, entry.name));
}

async function isStore(root: string): Promise<boolean> {
  const listed = await listDirectory(root);
  if (listed.kind === "failed") throw unreadable(root, new Error(listed.message));
  if (listed.entries.some(({ name }) => name === ".trash" || name === OWN_DIRECTORY)) return true;
  return await holdsRecords(root);
}

async function holdsRecords(root: string): Promise<boolean> {
  const inside = await children(root);
  if (inside.some(isExperiment)) return true;
  // One that records another name may be anywhere.
  for (const child of inside.filter((each) => recordIn(each) === null)) {
    const held = await children(child);
    if (
      held.some((inner) => recordIn(inner) === "run" || metaHas(inner, /^creation_timestamp:/m))
    ) {
      return true;
    }
  }
  return false;
}

/** To MLflow, and to a clean-up, the runs of an experiment would be experiments that are broken. */
async function storeAround(directory: string): Promise<string | null> {
  const [parent, name] = [dirname(directory), basename(directory)];
  if (name === ".trash" || name === OWN_DIRECTORY) return parent;
  const record = recordIn(directory);
  if (record === "run") return await storeAround(parent) ?? dirname(parent);
  const hasId = looksLikeExperimentId(name);
  // A record that lies in a store makes no store of what holds that one.
  if (!(hasId && record !== null) && await looksLikeStore(directory)) return null;
  const isPart = hasId || name === "models" || recordsItself(directory);
  if (!isPart || record === null && !await isStore(parent)) return null;
  return await storeAround(parent) ?? parent;
}

function isExperiment(directory: string): boolean {
  const record = recordIn(directory);
  if (record === "run") return false;
  const hasMeta = infoOf(join(directory, "meta.yaml")) !== null;
  const hasId = looksLikeExperimentId(basename(directory));
  return hasMeta && (hasId || record !== null && recordsItself(directory));
}

/** Whether the record of an experiment names the directory in which it lies. */
function recordsItself(directory: string): boolean {
  const meta = readText(join(directory, "meta.yaml"));
  const [, id] = meta.kind === "text" ? /^experiment_id:\s*(.*?)\s*$/m.exec(meta.text) ?? [] : [];
  return id?.replace(/^(['"])(.*)\1$/, "$2") === basename(directory);
}

function metaHas(directory: string, key: RegExp): boolean {
  const meta = readText(join(directory, "meta.yaml"));
  return meta.kind === "text" && key.test(meta.text);
}

async function whatItIs(root: string, flag: string): Promise<string> {
  const listed = await listDirectory(root);
  if (listed.kind === "listed" && listed.entries.length === 0) {
    return `the directory is empty; name the store with ${flag} DIR`;
  }
  if (recordIn(root) === "experiment") {
    return `it is an experiment's directory, and no store is around it; name with ${flag} DIR the directory that holds experiments`;
  }
  let holdsArtifacts = false;
  for (const experiment of await children(root)) {
    holdsArtifacts ||= (await children(experiment)).some((inner) =>
      infoOf(join(inner, "artifacts")) !== null || inner.endsWith("/models")
    );
  }
  const found = [root, dirname(root)].map((place) => join(place, "mlflow.db"))
    .find((path) => infoOf(path)?.isFile);
  const database = shellWords([flag, sqliteUri(found ?? "mlflow.db")]);
  if (holdsArtifacts) {
    return `it holds artifacts only, no meta.yaml: MLflow keeps the runs of this store in a database; name that, ${
      found === undefined ? "such as" : "with"
    } ${database}`;
  }
  const other = found === undefined
    ? `${flag} DIR`
    : `${flag} DIR, or the database with ${database}`;
  return `it is no MLflow file store: no experiment has a meta.yaml; name the store with ${other}`;
}
