/**
 * Running a parsed command: opens the store, calls the task, renders its result. What it needs of the
 * world comes by parameter.
 *
 * @module
 */

import { resolve } from "@std/path";
import { plainCommand } from "../../../lib/render/commands.ts";
import { foldLines, foldText, unbroken } from "../../../lib/text/fold.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { chooseMetric } from "../choose/choose_metric.ts";
import { chooseSelection } from "../choose/choose_selection.ts";
import { ExitCode } from "../table/exit_code.ts";
import { overruledText, parseCommand } from "../table/parse_command.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { openChosenStore, openConfigured, sayEarlier } from "./open.ts";
import { printJson } from "./print_json.ts";

/**
 * Runs a task.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the commands that are proposed next.
 * @param world What it needs of the world.
 * @returns The exit code; of `run`, the program's.
 */
export async function runTask(
  command: TaskCommand,
  words: readonly string[],
  world: World,
): Promise<number> {
  if (!command.options.quiet) world.say(overruledText(words));
  const { options } = command;
  if (!("report" in options) || options.report === null) return await run(command, words, world);
  if (command.task === "review" && !command.options.apply) throw new UsageError(NOTHING_TO_REPORT);
  const { runReported } = await import("./machine/report.ts");
  return await runReported(
    { ...command, report: options.report },
    async (world) => await run(command, words, world),
    world,
  );
}

const NOTHING_TO_REPORT =
  "Cannot use --report: review changes nothing; type `deno task review:apply --report FILE`, which reports each change, or use `deno task cleanup --report FILE`, which reports the plan";

async function run(
  command: TaskCommand,
  words: readonly string[],
  world: World,
): Promise<number> {
  switch (command.task) {
    case "summary":
      return await runSummary(command, world);
    case "verify":
      return await runVerify(command, world);
    case "prune":
    case "cleanup":
      return await (await import("./planning.ts")).runPlanning(command, words, world);
    case "repair":
      return await (await import("./repair.ts")).runRepair(command, words, world);
    case "move":
      return await (await import("./planning.ts")).runMove(command, words, world);
    case "merge":
      return await (await import("./planning.ts")).runMerge(command, words, world);
    case "preflight":
      return await (await import("./preflight.ts")).runPreflight(command, world);
    case "run":
      return await (await import("./program.ts")).runProgramTask(command, world);
    case "apply":
      return await (await import("./saved/apply.ts")).runApply(command, words, world);
    case "show":
      return await (await import("./saved/show.ts")).runShow(command, world);
    case "pin":
    case "unpin":
      return await (await import("./policy.ts")).runPin(command, world);
    case "report":
      return await (await import("./planning.ts")).runReport(command, words, world);
    case "review":
      return await (await import("./review.ts")).runReview(command, world);
    case "explain":
      return await (await import("./policy.ts")).runExplain(command, words, world);
    case "config":
      return await (await import("./policy.ts")).runConfig(command, world);
    case "backup": {
      await using opened = await openConfigured(command.options, world);
      const { runBackup } = await import("./backup.ts");
      const { exitCode, earlier } = await runBackup(command, opened, world);
      if (earlier !== null) sayEarlier(earlier, world);
      return exitCode;
    }
    case "restore":
      return await (await import("./restore.ts")).runRestore(command, world);
    case "recover":
      return await (await import("./restore.ts")).runRecover(command, world);
    case "completions":
      return await (await import("./machine/completions.ts")).runCompletions(command, world);
    case "doctor":
      return await (await import("./machine/doctor.ts")).runDoctor(command, world);
    case "schedule":
      return await (await import("./machine/schedule.ts")).runSchedule(command, words, world);
    case "notify":
      return await (await import("./machine/notify.ts")).runNotify(command, world);
    case "demo":
      if (command.options.dryRun) return dryRunOf("into a temporary directory", world);
      return await runDemo(command, world);
    case "demo:store":
      if (command.options.dryRun) {
        return dryRunOf(`into ${resolve(world.directory, command.operand)}`, world);
      }
      return await runDemoStore(command, world);
  }
}

