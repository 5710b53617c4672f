/**
 * The Python environments in which real MLflow runs. `requirements/` pins them, one file per version
 * of MLflow; `set_up.ts` makes them; nothing else knows where they are.
 *
 * @module
 */

import { fromFileUrl, join, toFileUrl } from "@std/path";

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
 * @param script The script's name.
 * @param args Its arguments.
 * @returns The JSON value that it printed.
 * @throws {Error} When it fails: what it said.
 */
export async function runPython(
  version: MlflowVersion,
  script: string,
  args: readonly string[],
): Promise<unknown> {
  return JSON.parse(
    await runInterpreter(version, async (cwd) => {
      await Deno.copyFile(join(here, script), join(cwd, script));
      return [script, ...args];
    }),
  );
}

/**
 * Runs MLflow's own command on a store.
 *
 * @param version The version of MLflow.
 * @param store The store's root.
 * @param command For example `gc`.
 * @returns What it printed on standard output.
 * @throws {Error} When it fails: what it said.
 */
export async function runMlflow(
  version: MlflowVersion,
  store: string,
  command: string,
): Promise<string> {
  const uri = toFileUrl(store).href;
  return await runInterpreter(
    version,
    () => ["-m", "mlflow", command, "--backend-store-uri", uri],
    // `gc` of MLflow 3 asks for it besides, even for a file store.
    { MLFLOW_TRACKING_URI: uri },
  );
}

async function runInterpreter(
  version: MlflowVersion,
  prepare: (cwd: string) => readonly string[] | Promise<readonly string[]>,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const cwd = await Deno.makeTempDir({ prefix: "mltidy-python-" });
  try {
    const args = await prepare(cwd);
    const { success, stdout, stderr } = await new Deno.Command(version.python, {
      args: ["-X", "utf8", ...args],
      cwd,
      env: { ...settings, ...environment },
      stdin: "null",
    }).output();
    if (!success) {
      throw new Error(`python ${args.join(" ")} failed:\n${new TextDecoder().decode(stderr)}`);
    }
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}
