/**
 * Running `prune`, `cleanup`, `move`, `merge` and `report`: makes a plan, shows it and carries it out if wanted.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { Plan } from "../../../lib/plan/plan.ts";
import type { Config } from "../../../lib/policy/config_rows.ts";
import type { CleanupPolicy } from "../../../lib/policy/policy.ts";
import type { CommandOf } from "../../../lib/render/commands.ts";
import { foldLines } from "../../../lib/text/fold.ts";
import { withoutFlags } from "../../../lib/text/shell_words.ts";
import { formatSize } from "../../../lib/text/units.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { Store } from "../../ports/store.ts";
import { choosePlaceOfChanges } from "../choose/choose_backups.ts";
import { chooseConfig } from "../choose/choose_config.ts";
import { choosePolicy, daysOldText, type PolicyFlags } from "../choose/choose_policy.ts";
import { chooseSelection } from "../choose/choose_selection.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import {
  applyCommand,
  type Job,
  planAgain,
  refuseUnattended,
  runJob,
  willApply,
} from "./run_job.ts";
import { type ConfiguredStore, openBesides, openConfigured } from "./open.ts";
import { printJson } from "./print_json.ts";

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;
/** What plans a clean-up, as it was typed. */
export type PlanningCommand = Command<"prune"> | Command<"cleanup">;

/**
 * Runs `prune` or `cleanup`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runPlanning(
  command: PlanningCommand,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { options } = command;
  refuseContradictions(command);
  await using opened = await openConfigured(options, world);
  const { store, chosen } = opened;
  if (willApply(options)) refuseUnattended(options.force, words, opened.command, world);
  const config = chosen?.config ?? null;
  const policy = policyOfCommand(command, config);
  if (!options.quiet) world.say(daysOldText(flagsOf(command), config));
  if (options.compare !== null) {
    return await compare(command, options.compare, store, config, world);
  }
  const { sizes } = options;
  const backups = await placeOfChanges(options.backups, opened, world);
  return await runJob({
    task: command.task,
    words,
    command: opened.command,
    options,
    location: store.describe().location,
    backups,
    show: await planRenderer(command, words, opened.command, world),
    run: async (applying) => {
      const task = { ...applying, policy, sizes };
      if (command.task === "cleanup") {
        return await (await import("../../cleanup.ts")).cleanup(store, task);
      }
      return await (await import("../../prune.ts")).prune(store, task);
    },
  }, world);
}

/**
 * Chooses where backups of changes go; a place that cannot be used is refused before anything is proposed.
 *
 * @param flag The value of `--backups`.
 * @param opened The store, with its configuration.
 * @param world What it needs of the world.
 * @returns The place; `null`: in the store.
 */
export async function placeOfChanges(
  flag: string | null,
  { store, chosen }: ConfiguredStore,
  { directory }: World,
): Promise<string | null> {
  const place = choosePlaceOfChanges({ flag, chosen, directory }, store.backups);
  if (place === null) return null;
  await requireCapability(store, "backups").open(place, "changes");
  return place;
}

function refuseContradictions({ task, options }: PlanningCommand): void {
  const { apply, compare, json, format, detailedExitcode } = options;
  const clashes = [
    [compare !== null && apply, `${task}:apply`, "--compare"],
    [compare !== null && format === "markdown", "--format markdown", "--compare"],
    [compare !== null && detailedExitcode, "--detailed-exitcode", "--compare"],
    [json && format === "markdown", "--format markdown", "--json"],
  ] as const;
  for (const [clash, one, other] of clashes) {
    if (clash) throw new UsageError(`Cannot use ${one} with ${other}: type one of them`);
  }
}

/**
 * Makes the policy of a planning task.
 *
 * @param command The parsed command.
 * @param config The configuration; `null` where there is none.
 * @returns The policy.
 * @throws {UsageError} When its flags do not go with that configuration.
 */
export function policyOfCommand(command: PlanningCommand, config: Config | null): CleanupPolicy {
  const only = chooseSelection(command.options);
  return { ...choosePolicy(flagsOf(command), config), ...(only === undefined ? {} : { only }) };
}

function flagsOf({ task, options }: PlanningCommand): PolicyFlags {
  const ages = task === "cleanup"
    ? { purgeAfter: options.purgeAfter, settle: options.settle, undated: options.undated }
    : { purgeAfter: null, settle: null, undated: null };
  return { ...options, ...ages };
}

async function planRenderer(
  { task, options: { all, format } }: PlanningCommand,
  words: readonly string[],
  command: CommandOf,
  world: World,
): Promise<(plan: Plan, next: string | null) => string> {
  const again = planAgain({ task, words, command });
  if (format === "markdown") {
    const { renderMarkdown } = await import("../../../lib/render/markdown.ts");
    return (plan) => renderMarkdown(plan, { all, again });
  }
  const { renderPlan } = await import("../../../lib/render/plan.ts");
  return (plan, next) => renderPlan(plan, { ...world.style, all, next, command, again });
}

