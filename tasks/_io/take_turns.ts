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
