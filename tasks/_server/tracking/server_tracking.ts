/**
 * What training writes into a tracking server, behind the port.
 *
 * @module
 */

import { InvalidArgumentError } from "../../../lib/errors.ts";
import type { RunRecord } from "../../../lib/store/tracking_model.ts";
import { PARENT_TAG, RUN_KEY_TAG } from "../../../lib/store/tags.ts";
import { laterExperimentId } from "../../../lib/tracking/later_experiment.ts";
import { makeRunName } from "../../../lib/tracking/run_name.ts";
import { makeSpoolDirectory } from "../../_database/log/state_directory.ts";
import { accountName, mainFile } from "../../_io/process.ts";
import type {
  ExperimentRequest,
  ExperimentSetup,
  NewRunRequest,
  ResumeRequest,
  TrackedRun,
  Tracking,
} from "../../ports/tracking.ts";
import { type ChangingClient, openChangingClient } from "../client/open_changing_client.ts";
import type { Reach } from "../client/open_client.ts";
import { isSilent, RequestError } from "../client/request_error.ts";
import { readRun } from "../scan/read_run.ts";
import { openSender } from "./send_spool.ts";
import { sendSpools } from "./send_spools.ts";
import { setupServerExperiment } from "./setup_experiment.ts";
import { type SpoolHead, startedIn, type StartedRun } from "./read_spool.ts";
import { createSpool } from "./spool.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import { trackRun } from "./tracked_run.ts";

/** What training into a server needs. */
export interface ServerTrackingOptions extends Reach {
  /** The clock, epoch ms. */
  readonly now: () => number;
  /** Makes, and gives, the absolute path of the file that stands for the server. */
  readonly standIn: () => string;
  /** How long somebody waits for the server. */
  readonly patience?: Patience | undefined;
}

/** What the port does, until the store is closed. */
export interface ServerTracking extends Omit<Tracking, "variables">, AsyncDisposable {}

/**
 * Opens a server for training; nothing has been asked yet. Needs net permission for its host.
 *
 * @param options Which, and how.
 * @returns The port; starting a run needs write permission for the user's state directory.
 */
export function openServerTracking(options: ServerTrackingOptions): ServerTracking {
  const { pause, patience = PATIENCE } = options;
  const client = openChangingClient(options);
  const closing = new AbortController();
  let sending: Promise<unknown> | null = null;
  /** Runs that began with no id but their keys. */
  const unnamed = new Set<string>();

  /** What others left goes to the server beside the training. */
  const sendOthers = (directory: string) => {
    sending ??= sendSpools(client, directory, { pause, signal: closing.signal })
      .catch(() => {}).finally(() => sending = null);
  };

  async function startRun(request: NewRunRequest): Promise<TrackedRun> {
    const directory = makeSpoolDirectory(options.standIn());
    const { record, head } = newRun(request, options.now());
    const parent = request.tags.get(PARENT_TAG) ?? null;
    const isKey = parent !== null &&
      (unnamed.has(parent) || startedIn(directory, parent) !== undefined);
    const spool = createSpool(directory, isKey ? { ...head, parent } : head);
    const sender = openSender(client, spool, { pause });
    try {
      await sender.start(patience.start);
    } catch (error) {
      await sender.stop(0);
      spool.remove();
      throw experimentError(error, request.experimentId);
    }
    if (spool.started === null) unnamed.add(head.key);
    sendOthers(directory);
    const { durability } = request;
    return trackRun({ client, spool, sender, record, durability, patience, params: new Map() });
  }

  async function resumeRun(request: ResumeRequest): Promise<TrackedRun> {
    const { runId, durability } = request;
    const directory = makeSpoolDirectory(options.standIn());
    const { record, params } = await findRun(client, request, patience);
    const { artifactUri, experimentId } = record;
    const head = { key: newKey(), experimentId, create: null };
    const started: StartedRun = { runId, artifactUri };
    const spool = createSpool(directory, head, started);
    const sender = openSender(client, spool, { pause });
    const run = trackRun({ client, spool, sender, record, durability, patience, params });
    spool.append({ again: true });
    for (const [key, text] of request.tags) await run.setTag(key, text);
    if (request.runName !== null) await run.rename(request.runName);
    sender.wake();
    sendOthers(directory);
    return run;
  }

  return {
    async setupExperiment(request) {
      // What is left under way would keep the program from ending.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), patience.setUp);
      const signal = AbortSignal.any([late.signal, closing.signal]);
      try {
        return await setupServerExperiment(client, request, signal);
      } catch (error) {
        if (!signal.aborted && !isSilent(error)) throw error;
        return laterSetup(request);
      } finally {
        clearTimeout(timer);
      }
    },
    startRun,
    resumeRun,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await sending;
      client[Symbol.dispose]();
    },
  };
}