async function compare(
  command: PlanningCommand,
  file: string,
  store: Store,
  config: Config | null,
  world: World,
): Promise<ExitCode> {
  const { options } = command;
  const other = (await chooseConfig(file, world.directory))!.config;
  const { comparePolicies } = await import("../../compare.ts");
  const result = await comparePolicies(store, {
    policy: policyOfCommand(command, config),
    other: policyOfCommand(command, other),
    task: command.task,
    onProgress: (runs, all) => world.progress.update("Reading runs", runs, all),
  });
  world.progress.erase();
  if (options.json) {
    printJson(result, world);
  } else {
    const { renderComparison } = await import("../../../lib/render/comparison.ts");
    world.print(renderComparison(result, { ...world.style, all: options.all, other: file }));
  }
  return ExitCode.done;
}

/**
 * Runs `move`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runMove(
  { options }: Command<"move">,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { to, run, experiment, deleted } = options;
  if (to === null) {
    throw new UsageError("Cannot move runs: say where to, such as --to churn");
  }
  if (run === null && experiment === null) {
    throw new UsageError(
      "Cannot move runs: say which, such as --run 3a7bb8, or --experiment scratch for all of one",
    );
  }
  await using opened = await openConfigured(options, world);
  const { store } = opened;
  requireCapability(store, "moving");
  const { move } = await import("../../moves/move.ts");
  return await runMoving({
    ...{ task: "move", words, options, opened },
    run: (applying) =>
      move(store, {
        ...applying,
        to,
        runs: run ?? [],
        experiments: experiment ?? [],
        deleted,
      }),
  }, world);
}

/**
 * Runs `merge`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runMerge(
  { options }: Command<"merge">,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { from: named, experiment, deleted } = options;
  if (named === null) {
    throw new UsageError("Cannot merge: say from where, such as --from ~/laptop/mlruns");
  }
  await using opened = await openConfigured(options, world);
  const { store } = opened;
  requireCapability(store, "merging");
  await using from = await openBesides(named, "--from", world);
  const { merge } = await import("../../moves/merge.ts");
  return await runMoving({
    ...{ task: "merge", words, options, opened },
    run: (applying) => merge(store, { ...applying, from, experiments: experiment ?? [], deleted }),
  }, world);
}

/** What brings runs from one place to another, on a store that has been found to be able to. */
interface Moving extends Pick<Job, "words" | "run"> {
  readonly task: "move" | "merge";
  readonly options: Command<"move" | "merge">["options"];
  readonly opened: ConfiguredStore;
}

async function runMoving(
  { task, words, options, opened, run }: Moving,
  world: World,
): Promise<ExitCode> {
  const { store, command } = opened;
  if (willApply(options)) refuseUnattended(options.force, words, command, world);
  const again = planAgain({ task, words, command });
  const { renderPlan } = await import("../../../lib/render/plan.ts");
  return await runJob({
    ...{ task, words, command, options, run },
    location: store.describe().location,
    backups: await placeOfChanges(options.backups, opened, world),
    show: (plan, next) =>
      renderPlan(plan, { ...world.style, all: options.all, next, command, again }),
  }, world);
}

/**
 * Runs `report`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runReport(
  { options }: Command<"report">,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { html: file, sizes, all } = options;
  if (file === null) {
    throw new UsageError(
      "Cannot write a report: expected --html FILE, such as `deno task report --html report.html`",
    );
  }
  const { placeOfReport, report, writeReport } = await import("../../report.ts");
  await using opened = await openConfigured(options, world);
  const { store, chosen, command } = opened;
  const config = chosen?.config ?? null;
  const policy = choosePolicy(options, config);
  if (!options.quiet) world.say(daysOldText(options, config));
  const place = placeOfReport(resolve(world.directory, file), store.describe().location);
  if (options.dryRun) {
    world.print(foldLines([`Would write ${place}; nothing was written.`], world.style));
    return ExitCode.done;
  }
  const result = await report(store, {
    policy,
    sizes,
    signal: world.signal(),
    onProgress: (runs) => world.progress.update("Reading runs", runs),
  });
  world.progress.erase();
  const { renderHtml } = await import("../../../lib/render/html/report.ts");
  const job = { task: "cleanup", words: withoutFlags(words, ["--html"]), command } as const;
  const [next, again] = [applyCommand(job), planAgain(job)];
  const text = renderHtml(result, { all, command, next, again });
  writeReport(place, text);
  const { length } = new TextEncoder().encode(text);
  world.print(foldLines([`Wrote ${place}, ${formatSize(length)}`], world.style));
  return ExitCode.done;
}
