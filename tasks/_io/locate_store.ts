/**
 * From what a user names to the root of a file store, or a clear refusal.
 *
 * @module
 */

import { fromFileUrl, join, resolve } from "@std/path";
import { StoreAccessError, StoreNotFoundError, UnsupportedStoreError } from "../../lib/errors.ts";
import { infoOf } from "./own_directory.ts";
import { failureText, listDirectory } from "./read.ts";
import { OWN_DIRECTORY } from "./scan.ts";

/**
 * Finds the root of a file store. Needs read permission.
 *
 * A directory is a store when it has `.trash/` (MLflow makes it whenever it opens a store), our own
 * directory, or a `meta.yaml` in a child or grandchild. With a database as its backend MLflow keeps
 * only artifacts in `mlruns/`: such a directory is refused.
 *
 * @param location A directory or a `file:` URI.
 * @returns The absolute real path of the root.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read.
 * @throws {UnsupportedStoreError} When it is no file store.
 */
export function locateStore(location: string): string {
  const path = pathOf(location);
  let root: string;
  try {
    root = Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw unreadable(path, error);
    throw new StoreNotFoundError(
      `Cannot open store ${path}: no such directory; name the store with --store DIR`,
      path,
    );
  }
  if (!Deno.statSync(root).isDirectory) {
    throw new UnsupportedStoreError(
      `Cannot open store ${root}: expected a directory such as mlruns/, found a file; name the store with --store DIR`,
      root,
    );
  }
  if (isStore(root)) return root;
  const inside = join(root, "mlruns");
  if (infoOf(inside)?.isDirectory && isStore(inside)) return Deno.realPathSync(inside);
  throw new UnsupportedStoreError(`Cannot open store ${root}: ${whatItIs(root)}`, root);
}

function pathOf(location: string): string {
  if (/^file:/i.test(location)) {
    try {
      return fromFileUrl(location);
    } catch (error) {
      throw new UnsupportedStoreError(
        `Cannot open store ${location}: expected a file URI of this machine, such as file:///data/mlruns`,
        location,
        { cause: error },
      );
    }
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(location)) {
    throw new UnsupportedStoreError(
      `Cannot open store ${location}: expected a file store (a directory), found a ${
        location.slice(0, location.indexOf(":"))
      } URI; tracking servers and databases are not supported`,
      location,
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

function children(directory: string): readonly string[] {
  const listed = listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries
    .filter((entry) => entry.isDirectory || entry.isSymlink)
    .map((entry) => join(directory, entry.name));
}

function isStore(root: string): boolean {
  const listed = listDirectory(root);
  if (listed.kind === "failed") throw unreadable(root, new Error(listed.message));
  if (listed.entries.some(({ name }) => name === ".trash" || name === OWN_DIRECTORY)) return true;
  const inner = children(root);
  return inner.some(hasMeta) || inner.some((child) => children(child).some(hasMeta));
}

function hasMeta(directory: string): boolean {
  return infoOf(join(directory, "meta.yaml")) !== null;
}

function whatItIs(root: string): string {
  const listed = listDirectory(root);
  if (listed.kind === "listed" && listed.entries.length === 0) {
    return "the directory is empty; name the store with --store DIR";
  }
  const holdsArtifacts = children(root).some((experiment) =>
    children(experiment).some((inner) =>
      infoOf(join(inner, "artifacts")) !== null || inner.endsWith("/models")
    )
  );
  return holdsArtifacts
    ? "it holds artifacts only, no meta.yaml: MLflow keeps the runs of this store in a database (such as mlflow.db), which is not supported"
    : "it is no MLflow file store: no experiment has a meta.yaml; name the store with --store DIR";
}
