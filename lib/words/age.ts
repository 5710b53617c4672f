/**
 * How old runs are, in words.
 *
 * @module
 */

import { days, formatDuration } from "../text/units.ts";

/**
 * Says an age.
 *
 * @param age Its bounds, ms; `null`: without end.
 * @returns Such as `< 1 d`, `7–30 d` or `≥ 730 d`.
 */
export function ageText(
  { from, to }: { readonly from: number; readonly to: number | null },
): string {
  if (to === null) return `≥ ${formatDuration(from)}`;
  return from === 0 ? `< ${formatDuration(to)}` : `${from / days(1)}–${formatDuration(to)}`;
}
