/**
 * Trying to deliver something, more than once where that may help.
 *
 * @module
 */

import { type AttemptLimits, nextAttempt } from "../../lib/notify/next_attempt.ts";

/** What came of one attempt. */
export interface Tried {
  /** Why it failed, in words that may hold secrets; `null` where it did not. */
  readonly problem: string | null;
  /** Whether it makes sense to try again. @default {false} */
  readonly isPassing?: boolean;
  /** How long the host asks to wait, ms. @default {null} */
  readonly wait?: number | null;
}

/** What came of all attempts. */
export interface Delivered {
  /** How many there were. */
  readonly attempts: number;
  /** Why the last one failed, in words that may hold secrets; `null` where it did not. */
  readonly problem: string | null;
}

/**
 * Tries to deliver something until it is, or does not make sense any more.
 *
 * @param attempt Tries once; ends by itself after that many ms.
 * @param limits How long and how often.
 * @returns What came of it.
 */
export async function tryToDeliver(
  attempt: (ms: number) => Promise<Tried>,
  limits: AttemptLimits,
): Promise<Delivered> {
  const begun = performance.now();
  for (let count = 1;; count++) {
    const left = limits.whole - (performance.now() - begun);
    const { problem, isPassing = false, wait = null } = await attempt(
      Math.max(1, Math.min(limits.attempt, left)),
    );
    if (problem === null) return { attempts: count, problem };
    const spent = performance.now() - begun;
    const pause = nextAttempt({ count, spent, isPassing, wait }, limits);
    if (pause === null) return { attempts: count, problem };
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Says what a library's error says, with its causes.
 *
 * @param error What was thrown.
 * @returns The messages, which may hold secrets.
 */
export function causesText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const more = cause instanceof Error ? causesText(cause) : "";
  return more === "" || message.includes(more) ? message : `${message}: ${more}`;
}

/**
 * Says which right is missing.
 *
 * @param host The host, with its port where that is not the usual one.
 * @returns What is wrong, and what helps.
 */
export function notGrantedText(host: string): string {
  return `this process may not reach ${host}; grant --allow-net=${host}`;
}

/**
 * Says that nobody answered.
 *
 * @param ms How long that was waited for.
 * @returns What is wrong.
 */
export function silenceText(ms: number): string {
  return `no answer within ${ms < 1_000 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 1_000)} s`}`;
}
