/**
 * Our directory inside a store: `.mltidy.trash/`. MLflow skips every directory whose name ends in
 * `.trash`, and it lies on the store's own file system, where a rename is atomic.
 *
 * ```
 * .mltidy.trash/
 *   README.txt        what this is
 *   lock              locked while a task changes the store
 *   journal/ID.jsonl  the write-ahead record of a change that has not been settled
 *   staging/          new files before they are renamed into place
 *   backups/ID/       manifest.json and files/: what a change took away or replaced
 * ```
 *
 * @module
 */

import { join } from "@std/path";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { OWN_DIRECTORY } from "../../lib/names.ts";
import { shellWords } from "../../lib/shell_words.ts";
import { keepingTimes, syncDirectory, writeAndSync } from "./durable.ts";
import { makeLikeParent } from "./permissions.ts";
import { failureText, infoOf } from "./read.ts";

const README = `This directory belongs to mltidy. MLflow ignores it.

It may hold the only copy of runs and experiments that mltidy moved out of the store:
backups/<id>/files/ has them under their old paths. To bring them back, type

    deno task restore --last --store <the directory above this one>

Do not delete it by hand unless you want those runs gone for good.
`;

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
 * Makes our directory, open to whom the root is open to, leaving the root's modification time as it was.
 * Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @returns Where things lie in it.
 * @throws {UnsupportedStoreError} When a symbolic link or a file stands in its place.
 */
export function ensureOwnDirectory(root: string): OwnPaths {
  const paths = ownPaths(root);
  const found = infoOf(paths.own);
  if (found && !found.isDirectory) {
    throw new UnsupportedStoreError(
      `Cannot use ${paths.own}: expected a directory of our own, found ${
        found.isSymlink ? "a symbolic link" : "a file"
      }; move it away`,
      root,
    );
  }
  if (!found) keepingTimes(root, () => makeLikeParent(paths.own));
  const readme = join(paths.own, "README.txt");
  if (infoOf(readme)?.size !== README.length) writeAndSync(readme, README);
  const missing = [paths.journals, paths.staging, paths.backups].filter((path) => !infoOf(path));
  missing.forEach(makeLikeParent);
  // A journal and a backup are as durable as the way to them.
  if (missing.length > 0) syncDirectory(paths.own);
  if (!found) syncDirectory(root);
  return paths;
}

/**
 * Does something in our directory. Where another account keeps it closed, the error says how to open it.
 *
 * @param root Absolute real path of the store's root.
 * @param work What to do.
 * @returns What it gives.
 * @throws {Deno.errors.PermissionDenied} When the operating system refuses.
 */
export function inOwnDirectory<T>(root: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { own } = ownPaths(root);
    const info = error instanceof Deno.errors.PermissionDenied ? infoOf(own) : null;
    if (info === null) throw error;
    const { gid } = Deno.statSync(root);
    const open = shellWords(["chmod", "-R", "g+rwX", own]);
    const give = gid === info.gid ? "" : `${shellWords(["chgrp", "-R", `${gid}`, own])} && `;
    throw new Deno.errors.PermissionDenied(
      `${
        failureText(error)
      }: ${own} is closed to this account; as its owner, user ${info.uid}, type ${give}${open}`,
      { cause: error },
    );
  }
}
