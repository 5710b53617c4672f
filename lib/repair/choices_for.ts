/**
 * What an owner may do about damage that nothing proves how to mend.
 *
 * @module
 */

import { MERGE_MARKS } from "../text/git_marks.ts";
import type { NeedsChoice } from "../plan/repair_action.ts";
import { isNoFile, UTF_16 } from "../store/record_problem.ts";
import { type Problem, RECORD_SUBJECTS } from "../store/problem.ts";
import type { NonEmpty } from "../store/snapshot.ts";

type Choices = NonEmpty<string>;

/** Choices, and what carries out the last of them. */
export type OwnersChoice = Pick<NeedsChoice, "choices" | "by">;

const RECORD: Choices = [
  "bring its meta.yaml back from a backup of your own",
  "move the directory out of the store",
];
const REMAINS: Choices = [
  "bring its meta.yaml back from a backup of your own",
  "move it out of MLflow's sight",
];
/** What it holds may be shown all the same. */
const REGISTERED: Choices = [
  "bring its meta.yaml back from a backup of your own",
  "write one that says its name",
];
const ONE_SIDE = "take git's marks out, and with them one of the two sides";
const VALUE: Choices = [
  "bring the file back from a backup of your own",
  "move it out of the store",
];
const RE_ENCODED: Choices = ["write the file anew as UTF-8", "move it out of the store"];
const TWO_IN_ONE: Choices = [
  "part the two lines",
  "take out what is left of the first, into the backup,",
];
const MISPLACED: Choices = [
  "give the directory the name and the place that its meta.yaml records",
  "move it out of the store",
];

const IN_PLACE: Choices = ["move away what stands in place of its record, then repair again"];

/** By damage; `null`: it harms nothing that an owner would have to decide about. */
const CHOICES: Readonly<Record<Problem["damage"], Choices | null>> = {
  missing: RECORD,
  empty: RECORD,
  unreadable: RECORD,
  incomplete: RECORD,
  io: ["give this account permission to read it", "bring it back from a backup of your own"],
  "lfs-pointer": ["fetch it with `git lfs pull`"],
  "id-mismatch": MISPLACED,
  "wrong-experiment": [
    MISPLACED[0],
    "write the name of this experiment's directory as its experiment_id, where it belongs here",
    "move it out of the store",
  ],
  copied: ["move the copy out of the store", "give the copy an id of its own"],
  "copied-outside": ["move the copy out of the store", "give it a name that ends in .trash"],
  "missing-folder": ["move the file out of the folder's place", "bring the run back from a backup"],
  "not-a-directory": ["move the file out of the store"],
  "illegal-name": ["give the file a name that MLflow takes", "move it out of the store"],
  "cut-off": [
    "complete its last line, with a line feed at its end",
    "bring its meta.yaml back from a backup of your own",
  ],
  "malformed-line": ["correct the line", "take it out, into the backup,"],
  "joined-lines": TWO_IN_ONE,
  "joined-time": TWO_IN_ONE,
  "torn-line": ["complete the line, with a line feed at its end", "remove the line"],
  "stray-file": ["move the file out of the store"],
  zeros: VALUE,
  "merge-marks": [ONE_SIDE],
  moved: ["move the store back", "rewrite the place that it names"],
  relative: ["start MLflow where the place leads here", "rewrite the place that it names"],
  foreign: null,
  "no-run-id": null,
  "no-artifact-uri": null,
  "no-name": null,
  "no-deleted-time": null,
  "no-update-time": ["write a time there"],
  "wrong-type": ["correct the value where it is written"],
  "no-place": ["write the URI of a directory as its artifact_location"],
  "boolean-time": ["correct the value where it is written"],
  "no-value": null,
  lookalike: null,
  "repeated-point": null,
  "carriage-return": null,
  "newer-format": null,
  unmigrated: null,
  unstorable: null,
  dangling: null,
  remote: null,
  borrowed: null,
  unused: null,
  stale: null,
};

/**
 * Names what may be done about a problem.
 *
 * @param problem What was met while reading.
 * @param isForCleanup Whether a clean-up would quarantine it.
 * @returns The choices, each in the imperative, and what carries out the last of them; `null` when there
 * is nothing to decide.
 */
export function choicesFor(
  { subject, damage, message, path }:
    & Pick<Problem, "subject" | "damage" | "message">
    & Partial<Pick<Problem, "path">>,
  isForCleanup: boolean,
): OwnersChoice | null {
  if (isNoFile(message) && RECORD_SUBJECTS.includes(subject)) return { choices: IN_PLACE };
  const isRecord = subject === "model-version" || RECORD_SUBJECTS.includes(subject);
  if (message === UTF_16 && !isRecord) return { choices: RE_ENCODED };
  const isModel = subject === "registry" && path?.split("/").length === 2;
  if (isModel && LOST.includes(damage)) return { choices: REGISTERED };
  if (message === MERGE_MARKS && damage === "unreadable") {
    return { choices: isRecord ? [ONE_SIDE, RECORD[0]] : [ONE_SIDE] };
  }
  if (isForCleanup && LOST.includes(damage)) return { choices: REMAINS, by: "cleanup" };
  if (!isRecord && LOST.includes(damage)) return { choices: VALUE };
  // Nothing was moved: it names the place of another experiment.
  if (damage === "moved" && /another (one|store)/.test(message)) {
    return { choices: ["rewrite the place that it names"], by: "relocation" };
  }
  if (subject === "model-version" && damage === "id-mismatch") {
    return { choices: ["write the name of the model in which it lies into its meta.yaml"] };
  }
  const choices = CHOICES[damage];
  if (choices === null) return null;
  const by = BY[damage];
  return by === undefined ? { choices } : { choices, by };
}

/** What carries out the last of the choices. */
const BY: Readonly<Partial<Record<Problem["damage"], OwnersChoice["by"]>>> = {
  moved: "relocation",
  relative: "relocation",
  "malformed-line": "dropping",
  "joined-lines": "dropping",
  "joined-time": "dropping",
};

const LOST: readonly Problem["damage"][] = ["missing", "empty", "unreadable", "incomplete"];
