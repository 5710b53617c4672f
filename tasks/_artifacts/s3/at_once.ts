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
