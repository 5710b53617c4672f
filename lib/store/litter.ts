/**
 * What editors and operating systems leave behind.
 *
 * @module
 */

/** Names that nobody gives by hand: of Finder, Explorer, file servers, editors, notebooks, git. */
const LITTER =
  /^(?:\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|\.nfs[\da-f]{8,}|\.fuse_hidden.*|\.git(?:keep|ignore)|.*\.sw[op]|\..*\.sw[a-p]|.*~|#.*#|\.#.*|\.~lock\..*#|\.ipynb_checkpoints|__pycache__|__MACOSX|@eaDir|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.Trash-\d+|\.fseventsd|\.TemporaryItems)$/i;

/**
 * Tells whether a file or directory is one that an editor or an operating system left behind, by a name
 * that nobody gives by hand.
 *
 * @param name Its name.
 * @returns Whether it is.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isLitter(".DS_Store") && isLitter("lr~") && isLitter(".loss.swp"));
 * assert(!isLitter("loss") && !isLitter(".git") && !isLitter("model.bak"));
 * ```
 */
export function isLitter(name: string): boolean {
  return LITTER.test(name);
}
