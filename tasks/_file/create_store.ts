/**
 * Making an empty store.
 *
 * *After an interruption*: the next call makes what is missing.
 *
 * @module
 */

import { StoreAccessError } from "../../lib/errors.ts";
import { DEFAULT_EXPERIMENT, DEFAULT_NAME, OWN_DIRECTORY } from "../../lib/store/names.ts";
import { isDiskFull, noRoomError } from "../_io/disk_full.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { failureText, infoOf } from "../_io/read.ts";
import { storePath } from "./locate_store.ts";
import { makeDirectories, makeWay } from "./own/make_new.ts";
import { openWriting } from "./own/place.ts";
import { createExperiment } from "./tracking/setup_experiment.ts";

/**
 * Makes a store where nothing is, as MLflow does: with the experiment `Default`, whose id is 0. Where
 * something is, be it a link to nothing, it does nothing. Needs read and write permission.
 *
 * @param location A directory or a `file:` URI.
 * @param now Epoch ms.
 * @returns The root that was made; `null` where something is.
 * @throws {StoreNotFoundError} When it names no place.
 * @throws {StoreAccessError} When nothing can be made there.
 * @throws {DiskFullError} When its disk has no room for it.
 * @throws {UnsupportedStoreError} When it is a URI of something else.
 */
export async function createStore(location: string, now: number): Promise<string | null> {
  const path = storePath(location);
  const listed = await listDirectory(path);
  // What was missing may be there by now: of many that start at once, each makes what it finds missing.
  if (listed.kind === "failed" && (!listed.missing || infoOf(path)?.isSymlink)) return null;
  const names = listed.kind === "listed" ? listed.entries.map(({ name }) => name) : [];
  if (names.some((name) => name !== OWN_DIRECTORY && name !== ".trash")) return null;
  try {
    makeWay(path);
    const root = Deno.realPathSync(path);
    const writing = openWriting(root);
    createExperiment({ root, writing, now }, DEFAULT_EXPERIMENT, {
      name: DEFAULT_NAME,
      artifactLocation: null,
    });
    makeDirectories(root, [".trash"], writing.newPath);
    return root;
  } catch (error) {
    if (isDiskFull(error)) {
      throw noRoomError(error, path, `make store ${path}`, "name another one with --store DIR");
    }
    throw new StoreAccessError(`Cannot make store ${path}: ${failureText(error)}`, path, {
      cause: error,
    });
  }
}
