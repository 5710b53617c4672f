/**
 * The words of the command line for what the core gives as data: remedies, choices, limits, flags.
 *
 * @module
 */

import type { Explanation } from "../answers/explain_model.ts";
import type { PolicyChange } from "../answers/find_flip.ts";
import { type Allowance, allowanceOf } from "../plan/allowance.ts";
import type { ActionReason, KeepReason, Kept, Plan, Stop } from "../plan/plan.ts";
import type { NeedsChoice } from "../plan/repair_action.ts";
import { DEFAULT_EXPERIMENT } from "../store/names.ts";
import { isServer } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import type { Remedy, Rule } from "../verify/rule.ts";
import type { Finding } from "../verify/verify_snapshot.ts";
import { reasonText } from "../words/reason.ts";

/**
 * Gives what is typed to run a task on the same store, such as `deno task repair --store x` for `repair`, or a
 * command of MLflow's, for what begins with `mlflow`.
 */
export type CommandOf = (task: string) => string;

/** How commands are named. */
export interface CommandOptions {
  /** Gives what is typed to run a task on the same store. @default {its name behind "deno task"} */
  readonly command?: CommandOf | undefined;
}

/**
 * Names a command without any flags but its own.
 *
 * @param typed The task's name, with its own flags; or a command of MLflow's.
 * @returns The command.
 */
export function plainCommand(typed: string): string {
  return isOfMlflow(typed) ? typed : `deno task ${typed}`;
}

/**
 * Tells a command of MLflow's from that of a task.
 *
 * @param typed What is typed.
 * @returns Whether it is.
 */
export function isOfMlflow(typed: string): boolean {
  return typed.startsWith("mlflow ");
}

/**
 * Says in words what to do about something that is broken.
 *
 * @param remedy The remedy.
 * @param command Gives what is typed for a task.
 * @returns A sentence in the imperative, without a full stop; `null` when nothing needs to be done.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(remedyText({ kind: "repair" }), "Run `deno task repair` to plan its repair");
 * ```
 */
export function remedyText(
  remedy: Remedy | null,
  command: CommandOf = plainCommand,
): string | null {
  switch (remedy?.kind) {
    case undefined:
      return null;
    case "repair":
      if (remedy.dropLines) {
        return `Correct the line, or run \`${command("repair --drop-lines")}\` to take it out`;
      }
      return `Run \`${
        command(remedy.relocate ? "repair --relocate" : "repair")
      }\` to plan its repair`;
    case "cleanup":
      return remedy.does === "purge"
        ? `Purge the experiment with \`${command(purging(remedy.experimentId))}\`, or ${remedy.or}`
        : `Run \`${command("cleanup")}\` to plan ${
          remedy.does === "quarantine" ? "the quarantine of the orphan" : "its purge"
        }, or ${remedy.or}`;
    case "restore":
      return `Restore it with \`${command(restoring(remedy.experimentId))}\`, or ${remedy.or}`;
    case "choice": {
      const text = remedy.ways.join(", or ");
      const by = remedy.by === undefined ? "" : ` with \`${CHOICES[remedy.by](command, remedy)}\``;
      return `${text.charAt(0).toUpperCase()}${text.slice(1)}${by}`;
    }
    case "by-hand":
      return remedy.text;
    case "separate":
      return `Give MLflow a directory of its own: move ${
        listed(remedy.moves)
      } into a new directory ${remedy.to.slice(remedy.to.lastIndexOf("/") + 1)} in this one, ` +
        `then run \`${
          command(`repair --relocate --store ${shellWords([remedy.to])}`)
        }\`, and start MLflow with that directory`;
    case "leave":
      return `Leave it where it is: ${reasonText(remedy.use)}`;
    case "read-database":
      return `Leave it where it is while database ${remedy.database} cannot be read, which may refer to it: ${remedy.message}`;
  }
}

function listed(moves: readonly string[]): string {
  const shown = moves.length > MOST_MOVES
    ? [...moves.slice(0, MOST_MOVES - 1), `${moves.length - MOST_MOVES + 1} more experiments`]
    : moves;
  return shown.join(", ").replace(/, ([^,]*)$/, " and $1");
}

const MOST_MOVES = 6;

/**
 * Says a reason in words, and by which command a choice is carried out.
 *
 * @param reason The reason.
 * @param command Gives what is typed for a task.
 * @returns A clause, as it was read: whoever shows it escapes it.
 */
export function reasonWithCommand(
  reason: ActionReason | KeepReason,
  command: CommandOf = plainCommand,
): string {
  const text = reasonText(reason);
  if (reason.kind !== "needs-choice" || !reason.by) return text;
  return `${text} with \`${CHOICES[reason.by](command, reason)}\``;
}

