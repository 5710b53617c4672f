/**
 * Running `notify`: telling how a task has ended, and ending as that has.
 *
 * @module
 */

import { dirname, resolve } from "@std/path";
import { eventsOf, type Message, messageOf } from "../../../../lib/notify/message.ts";
import { type Outgoing, outgoingOf, outgoingStart } from "../../../../lib/notify/outgoing.ts";
import { NOTHING_TOLD, readTold, type Told, withFindings } from "../../../../lib/notify/told.ts";
import { CONFIG_FILE } from "../../../../lib/policy/config_file.ts";
import type { NotifyConfig } from "../../../../lib/policy/notify_rows.ts";
import { plainCommand } from "../../../../lib/render/commands.ts";
import { shellWords } from "../../../../lib/text/shell_words.ts";
import { jsonPieces } from "../../../../lib/text/terminal_text.ts";
import { plural } from "../../../../lib/text/units.ts";
import { failureText, infoOf, isDocument, MOST, readTextFile } from "../../../_io/read.ts";
import { missingFor, type Notified, notify, showOutgoing } from "../../../notify.ts";
import { chooseConfig, type ChosenConfig, configBeside } from "../../choose/choose_config.ts";
import { ExitCode, exitMeaning } from "../../table/exit_code.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import { UsageError } from "../../table/usage_error.ts";
import type { World } from "../../world.ts";
import { errorText } from "../error_text.ts";
import { printJson } from "../print_json.ts";

type Command = Extract<TaskCommand, { task: "notify" }>;
type Options = Command["options"];

/**
 * Runs `notify`. Whoever cannot be told of a task changes nothing of how it has ended: that is said, and what
 * was asked to be the exit code is it.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code: of the task that is told of.
 */
export async function runNotify(command: Command, world: World): Promise<number> {
  const { options, operand } = command;
  checkFlags(options, operand);
  const { exitCode, start, test, dryRun } = options;
  try {
    if (start) return await runStart(options, world);
    if (test) return await runTest(options, world);
    return await runTell(command, world);
  } catch (error) {
    const isAsked = test || dryRun || exitCode === null && !start;
    if (isAsked) throw error;
    const problem = errorText(error);
    world.say(`Cannot notify: ${problem}\n`);
    keepTold({ problem: world.named(problem) }, options, world);
    return exitCode ?? ExitCode.done;
  }
}

function checkFlags({ exitCode, findings, start, test }: Options, report: string | null): void {
  const refuse = (what: string, why: string) =>
    new UsageError(`Cannot use ${what}: ${why}; see deno task notify --help`);
  if (start && test) throw refuse("--start and --test together", "choose one of them");
  const name = start ? "--start" : test ? "--test" : null;
  const other = report !== null
    ? `"${report}"`
    : findings !== null
    ? "--findings"
    : exitCode !== null
    ? "--exit-code"
    : null;
  if (name !== null && other !== null) {
    throw refuse(`${other} with ${name}`, `${name} tells of no task that has ended`);
  }
  if (name === null && other === null) {
    throw new UsageError(
      "Missing argument of notify: expected deno task notify REPORT, --exit-code N, or --test to send a sample",
    );
  }
}

async function runStart(options: Options, world: World): Promise<number> {
  const { config, directory } = await readConfiguration(options, null, world);
  const outgoing = outgoingStart(config);
  if (outgoing.length === 0 && !options.quiet) {
    world.say(`Nothing waits for pings: notify: of ${CONFIG_FILE} names no ping\n`);
  }
  await deliver(outgoing, { options, directory, document: { events: [] } }, world);
  return ExitCode.done;
}

const SAMPLE: Message = {
  title: "mltidy: a test of notify",
  mood: "good",
  facts: [["What this is", "a sample, sent by notify --test; no task has run"]],
  lines: [],
  undo: null,
  link: null,
};

async function runTest(options: Options, world: World): Promise<number> {
  const { config, directory, path } = await readConfiguration(options, null, world);
  const message = { ...SAMPLE, link: config.link };
  const outgoing = outgoingOf({ ...NOTHING_TOLD, exitCode: 0 }, message, config, { toAll: true });
  if (outgoing.length === 0) throw nobody(path);
  const document = { events: [], title: message.title };
  const notified = await deliver(outgoing, { options, directory, document }, world);
  return notified.every(({ problem }) => problem === null) ? ExitCode.done : ExitCode.unexpected;
}

async function runTell({ options, operand }: Command, world: World): Promise<number> {
  const told = await readAll(operand, options, world);
  const exitCode = told.exitCode ?? ExitCode.done;
  const { config, directory, path } = await readConfiguration(options, told.store, world);
  const message = messageOf(told, {
    ...config,
    meaning: meaningOf,
    report: operand === null || operand === "-" ? null : resolve(world.directory, operand),
    undo: (backup, store) =>
      world.named(plainCommand(shellWords(["restore", backup, "--store", store]))),
  });
  if (!hasChannel(config)) {
    if (options.dryRun) throw nobody(path);
    const problem = nobody(path).message;
    world.say(`${problem}\n`);
    keepTold({ problem: world.named(problem) }, options, world);
    return exitCode;
  }
  const outgoing = outgoingOf(told, message, config);
  const events = eventsOf(told);
  if (outgoing.length === 0 && !options.quiet) {
    const came = events.length === 0 ? "nothing of note" : events.join(", ");
    world.say(`Nobody is told: what came of it is ${came}, and on: says ${config.on.join(", ")}\n`);
  }
  const document = { events, title: message.title };
  await deliver(outgoing, { options, directory, document }, world);
  return exitCode;
}

