/** How long signals may wait, ms. */
const TURN = 50;

/**
 * Gives the event loop its turn now and then: the disk is worked on synchronously, and Ctrl-C waits for
 * the event loop.
 *
 * @param signal Looked at after each turn.
 * @returns A function to be awaited between two pieces of work; it throws when the signal is aborted.
 */
export function takeTurns(signal: AbortSignal | undefined): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > TURN) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      last = performance.now();
    }
    signal?.throwIfAborted();
  };
}
