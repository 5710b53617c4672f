/** How long signals may wait, ms. */
const TURN = 50;

/**
 * Gives the event loop its turn now and then: the disk is worked on synchronously, and Ctrl-C waits for
 * the event loop.
 *
 * @param signal Looked at after each turn, if there is one.
 * @returns A function to be awaited between two pieces of work; it throws when the signal is aborted.
 */
export function takeTurns(signal?: AbortSignal): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > TURN) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      last = performance.now();
    }
    signal?.throwIfAborted();
  };
}

/**
 * Tells whether something was stopped, or failed by itself, be it after the signal was aborted.
 *
 * @param error What was thrown.
 * @param signal The signal that {@linkcode takeTurns} was given.
 * @returns Whether it is what a turn throws.
 */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal !== undefined && signal.aborted && error === signal.reason;
}

/**
 * Makes the error of what was stopped.
 *
 * @param message What that means for the user.
 * @param cause What a turn has thrown.
 * @returns An `AbortError`.
 */
export function stopped(message: string, cause: unknown): DOMException {
  return Object.assign(new DOMException(message, "AbortError"), { cause });
}

/**
 * Does something with each of many, some at once. After the first that fails no other one begins.
 *
 * @param most How many at once.
 * @param all What.
 * @param work What is done.
 * @returns What came of each, in the same order.
 */
export async function atOnce<T, U>(
  most: number,
  all: readonly T[],
  work: (one: T) => Promise<U>,
): Promise<readonly U[]> {
  const results: U[] = [];
  let [next, hasFailed] = [0, false];
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < all.length && !hasFailed) {
      const at = next++;
      try {
        results[at] = await work(all[at]!);
      } catch (error) {
        hasFailed = true;
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  if (hasFailed) throw failures[0];
  return results;
}
