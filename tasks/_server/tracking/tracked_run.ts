/**
 * A run of a tracking server that is logged to: all of it goes through the run's spool.
 *
 * *Ordering*: see `spool.ts`; the run's end comes last.
 *
 * *Locking*: the spool's. Many processes may log to one run, each through a spool of its own: of a parameter the first
 * value stays, of a tag the last.
 *
 * *After an interruption*: what is in the spool is sent by the next one that trains into this store, or recovers it.
 *
 * @module
 */

import { shellWords } from "../../../lib/text/shell_words.ts";
import { plural } from "../../../lib/text/units.ts";
import type { RunRecord } from "../../../lib/store/tracking_model.ts";
import type { RunStatus } from "../../../lib/store/snapshot.ts";
import { isGone } from "../../_io/read.ts";
import type { Durability, Placement, TrackedRun } from "../../ports/tracking.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import type { Answer } from "../client/read_answer.ts";
import { runRecordOf } from "../scan/records.ts";
import { type Logged, metricEntries } from "./batches.ts";
import type { Patience } from "./patience.ts";
import { elsewhereText, proxiedPath } from "./deliver.ts";
import type { Sender } from "./send_spool.ts";
import { asideText } from "./send_spools.ts";
import { openSpool, type Spool } from "./spool.ts";
import { stageArtifact } from "./stage_artifact.ts";

/** What a run is made of. */
export interface TrackedRunOptions {
  readonly client: ChangingClient;
  readonly spool: Spool;
  readonly sender: Sender;
  readonly record: RunRecord;
  readonly durability: Durability;
  readonly patience: Patience;
  /** Parameters that it has by now. */
  readonly params: ReadonlyMap<string, string>;
}

/** So many parameters are remembered; of more, the server says whether they differ. */
const MOST_REMEMBERED = 5_000;

/**
 * Opens a run for writing.
 *
 * @param options What it is made of.
 * @returns The run.
 */
export function trackRun(options: TrackedRunOptions): TrackedRun {
  const { client, spool, sender, durability, patience } = options;
  const known = new Map(options.params);
  let runName = options.record.runName;
  let isClosed = false;
  let ending: Promise<void> | null = null;

  const log = (entry: Logged): number => {
    const end = spool.append(entry);
    if (durability === "always") spool.sync();
    sender.wake();
    return end;
  };
  const artifactUri = () => spool.started?.artifactUri ?? "";
  return {
    get record() {
      const { started } = spool;
      return { ...options.record, runName, ...(started ?? {}) };
    },
    isStarted: () => spool.started !== null,
    logMetric: (key, points) =>
      Promise.try(() => {
        for (const entry of metricEntries(key, points)) log(entry);
        return LOGGED;
      }),
    async logParam(key, text) {
      const existing = known.get(key);
      if (existing !== undefined) return compared(existing, text);
      const end = log({ param: [key, text] });
      await sender.confirm(end, patience.confirm);
      const why = sender.lost.get(key);
      if (why !== undefined) throw new Error(why);
      const other = sender.conflicts.get(key);
      if (known.size < MOST_REMEMBERED) known.set(key, other ?? text);
      return other === undefined ? LOGGED : compared(other, text);
    },
    setTag: (key, text) =>
      Promise.try(() => {
        log({ tag: [key, text] });
        return LOGGED;
      }),
    logArtifact: (path, content) =>
      Promise.try(() => {
        if (spool.started !== null && proxiedPath(artifactUri()) === null) {
          throw new Deno.errors.NotSupported(elsewhereText(artifactUri()));
        }
        return stageArtifact({ path, content }, {
          newFile: spool.newFile,
          add: (path, file) => log({ artifact: [path, file] }),
        });
      }),
    logInput: (dataset, tags) =>
      Promise.try(() => {
        log({ input: [dataset, [...tags]] });
        return LOGGED;
      }),
    rename: (name) =>
      Promise.try(() => {
        runName = name;
        log({ tag: ["mlflow.runName", name] });
      }),
    async recorded() {
      const { started } = spool;
      if (started === null) return null;
      const signal = AbortSignal.timeout(patience.end);
      const { run } = await client.ask("runs/get", { run_id: started.runId }, { signal });
      const { row } = runRecordOf(run as Answer);
      const status = row.status as RunStatus;
      return { runName: row.name ?? "", status, endTime: row.ended };
    },
    // A server shows when a metric was logged last, and nothing else that would tell.
    showLife: () => Promise.resolve(),
    async end(status, endTime) {
      // Before anything is waited for: a process that is about to exit does no more than this.
      if (!isClosed) log({ end: [status, endTime] });
      else if (isGone(spool.path)) return await endAgain(options, status, endTime);
      else addTo(spool.path, { end: [status, endTime] });
      if (durability !== "never" && !isClosed) spool.sync();
      await (ending ??= finish());
    },
  };

  async function finish(): Promise<void> {
    const isWhole = await sender.stop(patience.end);
    isClosed = true;
    const { refused } = spool;
    if (!isWhole) {
      spool.close();
      throw new Error(laterText(spool, sender, client.server.location));
    }
    if (spool.aside.length > 0) {
      spool.close();
      throw new Error(unsentText(spool, client.server.location));
    }
    spool.remove();
    if (refused.length > 0) throw new Error(refusedText(refused));
  }

  function compared(existing: string, text: string): Placement {
    return existing === text
      ? { placed: "unchanged", twin: null }
      : { placed: "differs", existing, wanted: text };
  }
}

const LOGGED: Placement = { placed: "logged", twin: null };

function laterText({ path }: Spool, { trouble }: Sender, location: string): string {
  const why = trouble?.message ?? "the server has not taken all of it in time";
  return `${why}; what is missing waits in ${path}, and the next training into this store sends it, or \`${
    recoverCommand(location)
  }\``;
}

function recoverCommand(location: string): string {
  return shellWords(["deno", "task", "recover", "--store", location]);
}

function unsentText({ path, aside, refused }: Spool, location: string): string {
  const more = refused.length > 0 ? `; ${refusedText(refused)}` : "";
  return `it is recorded, but ${
    asideText(aside)
  }; that waits in ${path}, and the next training into this store tries again, or \`${
    recoverCommand(location)
  }\`${more}`;
}

function refusedText(refused: readonly string[]): string {
  return `it is recorded, but the server has refused ${
    plural(refused.length, "thing")
  } of what was logged, such as ${refused[0]}`;
}

/** A process that lives on after all, though it was about to exit, ends its run once more. */
async function endAgain(
  { client, spool: { started }, patience }: TrackedRunOptions,
  status: RunStatus,
  end_time: number,
): Promise<void> {
  const signal = AbortSignal.timeout(patience.end);
  const run_id = started?.runId ?? "";
  await client.ask("runs/update", { run_id, status, end_time }, { signal });
}

function addTo(path: string, entry: Logged): void {
  const spool = openSpool(path);
  if (spool === null) throw new Error(`another process is sending ${path}`);
  spool.append(entry);
  spool.close();
}