type Choice = (command: CommandOf, what: Pick<NeedsChoice, "from" | "to">) => string;

const CHOICES: Readonly<Record<NonNullable<NeedsChoice["by"]>, Choice>> = {
  cleanup: (command) => command("cleanup"),
  repair: (command) => command("repair"),
  relocation: (command, { from }) =>
    command(`repair --relocate${from === undefined ? "" : ` --from ${shellWords([from])}`}`),
  dropping: (command) => command("repair --drop-lines"),
  renaming: (command, { from = "", to = "" }) =>
    command(
      `mlflow experiments rename --experiment-id ${shellWords([from])} --new-name ${
        shellWords([to])
      }`,
    ),
  undated: (command) => command("cleanup --undated last-sign-of-life"),
  restoration: (command) => command(restoring(DEFAULT_EXPERIMENT)),
};

function restoring(experimentId: string): string {
  return `mlflow experiments restore --experiment-id ${experimentId}`;
}

function purging(experimentId: string | undefined): string {
  return experimentId === undefined
    ? "cleanup"
    : `cleanup --experiment ${experimentId} --purge-after 0d`;
}

/**
 * Names the flags that set limits.
 *
 * @param allowance The limits; `null`: no limit helps.
 * @returns The flags, to be put behind the command that plans; empty where none helps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(allowingFlags({ maxShare: 93, maxRuns: 1200 }), "--max-share 93% --max-runs 1200");
 * ```
 */
export function allowingFlags(allowance: Allowance | null): string {
  const { maxShare = null, maxRuns = null } = allowance ?? {};
  return [
    ...(maxShare === null ? [] : [`--max-share ${maxShare}%`]),
    ...(maxRuns === null ? [] : [`--max-runs ${maxRuns}`]),
  ].join(" ");
}

/**
 * Names the flags that allow a plan.
 *
 * @param stops What stops it.
 * @returns The flags; empty where none does.
 */
export function flagsAgainst(stops: readonly Stop[]): string {
  return allowingFlags(allowanceOf(stops));
}

/**
 * Writes what changes in a policy as it is typed.
 *
 * @param change The change.
 * @returns The same, with a key of `mltidy.yaml`, or a flag and what stands behind it.
 */
export function typedChange(change: PolicyChange): PolicyChange {
  const { rule, key, from, to } = change;
  if (rule !== null) return change;
  if (key === "olderThan") {
    return { rule, key: "--days-old", from: withoutUnit(from), to: withoutUnit(to) };
  }
  return { ...change, key: key === "purgeAfter" ? "--purge-after" : `--${key}` };
}

/** The flag counts in days. */
function withoutUnit(typed: string): string {
  return typed.replace(/d$/, "");
}

/**
 * Makes what `--json` prints of a finding.
 *
 * @param finding The finding.
 * @param command Gives what is typed for a task.
 * @returns The same, with its remedy in words.
 */
export function findingDocument(finding: Finding, command: CommandOf = plainCommand): object {
  return { ...finding, remedy: remedyText(finding.remedy, command) };
}

/**
 * Says where what is deleted can be purged, which a tracking server cannot.
 *
 * @param plan The plan.
 * @returns A line, or none.
 */
export function serverLines({ task, store, kept }: Plan): readonly string[] {
  const isDeleted = ({ reasons }: Kept) =>
    reasons.some(({ kind }) => kind === "no-deletion-time" || kind === "not-supported");
  return task === "cleanup" && isServer(store) && kept.some(isDeleted) ? [purgeElsewhere()] : [];
}

/**
 * Says the same of anything deleted on a tracking server.
 *
 * @returns A line.
 */
export function purgeElsewhere(): string {
  const there = plainCommand("cleanup --store postgresql://HOST/DATABASE");
  return `No tracking server purges what is deleted, nor says when that was: where its database can be reached, type \`${there}\`, or sqlite:////PATH/mlflow.db instead`;
}

/**
 * Makes what `--json` prints of a rule.
 *
 * @param rule The rule.
 * @returns The same without its check, with its remedy in words.
 */
export function ruleDocument({ check: _, remedy, ...rule }: Rule): object {
  return { ...rule, remedy: remedyText(remedy) };
}

/**
 * Makes what `--json` prints of an explanation.
 *
 * @param explanation The explanation.
 * @returns The same, with what changes named as it is typed.
 */
export function explanationDocument(explanation: Explanation): object {
  if (explanation.flip === null) return explanation;
  const { flip } = explanation;
  const changes = flip.changes.map(typedChange);
  return { ...explanation, flip: { ...flip, changes } };
}
