/**
 * MLflow's own rules for names in a file store, and the names that others leave there. Python's `\w` is a
 * letter or a number of any script, or `_`; combining marks are none.
 *
 * @module
 */

/**
 * Tells whether MLflow accepts a directory's name as an experiment id. Any other name in the root,
 * unless {@linkcode isTrashName}, makes MLflow's listing of experiments raise (all versions since 2018).
 *
 * @param name The name of a directory in the root or in `.trash/`.
 * @returns Whether the name may be an experiment's.
 *
 * @example A hidden directory breaks the listing
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isExperimentDirectoryName("420101650667246494"));
 * assert(!isExperimentDirectoryName(".git"));
 * ```
 */
export function isExperimentDirectoryName(name: string): boolean {
  return /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,63}$/u.test(name);
}

/**
 * Tells whether MLflow ignores a directory of the root because of its name's ending (all versions
 * since 0.5).
 *
 * @param name The name of a directory in the root.
 * @returns Whether it ends in `.trash`.
 */
export function isTrashName(name: string): boolean {
  return name.endsWith(".trash");
}

/** Our own directory in the root of a store, named so that MLflow ignores it. */
export const OWN_DIRECTORY = ".mltidy.trash";

/**
 * The id of the experiment to which MLflow logs where none is named. MLflow makes it with a new store, and
 * never again.
 */
export const DEFAULT_EXPERIMENT = "0";

/** What MLflow calls that experiment. */
export const DEFAULT_NAME = "Default";

/** Directories inside an experiment that MLflow never takes for runs. */
export const RESERVED_IN_EXPERIMENT: ReadonlySet<string> = new Set([
  "tags",
  "datasets",
  "traces",
  "models",
]);

/** Where trainers, such as Lightning, leave files beside a run's `artifacts/` that no MLflow knows. */
export const CHECKPOINTS = "checkpoints";

/**
 * Tells whether MLflow has a folder of that name in the directory of a run.
 *
 * @param name The name.
 * @returns Whether it has.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isRunFolder("metrics"));
 * assert(!isRunFolder("checkpoints"));
 * ```
 */
export function isRunFolder(name: string): boolean {
  return /^(?:artifacts|metrics|params|tags|inputs|outputs)$/.test(name);
}

/**
 * Tells whether a directory looks like a backup that some script made. MLflow knows no such thing:
 * in the root it warns of `backups` on each listing and breaks on `.backups`.
 *
 * @param name The name of a directory without a usable `meta.yaml`.
 * @returns Whether one of its words is `backup`, `backups` or `bak`, and MLflow does not ignore it.
 *
 * @example What scripts have called them
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isBackupName("mlruns_backup_20240101"));
 * assert(!isBackupName(".backups.trash"));
 * ```
 */
export function isBackupName(name: string): boolean {
  return /(?<![a-z])(?:backups?|bak)(?![a-z])/i.test(name) && !isTrashName(name);
}

/**
 * Tells whether a name has the form of the ids that MLflow has given to experiments: decimal digits,
 * or 32 lowercase hexadecimal digits on older servers.
 *
 * @param name The name of a directory.
 * @returns Whether it looks like an experiment id.
 */
export function looksLikeExperimentId(name: string): boolean {
  return /^(?:[0-9]+|[0-9a-f]{32})$/.test(name);
}

/**
 * Tells whether an id is whole: one as MLflow gives it to a run. What has another one may be the beginning of it.
 *
 * @param id The id, or the name of a directory.
 * @returns Whether it is.
 */
export function isRunId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/**
 * Tells whether an id is whole: one as MLflow gives it to a logged model.
 *
 * @param id The id, or the name of a directory.
 * @returns Whether it is.
 */
export function isLoggedModelId(id: string): boolean {
  return id.startsWith("m-") && isRunId(id.slice(2));
}

/**
 * Tells whether an id is whole: one as MLflow gives it to a trace, MLflow 2 as to a run.
 *
 * @param id The id, or the name of a directory.
 * @returns Whether it is.
 */
export function isTraceId(id: string): boolean {
  return isRunId(id.replace(/^tr-/, ""));
}

/** Nearly every key: one segment, which begins with a letter. */
const PLAIN_KEY = /^[A-Za-z\d_][\w\-. :]*$/;

/**
 * Tells whether MLflow accepts the key of a metric, param or tag when it reads one from disk. A file
 * of any other name makes the search of the whole experiment raise. A colon is fine since 2.16, and
 * never on Windows.
 *
 * @param key The path of the file below `metrics/`, `params/` or `tags/`, with `/`.
 * @returns Whether the key is valid; the limit of 250 characters counts when logging only.
 *
 * @example An editor's backup is no key
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isKeyName("val/loss"));
 * assert(!isKeyName("lr~"));
 * ```
 */
export function isKeyName(key: string): boolean {
  if (PLAIN_KEY.test(key)) return true;
  // A key is a relative path that normalization leaves alone.
  const normal = key.split("/").every((segment) => !["", ".", ".."].includes(segment));
  return normal && !key.startsWith("..") && /^[\p{L}\p{N}_/\-. :]*$/u.test(key);
}

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
