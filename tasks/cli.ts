/**
 * The command line: the only file that knows the arguments, the streams, the clock, the signals and the
 * exit code of this process.
 *
 * @module
 */

import { errorMessage } from "../lib/errors.ts";
import { shellWords } from "../lib/text/shell_words.ts";
import { foldText } from "../lib/text/fold.ts";
import { hideCredentials } from "../lib/text/credentials.ts";
import { visibleLines } from "../lib/text/terminal_text.ts";
import { asInstalled } from "./_cli/table/command_name.ts";
import { ExitCode, exitCodeOf } from "./_cli/table/exit_code.ts";
import { parseCommand } from "./_cli/table/parse_command.ts";
import { showProgress } from "./_cli/terminal/progress.ts";
import { stampLines } from "./_cli/terminal/stamp_lines.ts";
import { decideStyle } from "./_cli/terminal/style.ts";
import type { World } from "./_cli/world.ts";

/** Where something is written to. */
type Stream = { writeSync(bytes: Uint8Array): number };

function write(stream: Stream, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

/** A reader that has gone, as `head` has, wants no more; how the task ends is told by its exit code. */
function print(text: string): void {
  try {
    write(Deno.stdout, text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    const why = errorMessage(error);
    throw new Error(`Cannot write to standard output: ${why}`, { cause: error });
  }
}

/** Talk that cannot be heard stops no task. */
function say(text: string): void {
  try {
    write(Deno.stderr, text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** On a terminal talk is folded, as data is where it is rendered. */
function talk(text: string): string {
  return Deno.stderr.isTerminal() ? foldText(text, { width: columns() }) : text;
}

function columns(): number {
  try {
    // A terminal that nobody has told its size says 0.
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/**
 * `deno task` runs its command beside `deno.json`, and says where it was typed. Anywhere else `INIT_CWD` is
 * of a script of npm's that has started this process, and says nothing of the directory here.
 */
function taskDirectory(): string | undefined {
  return isHome() ? variable("INIT_CWD") : undefined;
}

function isHome(): boolean {
  try {
    return Deno.realPathSync(".") === Deno.realPathSync(`${import.meta.dirname}/..`);
  } catch {
    return false;
  }
}

/** As `variableIn` of `process.ts` does, which no help loads: what may not be asked for is as what is not set. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

function named(text: string): string {
  return taskDirectory() === undefined ? asInstalled(text) : text;
}

const isAttended = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();

/** What is to go on where nobody sits, as in a night, speaks to a log. */
function logged(text: string): string {
  const [own = ""] = Deno.args.join("\n").split(/^--$/m);
  const isScheduled = !isAttended && /^--force$/m.test(own);
  return isScheduled ? stampLines(text, Date.now()) : text;
}

/** What goes to people: its last gate. */
function shown(text: string, style: { readonly color?: boolean } = {}): string {
  return visibleLines(hideCredentials(logged(named(text))), style);
}

async function main(words: readonly string[]): Promise<number> {
  const command = parseCommand(words);
  if (command.task === "version") {
    const { default: manifest } = await import("../deno.json", { with: { type: "json" } });
    print(`mltidy ${manifest.version}\n`);
    return ExitCode.done;
  }
  if (command.task === "help") {
    const { helpText, overviewText } = await import("./_cli/table/help_text.ts");
    const options = { named, ...(Deno.stdout.isTerminal() ? { columns: columns() } : {}) };
    print(command.about === null ? overviewText(options) : helpText(command.about, options));
    return ExitCode.done;
  }
  const { quiet } = command.options;
  const isData = "json" in command.options && command.options.json;
  const talks = Deno.stderr.isTerminal() && !quiet;
  using progress = showProgress(
    talks
      ? {
        write: say,
        clock: () => performance.now(),
        columns: columns(),
      }
      : null,
  );
  const style = decideStyle({
    isTerminal: Deno.stdout.isTerminal(),
    columns: columns(),
    noColor: variable("NO_COLOR"),
  });
  const world: World = {
    print: (text) => print(isData ? visibleLines(text, style) : shown(text, style)),
    say: (text, { isRendered = false } = {}) => {
      const lines = shown(text, style);
      // What was rendered for a pipe may be too wide for the terminal.
      say(isRendered && style.width < Infinity ? lines : talk(lines));
    },
    style,
    progress,
    note: () => {},
    conclude: () => Promise.resolve(),
    named,
    ask: isAttended ? ask : null,
    input: () => new Response(Deno.stdin.readable).text(),
    environment: (name) => Deno.env.get(name),
    directory: taskDirectory() ?? Deno.cwd(),
    now: Date.now,
    signal: interruption,
  };
  // Loaded when it is needed, as it would cost --help time.
  const { runTask } = await import("./_cli/run/run_task.ts");
  return await runTask(command, words, world);
}

async function ask(question: string, wanted?: string): Promise<boolean> {
  const { askFor, askYesNo } = await import("./_cli/terminal/prompt.ts");
  const terminal = {
    write: (text: string) => write(Deno.stderr, text),
    columns: columns(),
    read: (buffer: Uint8Array<ArrayBuffer>) => Deno.stdin.read(buffer),
  };
  return wanted === undefined
    ? await askYesNo(question, terminal)
    : await askFor(question, wanted, terminal);
}

/**
 * The first Ctrl-C stops at the next safe boundary; the second one ends the process, which is safe, too. As
 * long as nobody listens, a signal ends the process at once, however busy it is with reading.
 */
function interruption(until?: Promise<void>): AbortSignal {
  const controller = new AbortController();
  const stopListening = () => {
    for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
  };
  const onSignal = () => {
    stopListening();
    controller.abort();
    say("Stopping after the current action …\n");
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  void until?.then(stopListening);
  return controller.signal;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** What an import throws whose file this process may not read: nothing that says so can be loaded, either. */
function isShut(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith("Requires read access to ");
}

async function textOf(error: unknown): Promise<string> {
  if (isShut(error)) {
    const home = import.meta.dirname?.replace(/[\\/]tasks$/, "") ?? "";
    const grant = shellWords([`--allow-read=${home}`]);
    return `Cannot load the program: this process may not read ${home}, where it lies; grant ${grant}`;
  }
  const { errorText } = await import("./_cli/run/error_text.ts");
  return errorText(error, Deno.args);
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    say(talk(`${shown(await textOf(error))}\n`));
    Deno.exitCode = isShut(error) ? ExitCode.storeNotFound : exitCodeOf(error);
  }
  // Signal listeners would keep the process alive.
  Deno.exit();
}
