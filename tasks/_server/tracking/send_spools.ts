/**
 * Sending what earlier trainings have left: they were killed, or the server did not answer by their end.
 *
 * *Ordering*: each spool in its own order, one after the other.
 *
 * *Locking*: each spool's; one that is being written is passed over.
 *
 * *After an interruption*: the next one goes on.
 *
 * @module
 */

import { basename, join } from "@std/path";
import { minutes, plural } from "../../../lib/text/units.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { openEntry } from "../../_io/open_entry.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { RequestError } from "../client/request_error.ts";
import { WaitingError } from "./create_run.ts";
import { openSender, type SenderOptions } from "./send_spool.ts";
import type { Aside } from "./read_spool.ts";
import { openSpool, type Spool } from "./spool.ts";

/** What became of a spool. */
export interface SentSpool {
  /** The key of its run. */
  readonly key: string;
  /** Absolute path of its file. */
  readonly path: string;
  /** The run; `null` while the server does not have it. */
  readonly runId: string | null;
  /** Why something of it waits still, or will never get there; none is the usual case. */
  readonly left: readonly string[];
  /** Whether the server has all that it takes. */
  readonly isWhole: boolean;
  /** Why the server gave no answer, so that nothing else need be tried; `null`: it did, to something at least. */
  readonly silence: string | null;
  /** Whether its run comes after another one, which the server does not have yet. */
  readonly isWaiting: boolean;
}

/** How to send. */
export interface SendOptions extends SenderOptions {
  /** How long one spool may take, ms. @default {an hour} */
  readonly patience?: number;
}

/**
 * Sends all spools that nobody holds. Needs read and write permission for the directory, and the right to change runs.
 *
 * @param client Asks the server.
 * @param directory Absolute path; it need not be there.
 * @param options How.
 * @returns What became of each.
 */
export async function sendSpools(
  client: ChangingClient,
  directory: string,
  { patience = minutes(60), ...options }: SendOptions = {},
): Promise<readonly SentSpool[]> {
  const sent: SentSpool[] = [];
  let paths = await spoolPaths(directory);
  while (paths.length > 0) {
    const waiting: SentSpool[] = [];
    for (const [at, path] of paths.entries()) {
      if (options.signal?.aborted) return [...sent, ...waiting];
      const spool = openIfLeft(path);
      if (spool === null) continue;
      const one = await sendOne(client, spool, { patience, ...options });
      (one.isWaiting ? waiting : sent).push(one);
      if (one.silence !== null) {
        return [...sent, ...waiting, ...untried(paths.slice(at + 1), one.silence)];
      }
    }
    // What waits for nobody but another one that waits, too, waits for good.
    if (waiting.length === paths.length) return [...sent, ...waiting];
    paths = waiting.map(({ path }) => path);
  }
  return sent;
}

function untried(paths: readonly string[], silence: string): readonly SentSpool[] {
  return paths.filter(isLeft).map((path) => ({
    ...{ key: basename(path, ".jsonl"), path, runId: null, isWhole: false, isWaiting: false },
    ...{ silence, left: [silence] },
  }));
}

/** Another process may have sent it meanwhile; what is no file of ours is left as it is. */
function openIfLeft(path: string): Spool | null {
  try {
    return openSpool(path);
  } catch {
    return null;
  }
}

/** Absolute paths, in order. */
async function spoolPaths(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries.filter(({ name }) => /^[0-9a-f]{32}\.jsonl$/.test(name))
    .map(({ name }) => join(directory, name)).toSorted();
}

/**
 * Names the keys of the runs of which something waits that nobody is at work on. Needs read permission.
 *
 * @param directory Absolute path; it need not be there.
 * @returns The keys, in order.
 */
export async function leftSpools(directory: string): Promise<readonly string[]> {
  const paths = (await spoolPaths(directory)).filter(isLeft);
  return paths.map((path) => basename(path, ".jsonl"));
}

function isLeft(path: string): boolean {
  try {
    using file = openEntry(path);
    // One that is empty was left before anything was logged.
    return file.statSync().size > 0 && file.tryLockSync(true);
  } catch {
    return false;
  }
}

async function sendOne(
  client: ChangingClient,
  spool: Spool,
  { patience, ...options }: SendOptions & { readonly patience: number },
): Promise<SentSpool> {
  const sender = openSender(client, spool, { ...options, once: true });
  const isSent = await sender.stop(patience);
  const { head: { key }, path, started, refused, aside } = spool;
  const isWhole = isSent && aside.length === 0;
  if (isWhole) spool.remove();
  else spool.close();
  const { trouble } = sender;
  const why = isSent ? [] : [trouble?.message ?? "it was broken off"];
  const failed = aside.length === 0 ? [] : [asideText(aside)];
  return {
    ...{ key, path, runId: started?.runId ?? null, isWhole, left: [...why, ...failed, ...refused] },
    silence: isSent ? null : await silenceOf(client, trouble, options.signal),
    isWaiting: !isWhole && trouble instanceof WaitingError,
  };
}

/** Whoever fails at one run need not fail at the next. */
async function silenceOf(
  client: ChangingClient,
  trouble: Error | null,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (!(trouble instanceof RequestError) || trouble.isRefusal) return null;
  if (trouble.isLate || !trouble.mayBeForContent) return trouble.message;
  try {
    await client.ask("experiments/search", { view_type: "ALL", max_results: 1 }, { signal });
    return null;
  } catch {
    return trouble.message;
  }
}

/**
 * Says what a server fails at.
 *
 * @param aside What is set aside, one at least.
 * @returns The text, without an end.
 */
export function asideText(aside: readonly Aside[]): string {
  return `the server fails at ${plural(aside.length, "thing")} that ${
    aside.length === 1 ? "was" : "were"
  } logged, and takes others: ${aside[0]?.why}`;
}
