/**
 * Starting runs of a file store, and going on with them.
 *
 * @module
 */

import { join } from "@std/path";
import { InvalidArgumentError, StoreAccessError } from "../../../lib/errors.ts";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import { runMetaText } from "../../../lib/records/tracking_meta.ts";
import { appendToUri } from "../../../lib/store/artifact_uri.ts";
import { isExperimentDirectoryName } from "../../../lib/store/names.ts";
import { codeOf } from "../../../lib/store/run_status.ts";
import type { RunRecord } from "../../../lib/store/tracking_model.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { syncEntry } from "../../_io/durable.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { accountName, mainFile } from "../../_io/process.ts";
import { infoOf, readText } from "../../_io/read.ts";
import type { NewRunRequest, ResumeRequest, TrackedRun } from "../../ports/tracking.ts";
import { makeDirectories } from "../own/make_new.ts";
import { type Contents, openWriting, placeNewDirectory } from "../own/place.ts";
import { openRun } from "./open_run.ts";
import { newTwinFinder, readTwinFinder } from "./twin_keys.ts";

/**
 * Starts a run. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param request Which run.
 * @param options The time, epoch ms, and a name in case it was given none.
 * @returns The run.
 * @throws {InvalidArgumentError} When there is no such experiment, or it is deleted.
 */
export function startTrackedRun(
  root: string,
  request: NewRunRequest,
  { now, name }: { readonly now: number; readonly name: string },
): TrackedRun {
  const { experimentId, durability } = request;
  const artifactLocation = locationOfActive(root, experimentId);
  const runId = crypto.randomUUID().replaceAll("-", "");
  const user = request.user ?? accountName();
  const record: RunRecord = {
    runId,
    experimentId,
    runName: request.runName ?? name,
    artifactUri: appendToUri(artifactLocation, runId, "artifacts"),
    user,
    startTime: now,
  };
  const source = mainFile();
  const tags = new Map([
    ["mlflow.user", user],
    ...(source === null ? [] : [["mlflow.source.name", source] as const]),
    ["mlflow.source.type", "LOCAL"],
    ...request.tags,
    ["mlflow.runName", record.runName],
  ]);
  const writing = openWriting(root);
  const directory = join(root, experimentId, runId);
  const durable = durability === "always";
  const contents: Contents = {
    directories: ["metrics", "params", "artifacts", "tags"],
    files: [
      ...[...tags].map(([key, text]) => [join("tags", key), text] as const),
      ["meta.yaml", runMetaText(record, "RUNNING", null)],
    ],
  };
  placeNewDirectory(writing, directory, contents, durable);
  if (durable) syncEntry(directory);
  const run = openRun(directory, writing, record, { durability, twins: newTwinFinder(directory) });
  for (const name of tags.keys()) run.touch(join(directory, "tags", name));
  return run.tracked;
}

function locationOfActive(root: string, experimentId: string): string {
  const subject = `Cannot start a run in experiment ${JSON.stringify(experimentId)}`;
  const advice = "set it up with setupExperiment() first";
  if (!isExperimentDirectoryName(experimentId)) {
    throw new InvalidArgumentError(`${subject}: expected the id of an experiment; ${advice}`);
  }
  const text = readText(join(root, experimentId, "meta.yaml"));
  if (text.kind === "missing") {
    const deleted = infoOf(join(root, ".trash", experimentId)) !== null;
    const found = deleted ? "it is deleted" : `store ${root} has no such experiment`;
    throw new InvalidArgumentError(`${subject}: ${found}; ${advice}`);
  }
  const read = text.kind === "text" ? readExperimentMeta(text.text) : null;
  if (!read?.ok) {
    throw new InvalidArgumentError(`${subject}: its meta.yaml is damaged; ${advice}`);
  }
  return read.meta.artifactLocation;
}

/**
 * Goes on with a run that has ended, or was cut off. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param request Which run.
 * @returns The run; it is RUNNING again.
 * @throws {InvalidArgumentError} When there is no such run, it is deleted, or its `meta.yaml` is damaged.
 */
export async function resumeTrackedRun(
  root: string,
  request: ResumeRequest,
): Promise<TrackedRun> {
  const { runId, durability } = request;
  const subject = `Cannot resume run ${JSON.stringify(runId)}`;
  const directory = await findRun(root, request);
  if (directory === null) {
    throw new InvalidArgumentError(
      `${subject}: store ${root} has no such run; start a new one without runId`,
    );
  }
  const text = readText(join(directory, "meta.yaml"));
  const read = text.kind === "text" ? readRunMeta(text.text) : null;
  if (!read?.ok) {
    throw new InvalidArgumentError(
      `${subject}: its meta.yaml is damaged; type ${
        shellWords(["deno", "task", "verify", "--store", root])
      }`,
    );
  }
  const { meta } = read;
  if (meta.lifecycleStage === "deleted") {
    throw new InvalidArgumentError(`${subject}: it is deleted; restore it in MLflow first`);
  }
  const record: RunRecord = {
    runId,
    experimentId: meta.experimentId,
    runName: meta.name,
    artifactUri: meta.artifactUri,
    user: meta.userId,
    startTime: meta.startTime,
  };
  const writing = openWriting(root);
  const run = openRun(directory, writing, record, {
    durability,
    twins: await readTwinFinder(directory),
  });
  for (const name of ["metrics", "params", "artifacts", "tags"]) {
    makeDirectories(directory, [name], writing.newPath);
  }
  run.rewriteMeta({ status: codeOf("RUNNING"), end_time: null });
  for (const [key, text] of request.tags) run.setTag(key, text);
  if (request.runName !== null) run.rename(request.runName);
  return run.tracked;
}

async function findRun(
  root: string,
  { runId, experimentId }: ResumeRequest,
): Promise<string | null> {
  if (!/^[a-zA-Z0-9][\p{L}\p{N}_-]{0,255}$/u.test(runId)) return null;
  const listed = await listDirectory(root);
  if (experimentId === null && listed.kind === "failed") {
    throw new StoreAccessError(
      `Cannot look for run ${runId} in store ${root}: ${listed.message}; resume it with experimentId, or check that disk`,
      root,
    );
  }
  const experiments = experimentId !== null
    ? [experimentId]
    : listed.kind === "listed"
    ? listed.entries.map(({ name }) => name)
    : [];
  return experiments
    .filter(isExperimentDirectoryName)
    .map((name) => join(root, name, runId))
    .find((directory) => infoOf(join(directory, "meta.yaml")) !== null) ?? null;
}
