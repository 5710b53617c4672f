/**
 * Waiting for what comes about by itself, as long as a busy machine may take over it.
 *
 * @module
 */

/** Whoever waits longer than that waits for nothing. */
const PATIENCE = 60_000;

/**
 * Waits until something holds.
 *
 * @param holds Tells whether it does.
 * @throws {Error} When it does not after a minute.
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("What was waited for has not come about");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
