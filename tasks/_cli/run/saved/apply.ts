/**
 * Running `apply`: carries out a saved plan, all of it or what still holds.
 *
 * @module
 */

import {
  PlanFormatError,
  StalePlanError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import type { Plan } from "../../../../lib/plan/plan.ts";
import { policyOf } from "../../../../lib/policy/config.ts";
import { type CommandOf, plainCommand } from "../../../../lib/render/commands.ts";
import { shellWords } from "../../../../lib/text/shell_words.ts";
import { lockStore } from "../../../ports/lock_store.ts";
import { ExitCode } from "../../table/exit_code.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import type { World } from "../../world.ts";
import { type ConfiguredStore, openConfigured, sayEarlier, type StoreFlags } from "../open.ts";
import { placeOfChanges } from "../planning.ts";
import { printJson } from "../print_json.ts";
import {
  askToApply,
  NOTHING_CHANGED,
  refuseUnattended,
  runJob,
  sayingHow,
  showReport,
} from "../run_job.ts";
import { wordsToPlanAgain } from "./plan_again.ts";
import { readPlan, readPlanText } from "./read_plan.ts";

type ApplyCommand = Extract<TaskCommand, { readonly task: "apply" }>;

/**
 * Runs `apply`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runApply(
  { options, operand }: ApplyCommand,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const plan = await readPlan(operand, world).catch(
    async (error: unknown) => {
      if (!(error instanceof PlanFormatError)) throw error;
      const again = wordsToPlanAgain(readPlanText(operand, world));
      throw new PlanFormatError(`${error.message}; ${await makeOne(again, options, world)}`, {
        cause: error,
      });
    },
  );
  await using opened = await openConfigured({ ...options, planned: plan.store }, world);
  const { command } = opened;
  if (options.whatStillHolds) return await runStillHolding({ plan, options, words }, opened, world);
  const { renderPlan } = await import("../../../../lib/render/plan.ts");
  const show = () => renderPlan(plan, { ...world.style, all: options.all, command });
  if (options.dryRun) {
    if (options.json) printJson(plan, world);
    else world.print(show());
    return ExitCode.done;
  }
  refuseUnattended(options.force, words, command, world);
  if (!options.force) {
    world.say(show(), { isRendered: true });
    if (!await askToApply(plan, options, world)) {
      world.say(NOTHING_CHANGED);
      return ExitCode.done;
    }
  }
  const { applyPlan } = await import("../../../apply_plan.ts");
  const backups = await placeOfChanges(options.backups, opened, world);
  await using locked = await lockStore(opened.store, { task: "apply", makesRoom: !options.backup });
  sayEarlier(locked, world);
  const report = await applyPlan(locked, plan, {
    backup: options.backup,
    ...(backups === null ? {} : { backups }),
    signal: world.signal(),
    onProgress: (done) => world.progress.update("Applying", done, plan.actions.length),
    onFiles: world.progress.transfer,
  }).catch((error: unknown) => {
    const planned = shellWords([plan.task, ...askedFor(plan), "--json"]);
    if (isOfOther(error)) throw namingOther(error, (words) => `${command(words)} > plan.json`);
    if (!(error instanceof StalePlanError)) {
      throw sayingHow(error, (flags) => `${command(`${planned} ${flags}`)} > plan.json`);
    }
    const again = `such as with \`${command(planned)} > plan.json\``;
    const inPart = command(shellWords([...words, "--what-still-holds"]));
    throw new StalePlanError(
      `${error.message}, ${again}${
        error.mayHoldInPart ? `; to carry out what still holds of it, type \`${inPart}\`` : ""
      }`,
      { cause: error, mayHoldInPart: error.mayHoldInPart },
    );
  });
  world.progress.erase();
  return await showReport(report, { json: options.json, command }, world);
}

/** The store to merge is opened by what the plan says, and a plan is told no other. */
function isOfOther(error: unknown): error is StoreNotFoundError | UnsupportedStoreError {
  return (error instanceof StoreNotFoundError || error instanceof UnsupportedStoreError) &&
    OTHER.test(error.message);
}

const OTHER = / with (--from (?:'.*'|\S+))$/;

function namingOther(
  error: StoreNotFoundError | UnsupportedStoreError,
  again: CommandOf,
): StoreNotFoundError | UnsupportedStoreError {
  const { message, store } = error;
  const [, other = ""] = OTHER.exec(message) ?? [];
  const Kind = error instanceof StoreNotFoundError ? StoreNotFoundError : UnsupportedStoreError;
  return new Kind(`${message} in a new plan: \`${again(`merge ${other} --json`)}\``, store, {
    cause: error,
  });
}

/** The flags without which a task plans nothing; what a file says of other tasks is no flag. */
function askedFor(plan: Plan): readonly string[] {
  if (plan.task !== "move" && plan.task !== "merge") return [];
  const { only: { experiments, runs }, deleted } = plan.policy;
  const listed = (flag: string, all: readonly string[]) =>
    all.length === 0 ? [] : [flag, all.join(",")];
  return [
    ...(plan.task === "move" ? ["--to", plan.policy.to] : ["--from", plan.policy.from]),
    ...listed("--run", runs),
    ...listed("--experiment", experiments),
    ...(deleted ? ["--deleted"] : []),
  ];
}

async function runStillHolding(
  { plan: reviewed, options, words }: {
    readonly plan: Plan;
    readonly options: ApplyCommand["options"];
    readonly words: readonly string[];
  },
  opened: ConfiguredStore,
  world: World,
): Promise<ExitCode> {
  const { store, chosen, command } = opened;
  if (!options.dryRun) refuseUnattended(options.force, words, command, world);
  const backups = await placeOfChanges(options.backups, opened, world);
  const { applyWhatStillHolds } = await import("../../../apply_what_still_holds.ts");
  const { renderPlan } = await import("../../../../lib/render/plan.ts");
  const { all } = options;
  const retention = chosen === null ? undefined : policyOf(chosen.config).retention;
  return await runJob({
    task: "apply",
    words,
    command,
    options: { ...options, apply: true, detailedExitcode: false },
    location: store.describe().location,
    backups,
    show: (plan, next) => renderPlan(plan, { ...world.style, all, next, command }),
    run: (applying) => applyWhatStillHolds(store, reviewed, { ...applying, retention }),
  }, world);
}

/** What helps where a file is no plan, wherever the store may be for which it should be one. */
async function makeOne(words: string, flags: StoreFlags, world: World): Promise<string> {
  let command: CommandOf = plainCommand;
  try {
    await using opened = await openConfigured({ ...flags, quiet: true }, world);
    command = opened.command;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return `make a plan with \`${command(words)} > plan.json\``;
}
