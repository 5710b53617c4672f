// deno-lint-ignore-file no-console -- a campaign reports on the terminal.
/**
 * Hostile files: whatever may stand where a task reads a file, for each place, each shape and each task.
 * None may hang, crash, or end with a code that is not one of the command line's.
 *
 * ```
 * deno run -A tests/faults/hostile_files.ts                      every place × shape × task
 * deno run -A tests/faults/hostile_files.ts --share 8            every eighth of them
 * deno run -A tests/faults/hostile_files.ts --only fifo,1/meta.yaml
 * ```
 *
 * The tasks run in one process after the other, which is ended when it says nothing for a while: a task
 * that waits for a pipe answers nobody.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, join } from "@std/path";
import { showProgress } from "../../tasks/_cli/terminal/progress.ts";
import { ExitCode, exitCodeOf } from "../../tasks/_cli/table/exit_code.ts";
import { parseCommand } from "../../tasks/_cli/table/parse_command.ts";
import { runTask } from "../../tasks/_cli/run/run_task.ts";
import type { World } from "../../tasks/_cli/world.ts";
import { runId } from "../_support/builders.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { scriptWords } from "./program.ts";
import { rubbish } from "./rubbish.ts";

const RUN = `1/${runId(1)}`;
const BACKUP = ".mltidy.trash/backups/20260101T000000Z-cleanup";

/** Where a task reads something, relative to the store's root. */
export const PLACES: readonly string[] = [
  ...["1", "1/meta.yaml", "1/tags/t", "1/datasets/d/meta.yaml", ".trash", ".trash/2/meta.yaml"],
  ...[RUN, `${RUN}/meta.yaml`, `${RUN}/tags`, `${RUN}/metrics`, `${RUN}/artifacts`],
  ...[`${RUN}/tags/mlflow.parentRunId`, `${RUN}/tags/mltidy.pin`, `${RUN}/tags/note`],
  ...[`${RUN}/params/lr`, `${RUN}/metrics/loss`, `${RUN}/inputs/i/meta.yaml`],
  ...[`${RUN}/outputs/o/meta.yaml`, "1/models/m-1/meta.yaml", "1/models/m-1/tags/t"],
  ...["1/models/m-1/metrics/m", "1/traces/tr-1/trace_info.yaml", "1/traces/tr-1/tags/t"],
  ...["1/traces/tr-1/request_metadata/mlflow.sourceRun", "1/traces/tr-1/assessments/a.yaml"],
  ...["models", "models/m/meta.yaml", "models/m/version-1/meta.yaml", "models/m/version-1/tags/t"],
  ...["models/m/aliases/champion", "3/meta.yaml", "../mltidy.yaml", "../plan.json"],
  ...[".mltidy.trash", ".mltidy.trash/lock", ".mltidy.trash/staging", ".mltidy.trash/README.txt"],
  ...[".mltidy.trash/journal", ".mltidy.trash/journal/20260101T000000Z-cleanup.jsonl"],
  ...[".mltidy.trash/metadata", ".mltidy.trash/metadata/x.jsonl", ".mltidy.trash/backups"],
  ...[BACKUP, `${BACKUP}/manifest.json`, `${BACKUP}/files`, `${BACKUP}/entries.jsonl`],
];

/** What may stand there. */
export const SHAPES: Readonly<Record<string, (path: string) => void>> = {
  fifo: (path) => mkfifo(path),
  "link to a fifo": (path) => {
    mkfifo(`${path}.fifo`);
    Deno.symlinkSync(`${path}.fifo`, path);
  },
  "endless device": (path) => Deno.symlinkSync("/dev/zero", path),
  "empty device": (path) => Deno.symlinkSync("/dev/null", path),
  "link to itself": (path) => Deno.symlinkSync(path, path),
  "link to nothing": (path) => Deno.symlinkSync("/nonexistent/x", path),
  "link upwards": (path) => Deno.symlinkSync("..", path),
  directory: (path) => Deno.mkdirSync(`${path}/meta.yaml/x`, { recursive: true }),
  "empty file": (path) => Deno.writeTextFileSync(path, ""),
  zeros: (path) => Deno.writeFileSync(path, new Uint8Array(100)),
  "no text": (path) => Deno.writeFileSync(path, Uint8Array.of(0xFF, 0xFE, 0x80, 0x0A)),
  "3 GiB": (path) => {
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, 3 * 2 ** 30);
  },
  "deep brackets": (path) => Deno.writeTextFileSync(path, `a: ${"[".repeat(60_000)}`),
  "deep JSON": (path) => Deno.writeTextFileSync(path, "[".repeat(60_000) + "]".repeat(60_000)),
  aliases: (path) => Deno.writeTextFileSync(path, bomb()),
  "merged aliases": (path) => Deno.writeTextFileSync(path, mergeBomb()),
  digits: (path) => Deno.writeTextFileSync(path, `end_time: ${"9".repeat(100_000)}\n`),
  "far times": (path) =>
    Deno.writeTextFileSync(
      path,
      `start_time: ${"9".repeat(16)}\nend_time: -1${"0".repeat(20)}\nstatus: 3\n`,
    ),
};

/** What is run: those that only read come first, as the first lock changes how files are opened. */
export const TASKS: readonly (readonly string[])[] = [
  ["summary"],
  ["summary", "--sizes"],
  ["summary", "--metric", "loss"],
  ["verify"],
  ["cleanup"],
  ["repair"],
  ["preflight", "--check"],
  ["backup", "--list"],
  ["explain", runId(1)],
  ["restore"],
  ["apply", "../plan.json", "--force"],
  ["cleanup", "--apply", "--force"],
  ["repair", "--apply", "--force", "--settle", "0d"],
  ["restore", "--last"],
  ["recover"],
  ["backup"],
];

