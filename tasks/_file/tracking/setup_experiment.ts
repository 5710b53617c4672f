/**
 * Finding, making, restoring and mending experiments of a file store.
 *
 * *Ordering*: a new experiment is made aside and appears by one rename. A deleted one gets its runs back
 * first, then its own `meta.yaml` says `active`, and the rename out of `.trash/` comes last: until then it
 * is deleted, for to MLflow the place decides. What is repaired or renamed is replaced by one rename, and
 * a damaged `meta.yaml` is kept in `.mltidy.trash/damaged/`.
 *
 * *Locking*: `.mltidy.trash/experiments.lock`, an advisory lock of the operating system, on which others
 * wait. It is not the lock of the tasks that clean up.
 *
 * *After an interruption*: the next call finds either state and goes on.
 *
 * @module
 */

import { basename, dirname, join, relative, resolve, toFileUrl } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { newExperimentMeta } from "../../../lib/records/tracking_meta.ts";
import { isExperimentDirectoryName } from "../../../lib/store/names.ts";
import {
  chooseExperiment,
  type ChosenExperiment,
  type ExperimentFile,
} from "../../../lib/tracking/choose_experiment.ts";
import { LOGGING_LIMITS } from "../../../lib/tracking/logging_rules.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { syncDirectory, writeAndSync } from "../../_io/durable.ts";
import { fileUriPath } from "../../_io/file_uri.ts";
import { hold, moveEntry } from "../../_io/hold.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { accessAlong, makeLikeParent } from "../../_io/permissions.ts";
import { infoOf, readBytes, readText, readTextFile } from "../../_io/read.ts";
import type { ExperimentRequest, ExperimentSetup } from "../../ports/tracking.ts";
import { makeDirectories } from "../own/make_new.ts";
import { inOwnDirectory, openOwnFile } from "../own/own_directory.ts";
import { ownPaths } from "../own/own_paths.ts";
import {
  openWriting,
  placeFile,
  placeNewDirectory,
  sweepWriting,
  type Writing,
} from "../own/place.ts";

/**
 * Sets an experiment up. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param request Which experiment.
 * @param now The clock, epoch ms.
 * @returns Its id, and what was done.
 * @throws {Error} When a deleted experiment cannot be restored because another has its id.
 */
export async function setupExperiment(
  root: string,
  request: ExperimentRequest,
  now: () => number,
): Promise<ExperimentSetup> {
  const writing = openWriting(root);
  await using _lock = await waitForLock(root);
  sweepWriting(root, now());
  makeDirectories(root, [".trash"], writing.newPath);
  const at: Workshop = { root, writing, now: now() };
  const setup = await takeOrMake(at, request);
  setTags(at, setup.experimentId, request.tags);
  return setup;
}

/** Where experiments are made. */
export interface Workshop {
  /** Absolute real path of the store's root. */
  readonly root: string;
  /** Where things are written before they get their place. */
  readonly writing: Writing;
  /** Epoch ms. */
  readonly now: number;
}

async function waitForLock(root: string): Promise<AsyncDisposable> {
  const file = inOwnDirectory(
    root,
    () => openOwnFile(join(ownPaths(root).own, "experiments.lock")),
  );
  await file.lock(true);
  return {
    async [Symbol.asyncDispose]() {
      await file.unlock();
      file.close();
    },
  };
}

async function takeOrMake(
  at: Workshop,
  request: ExperimentRequest,
): Promise<ExperimentSetup> {
  const { root } = at;
  const chosen = chooseExperiment(
    await listExperiments(root),
    request.name,
    (id) => toFileUrl(join(root, id)).href,
  );
  if (chosen === null) {
    return { experimentId: createExperiment(at, newId(root), request), outcome: "created" };
  }
  if (chosen.stage === "deleted" && request.onDeleted === "replace") {
    releaseName(at, chosen, request.name);
    // There may be more than one.
    return await takeOrMake(at, request);
  }
  if (chosen.repaired !== null) repair(at, chosen, chosen.repaired);
  if (chosen.stage === "deleted") await restore(at, chosen.id);
  const outcome = chosen.stage === "deleted"
    ? "restored"
    : chosen.repaired !== null
    ? "repaired"
    : "reused";
  return { experimentId: chosen.id, outcome };
}

/** One that is passed over would be made a second time. */
async function listExperiments(root: string): Promise<readonly ExperimentFile[]> {
  const found: ExperimentFile[] = [];
  for (const [folder, stage] of [["", "active"], [".trash", "deleted"]] as const) {
    for (const { name: id } of await entriesOf(join(root, folder))) {
      if (!isExperimentDirectoryName(id)) continue;
      if (stage === "active" && id === "models") continue;
      const text = readText(join(root, folder, id, "meta.yaml"));
      if (text.kind === "text") found.push({ id, stage, text: text.text });
    }
  }
  return found;
}

async function entriesOf(directory: string): Promise<readonly Deno.DirEntry[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "listed") return listed.entries;
  throw new StoreAccessError(
    `Cannot list ${directory}: ${listed.message}; check that disk and the permissions of the directory`,
    directory,
  );
}