function laterSetup(request: ExperimentRequest): ExperimentSetup {
  const tags = Object.fromEntries(request.tags);
  return { experimentId: laterExperimentId({ ...request, tags }), outcome: "later" };
}

function newKey(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function newRun(
  { experimentId, user: named, runName: wanted, tags: more }: NewRunRequest,
  startTime: number,
): { readonly record: RunRecord; readonly head: SpoolHead } {
  const key = newKey();
  const user = named ?? accountName();
  const runName = wanted ?? makeRunName(Math.random);
  const source = mainFile();
  const tags = new Map([
    ["mlflow.user", user],
    ...(source === null ? [] : [["mlflow.source.name", source] as const]),
    ["mlflow.source.type", "LOCAL"],
    ...more,
    ["mlflow.runName", runName],
    [RUN_KEY_TAG, key],
  ]);
  const create = {
    experiment_id: experimentId,
    user_id: user,
    run_name: runName,
    start_time: startTime,
    tags: [...tags].map(([key, value]) => ({ key, value })),
  };
  return {
    record: { runId: key, experimentId, runName, artifactUri: "", user, startTime },
    head: { key, experimentId, create },
  };
}

function experimentError(error: unknown, experimentId: string): unknown {
  if (!(error instanceof RequestError) || error.failure !== "refused") return error;
  return new InvalidArgumentError(
    `Cannot start a run in experiment ${
      JSON.stringify(experimentId)
    }: ${error.message}; set it up with setupExperiment() first`,
    { cause: error },
  );
}

/** Of a server that does not answer, nothing is known but the id: what is logged goes there later. */
async function findRun(
  client: ChangingClient,
  { runId, experimentId, runName }: ResumeRequest,
  { start }: Patience,
): Promise<{ readonly record: RunRecord; readonly params: ReadonlyMap<string, string> }> {
  const subject = `Cannot resume run ${JSON.stringify(runId)}`;
  const nothing: RunRecord = {
    ...{ runId, experimentId: experimentId ?? "", runName: runName ?? "" },
    ...{ artifactUri: "", user: "", startTime: 0 },
  };
  const signal = AbortSignal.timeout(start);
  try {
    const found = await readRun(client, runId, signal);
    if (found === null) throw missing(subject, client);
    const { row, user, params } = found;
    if (row.stage === "deleted") {
      throw new InvalidArgumentError(`${subject}: it is deleted; restore it in MLflow first`);
    }
    const isElsewhere = experimentId !== null && row.experiment !== experimentId;
    if (isElsewhere) throw missing(subject, client);
    const record: RunRecord = {
      runId,
      experimentId: row.experiment ?? "",
      runName: row.name ?? "",
      artifactUri: row.location ?? "",
      user: user ?? "",
      startTime: row.started ?? 0,
    };
    return { record, params };
  } catch (error) {
    if (signal.aborted || isSilent(error)) return { record: nothing, params: new Map() };
    throw error;
  }
}

function missing(subject: string, { server: { location } }: ChangingClient): InvalidArgumentError {
  return new InvalidArgumentError(
    `${subject}: store ${location} has no such run; start a new one without runId`,
  );
}
