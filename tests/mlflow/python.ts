/**
 * The Python environments in which real MLflow runs. `requirements/` pins them, one file per version
 * of MLflow; `set_up.ts` makes them; nothing else knows where they are.
 *
 * @module
 */

import { basename, fromFileUrl, join, toFileUrl } from "@std/path";
import { schemaPath } from "../_support/database_store.ts";

const here = fromFileUrl(new URL(".", import.meta.url));

/** One pinned version of MLflow. */
export interface MlflowVersion {
  /** For example `2.22.5`. */
  readonly name: string;
  /** Path of the file that pins it and all that it needs. */
  readonly requirements: string;
  /** Path of its environment's directory. */
  readonly environment: string;
  /** Path of its interpreter. */
  readonly python: string;
}

/** The variables that every MLflow here is run with. */
export const settings: Readonly<Record<string, string>> = {
  LOGNAME: "mltidy",
  // Without it MLflow 3.13 and newer refuse to open a file store.
  MLFLOW_ALLOW_FILE_STORE: "true",
  MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: "false",
  MLFLOW_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "true",
};

/** Every version that `requirements/` pins, oldest first. */
export const versions: readonly MlflowVersion[] = [...Deno.readDirSync(join(here, "requirements"))]
  .map(({ name }) => describeVersion(name.replace(/\.txt$/, "")))
  .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));

function describeVersion(name: string): MlflowVersion {
  const environment = join(here, `.venv-${name}`);
  return {
    name,
    requirements: join(here, "requirements", `${name}.txt`),
    environment,
    python: Deno.build.os === "windows"
      ? join(environment, "Scripts", "python.exe")
      : join(environment, "bin", "python"),
  };
}

/**
 * Tells whether an environment holds exactly what is pinned now.
 *
 * @param version The version.
 * @returns Whether `set_up.ts` has nothing to do for it.
 */
export async function isSetUp(version: MlflowVersion): Promise<boolean> {
  try {
    return await Deno.readTextFile(stampOf(version)) ===
      await Deno.readTextFile(version.requirements);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Tells whether an environment has what is installed beside what is pinned.
 *
 * @param version The version.
 * @param name The name of the module.
 * @returns Whether it can be imported.
 */
export async function canImport({ python }: MlflowVersion, name: string): Promise<boolean> {
  const { success } = await new Deno.Command(python, { args: ["-c", `import ${name}`] }).output();
  return success;
}

/**
 * Says what tables a version makes in a database of SQLite.
 *
 * @param version The version.
 * @returns Path of the SQL that makes them, see `make_schemas.ts`.
 */
export function tablesOf({ name }: MlflowVersion): string {
  return schemaPath(name.startsWith("2.") ? "2.22" : "3.17");
}

/**
 * Where the pins are copied to once an environment is complete.
 *
 * @param version The version.
 * @returns The copy's path.
 */
export function stampOf(version: MlflowVersion): string {
  return join(version.environment, "requirements.txt");
}

/**
 * Runs a copy of one of the Python scripts of this directory, in a directory of its own, since
 * MLflow writes down the path of the script and the git repository that it was started in.
 *
 * @param version The version of MLflow to run it with.
 * @param script The script's name, or its path in this directory.
 * @param args Its arguments.
 * @param environment Variables besides those that every MLflow here is run with.
 * @returns The JSON value that it printed.
 * @throws {Error} When it fails: what it said.
 */
export async function runPython(
  version: MlflowVersion,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  return JSON.parse(await runInterpreter(version, copying(script, args), environment));
}

/**
 * Does as `runPython()`, always by an interpreter that has imported nothing yet: for scripts that count
 * how often MLflow looks at the clock, which it does at an import, too, or that have it make its tables.
 *
 * @param version The version of MLflow to run it with.
 * @param script The script's name.
 * @param args Its arguments.
 * @returns The JSON value that it printed.
 * @throws {Error} When it fails: what it said.
 */
export async function runPythonAnew(
  version: MlflowVersion,
  script: string,
  args: readonly string[],
): Promise<unknown> {
  return JSON.parse(await runInterpreter(version, copying(script, args), {}, null));
}

function copying(script: string, args: readonly string[]): (cwd: string) => Promise<string[]> {
  return async (cwd) => {
    await Deno.copyFile(join(here, script), join(cwd, basename(script)));
    return [basename(script), ...args];
  };
}

/**
 * Runs MLflow's own command on a store.
 *
 * @param version The version of MLflow.
 * @param store The store's root.
 * @param command For example `gc`.
 * @param flags Its flags. @default {none}
 * @returns What it printed on standard output.
 * @throws {Error} When it fails: what it said.
 */
export async function runMlflow(
  version: MlflowVersion,
  store: string,
  command: string,
  flags: readonly string[] = [],
): Promise<string> {
  const uri = toFileUrl(store).href;
  return await runInterpreter(
    version,
    () => ["-m", "mlflow", command, "--backend-store-uri", uri, ...flags],
    // `gc` of MLflow 3 asks for it besides, even for a file store.
    { MLFLOW_TRACKING_URI: uri },
  );
}

async function runInterpreter(
  version: MlflowVersion,
  prepare: (cwd: string) => readonly string[] | Promise<readonly string[]>,
  environment: Readonly<Record<string, string>>,
  warm = Deno.env.get(WARM) ?? null,
): Promise<string> {
  const cwd = await Deno.makeTempDir({ prefix: "mltidy-python-" });
  try {
    const words = await prepare(cwd);
    const { code, out, err } = warm === null
      ? await runCold(version, cwd, words, environment)
      : await runWarm(join(warm, version.name), cwd, words, environment);
    if (code !== 0) throw new Error(`python ${words.join(" ")} failed with ${code}:\n${err}`);
    return out;
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function runCold(
  version: MlflowVersion,
  cwd: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(version.python, {
    args: ["-X", "utf8", ...words],
    cwd,
    env: { ...settings, ...environment },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function runWarm(
  path: string,
  directory: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  using connection = await Deno.connect({ transport: "unix", path });
  const request = `${JSON.stringify({ directory, environment, words })}\n`;
  await connection.write(new TextEncoder().encode(request));
  const answer = new Uint8Array(16);
  const length = await connection.read(answer) ?? 0;
  // Nothing where the interpreter itself was killed.
  const code = Number(new TextDecoder().decode(answer.subarray(0, length)) || NaN);
  const said = (stream: string) => Deno.readTextFile(join(directory, stream));
  return { code, out: await said("stdout"), err: await said("stderr") };
}

/**
 * Starts an interpreter of each version that is set up, from which `runPython()` and `runMlflow()` fork the
 * processes of their scripts, as long as the environment names its place.
 *
 * @param directory Where they listen.
 * @returns Ends them.
 */
export async function startWarm(directory: string): Promise<AsyncDisposable> {
  const started = await Promise.all(versions.map(async (version) => {
    if (!await isSetUp(version)) return [];
    const process = new Deno.Command(version.python, {
      args: [
        ...["-X", "utf8", join(here, "warm_interpreter.py"), join(directory, version.name)],
        tablesOf(version),
      ],
      // What they keep for a moment is not to wait for a disk.
      env: { ...settings, TMPDIR: directory },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const { value } = await process.stdout.getReader().read();
    if (value === undefined) throw new Error(`MLflow ${version.name} cannot be imported`);
    return [process];
  }));
  return {
    async [Symbol.asyncDispose]() {
      for (const process of started.flat()) {
        process.kill();
        await process.status;
      }
    },
  };
}

/** Names the directory of the sockets of interpreters that have imported MLflow. */
export const WARM = "MLTIDY_WARM_INTERPRETERS";
