// deno-lint-ignore-file no-console -- a slower way of running is worth a line.
/**
 * The command line of this project, ready to be started often.
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
 * Makes one file of the command line: it starts twice as fast, and nobody's editing changes it meanwhile.
 *
 * @param directory Where the file goes, and where commands are typed.
 * @returns Makes a program of the words that a user would type after `deno run -A tasks/cli.ts`.
 */
export async function bundleProgram(
  directory: string,
): Promise<(...words: readonly string[]) => Program> {
  const file = join(directory, "cli.js");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "-o", file, "tasks/cli.ts"],
    cwd: repository,
  }).output();
  if (!success) {
    console.error(`Cannot bundle, running from source: ${new TextDecoder().decode(stderr).trim()}`);
  }
  const script = success
    ? ["--no-config", "--no-lock", file]
    : ["--config", join(repository, "deno.json"), join(repository, "tasks/cli.ts")];
  // Deno lets nothing less than -A touch what lies in /dev.
  const deno = [Deno.execPath(), "run", "--cached-only", "--no-check", "-A", ...script];
  return (...words) => ({ words: [...deno, ...words], directory });
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
