// deno-lint-ignore-file no-console -- a slower way of running is worth a line.
/**
 * The command line of this project, ready to be started often, and other scripts of its.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";

/** A command line and the directory in which it is typed. */
export interface Program {
  readonly words: readonly string[];
  readonly directory: string;
}

/** How a program ended. */
export interface Ran {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const repository = fromFileUrl(new URL("../..", import.meta.url));

/**
 * Makes the words that start a script of this repository, wherever they are typed. No lock file is written by that.
 *
 * @param script Absolute path of the script.
 * @param words What follows it.
 * @returns The words; the first is the path of Deno.
 */
export function scriptWords(script: string, ...words: readonly string[]): readonly string[] {
  return [
    ...[Deno.execPath(), "run", "--quiet", `--lock=${join(repository, "tests/deno.lock")}`],
    ...["--cached-only", "--no-check", "-A", "--config", join(repository, "deno.json"), script],
    ...words,
  ];
}

/**
 * Makes one file of a script of this repository and all that it imports.
 *
 * @param script The script, below the repository.
 * @param file Absolute path of the file.
 * @returns What Deno says where it fails; `null`: the file is there.
 */
export async function bundleScript(script: string, file: string): Promise<string | null> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--lock=tests/deno.lock", "-o", file, script],
    cwd: repository,
  }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

/**
 * Makes one file of the command line: it starts twice as fast, and nobody's editing changes it meanwhile.
 *
 * @param directory Where the file goes, and where commands are typed.
 * @returns Makes a program of the words that a user would type after `deno run -A tasks/cli.ts`.
 */
export async function bundleProgram(
  directory: string,
): Promise<(...words: readonly string[]) => Program> {
  const file = join(directory, "cli.js");
  const failure = await bundleScript("tasks/cli.ts", file);
  if (failure !== null) {
    console.error(`Cannot bundle, running from source: ${failure.trim()}`);
  }
  // Deno lets nothing less than -A touch what lies in /dev.
  const bundled = [Deno.execPath(), "run", "--cached-only", "--no-check", "-A"];
  const start = failure === null
    ? [...bundled, "--no-config", "--no-lock", file]
    : scriptWords(join(repository, "tasks/cli.ts"));
  return (...words) => ({ words: [...start, ...words], directory });
}

/**
 * Runs a program to its end.
 *
 * @param program The program.
 * @param environment Variables that it has besides. @default {none}
 * @returns How it ended.
 */
export async function run(
  { words, directory }: Program,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [command = "", ...args] = words;
  const { code, signal, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: directory,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...environment },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const text = new TextDecoder();
  return { code, signal, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/**
 * Makes a directory for much writing: in memory, where copying costs next to nothing, if there is any.
 *
 * @param parent Where instead.
 * @returns Its real path.
 */
export async function makeScratch(parent?: string): Promise<string> {
  const memory = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
  const dir = parent ?? memory;
  return await Deno.realPath(
    await Deno.makeTempDir({ prefix: "mltidy-faults-", ...(dir === undefined ? {} : { dir }) }),
  );
}
