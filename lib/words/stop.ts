/**
 * What stops a plan, in words.
 *
 * @module
 */

import type { Stop } from "../plan/plan.ts";
import { formatCount, plural, typedShare } from "../text/units.ts";

/**
 * Says in words what stops a plan.
 *
 * @param stop What stops it.
 * @returns A clause about the plan.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   stopText({ kind: "max-runs", removes: 120, limit: 100 }),
 *   "it removes 120 runs, and max_runs is 100",
 * );
 * ```
 */
export function stopText(stop: Stop): string {
  switch (stop.kind) {
    case "max-share":
      return `it removes ${formatCount(stop.removes)} of ${plural(stop.of, "run")} of experiment ` +
        `${stop.name} (${stop.experiment}), and max_share is ${typedShare(stop.limit)}`;
    case "max-runs":
      return `it removes ${plural(stop.removes, "run")}, and max_runs is ${
        formatCount(stop.limit)
      }`;
    case "empties-protected": {
      const group = stop.group === null ? "" : `group "${stop.group}" of `;
      return `it removes all ${plural(stop.removes, "run")} of ${group}experiment ${stop.name} ` +
        `(${stop.experiment}), which protect.experiments names; let the policy keep one of them`;
    }
    case "database-unreadable":
      return `database ${stop.database}, which may refer to what goes, cannot be read: ${stop.message}`;
    case "partial-view":
      return `${
        stop.account === null ? "the account that asks" : `account ${stop.account}`
      } is no administrator of ${stop.server}, which shows it a part of what there is: model versions, ` +
        "logged models, traces and child runs that protect what goes may be in the rest; " +
        "plan by an administrator's name";
  }
}
