/**
 * Where things lie in our directory, for whoever only looks.
 *
 * @module
 */

import { join } from "@std/path";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { listDirectory } from "../../_io/list_directory.ts";

/** Where things lie in our directory; absolute paths. */
export interface OwnPaths {
  readonly own: string;
  readonly lock: string;
  readonly journals: string;
  readonly staging: string;
  readonly backups: string;
}

/**
 * Names the places in our directory. Touches nothing.
 *
 * @param root Absolute real path of the store's root.
 * @returns Absolute paths.
 */
export function ownPaths(root: string): OwnPaths {
  const own = join(root, OWN_DIRECTORY);
  return {
    own,
    lock: join(own, "lock"),
    journals: join(own, "journal"),
    staging: join(own, "staging"),
    backups: join(own, "backups"),
  };
}

/**
 * Tells from its name whether something in a staging directory may be ours.
 *
 * @param name The name.
 * @returns Whether it may.
 */
export function isStaged(name: string): boolean {
  return STAGED.test(name);
}

/**
 * Tells whether a name in `writing/` is one of ours.
 *
 * @param name The name.
 * @returns Whether it is.
 */
export function isBeingWritten(name: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
}

/** New files and old ones, what is brought back, copies of records, probes of the disk, and backups. */
const STAGED = /^(\d+-\d+|new|old|restore|metadata|probe|moved|\d{8}T\d{6}Z-.+)$/;

/**
 * Names what of ours lies in a staging directory. Needs read permission.
 *
 * @param staging The staging directory; it need not be there, nor be open to this account.
 * @returns Absolute paths.
 */
export async function listStaged(staging: string): Promise<readonly string[]> {
  const listed = await listDirectory(staging);
  const entries = listed.kind === "listed" ? listed.entries : [];
  return entries.flatMap(({ name }) => isStaged(name) ? [join(staging, name)] : []);
}

/**
 * Names the place where something lies on its way out of a store that has no room for our directory. MLflow
 * ignores it there. Whoever locks the store next frees it.
 *
 * @param root Absolute real path of the store's root.
 * @returns An absolute path.
 */
export function leavingPlace(root: string): string {
  return join(root, ".mltidy-leaving.trash");
}
