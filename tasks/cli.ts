/**
 * The command line: the only file that knows the arguments, the streams, the clock, the signals and the
 * exit code of this process.
 *
 * @module
 */

import {
  ConfigError,
  PlanRefusedError,
  RestoreCollisionError,
  StalePlanError,
  StoreAccessError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../lib/errors.ts";
import { visibleText } from "../lib/terminal_text.ts";
import { ExitCode } from "./_cli/exit_code.ts";
import { parseCommand } from "./_cli/parse_command.ts";
import { showProgress } from "./_cli/progress.ts";
import type { World } from "./_cli/run_task.ts";
import { decideStyle } from "./_cli/style.ts";
import { UsageError } from "./_cli/usage_error.ts";

/** The reader of our output has gone: nothing is left to say, and nothing is wrong. */
class BrokenPipe extends Error {}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new BrokenPipe();
    throw error;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

async function main(words: readonly string[]): Promise<ExitCode> {
  const command = parseCommand(words);
  const print = (text: string) => write(Deno.stdout, text);
  if (command.task === "version") {
    const { default: manifest } = await import("../deno.json", { with: { type: "json" } });
    print(`mltidy ${manifest.version}\n`);
    return ExitCode.done;
  }
  if (command.task === "help") {
    const { helpText, overviewText } = await import("./_cli/help_text.ts");
    print(command.about === null ? overviewText() : helpText(command.about));
    return ExitCode.done;
  }
  const { quiet } = command.options;
  const talks = Deno.stderr.isTerminal() && !quiet;
  using progress = showProgress(
    talks
      ? {
        write: (text) => write(Deno.stderr, text),
        clock: () => performance.now(),
        columns: columns(),
      }
      : null,
  );
  const isAttended = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  const world: World = {
    print,
    say: (text) => write(Deno.stderr, text),
    style: decideStyle({
      isTerminal: Deno.stdout.isTerminal(),
      columns: columns(),
      noColor: Deno.env.get("NO_COLOR"),
    }),
    progress,
    ask: isAttended ? ask : null,
    environment: (name) => Deno.env.get(name),
    directory: Deno.env.get("INIT_CWD") ?? Deno.cwd(),
    now: Date.now,
    signal: interruption,
  };
  // Loaded when it is needed, as it would cost --help time.
  const { runTask } = await import("./_cli/run_task.ts");
  return await runTask(command, words, world);
}

async function ask(question: string): Promise<boolean> {
  const { askYesNo } = await import("./_cli/prompt.ts");
  return await askYesNo(question, {
    write: (text) => write(Deno.stderr, text),
    read: (buffer) => Deno.stdin.read(buffer),
  });
}

/** The first Ctrl-C stops at the next safe boundary; the second one ends the process, which is safe, too. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
    controller.abort();
    write(Deno.stderr, "Stopping after the current action …\n");
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return controller.signal;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof RangeError) return ExitCode.usage;
  if (error instanceof ConfigError) return ExitCode.usage;
  if (error instanceof PlanRefusedError) return ExitCode.planDoesNotFit;
  if (error instanceof StoreNotFoundError) return ExitCode.storeNotFound;
  if (error instanceof StoreAccessError) return ExitCode.storeNotFound;
  if (error instanceof UnsupportedStoreError) return ExitCode.unsupportedStore;
  if (error instanceof StoreLockedError) return ExitCode.storeLocked;
  if (error instanceof StalePlanError) return ExitCode.planDoesNotFit;
  if (error instanceof RestoreCollisionError) return ExitCode.planDoesNotFit;
  if (error instanceof DOMException && error.name === "AbortError") return ExitCode.interrupted;
  return ExitCode.unexpected;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof BrokenPipe)) {
      const message = error instanceof Error ? error.message : String(error);
      const lines = message.split("\n").map(visibleText).join("\n");
      write(Deno.stderr, `${lines}\n`);
      Deno.exitCode = exitCodeOf(error);
    }
  }
  // Signal listeners would keep the process alive.
  Deno.exit();
}