function dryRunOf(where: string, world: World): ExitCode {
  world.print(
    foldLines([`Would write the example store ${where}; nothing was written.`], world.style),
  );
  return ExitCode.done;
}

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;

async function runSummary({ options }: Command<"summary">, world: World): Promise<ExitCode> {
  // Together, as each would be waited for on its own.
  const loading = Promise.all([
    import("../../summary.ts"),
    import("../../../lib/render/summary.ts"),
  ]);
  await using opened = await openConfigured(options, world);
  const { store, chosen, command } = opened;
  const [{ summary }, { renderSummary }] = await loading;
  const metric = chooseMetric(options.metric, chosen?.config ?? null);
  const { sizes, top, by } = options;
  const result = await summary(store, {
    sizes,
    by,
    ...(top === null ? {} : { top }),
    ...(metric === null ? {} : { metric }),
    only: chooseSelection(options),
    onProgress: (runs, all) => world.progress.update("Reading runs", runs, all),
  });
  world.progress.erase();
  if (options.json) {
    printJson(result, world);
    return ExitCode.done;
  }
  world.print(renderSummary(result, { ...world.style, command }));
  return ExitCode.done;
}

async function runVerify({ options }: Command<"verify">, world: World): Promise<ExitCode> {
  const { readVerifyOptions, showRules, showVerification } = await import("./show_verification.ts");
  if (options.rules) return showRules(options, world);
  const asked = readVerifyOptions(options);
  await using opened = await openChosenStore(options, world);
  const { store, command } = opened;
  const { verify } = await import("../../verify.ts");
  const result = await verify(store, {
    ...asked,
    onProgress: (runs, all) => world.progress.update("Reading runs", runs, all),
  }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}; \`${command("summary")}\` lists what there is`);
  });
  world.progress.erase();
  return showVerification(result, { ...options, command }, world);
}

async function runDemo({ options }: Command<"demo">, world: World): Promise<ExitCode> {
  const { demo } = await import("../../demo.ts");

  const show = async (...words: readonly string[]): Promise<string> => {
    const command = parseCommand(words);
    if (command.task === "help" || command.task === "version") return "";
    let text = "";
    await runTask(command, words, {
      ...world,
      print: (more) => text += more,
      say: (more, { isRendered = false } = {}) =>
        text += isRendered ? more : foldText(more, world.style),
    });
    return text.trimEnd();
  };
  await demo({ print: (text) => world.print(`${text}\n`) }, {
    now: world.now(),
    kind: options.kind,
    tasks: {
      summary: (store) => show("summary", "--store", store),
      verify: (store) => show("verify", "--store", store),
      plan: (store) => show("cleanup", "--store", store),
      apply: (store) => show("cleanup", "--apply", "--force", "--store", store),
      restore: (store) => show("restore", "--last", "--store", store),
    },
  });
  return ExitCode.done;
}

async function runDemoStore(
  { options, operand }: Command<"demo:store">,
  world: World,
): Promise<ExitCode> {
  const { writeDemoStore } = await import("../../demo.ts");
  const { formatCount } = await import("../../../lib/text/units.ts");
  const { now, seed, kind } = options;
  const { location, experiments, orphans, runs } = await writeDemoStore(
    resolve(world.directory, operand),
    { now: now ?? world.now(), seed, kind },
  );
  world.print(
    `Wrote ${location}: ${experiments} experiments with ${
      formatCount(runs)
    } runs, ${orphans} orphans\n`,
  );
  if (!options.quiet) {
    const next = plainCommand(`summary ${shellWords(["--store", location])}`);
    world.say(foldLines([`Next: ${unbroken(next)}`], world.style), { isRendered: true });
  }
  return ExitCode.done;
}
