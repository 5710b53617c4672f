/**
 * Running `prune`, `cleanup` and `apply`: makes or reads a plan, shows it and carries it out if wanted.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { Config } from "../../lib/config_rows.ts";
import type { ApplyReport, CleanupPolicy, Plan } from "../../lib/plan.ts";
import type { PlanAndApplyResult } from "../plan_and_apply.ts";
import type { Store } from "../store.ts";
import { chooseConfig } from "./choose_config.ts";
import { choosePolicy } from "./choose_policy.ts";
import { ExitCode } from "./exit_code.ts";
import { openChosenStore, openConfigured, saySettled, storeFlag } from "./run_open.ts";
import type { World } from "./run_task.ts";
import { shellWords } from "./shell_words.ts";
import type { TaskCommand } from "./task_table.ts";
import { UsageError } from "./usage_error.ts";

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;
type PlanningCommand = Command<"prune"> | Command<"cleanup">;

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
  if (options.apply) refuseUnattended(options.force, `${command.task}:apply`, world);
  await using opened = await openConfigured(options, world);
  const { store, chosen } = opened;
  const config = chosen?.config ?? null;
  const policy = policyOf(command, config);
  if (options.compare !== null) {
    return await compare(command, options.compare, store, config, world);
  }
  const show = await planRenderer(options, world);
  const applying = {
    apply: options.apply,
    backup: options.backup,
    ...placeOf(options.backups, world),
    ...(options.apply ? { signal: world.signal() } : {}),
    ...(options.force ? {} : {
      approve: async (plan: Plan) => {
        world.progress.erase();
        world.say(show(plan, null));
        return await world.ask?.("Apply this plan") ?? false;
      },
    }),
    onProgress: world.progress.update,
  };
  let result: PlanAndApplyResult;
  if (command.task === "prune") {
    const { prune } = await import("../prune.ts");
    result = await prune(store, { ...applying, policy, sizes: options.sizes });
  } else {
    const { cleanup } = await import("../cleanup.ts");
    result = await cleanup(store, { ...applying, policy, sizes: options.sizes });
  }
  world.progress.erase();
  saySettled(result.settled, world);
  const { plan, report } = result;
  if (report !== null) return await showReport(report, options, world);
  if (options.json) world.print(`${JSON.stringify(plan)}\n`);
  else if (options.apply && plan.actions.length > 0) world.say("Nothing was changed.\n");
  else world.print(show(plan, applyCommand(command.task, words)));
  return options.detailedExitcode && plan.actions.length > 0 ? ExitCode.findings : ExitCode.done;
}

function policyOf({ task, options }: PlanningCommand, config: Config | null): CleanupPolicy {
  const ages = task === "cleanup"
    ? { purgeAfter: options.purgeAfter, settle: options.settle }
    : { purgeAfter: null, settle: null };
  return choosePolicy({ ...options, ...ages }, config);
}

async function planRenderer(
  { all, format }: PlanningCommand["options"],
  world: World,
): Promise<(plan: Plan, next: string | null) => string> {
  if (format === "markdown") {
    const { renderMarkdown } = await import("../../lib/render_markdown.ts");
    return (plan) => renderMarkdown(plan, { all });
  }
  const { renderPlan } = await import("../../lib/render_plan.ts");
  return (plan, next) => renderPlan(plan, { ...world.style, all, next });
}

async function compare(
  command: PlanningCommand,
  file: string,
  store: Store,
  config: Config | null,
  world: World,
): Promise<ExitCode> {
  const { options } = command;
  const other = chooseConfig(file, world.directory)!.config;
  const { comparePolicies } = await import("../compare.ts");
  const result = await comparePolicies(store, policyOf(command, config), policyOf(command, other), {
    task: command.task,
    onProgress: (runs) => world.progress.update("Reading runs", runs),
  });
  world.progress.erase();
  if (options.json) {
    world.print(`${JSON.stringify(result)}\n`);
  } else {
    const { renderComparison } = await import("../../lib/render_comparison.ts");
    world.print(renderComparison(result, { ...world.style, all: options.all, other: file }));
  }
  return ExitCode.done;
}

/**
 * Runs `apply`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runApply(
  { options, operand }: Command<"apply">,
  world: World,
): Promise<ExitCode> {
  refuseUnattended(options.force, "apply", world);
  const { parsePlan } = await import("../../lib/parse_plan.ts");
  const plan = parsePlan(readPlanFile(resolve(world.directory, operand), operand), operand);
  const store = { ...options, store: options.store ?? plan.store };
  await using opened = await openChosenStore(store, world);
  if (!options.force) {
    const { renderPlan } = await import("../../lib/render_plan.ts");
    world.say(renderPlan(plan, { ...world.style, all: options.all }));
    if (!await world.ask?.("Apply this plan")) {
      world.say("Nothing was changed.\n");
      return ExitCode.done;
    }
  }
  const { applyPlan } = await import("../apply_plan.ts");
  await using locked = await opened.lock({ task: "apply" });
  saySettled(locked.settled, world);
  const report = await applyPlan(locked, plan, {
    backup: options.backup,
    ...placeOf(options.backups, world),
    signal: world.signal(),
    onProgress: (done) => world.progress.update("Applying", done, plan.actions.length),
  });
  world.progress.erase();
  return await showReport(report, options, world);
}

/**
 * Resolves where a backup is to go.
 *
 * @param directory What `--backups` said; `null` when it was not given.
 * @param world What the task needs of the world.
 * @returns The option of the task.
 */