function meaningOf(code: number): string | null {
  const words: Readonly<Record<number, string>> = exitMeaning;
  return words[code] ?? (code > 128 && code < 160 ? `Ended by signal ${code - 128}` : null);
}

function hasChannel({ email, slack, webhook, ping }: NotifyConfig): boolean {
  return [email, slack, webhook, ping].some((channel) => channel !== null);
}

function nobody(path: string | null): UsageError {
  return new UsageError(
    path === null
      ? `Nobody to notify: there is no ${CONFIG_FILE} here or beside the store; name yours by --config FILE, or write one by \`deno task config --init\``
      : `Nobody to notify: notify: of ${path} names no email, slack, webhook or ping`,
  );
}

interface Configuration {
  readonly config: NotifyConfig;
  /** What the files of secrets are relative to. */
  readonly directory: string;
  /** `null` where there is none. */
  readonly path: string | null;
}

/** That of the store of which is told, as its tasks go by it. */
async function readConfiguration(
  { config: flag, quiet }: Options,
  store: string | null,
  world: World,
): Promise<Configuration> {
  const { directory } = world;
  const beside = flag === null && store !== null ? await configBeside(store) : null;
  const chosen: ChosenConfig | null = beside ?? await chooseConfig(flag, directory);
  if (chosen === null) {
    const { readConfig } = await import("../../../../lib/policy/config.ts");
    return { config: readConfig("", CONFIG_FILE).notify, directory, path: null };
  }
  const { config, path, chosenBy } = chosen;
  if (!quiet) world.say(`Configuration ${path} (found ${chosenBy})\n`);
  return { config: config.notify, directory: dirname(path), path };
}

/** The report and the findings, each of which may be missing. */
async function readAll(
  report: string | null,
  { exitCode, findings }: Options,
  world: World,
): Promise<Told> {
  const text = report === "-"
    ? await world.input()
    : report === null
    ? null
    : readDocument(report, exitCode, world);
  const read = text === null ? NOTHING_TOLD : typeof text === "string" ? readTold(text) : text;
  const told = ofThisRun(read, exitCode);
  if (findings === null) return told;
  const list = readDocument(findings, exitCode, world);
  return typeof list === "string"
    ? withFindings(told, list)
    : { ...told, unread: told.unread ?? list.unread };
}

/** What an earlier run has left says nothing of one that was killed before it could leave its own. */
function ofThisRun(told: Told, exitCode: number | null): Told {
  if (exitCode === null) return told;
  if (told.exitCode === null || told.exitCode === exitCode) return { ...told, exitCode };
  const { task, store } = told;
  const unread = `the report is of an earlier run, which ended with ${told.exitCode}`;
  return { ...NOTHING_TOLD, task, store, exitCode, unread };
}

/** Where there is no report the exit code speaks. */
function readDocument(file: string, exitCode: number | null, world: World): string | Told {
  const path = resolve(world.directory, file);
  try {
    return readTextFile(path, { most: MOST.text });
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "no such file" : failureText(error);
    if (exitCode === null) {
      throw new UsageError(
        `Cannot read ${path}: ${why}; name a report that is there, or say --exit-code N`,
      );
    }
    return { ...NOTHING_TOLD, unread: `${path} cannot be read: ${why}` };
  }
}

const SCHEMA = "mltidy/notify/v1";

/** Where nobody reads what is said, it is found beside the report; that this fails changes nothing either. */
function keepTold(document: object, { told, dryRun }: Options, world: World): void {
  if (told === null || dryRun) return;
  const path = resolve(world.directory, told);
  try {
    replaceTold(path, `${[...jsonPieces({ schema: SCHEMA, ...document })].join("")}\n`);
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? `this process may not write there; grant --allow-write=${path}`
      : failureText(error);
    world.say(`Cannot write ${path}: ${why}\n`);
  }
}

/** This process may be one that may write nothing beside it; and nothing of anybody's is written over. */
function replaceTold(path: string, text: string): void {
  if (infoOf(path) !== null) {
    if (!isDocument(path, `{"schema":"${SCHEMA}"`)) {
      throw new Error("something else is there already; name another file");
    }
    Deno.removeSync(path);
  }
  Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o644 });
}

interface Delivery {
  readonly options: Options;
  readonly directory: string;
  /** What else `--json` prints. */
  readonly document: object;
}

async function deliver(
  outgoing: readonly Outgoing[],
  { options, directory, document }: Delivery,
  world: World,
): Promise<readonly Notified[]> {
  const { dryRun, json, quiet } = options;
  if (dryRun) {
    if (json) printJson({ schema: SCHEMA, ...document, outgoing }, world);
    else world.print(outgoing.map(showOutgoing).join("\n"));
    for (const one of outgoing) {
      const missing = missingFor(one, { environment: world.environment, directory });
      if (missing !== null) world.say(`Could not notify by ${one.channel}: ${missing}\n`);
    }
    return [];
  }
  const { environment, now } = world;
  const notified = await notify(outgoing, { environment, now, directory });
  for (const { channel, attempts, problem } of notified) {
    if (problem === null) continue;
    const tries = attempts > 1 ? ` (${plural(attempts, "attempt")})` : "";
    world.say(`Cannot notify by ${channel}: ${problem}${tries}\n`);
  }
  const sent = notified.filter(({ problem }) => problem === null).map(({ channel }) => channel);
  keepTold({ ...document, notified }, options, world);
  if (json) printJson({ schema: SCHEMA, ...document, notified }, world);
  else if (sent.length > 0 && !quiet) world.say(`Told by ${sent.join(", ")}\n`);
  return notified;
}