/**
 * Makes an experiment. Needs read and write permission for the store.
 *
 * @param at The store's root, where to write, and the time.
 * @param experimentId Its id, which nothing has yet.
 * @param request Its name and artifact location.
 * @returns Its id.
 */
export function createExperiment(
  { root, writing, now }: Workshop,
  experimentId: string,
  { name, artifactLocation }: Pick<ExperimentRequest, "name" | "artifactLocation">,
): string {
  const meta = newExperimentMeta({
    experimentId,
    name,
    artifactLocation: artifactLocation === null || artifactLocation === ""
      ? toFileUrl(join(root, experimentId)).href
      : absolute(artifactLocation),
    createdAt: now,
  });
  placeNewDirectory(writing, join(root, experimentId), { files: [["meta.yaml", meta]] }, true);
  syncDirectory(root);
  return experimentId;
}

/** What depends on the current directory no longer does, so that it means the same wherever MLflow is started. */
function absolute(location: string): string {
  const [, tail] = /^file:(?![/\\])[^?#]*(.*)$/is.exec(location) ?? [];
  if (tail !== undefined) return toFileUrl(fileUriPath(location)).href + tail;
  return /^[a-z][a-z0-9+.-]+:/i.test(location) ? location : toFileUrl(resolve(location)).href;
}

function newId(root: string): string {
  const digits = crypto.getRandomValues(new Uint8Array(18));
  // As MLflow's: 18 digits, the first of which is not 0.
  const id = [...digits].map((byte, index) => index === 0 ? byte % 9 + 1 : byte % 10).join("");
  const isTaken = infoOf(join(root, id)) !== null || infoOf(join(root, ".trash", id)) !== null;
  return isTaken ? newId(root) : id;
}

function repair(at: Workshop, { id, stage }: ChosenExperiment, text: string): void {
  const { root, writing, now } = at;
  const path = join(directoryOf(root, { id, stage }), "meta.yaml");
  const damaged = join(ownPaths(root).own, "damaged");
  if (!infoOf(damaged)) {
    makeLikeParent(damaged);
    syncDirectory(ownPaths(root).own);
  }
  const kept = join(damaged, `${id}-${now}.yaml`);
  writeAndSync(kept, readBytes(path), accessAlong(root, relative(root, path)));
  syncDirectory(damaged);
  replaceDurably(writing, path, text);
}

function replaceDurably(writing: Writing, path: string, text: string): void {
  using held = hold(dirname(path));
  placeFile(writing, held.at(basename(path)), text, true);
  syncDirectory(held.path);
}

function directoryOf(root: string, { id, stage }: Pick<ChosenExperiment, "id" | "stage">): string {
  return stage === "deleted" ? join(root, ".trash", id) : join(root, id);
}

/** As MLflow does, this brings the runs back that were deleted one by one before. */
async function restore({ root, writing, now }: Workshop, id: string): Promise<void> {
  const deleted = join(root, ".trash", id);
  const target = join(root, id);
  if (infoOf(target)) {
    throw new Error(
      `Cannot restore experiment ${id}: ${target} is in the way; move one of the two away`,
    );
  }
  for (const { name } of await entriesOf(deleted)) {
    const path = join(deleted, name, "meta.yaml");
    const text = readText(path);
    const run = text.kind === "text" ? readRunMeta(text.text) : null;
    if (text.kind !== "text" || !run?.ok || run.meta.lifecycleStage !== "deleted") continue;
    const active = { lifecycle_stage: "active", deleted_time: undefined };
    replaceDurably(writing, path, editMetaYaml(text.text, active));
  }
  edit(writing, join(deleted, "meta.yaml"), { lifecycle_stage: "active", last_update_time: now });
  moveEntry(deleted, target);
  syncDirectory(root);
}

/** MLflow lets no two experiments have one name, deleted ones included. */
function releaseName(
  { root, writing }: Workshop,
  { id, text, repaired }: ChosenExperiment,
  name: string,
): void {
  const suffix = ` (replaced ${id})`;
  const kept = [...name].slice(0, LOGGING_LIMITS.experimentName - suffix.length).join("");
  const path = join(root, ".trash", id, "meta.yaml");
  replaceDurably(writing, path, editMetaYaml(repaired ?? text, { name: kept + suffix }));
}

function edit(
  writing: Writing,
  path: string,
  changes: Readonly<Record<string, string | number>>,
): void {
  replaceDurably(writing, path, editMetaYaml(readTextFile(path), changes));
}

function setTags({ root, writing }: Workshop, id: string, tags: ReadonlyMap<string, string>): void {
  for (const [key, value] of tags) {
    const names = ["tags", ...key.split("/")];
    const path = join(root, id, ...names);
    makeDirectories(join(root, id), names.slice(0, -1), writing.newPath, syncDirectory);
    const existing = readText(path);
    if (existing.kind === "text" && existing.text === value) continue;
    replaceDurably(writing, path, value);
  }
}
