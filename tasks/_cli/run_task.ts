/**
 * Running a parsed command: opens the store, calls the task, renders its result. What it needs of the
 * world comes by parameter.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { ApplyReport, Plan } from "../../lib/plan.ts";
import type { RenderOptions } from "../../lib/render_style.ts";
import type { PlanAndApplyResult } from "../plan_and_apply.ts";
import { openStore, type SettledChange, type Store } from "../store.ts";
import { chooseStore } from "./choose_store.ts";
import { ExitCode } from "./exit_code.ts";
import type { Progress } from "./progress.ts";
import { shellWords } from "./shell_words.ts";
import type { TaskCommand } from "./task_table.ts";
import { UsageError } from "./usage_error.ts";

/** What a task needs of the world. */
export interface World {
  /** Writes data, to standard output. */
  readonly print: (text: string) => void;
  /** Writes talk, to standard error. */
  readonly say: (text: string) => void;
  /** How to render data. */
  readonly style: Required<RenderOptions>;
  readonly progress: Progress;
  /** Asks a question answered by yes or no; `null` where there is no terminal. */
  readonly ask: ((question: string) => Promise<boolean>) | null;
  readonly environment: (name: string) => string | undefined;
  /** The directory in which the user typed the command. */
  readonly directory: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Starts to listen for interruptions; aborted at the first. */
  readonly signal: () => AbortSignal;
}

