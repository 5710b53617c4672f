/**
 * Sending a spool: batch after batch, in order, for as long as it takes, and never in the way of the training.
 *
 * *Ordering*: a batch is noted as sent after the server's answer, and only then comes the next.
 *
 * *Locking*: the spool's.
 *
 * *After an interruption*: the batch whose answer was lost is sent once more. To a database that is as once; a server
 * that keeps files has the points of that batch twice.
 *
 * @module
 */

import { removeIfThere } from "../../_io/durable.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { RequestError } from "../client/request_error.ts";
import { type Batch, nextBatch } from "./batches.ts";
import { createRun, startingTags } from "./create_run.ts";
import { deliver, deliverAside, isFinal, markUnsent } from "./deliver.ts";
import type { StartedRun } from "./read_spool.ts";
import type { Spool } from "./spool.ts";

/** What sends a spool. */
export interface Sender {
  /** Why it does not go on just now; `null` while nothing is known to be wrong. */
  readonly trouble: Error | null;
  /** Parameters that had another value on the server, by their keys, with that value. */
  readonly conflicts: ReadonlyMap<string, string>;
  /** Parameters that did not get there, by their keys, and why. */
  readonly lost: ReadonlyMap<string, string>;
  /** Begins to send, unless that is under way. */
  wake(): void;
  /**
   * Waits until the server has something, but not while there is trouble.
   *
   * @returns Whether it has it.
   */
  confirm(end: number, patience: number): Promise<boolean>;
  /**
   * Waits until the server has the run.
   *
   * @returns The run; `null` where it does not answer in time.
   * @throws {RequestError} When the server refuses.
   */
  start(patience: number): Promise<StartedRun | null>;
  /**
   * Waits until the server has all of it but for what is set aside, trying again meanwhile, and stops; with no patience
   * at once.
   *
   * @returns Whether it has.
   */
  stop(patience: number): Promise<boolean>;
}

/** How to send. */
export interface SenderOptions {
  /** Waits, ms, before something is asked again. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
  /** Gives up all that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to leave it for later as soon as something comes to nothing. @default {false} */
  readonly once?: boolean;
}

/** Before a server that did not answer is asked again, ms: at first, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [500, 30_000] as const;

/**
 * Makes what sends a spool; nothing is sent yet. Needs the right to change runs.
 *
 * @param client Asks the server.
 * @param spool What is sent.
 * @param options How.
 * @returns What sends it.
 */
export function openSender(
  client: ChangingClient,
  spool: Spool,
  { pause, signal: outer, once = false }: SenderOptions = {},
): Sender {
  const controller = new AbortController();
  const { signal } = controller;
  const conflicts = new Map<string, string>();
  const lost = new Map<string, string>();
  const delivery = {
    ...{ client, spool, signal, conflicts, lost },
    failing: new Set<string>(),
    pause: waitAWhile,
  };
  let hasAside = spool.aside.length > 0;
  const waiters = new Set<() => void>();
  let trouble: Error | null = null;
  let failures = 0;
  let sending: Promise<void> | null = null;
  let hurry: (() => void) | null = null;
  const giveUp = () => controller.abort();
  outer?.addEventListener("abort", giveUp);
  if (outer?.aborted) giveUp();
  const tell = () => [...waiters].forEach((look) => look());
  const isSent = () => spool.sent === spool.size && !spool.isBare && !hasAside;
  const isDone = () => spool.started !== null && isSent() && !spool.isProbed;

  async function drain(): Promise<void> {
    while (!signal.aborted && !isDone()) {
      try {
        const run = await createRun(client, spool, signal);
        tell();
        if (spool.isBare) {
          await deliver(delivery, run, await startingTags(client, spool, signal));
          spool.noteBare(false);
        }
        if (hasAside) await deliverAside(delivery, run);
        hasAside = false;
        const batch = nextBatch(spool.next());
        if (batch !== null) {
          await deliver(delivery, run, batch.entries);
          spool.acknowledge(batch.end);
          forgetFiles(spool, batch);
        }
        if (isSent() && spool.isProbed) await markUnsent(delivery, run);
        else if (batch === null) break;
        [trouble, failures] = [null, 0];
        tell();
      } catch (error) {
        // What was broken off tells nothing of the server.
        if (signal.aborted) return;
        trouble = error instanceof Error ? error : new Error(String(error));
        failures++;
        tell();
        if (once || isFinal(error)) return;
        await waitAWhile(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)));
      }
    }
  }

  /** Nobody who waits for the end waits for a pause; and no process lives on for one. */
  async function waitAWhile(ms: number): Promise<void> {
    const hurried = new Promise<void>((resolve) => hurry = resolve);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paused = pause?.(ms) ?? new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      Deno.unrefTimer(timer);
    });
    await Promise.race([paused, hurried]);
    clearTimeout(timer);
    hurry = null;
  }

  async function until(isReached: () => boolean, patience: number): Promise<boolean> {
    if (isReached()) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => isReached() && resolve();
    waiters.add(look);
    const timer = setTimeout(resolve, patience);
    await promise;
    clearTimeout(timer);
    waiters.delete(look);
    return isReached();
  }

  const wake = () => {
    if (sending !== null || signal.aborted || isDone() || isFinal(trouble)) return;
    sending = drain().finally(() => {
      sending = null;
      // Something may have been logged in the last moment.
      if (trouble === null) wake();
      tell();
    });
  };
  return {
    get trouble() {
      return trouble;
    },
    conflicts,
    lost,
    wake,
    async confirm(end, patience) {
      const has = () => spool.sent >= end;
      if (trouble === null) await until(() => has() || trouble !== null, patience);
      return has();
    },
    async start(patience) {
      wake();
      await until(() => spool.started !== null || isAnswer(trouble), patience);
      if (spool.started === null && isAnswer(trouble)) throw trouble;
      return spool.started;
    },
    async stop(patience) {
      if (patience > 0) {
        hurry?.();
        if (isFinal(trouble)) trouble = null;
        wake();
        const isStuck = () => signal.aborted || isFinal(trouble) || once && trouble !== null;
        await until(() => isDone() || isStuck(), patience);
      }
      controller.abort();
      hurry?.();
      await sending?.catch(() => {});
      outer?.removeEventListener("abort", giveUp);
      return isDone();
    },
  };
}

/** Whether it is known already that the run cannot be made; a page of whatever stands before a server may pass. */
function isAnswer(error: unknown): error is RequestError {
  return error instanceof RequestError &&
    ["refused", "denied", "untrusted"].includes(error.failure);
}

function forgetFiles(spool: Spool, { entries }: Batch): void {
  const kept = new Set(spool.aside.map(({ entry }) => JSON.stringify(entry)));
  for (const entry of entries) {
    if (!("artifact" in entry) || kept.has(JSON.stringify(entry))) continue;
    removeIfThere(spool.fileOf(entry.artifact[1]));
  }
}
