/**
 * Whether something that was not delivered is sent again, and when.
 *
 * @module
 */

/** How long and how often to try. */
export interface AttemptLimits {
  /** How long one attempt may take, ms. */
  readonly attempt: number;
  /** How many attempts there are. */
  readonly attempts: number;
  /** How long all of them, with the waits between them, may take, ms. */
  readonly whole: number;
  /** The longest wait that a host may ask for, ms; where it asks for more, nothing is tried again. */
  readonly longestWait: number;
  /** The wait before the second attempt, ms; twice as long before the third. */
  readonly pause: number;
}

/** How long and how often to try, unless something else is said. */
export const ATTEMPT_LIMITS: AttemptLimits = {
  attempt: 10_000,
  attempts: 3,
  whole: 60_000,
  longestWait: 30_000,
  pause: 1_000,
};

/** What came of an attempt. */
export interface Attempt {
  /** How many there were, this one included. */
  readonly count: number;
  /** How long all took so far, ms. */
  readonly spent: number;
  /** Whether it makes sense to try again. */
  readonly isPassing: boolean;
  /** How long the host asks to wait, ms; `null` where it does not. */
  readonly wait: number | null;
}

/**
 * Tells how long to wait before the next attempt.
 *
 * @param attempt What came of the last one.
 * @param limits How long and how often to try.
 * @returns ms; `null` where there is no other attempt.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const first = { count: 1, spent: 200, isPassing: true, wait: null };
 * assertEquals(nextAttempt(first, ATTEMPT_LIMITS), 1_000);
 * assertEquals(nextAttempt({ ...first, count: 2 }, ATTEMPT_LIMITS), 2_000);
 * assertEquals(nextAttempt({ ...first, wait: 5_000 }, ATTEMPT_LIMITS), 5_000);
 * assertEquals(nextAttempt({ ...first, wait: 90_000 }, ATTEMPT_LIMITS), null);
 * assertEquals(nextAttempt({ ...first, count: 3 }, ATTEMPT_LIMITS), null);
 * ```
 */
export function nextAttempt(
  { count, spent, isPassing, wait }: Attempt,
  { attempts, whole, longestWait, pause }: AttemptLimits,
): number | null {
  const delay = Math.max(wait ?? 0, pause * 2 ** (count - 1));
  const isLast = !isPassing || count >= attempts || (wait ?? 0) > longestWait;
  return isLast || spent + delay >= whole ? null : delay;
}

/**
 * Tells whether what a host answers may pass.
 *
 * @param status The status of HTTP.
 * @returns Whether it makes sense to try again.
 */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Reads how long a host asks to wait.
 *
 * @param header `Retry-After`: seconds, or a date; `null` where there is none.
 * @param now Epoch ms.
 * @returns ms; `null` where nobody can tell.
 */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}
