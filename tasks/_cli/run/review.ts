/**
 * Running `review`: serves the page until it is interrupted.
 *
 * @module
 */

import { StoreAccessError } from "../../../lib/errors.ts";
import { foldLines, unbroken } from "../../../lib/text/fold.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { CommandOf } from "../../../lib/render/commands.ts";
import { type EndedWork, review, REVIEW_PORT } from "../../review.ts";
import { chooseBackups } from "../choose/choose_backups.ts";
import { ExitCode, exitCodeOf } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import { openingBrowser } from "../terminal/open_browser.ts";
import type { Ended, World } from "../world.ts";
import { openConfigured } from "./open.ts";
import { restoredCode } from "./restore.ts";
import { appliedCode, notedOf } from "./run_job.ts";

type ReviewCommand = Extract<TaskCommand, { readonly task: "review" }>;

/**
 * Serves the page.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code, once it is interrupted while something is carried out; otherwise that ends the process.
 */
export async function runReview({ options }: ReviewCommand, world: World): Promise<ExitCode> {
  const { quiet } = options;
  const apply = options.apply && !options.dryRun;
  const browser = options.open ? browserOf(options.apply) : null;
  await using opened = await openConfigured(options, world).catch(sayHowToReach);
  const { store, chosen, command } = opened;
  const backups = chooseBackups({ flag: options.backups, chosen, directory: world.directory });
  const configured = chosen?.config.review;
  const port = options.port ?? configured?.port ?? REVIEW_PORT;
  const mlflowUi = options.mlflowUi ?? configured?.mlflowUi ?? null;
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  let startedAt = 0;
  await using page = await review(store, {
    apply,
    command,
    port,
    allowHosts: options.allowHost ?? configured?.allowHosts ?? [],
    ...(mlflowUi === null ? {} : { mlflowUi }),
    ...(backups === null ? {} : { backups }),
    ...(chosen === null ? {} : { config: chosen.config, configPath: chosen.path }),
    onProgress: (runs, total) => world.progress.update("Reading runs", runs, total),
    // As long as nobody listens, a signal ends the process at once, however busy it is with reading or planning.
    onWork: (ended) => {
      startedAt = world.now();
      world.signal(ended).addEventListener("abort", () => interrupt());
    },
    onEnd: async (work) => await world.conclude({ startedAt, ...endOf(work, command) }),
  });
  world.print(foldLines([unbroken(page.url)], { ...world.style, width: Infinity }));
  const say = (text: string) => quiet || world.say(`${text}\n`);
  if (port !== 0 && page.port !== port) {
    say(`Port ${port} is taken: the page is at port ${page.port}`);
  }
  say(
    `Open this address in a browser on this machine; whoever has it may ${
      apply ? "change the store" : "look at the store"
    }. Ctrl-C ends the page.`,
  );
  browser?.(page.url);
  page.ready.then(world.progress.erase, (error: Error) => {
    world.progress.erase();
    world.say(`${error.message}\n`);
  });
  await Promise.race([interrupted, page.finished]);
  world.progress.erase();
  return ExitCode.interrupted;
}

/** As the task would have ended that does the same. */
function endOf(
  { snapshot, plan, settled = [], remains = [], result, error }: EndedWork,
  command: CommandOf,
): Omit<Ended, "startedAt"> {
  const known = { ...(snapshot && { snapshot }), ...(plan && { plan }), settled, remains };
  if (result === undefined) return { exitCode: exitCodeOf(error), error, noted: known };
  return "outcomes" in result
    ? {
      exitCode: appliedCode(result),
      error,
      noted: { ...known, ...notedOf(result, command) },
    }
    : { exitCode: restoredCode(result), error, noted: { ...known, result } };
}

/** What starts one may do all that its user may: whoever wants that grants it. */
function browserOf(apply: boolean): (url: string) => void {
  const opening = openingBrowser();
  if (opening.start !== null) return opening.start;
  const task = apply ? "review:apply" : "review";
  throw new UsageError(
    `Cannot open a browser: this process may start no program; type \`MLTIDY_GRANT=${
      shellWords([`--allow-run=${opening.program}`])
    } deno task ${task} --open\`, or open the address yourself`,
  );
}

/** The page's process reaches this machine alone, unless whoever types it grants it the host of the store. */
function sayHowToReach(error: unknown): never {
  // Of an address of IPv6 it is between quotes.
  const [, what, grant] = error instanceof StoreAccessError
    ? /^(.*: this process may not reach it); grant '?(--allow-net=[^\s']+)/.exec(error.message) ??
      []
    : [];
  if (what === undefined || grant === undefined) throw error;
  throw new StoreAccessError(
    `${what}, but 127.0.0.1 alone; type first: export MLTIDY_GRANT=${shellWords([grant])}`,
    (error as StoreAccessError).store,
    { cause: error },
  );
}
