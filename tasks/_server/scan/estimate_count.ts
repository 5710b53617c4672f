/** So near that nobody who waits sees the difference. */
const PRECISION = 1 / 32;

/**
 * Estimates how long a list is of which only can be asked whether it goes on behind so many.
 *
 * @param known So many it has at least; more than none.
 * @param hasMore Tells whether it has more than that.
 * @returns How many, give or take some percent.
 */
export async function estimateCount(
  known: number,
  hasMore: (than: number) => Promise<boolean>,
): Promise<number> {
  let [least, most] = [known, 2 * known];
  while (await hasMore(most)) [least, most] = [most, 2 * most];
  while (most - least > least * PRECISION) {
    const middle = Math.round((least + most) / 2);
    if (await hasMore(middle)) least = middle;
    else most = middle;
  }
  return Math.round((least + most) / 2);
}
