/**
 * Pinning runs of a file store, as a tag of MLflow's.
 *
 * *Ordering*: the tag is written aside and appears by one rename, durable; or its file is removed.
 *
 * *Locking*: none; of two that write the same tag the last one counts, as with MLflow.
 *
 * *After an interruption*: the run has the tag or has it not.
 *
 * @module
 */

import { join } from "@std/path";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { isExperimentDirectoryName } from "../../../lib/store/names.ts";
import { PIN_TAG } from "../../../lib/store/tags.ts";
import { syncDirectory } from "../../_io/durable.ts";
import { hold } from "../../_io/hold.ts";
import { infoOf, readText } from "../../_io/read.ts";
import type { PinnedRun } from "../../ports/store.ts";
import { makeDirectories } from "../own/make_new.ts";
import { refusalOf } from "../own/lock.ts";
import { openWriting, placeFile } from "../own/place.ts";

/**
 * Pins a run, or takes its pin away. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param run The run.
 * @param pinned Whether it is to be pinned.
 * @throws {InvalidArgumentError} When there is no such active run, or it lies behind a symbolic link.
 * @throws {StoreAccessError} When this account may not write there.
 */
export function pinFileRun(
  root: string,
  { experimentId, runId }: PinnedRun,
  pinned: boolean,
): void {
  const refuse = (why: string): never => {
    throw new InvalidArgumentError(`Cannot pin run ${runId} in store ${root}: ${why}`);
  };
  if (!isExperimentDirectoryName(experimentId) || !/^[\p{L}\p{N}_-]+$/u.test(runId)) {
    refuse("expected the ids of an experiment and of a run");
  }
  const directory = join(root, experimentId, runId);
  const tags = join(directory, "tags");
  for (const place of [join(root, experimentId), directory, tags]) {
    if (infoOf(place)?.isSymlink) refuse(`${place} is a symbolic link`);
  }
  const text = readText(join(directory, "meta.yaml"));
  const read = text.kind === "text" ? readRunMeta(text.text) : null;
  if (!read?.ok) return refuse("it is not there, or its meta.yaml is damaged");
  if (read.meta.lifecycleStage === "deleted") refuse("it is deleted; restore it in MLflow first");
  const found = infoOf(tags);
  if (found !== null && !found.isDirectory) refuse(`${tags} is no directory; move it away`);
  if (!pinned && infoOf(join(tags, PIN_TAG)) === null) return;
  try {
    changeTag(root, directory, pinned, refuse);
  } catch (error) {
    throw refusalOf(error, root) ?? error;
  }
}

function changeTag(
  root: string,
  directory: string,
  pinned: boolean,
  refuse: (why: string) => never,
): void {
  const tags = join(directory, "tags");
  const writing = pinned ? openWriting(root) : null;
  if (writing !== null) makeDirectories(directory, ["tags"], writing.newPath, syncDirectory);
  // What is exchanged for a link from here on is not followed.
  using held = hold(tags);
  const target = held.at(PIN_TAG);
  if (infoOf(target)?.isDirectory) refuse(`${join(tags, PIN_TAG)} is a directory; move it away`);
  if (writing !== null) placeFile(writing, target, "", true);
  else Deno.removeSync(target);
  syncDirectory(held.path);
}