/** One task on one store. */
interface Case {
  readonly place: string;
  readonly shape: string;
  readonly task: readonly string[];
}

/** How long a task may say nothing, ms: each takes a few hundredths of a second. */
const PATIENCE = 30_000;

function mkfifo(path: string): void {
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  if (!success) throw new Error(`Cannot make a pipe at ${path}`);
}

function bomb(): string {
  const levels = Array.from({ length: 20 }, (_, level) => {
    const inner = level === 0 ? "x" : `*k${level - 1}`;
    return `k${level}: &k${level} [${Array(9).fill(inner).join(", ")}]\n`;
  });
  return levels.join("");
}

function mergeBomb(): string {
  const wide = Array.from({ length: 3_000 }, (_, index) => `k${index}: 1`).join(", ");
  const merges = Array.from({ length: 3_000 }, (_, index) => `b${index}: {<<: *a}\n`).join("");
  return `a: &a {${wide}}\n${merges}`;
}

/**
 * Lists the cases of a campaign.
 *
 * @param share Each how manieth of them; the tasks take turns.
 * @returns The cases, those of tasks that only read first.
 */
export function casesOf(share: number): readonly Case[] {
  return TASKS.flatMap((task, row) =>
    PLACES.flatMap((place, line) =>
      Object.keys(SHAPES)
        .filter((_, column) => (row + line + column) % share === 0)
        .map((shape) => ({ place, shape, task }))
        // To copy as much is work, and no hang.
        .filter(({ shape }) => shape !== "3 GiB" || task[0] !== "backup" || task.length > 1)
    )
  );
}

/**
 * Runs cases, and names those that failed.
 *
 * @param cases The cases.
 * @returns What is wrong, one line each; empty when nothing is.
 */
export async function runCases(cases: readonly Case[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (let begun = 0; begun < cases.length;) {
    const left = cases.slice(begun);
    const [command = "", ...args] = scriptWords(fromFileUrl(import.meta.url), "--serve");
    const process = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = process.stdin.getWriter();
    const sent = writer.write(new TextEncoder().encode(JSON.stringify(left)))
      .then(() => writer.close()).catch(() => {});
    let done = 0;
    let timer = setTimeout(() => process.kill("SIGKILL"), PATIENCE);
    for await (const line of linesOf(process.stdout)) {
      clearTimeout(timer);
      timer = setTimeout(() => process.kill("SIGKILL"), PATIENCE);
      if (line !== "") wrong.push(line);
      done++;
    }
    clearTimeout(timer);
    await sent;
    const { success, signal } = await process.status;
    begun += done;
    if (success && done === left.length) break;
    const next = cases[begun++];
    if (next !== undefined) {
      wrong.push(`${nameOf(next)}: ${signal === "SIGKILL" ? "it hung" : `it crashed (${signal})`}`);
    }
  }
  return wrong;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function nameOf({ place, shape, task }: Case): string {
  return `${shape} at ${place}: ${task.join(" ")}`;
}

/** Runs the cases that come by standard input; a line for each, empty when all is well. */
async function serve(): Promise<void> {
  const cases = JSON.parse(await new Response(Deno.stdin.readable).text()) as readonly Case[];
  for (const each of cases) {
    const fault = await faultOf(each);
    console.log(fault === null ? "" : `${nameOf(each)}: ${fault}`.replaceAll("\n", " "));
  }
}

async function faultOf({ place, shape, task }: Case): Promise<string | null> {
  await using directory = await memoryDirectory();
  const root = join(directory.path, "mlruns");
  {
    await using store = await rubbish();
    Deno.renameSync(store.root, root);
    Deno.mkdirSync(store.root);
  }
  for (const folder of ["1/traces/tr-1", "models/m/version-1", "1/models/m-1"]) {
    Deno.mkdirSync(join(root, folder), { recursive: true });
  }
  const path = join(root, place);
  Deno.mkdirSync(dirname(path), { recursive: true });
  await Deno.remove(path, { recursive: true }).catch(() => {});
  SHAPES[shape]!(path);
  const words = [...task, "--store", root].map((word) =>
    word === "../plan.json" ? join(directory.path, "plan.json") : word
  );
  const world: World = {
    print: () => {},
    say: () => {},
    style: { color: false, width: 80 },
    progress: showProgress(null),
    note: () => {},
    conclude: () => Promise.resolve(),
    named: (text) => text,
    ask: null,
    input: () => Promise.resolve(""),
    environment: () => undefined,
    directory: directory.path,
    now: Date.now,
    signal: () => new AbortController().signal,
  };
  try {
    const command = parseCommand(words);
    if (command.task === "version" || command.task === "help") return "it is no task";
    const code = await runTask(command, words, world);
    return code === ExitCode.unexpected ? "it ended with 1" : null;
  } catch (error) {
    // What is ours and damaged ends a task with 1, but says which file it is.
    const isTold = error instanceof Error && /^Cannot .*: /s.test(error.message);
    return isTold || exitCodeOf(error) !== ExitCode.unexpected
      ? null
      : error instanceof Error
      ? error.stack ?? error.message
      : `${error}`;
  }
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, { boolean: ["serve"], string: ["share", "only"] });
  if (flags["serve"] === true) {
    await serve();
    Deno.exit(0);
  }
  const only = String(flags["only"] ?? "").split(",").filter((word) => word !== "");
  const cases = casesOf(Number(flags["share"] ?? 1))
    .filter((each) => only.every((word) => nameOf(each).includes(word)));
  const wrong = await runCases(cases);
  for (const line of wrong) console.log(line);
  console.log(`${cases.length} runs, ${wrong.length} wrong`);
  Deno.exit(wrong.length === 0 ? 0 : 1);
}
