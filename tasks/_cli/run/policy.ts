/**
 * Running `explain`, `config`, `pin` and `unpin`: what a policy says of something in a store, where the policy comes
 * from, and what stays whatever it says.
 *
 * @module
 */

import { resolve } from "@std/path";
import { CONFIG_FILE, configSchema } from "../../../lib/policy/config.ts";
import { writeConfig } from "../../../lib/policy/write_config.ts";
import { foldLines, unbroken } from "../../../lib/text/fold.ts";
import { jsonText, visibleText } from "../../../lib/text/terminal_text.ts";
import { NO_NAME } from "../../../lib/words/groups.ts";
import { chooseConfig } from "../choose/choose_config.ts";
import { choosePolicy, daysOldText, NO_FLAGS } from "../choose/choose_policy.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { openChosenStore, openConfigured } from "./open.ts";
import { planAgain } from "./run_job.ts";
import { printDone, printJson } from "./print_json.ts";

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;

/**
 * Runs `explain`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runExplain(
  { options, operand }: Command<"explain">,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  await using opened = await openConfigured(options, world);
  const { store, chosen } = opened;
  const config = chosen?.config ?? null;
  const flags = {
    ...NO_FLAGS,
    daysOld: options.daysOld,
    children: options.children,
    purgeAfter: options.purgeAfter,
    undated: options.undated,
    settle: options.settle,
  };
  const policy = choosePolicy(flags, config);
  if (!options.quiet) world.say(daysOldText(flags, config));
  const { explain } = await import("../../explain.ts");
  const { explanations, candidates } = await explain(store, operand, {
    policy,
    onProgress: (runs, all) => world.progress.update("Reading runs", runs, all),
  });
  world.progress.erase();
  if (explanations.length === 0) {
    const some = candidates.slice(0, 10)
      .map(({ path }) => `\n  ${path}`).join("");
    const more = candidates.length > 10 ? `\n  … and ${candidates.length - 10} more` : "";
    throw new UsageError(
      candidates.length === 0
        ? `Unknown run, logged model, experiment or orphan "${operand}": expected the id of one in this store, 6 or more of its first letters, 7/3a7bb818… as plans print it, or a name; \`${
          opened.command("cleanup --all")
        }\` names them`
        : `Cannot tell which of them "${operand}" is: ${candidates.length} are called so; expected an id, such as${some}${more}`,
    );
  }
  if (options.json) {
    const { explanationDocument } = await import("../../../lib/render/commands.ts");
    const documents = explanations.map(explanationDocument);
    printJson(documents.length === 1 ? documents[0] : documents, world);
    return ExitCode.done;
  }
  const { renderExplanation } = await import("../../../lib/render/explanation.ts");
  const typed = words.filter((word) => word !== operand && word !== "--json");
  const again = planAgain({ task: "cleanup", words: typed, command: opened.command });
  const how = { ...world.style, again };
  world.print(explanations.map((each) => renderExplanation(each, how)).join("\n"));
  return ExitCode.done;
}

/**
 * Runs `pin` or `unpin`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runPin(
  { task, options, operand }: Command<"pin"> | Command<"unpin">,
  world: World,
): Promise<ExitCode> {
  await using opened = await openChosenStore(options, world);
  const { pin } = await import("../../pin.ts");
  const { dryRun } = options;
  const report = await pin(opened.store, operand, {
    pinned: task === "pin",
    dryRun,
    onProgress: (runs, all) => world.progress.update("Reading runs", runs, all),
  });
  world.progress.erase();
  const done = dryRun ? `Would ${task}` : task === "pin" ? "Pinned" : "Unpinned";
  const still = task === "pin" ? "Pinned already" : "Not pinned anyway";
  const lines = report.runs.map(({ runId, experimentId, name, changes }) =>
    `${changes ? done : still}: ${visibleText(name || NO_NAME)}  ${
      unbroken(`${experimentId}/${runId}`)
    }`
  );
  printDone(options.json ? report : null, foldLines(lines, world.style), world);
  return ExitCode.done;
}

/**
 * Runs `config`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runConfig(
  { options }: Command<"config">,
  world: World,
): Promise<ExitCode> {
  const { init, schema, config: flag } = options;
  if (schema) {
    world.print(`${jsonText(configSchema(), 2)}\n`);
    return ExitCode.done;
  }
  if (init) {
    const path = resolve(world.directory, flag ?? CONFIG_FILE);
    if (options.dryRun) {
      world.print(`Would write ${path}, unless it exists; nothing was written.\n`);
      return ExitCode.done;
    }
    const { initConfig } = await import("../../config.ts");
    if (!await initConfig(path)) {
      throw new UsageError(
        `Cannot write ${path}: it exists; remove it first, or name another file`,
      );
    }
    world.print(`Wrote ${path}\n`);
    return ExitCode.done;
  }
  const chosen = await chooseConfig(flag, world.directory);
  if (chosen === null) {
    throw new UsageError(
      `Cannot find ${CONFIG_FILE} in ${world.directory}: type \`deno task config --init\` to write one`,
    );
  }
  if (!options.quiet) world.say(`Configuration ${chosen.path} (found ${chosen.chosenBy})\n`);
  world.print(writeConfig(chosen.config));
  return ExitCode.done;
}
