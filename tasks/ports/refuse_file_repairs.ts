import { UnsupportedStoreError } from "../../lib/errors.ts";
import type { RepairPolicy } from "../../lib/plan/repair_action.ts";

/**
 * Refuses to repair what only a store of files has.
 *
 * @param location The store's location.
 * @param policy What may be done.
 * @throws {UnsupportedStoreError} When the policy asks for it.
 */
export function refuseFileRepairs(
  location: string,
  { relocate, dropLines }: Pick<RepairPolicy, "relocate" | "dropLines">,
): void {
  if (relocate === null && !dropLines) return;
  const [what, flag] = relocate === null
    ? ["take lines out of metrics", "--drop-lines"]
    : ["rewrite the places that records name", "--relocate"];
  throw new UnsupportedStoreError(
    `Cannot ${what} in store ${location}: mltidy does that in a store of files alone; leave out ${flag}`,
    location,
  );
}
