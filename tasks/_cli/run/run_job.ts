/**
 * What all tasks that plan and apply have in common: asking, showing, reporting, and the exit code.
 *
 * @module
 */

import { dirname } from "@std/path";
import { PlanRefusedError, StoreAccessError } from "../../../lib/errors.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import type { ApplyReport } from "../../../lib/plan/report.ts";
import { reportOutcomes } from "../../../lib/plan/report_outcomes.ts";
import { allowingFlags, type CommandOf } from "../../../lib/render/commands.ts";
import { placeOf } from "../../../lib/store/store_uri.ts";
import { shellWords, withoutFlags } from "../../../lib/text/shell_words.ts";
import { visibleText } from "../../../lib/text/terminal_text.ts";
import { majorityClause } from "../../../lib/words/majority.ts";
import type { PlanAndApplyOptions, PlanAndApplyResult } from "../../plan_and_apply.ts";
import { ExitCode } from "../table/exit_code.ts";
import { UsageError } from "../table/usage_error.ts";
import type { Noted, World } from "../world.ts";
import { sayEarlier } from "./open.ts";
import { printDone, printJson } from "./print_json.ts";

/** What flags say of how to apply, and how to show it. */
export interface ApplyFlags {
  readonly apply: boolean;
  readonly backup: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly detailedExitcode: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

/** One task that plans and applies. */
export interface Job {
  /** Its name. */
  readonly task: string;
  /** The words of the command, for the command that is proposed next. */
  readonly words: readonly string[];
  /** Gives what is typed to run a task on the same store. */
  readonly command: CommandOf;
  readonly options: ApplyFlags;
  /** The store's location. */
  readonly location: string;
  /** Where the backup goes; `null`: into the store. */
  readonly backups: string | null;
  /** Renders the plan. */
  readonly show: (plan: Plan, next: string | null) => string;
  /** Runs it. */
  readonly run: (options: PlanAndApplyOptions) => Promise<PlanAndApplyResult>;
}

/**
 * Plans, and applies where that is wanted and approved; shows what came of it.
 *
 * @param job The task.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runJob(job: Job, world: World): Promise<ExitCode> {
  const { backups, show, run, command } = job;
  const options = { ...job.options, apply: willApply(job.options) };
  // Nobody is asked for what would be refused.
  if (options.apply && !mayWrite(job.location)) throw notGrantedError(job);
  const stop = new AbortController();
  // Until there is something to stop, an interruption just ends the process.
  const listen = () => world.signal().addEventListener("abort", () => stop.abort());
  if (options.apply && options.force) listen();
  if (backups !== null && options.backup && !isOnDiskOf(backups, job.location)) {
    world.say(ELSEWHERE);
  }
  const { plan, report, settled, remains } = await run({
    apply: options.apply,
    backup: options.backup,
    ...(backups === null ? {} : { backups }),
    signal: stop.signal,
    ...(options.force ? {} : {
      approve: async (plan) => {
        world.progress.erase();
        world.say(show(plan, null), { isRendered: true });
        const isApproved = await askToApply(plan, options, world);
        if (isApproved) listen();
        return isApproved;
      },
    }),
    onRead: (snapshot) => world.note({ snapshot }),
    onProgress: world.progress.update,
    onFiles: world.progress.transfer,
  }).catch((error: unknown) => {
    throw isNotGranted(error) ? notGrantedError(job, error) : sayingHow(error, planAgain(job));
  });
  world.progress.erase();
  sayEarlier({ settled, remains }, world);
  world.note({ plan });
  if (report !== null) return await showReport(report, { json: options.json, command }, world);
  const isRefused = options.apply && plan.actions.length > 0;
  if (isRefused) world.say(NOTHING_CHANGED);
  const result = options.apply ? nothingOf(plan, world.now()) : plan;
  world.note({ result });
  if (options.json) {
    printJson(result, world);
  } else if (!isRefused && !(options.apply && options.quiet)) {
    world.print(show(plan, applyCommand(job)));
  }
  // Nothing of what was agreed is done.
  if (options.apply && !isRefused && !isWhole(plan)) return ExitCode.partlyApplied;
  return options.detailedExitcode && plan.actions.length > 0 ? ExitCode.findings : ExitCode.done;
}

function isWhole({ reviewed }: Plan): boolean {
  return reviewed === undefined || reviewed.lapsed.length === 0;
}

/** Whether this process was let change what lies on a disk here; of another place only trying tells. */
function mayWrite(location: string): boolean {
  const path = placeOf(location);
  return path === null || Deno.permissions.querySync({ name: "write", path }).state === "granted";
}

/**
 * Says how a plan can be allowed that was refused.
 *
 * @param error What was thrown.
 * @param again Gives what is typed to plan the same with more flags.
 * @returns The error to throw.
 */
export function sayingHow(error: unknown, again: CommandOf): unknown {
  if (!(error instanceof PlanRefusedError)) return error;
  const flags = allowingFlags(error.allowance);
  if (flags === "") return error;
  return new PlanRefusedError(`${error.message}; to allow it, type \`${again(flags)}\``, null);
}

/** A task that plans may not write, whatever flag is given to it. */
function isNotGranted(error: unknown): boolean {
  if (error instanceof Deno.errors.NotCapable) return true;
  return error instanceof StoreAccessError && isNotGranted(error.cause);
}

function notGrantedError(
  { task, words, command, location }: Job,
  cause?: unknown,
): StoreAccessError {
  const typed = command(shellWords([appliedBy(task), ...without(words.slice(1), ["--apply"])]));
  return new StoreAccessError(
    `Cannot change store ${location}: this process may not write there; type \`${typed}\`, or grant --allow-write where you call it yourself; nothing was touched`,
    location,
    { cause },
  );
}

/** Whoever reads what applying prints need not know that there was nothing to apply. */
function nothingOf(plan: Plan, now: number): ApplyReport {
  return reportOutcomes(plan, { startedAt: now, finishedAt: now, outcomes: [], backup: null });
}

/**
 * Tells whether a plan is to be carried out.
 *
 * @param options What flags say.
 * @returns Whether that is wanted, and not only to be shown.
 */
export function willApply(
  { apply, dryRun }: Pick<ApplyFlags, "apply" | "dryRun">,
): boolean {
  return apply && !dryRun;
}

/**
 * Asks whether to carry a plan out. What nothing can undo takes more than a yes: how much goes is to be typed.
 *
 * @param plan The plan.
 * @param options Whether a backup is kept.
 * @param world What it needs of the world.
 * @returns Whether it is to be carried out; not where nobody can be asked.
 */
export async function askToApply(
  plan: Plan,
  { backup }: Pick<ApplyFlags, "backup">,
  world: World,
): Promise<boolean> {
  const { actions: { length } } = plan;
  const takes = visibleText(majorityClause(plan));
  if (backup || length === 0) return await world.ask?.(`Apply this plan${takes}`) ?? false;
  world.say(FOR_GOOD);
  const number = String(length);
  return await world.ask?.(
    `To apply this plan${takes}${takes && ","} all the same, type how much goes: ${number}`,
    number,
  ) ??
    false;
}

/** What is said where no backup is wanted. */
const FOR_GOOD =
  "This cannot be undone: with --no-backup no copy is kept of what goes or is replaced.\n";

/** What is said before a backup goes to another disk. */
const ELSEWHERE =
  "The place of backups is on another file system, so what goes there is a copy: it keeps no access lists, no extended attributes, and times to the millisecond, up to the year 275760, only.\n";

/** Of what is not there yet counts what it will lie in. */
function isOnDiskOf(place: string, location: string): boolean {
  // What is taken out of a database is a copy in any case.
  if (placeOf(location) === null) return true;
  try {
    return Deno.statSync(place).dev === Deno.statSync(location).dev;
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound && dirname(place) !== place;
    return isMissing && isOnDiskOf(dirname(place), location);
  }
}

/** What is said where the answer is no. */
export const NOTHING_CHANGED = "Nothing was changed.\n";

/**
 * Refuses to apply where nobody can be asked.
 *
 * @param force Whether nobody needs to be.
 * @param words The words of the command.
 * @param command Gives what is typed to run a task on the same store.
 * @param world What it needs of the world.
 * @throws {UsageError} When there is no terminal.
 */
export function refuseUnattended(
  force: boolean,
  words: readonly string[],
  command: CommandOf,
  world: World,
): void {
  if (force || world.ask !== null) return;
  const [task = "", ...flags] = words;
  const forced = command(shellWords([appliedBy(task), ...without(flags, ["--apply"]), "--force"]));
  throw new UsageError(
    `Cannot ask before applying: there is no terminal; to apply without a question, type \`${forced}\``,
  );
}

function without(words: readonly string[], unwanted: readonly string[]): readonly string[] {
  return words.filter((word) => !unwanted.includes(word));
}

/**
 * Prints what was applied.
 *
 * @param report The report.
 * @param options How to print it, and how commands are named.
 * @param world What the task needs of the world.
 * @returns The exit code.
 */
export async function showReport(
  report: ApplyReport,
  options: { readonly json: boolean; readonly command: CommandOf },
  world: World,
): Promise<ExitCode> {
  const { renderReport } = await import("../../../lib/render/report.ts");
  const noted = notedOf(report, options.command);
  world.note(noted);
  const text = renderReport(report, { ...world.style, undo: noted.undo });
  printDone(options.json ? report : null, text, world);
  return appliedCode(report);
}

/**
 * Tells what a report is going to say of what was applied.
 *
 * @param report What was applied.
 * @param command How commands are named.
 * @returns The same, with what undoes it.
 */
export function notedOf(
  report: ApplyReport,
  command: CommandOf,
): Required<Pick<Noted, "undo" | "result" | "applied">> {
  return {
    undo: report.backup && command(`restore ${report.backup.id}`),
    result: report,
    applied: report.outcomes.filter(({ outcome }) => outcome === "applied"),
  };
}

/**
 * Tells how a task ends that has applied something.
 *
 * @param report What was applied.
 * @returns The exit code.
 */
export function appliedCode({ complete, totals }: ApplyReport): ExitCode {
  if (complete) return ExitCode.done;
  return totals.notRun > 0 ? ExitCode.interrupted : ExitCode.partlyApplied;
}

const ONLY_FOR_SHOW = [
  "--apply",
  "--dry-run",
  "-n",
  "--json",
  "--all",
  "--detailed-exitcode",
  "--quiet",
  "-q",
  "--sizes",
];

/**
 * Names the command that carries out what a command plans.
 *
 * @param job The task, the words that it was called by, and how commands are named.
 * @returns What is typed.
 */
export function applyCommand(
  { task, words, command }: Pick<Job, "task" | "words" | "command">,
): string {
  return command(shellWords([appliedBy(task), ...without(words.slice(1), ONLY_FOR_SHOW)]));
}

/** A saved plan is only ever carried out. */
function appliedBy(task: string): string {
  return task === "apply" ? task : `${task}:apply`;
}

/**
 * Names the commands that plan once more what a command plans, with more flags.
 *
 * @param job The task, the words that it was called by, and how commands are named.
 * @returns Gives what is typed for these flags.
 */
export function planAgain(
  { task, words, command }: Pick<Job, "task" | "words" | "command">,
): CommandOf {
  const typed = without(words.slice(1), ["--apply", "--force"]);
  return (flags) => {
    const names = flags.split(" ").filter((word) => word.startsWith("--"));
    return command(`${shellWords([task, ...withoutFlags(typed, names)])} ${flags}`);
  };
}