/**
 * Runs a task.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the commands that are proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runTask(
  command: TaskCommand,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  switch (command.task) {
    case "summary":
      return await runSummary(command, world);
    case "verify":
      return await runVerify(command, world);
    case "prune":
    case "cleanup":
      return await runPlanning(command, words, world);
    case "apply":
      return await runApply(command, world);
    case "restore":
      return await runRestore(command, world);
    case "recover":
      return await runRecover(command, world);
    case "demo":
      return await runDemo(world);
    case "demo:store":
      return await runDemoStore(command, world);
  }
}

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;

interface StoreFlags {
  readonly store: string | null;
  readonly quiet: boolean;
}

async function open({ store: flag, quiet }: StoreFlags, world: World): Promise<Store> {
  const trackingUri = world.environment("MLFLOW_TRACKING_URI");
  const { location, chosenBy } = chooseStore({ flag, trackingUri, directory: world.directory });
  const store = await openStore(location, { chosenBy, now: world.now });
  if (quiet) return store;
  world.say(`Store ${store.describe().root} (chosen ${chosenBy})\n`);
  for (const id of await store.interrupted()) {
    world.say(
      `Change ${id} of this store was cut off; deno task recover${storeFlag(flag)} settles it\n`,
    );
  }
  return store;
}

async function runSummary({ options }: Command<"summary">, world: World): Promise<ExitCode> {
  await using store = await open(options, world);
  const { summary } = await import("../summary.ts");
  const { sizes, top, by } = options;
  const result = await summary(store, {
    sizes,
    by,
    ...(top === null ? {} : { top }),
    onProgress: (runs) => world.progress.update("Reading runs", runs),
  });
  world.progress.erase();
  if (options.json) {
    printJson(world, { schema: "mltidy/summary/v1", store: store.describe().root, ...result });
    return ExitCode.done;
  }
  const { renderSummary } = await import("../../lib/render_summary.ts");
  const flag = storeFlag(options.store);
  world.print(renderSummary(result, {
    ...world.style,
    verify: `deno task verify${flag}`,
    cleanup: `deno task cleanup${flag}`,
  }));
  return ExitCode.done;
}

async function runVerify({ options }: Command<"verify">, world: World): Promise<ExitCode> {
  await using store = await open(options, world);
  const { verify } = await import("../verify.ts");
  const result = await verify(store, {
    onProgress: (runs) => world.progress.update("Reading runs", runs),
  });
  world.progress.erase();
  if (options.json) {
    printJson(world, { schema: "mltidy/verify/v1", store: store.describe().root, ...result });
  } else {
    const { renderFindings } = await import("../../lib/render_findings.ts");
    world.print(renderFindings(result.findings, world.style));
  }
  return result.counts.error > 0 ? ExitCode.findings : ExitCode.done;
}

async function runPlanning(
  command: Command<"prune"> | Command<"cleanup">,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { options } = command;
  if (options.apply) refuseUnattended(options.force, `${command.task}:apply`, world);
  await using store = await open(options, world);
  const { renderPlan } = await import("../../lib/render_plan.ts");
  const show = (plan: Plan, next: string | null) =>
    renderPlan(plan, { ...world.style, all: options.all, next });
  const applying = {
    apply: options.apply,
    backup: options.backup,
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
    result = await prune(store, { ...applying, daysOld: command.options.daysOld });
  } else {
    const { cleanup } = await import("../cleanup.ts");
    const { daysOld, purgeAfter, settle } = command.options;
    result = await cleanup(store, { ...applying, daysOld, purgeAfter, settle });
  }
  world.progress.erase();
  saySettled(result.settled, world);
  const { plan, report } = result;
  if (report !== null) return await showReport(report, options, world);
  if (options.json) printJson(world, plan);
  else if (options.apply && plan.actions.length > 0) world.say("Nothing was changed.\n");
  else world.print(show(plan, applyCommand(command.task, words)));
  return options.detailedExitcode && plan.actions.length > 0 ? ExitCode.findings : ExitCode.done;
}

async function runApply({ options, operand }: Command<"apply">, world: World): Promise<ExitCode> {
  refuseUnattended(options.force, "apply", world);
  const { parsePlan } = await import("../../lib/parse_plan.ts");
  const plan = parsePlan(readPlanFile(resolve(world.directory, operand), operand), operand);
  await using store = await open({ ...options, store: options.store ?? plan.store }, world);
  if (!options.force) {
    const { renderPlan } = await import("../../lib/render_plan.ts");
    world.say(renderPlan(plan, { ...world.style, all: options.all }));
    if (!await world.ask?.("Apply this plan")) {
      world.say("Nothing was changed.\n");
      return ExitCode.done;
    }
  }
  const { applyPlan } = await import("../apply_plan.ts");
  await using locked = await store.lock({ task: "apply" });
  saySettled(locked.settled, world);
  const report = await applyPlan(locked, plan, {
    backup: options.backup,
    signal: world.signal(),
    onProgress: (done) => world.progress.update("Applying", done, plan.actions.length),
  });
  world.progress.erase();
  return await showReport(report, options, world);
}

async function runRestore(
  { options, operand }: Command<"restore">,
  world: World,
): Promise<ExitCode> {
  await using store = await open(options, world);
  const { renderBackups, renderRestore } = await import("../../lib/render_restore.ts");
  const { last, dryRun, experiment, run, json } = options;
  if (!last && operand === null) {
    const backups = await store.backups();
    if (json) {
      const { root } = store.describe();
      printJson(world, { schema: "mltidy/backups/v1", store: root, backups });
    } else {
      const undo = `deno task restore${storeFlag(options.store)}`;
      world.print(renderBackups(backups, { ...world.style, undo }));
    }
    return ExitCode.done;
  }
  const { restore } = await import("../restore.ts");
  const report = await restore(store, {
    dryRun,
    ...(operand === null ? {} : { id: operand }),
    ...(experiment === null ? {} : { experiment }),
    ...(run === null ? {} : { run }),
  });
  saySettled(report.settled, world);
  if (operand !== null && report.backup === null) {
    const known = (await store.backups()).map(({ id }) => id);
    throw new UsageError(
      `Unknown backup "${operand}": ${
        known.length === 0 ? "this store has none" : `expected one of ${known.join(", ")}`
      }`,
    );
  }
  if (json) printJson(world, report);
  else world.print(renderRestore(report));
  return report.collisions.length > 0 ? ExitCode.planDoesNotFit : ExitCode.done;
}

async function runRecover({ options }: Command<"recover">, world: World): Promise<ExitCode> {
  await using store = await open({ ...options, quiet: true }, world);
  const { recover } = await import("../recover.ts");
  const report = await recover(store);
  if (options.json) {
    printJson(world, report);
  } else {
    saySettled(report.settled, { ...world, say: world.print });
    if (report.settled.length === 0) world.print("Nothing to recover.\n");
  }
  return report.settled.some(({ collisions }) => collisions.length > 0)
    ? ExitCode.partlyApplied
    : ExitCode.done;
}

async function runDemo(world: World): Promise<ExitCode> {
  const { demo } = await import("../demo.ts");
  const { parseCommand } = await import("./parse_command.ts");
  const show = async (...words: readonly string[]): Promise<string> => {
    const command = parseCommand(words);
    if (command.task === "help" || command.task === "version") return "";
    let text = "";
    await runTask(command, words, {
      ...world,
      print: (more) => text += more,
      say: (more) => text += more,
    });
    return text.trimEnd();
  };
  await demo({ print: (text) => world.print(`${text}\n`) }, {
    now: world.now(),
    tasks: {
      summary: (store) => show("summary", "--store", store),
      verify: (store) => show("verify", "--store", store),
      plan: (store) => show("cleanup", "--store", store),
      apply: (store) => show("cleanup", "--apply", "--force", "--store", store),
    },
  });
  return ExitCode.done;
}

async function runDemoStore(
  { options, operand }: Command<"demo:store">,
  world: World,
): Promise<ExitCode> {
  const { writeDemoStore } = await import("../demo.ts");
  const { formatCount } = await import("../../lib/units.ts");
  const { directory, experiments, orphans, runs } = await writeDemoStore(
    resolve(world.directory, operand),
    { now: options.now ?? world.now(), seed: options.seed },
  );
  world.print(
    `Wrote ${directory}: ${experiments} experiments with ${
      formatCount(runs)
    } runs, ${orphans} orphans\n`,
  );
  if (!options.quiet) world.say(`Next: deno task summary${storeFlag(directory)}\n`);
  return ExitCode.done;
}

function refuseUnattended(force: boolean, task: string, world: World): void {
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

async function showReport(
  report: ApplyReport,
  options: { readonly json: boolean; readonly store: string | null },
  world: World,
): Promise<ExitCode> {
  if (options.json) {
    printJson(world, report);
  } else {
    const { renderReport } = await import("../../lib/render_report.ts");
    const undo = report.backup &&
      `deno task restore ${report.backup.id}${storeFlag(options.store)}`;
    world.print(renderReport(report, { ...world.style, undo }));
  }
  if (report.complete) return ExitCode.done;
  return report.totals.notRun > 0 ? ExitCode.interrupted : ExitCode.partlyApplied;
}

function saySettled(settled: readonly SettledChange[], world: World): void {
  for (const { id, outcome, collisions } of settled) {
    const result = outcome === "completed" ? "it is complete now" : "all of it was taken back";
    world.say(`Change ${id} had been cut off: ${result}\n`);
    for (const collision of collisions) world.say(`  but ${collision}\n`);
  }
}

function applyCommand(task: string, words: readonly string[]): string {
  const onlyForShow = ["--json", "--all", "--detailed-exitcode", "--quiet", "-q"];
  const flags = words.slice(1).filter((word) => !onlyForShow.includes(word));
  return shellWords(["deno", "task", `${task}:apply`, ...flags]);
}

function storeFlag(location: string | null): string {
  return location === null ? "" : ` ${shellWords(["--store", location])}`;
}

function printJson(world: World, document: unknown): void {
  world.print(`${JSON.stringify(document)}\n`);
}