export function placeOf(directory: string | null, world: World): { readonly backups?: string } {
  return directory === null ? {} : { backups: resolve(world.directory, directory) };
}

/**
 * Refuses to apply where nobody can be asked.
 *
 * @param force Whether nobody needs to be.
 * @param task The task, as it was typed.
 * @param world What it needs of the world.
 * @throws {UsageError} When there is no terminal.
 */
export function refuseUnattended(force: boolean, task: string, world: World): void {
  if (force || world.ask !== null) return;
  throw new UsageError(
    `Cannot ask before applying: there is no terminal; type deno task ${task} --force to apply without a question`,
  );
}

function readPlanFile(path: string, name: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error instanceof Deno.errors.NotFound ? "no such file" : error.message;
    throw new UsageError(`Cannot read plan ${name}: ${why}`);
  }
}

/**
 * Prints what was applied.
 *
 * @param report The report.
 * @param options How to print it, and what the command to undo needs.
 * @param world What the task needs of the world.
 * @returns The exit code.
 */
export async function showReport(
  report: ApplyReport,
  options: {
    readonly json: boolean;
    readonly store: string | null;
    readonly backups: string | null;
  },
  world: World,
): Promise<ExitCode> {
  if (options.json) {
    world.print(`${JSON.stringify(report)}\n`);
  } else {
    const { renderReport } = await import("../../lib/render_report.ts");
    const undo = report.backup &&
      `deno task restore ${report.backup.id}${placeFlag(options.backups)}${
        storeFlag(options.store)
      }`;
    world.print(renderReport(report, { ...world.style, undo }));
  }
  if (report.complete) return ExitCode.done;
  return report.totals.notRun > 0 ? ExitCode.interrupted : ExitCode.partlyApplied;
}

function placeFlag(directory: string | null): string {
  return directory === null ? "" : ` ${shellWords(["--backups", directory])}`;
}

/**
 * Gives the command that carries a plan out.
 *
 * @param task The task that made it.
 * @param words The words that it was typed with.
 * @returns The command.
 */
export function applyCommand(task: string, words: readonly string[]): string {
  const onlyForShow = ["--json", "--all", "--detailed-exitcode", "--quiet", "-q", "--sizes"];
  const flags = words.slice(1).filter((word) => !onlyForShow.includes(word));
  return shellWords(["deno", "task", `${task}:apply`, ...flags]);
}
