/** How many requests a server gets at once: more only wait for each other. */
const MOST = 4;

/**
 * Does something with each, as many at once as a server gets.
 *
 * @param all With what.
 * @param work What to do.
 * @param most How many at once. @default {4}
 * @throws {unknown} What the first one threw that failed, once none is at work any more.
 */
export async function atOnce<T>(
  all: Iterable<T>,
  work: (one: T) => Promise<void>,
  most: number = MOST,
): Promise<void> {
  const queue = Iterator.from(all);
  const workers = Array.from({ length: most }, async () => {
    for (const one of queue) await work(one);
  });
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
