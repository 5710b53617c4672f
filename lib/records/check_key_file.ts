/**
 * Folders of one file per key: params, tags and metrics, whose files' paths are the keys.
 *
 * @module
 */

import type { TextFact } from "../store/facts.ts";
import {
  NOT_FETCHED,
  type RecordProblem,
  recordProblem,
  SOUND,
  unreadProblem,
} from "../store/record_problem.ts";
import { isKeyName } from "../store/names.ts";
import { isLfsPointer, MERGE_MARKS, readMergeConflict } from "../text/git_marks.ts";

/** Directories that hold no keys, though MLflow takes all in them for some: of notebooks, Python, macOS. */
const STRAY_FOLDER =
  /(?:^|\/)(?:\.ipynb_checkpoints|__pycache__|__MACOSX|@eaDir|\.AppleDouble)(?=\/)/;

/**
 * Finds the directory of a key that nobody made for keys.
 *
 * @param key The path of the file below its folder, with `/`.
 * @returns The path of the outermost one, below the folder; `null` where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(strayFolderOf(".ipynb_checkpoints/lr-checkpoint"), ".ipynb_checkpoints");
 * assertEquals(strayFolderOf("val/loss"), null);
 * ```
 */
export function strayFolderOf(key: string): string | null {
  const found = STRAY_FOLDER.exec(key);
  return found === null ? null : key.slice(0, found.index + found[0].length);
}

/** What files that are no keys are called: by Finder, Explorer, editors, NFS and git. */
const STRAY =
  /(?:^|\/)(?:\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini|\.nfs[\da-f]+|\.git(?:keep|ignore)|[^/]+\.(?:sw[op]|bak|orig|rej|tmp))$/i;

/**
 * Checks a key. MLflow raises when it meets a file whose path is no key, and takes any other for one.
 *
 * @param key The path of the file below its folder, with `/`.
 * @returns What is wrong with the key; at most one problem.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkKey("val/loss"), []);
 * assertEquals(checkKey("loss~")[0]?.damage, "illegal-name");
 * assertEquals(checkKey(".loss.swp")[0]?.damage, "stray-file");
 * ```
 */
export function checkKey(key: string): readonly RecordProblem[] {
  if (strayFolderOf(key) !== null) {
    return [recordProblem("stray-file", "others left it; MLflow takes all in it for keys")];
  }
  if (!isKeyName(key)) {
    // A migration takes any name.
    return [
      recordProblem("illegal-name", `MLflow takes no key named ${JSON.stringify(key)}`, null),
    ];
  }
  return STRAY.test(key)
    ? [
      recordProblem(
        "stray-file",
        "an editor or the operating system left it; MLflow takes it for a key",
      ),
    ]
    : SOUND;
}

/**
 * Checks the value of a param or tag: MLflow reads whatever is UTF-8.
 *
 * @param fact What reading the file gave.
 * @param kind A param's value MLflow compares with what is logged again, line ends made alike.
 * @returns What is wrong with it; at most one problem.
 */
export function checkValue(fact: TextFact, kind: "param" | "tag"): readonly RecordProblem[] {
  // A link to nothing is a file to MLflow's reader, and none to the migration's.
  const unread = fact.kind === "missing"
    ? recordProblem("io", "it is a link to nothing", null)
    : unreadProblem(fact, "the file");
  if (unread !== null) return [unread];
  const text = fact.kind === "text" ? fact.text : "";
  if (isLfsPointer(text)) return [NOT_FETCHED];
  if (readMergeConflict(text) !== null) return [recordProblem("merge-marks", MERGE_MARKS)];
  if (/^\0+$/.test(text)) {
    return [recordProblem("zeros", "the value is nothing but zeros: it was lost with the power")];
  }
  return kind === "param" && text.includes("\r")
    ? [recordProblem("carriage-return", "the value has Windows line ends")]
    : SOUND;
}

/** Keys that are alike only when they are the same. */
const FOLDED = /^[a-z\d_/\-. :]*$/;

/**
 * Finds keys that are one and the same to some file systems and databases: they differ in case, or in
 * how Unicode composes a letter.
 *
 * @param keys The keys of one folder.
 * @returns Each key that looks like one before it, with that one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(findLookalikes(["lr", "depth", "LR"]), [["LR", "lr"]]);
 * ```
 */
export function findLookalikes(
  keys: readonly string[],
): readonly (readonly [key: string, other: string])[] {
  if (keys.length < 2 || keys.every((key) => FOLDED.test(key))) return [];
  const seen = new Map<string, string>();
  const found: [string, string][] = [];
  for (const key of keys) {
    const folded = key.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, key);
    else found.push([key, other]);
  }
  return found;
}
