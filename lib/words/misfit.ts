/**
 * What a policy asks for in vain, in words.
 *
 * @module
 */

import type { Misfit } from "../plan/outlook.ts";
import { plural } from "../text/units.ts";

/**
 * Says in words what does not fit.
 *
 * @param misfit What does not fit.
 * @returns Such as `keep_best by f1 ranks no run in 12 of 15 experiments`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   misfitText({ key: "keep_tags", wanted: "keep", among: "run", without: 9, of: 9 }),
 *   "keep_tags keep fits none of 9 runs",
 * );
 * ```
 */
export function misfitText({ key, wanted, among, without, of }: Misfit): string {
  if (key !== "keep_best") return `${key} ${wanted} fits none of ${plural(of, among)}`;
  const share = without === of ? "" : `${without} of `;
  return `keep_best by ${wanted} ranks no run in ${share}${plural(of, among)}`;
}
