/**
 * Records with both sides of a merge of git in them: which side is the one that counts.
 *
 * @module
 */

import { readMergeConflict } from "../text/git_marks.ts";
import { parseMetaYaml, stringifyMetaYaml } from "../yaml/meta_yaml.ts";
import { textOf } from "../yaml/node.ts";

/** What tells one side from the other. */
export interface Side {
  /** Whether a text is a record that MLflow can use in that place. */
  readonly isSound: (text: string) => boolean;
  /** The key that names where artifacts are. */
  readonly key: "artifact_location" | "artifact_uri";
  /** Tells whether that is where they are in this store. */
  readonly isHere: (location: string) => boolean;
}

/** Two sides that differ in them alone are as good as each other. */
const TIMES = ["creation_time", "last_update_time"];

/**
 * Chooses the side of a merge that is whole: the only one that MLflow can use; of two the one that names
 * this store, or either where they differ in nothing but the times of an experiment.
 *
 * @param text The text of a damaged record.
 * @param side What tells one from the other.
 * @returns The text of that side, the text itself where there are no sides; `null` where nothing tells.
 */
export function chooseSide(text: string, { isSound, key, isHere }: Side): string | null {
  const merge = readMergeConflict(text);
  if (merge === null) return text;
  if (merge.ours === merge.theirs) return merge.ours;
  const sound = [merge.ours, merge.theirs].filter(isSound);
  if (new Set(sound.map(withoutTimes)).size === 1) return sound[0]!;
  const here = sound.filter((one) => isHere(textOf(parseMetaYaml(one).get(key)) ?? ""));
  return here.length === 1 ? here[0]! : null;
}

function withoutTimes(text: string): string {
  return stringifyMetaYaml(
    new Map([...parseMetaYaml(text)].filter(([key]) => !TIMES.includes(key))),
  );
}
