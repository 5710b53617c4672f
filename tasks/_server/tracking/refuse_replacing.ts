import { UnsupportedStoreError } from "../../../lib/errors.ts";

/**
 * Refuses to put a new experiment in place of a deleted one: a server renames none, and restoring it for that would
 * make all of its runs active.
 *
 * @param location The store's location.
 * @param found The deleted one.
 * @throws {UnsupportedStoreError} Always.
 */
export function refuseReplacing(
  location: string,
  { id, name }: { readonly id: string; readonly name: string | null },
): never {
  throw new UnsupportedStoreError(
    `Cannot set up experiment ${
      JSON.stringify(name)
    } in store ${location}: experiment ${id} has that name though it is deleted, and a tracking server renames no deleted one; have it restored, or choose another name`,
    location,
  );
}
