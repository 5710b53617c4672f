/**
 * Work that takes all processors.
 *
 * @module
 */

const WORKERS = Math.min(4, navigator.hardwareConcurrency);

/**
 * Works on as many at a time as there are processors, up to four.
 *
 * @param all What to work on, begun in this order.
 * @param work Works on one.
 * @returns What that gives of each, in the same order.
 */
export async function inParallel<One, Result>(
  all: readonly One[],
  work: (one: One) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = all.entries();
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (const [index, one] of left) results[index] = await work(one);
  }));
  return results;
}
