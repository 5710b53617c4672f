// deno-lint-ignore-file no-console -- it talks to the person who waits for it.
/**
 * Makes the Python environments of the live suite, one for each pinned version of MLflow. Does
 * nothing where that has been done. Needs `python3`, version 3.11 or newer, and the Python index.
 *
 * @module
 */

import { DRIVER as BUCKET_DRIVER, hasBucketServer, SERVER as BUCKET_SERVER } from "./bucket.ts";
import { DRIVER, hasDriver } from "./postgres.ts";
import { ACCOUNTS, hasAccounts } from "./servers/start_server.ts";
import { isSetUp, type MlflowVersion, stampOf, versions } from "./python.ts";

async function setUp(version: MlflowVersion): Promise<void> {
  if (!await isSetUp(version)) await install(version);
  if (!await hasDriver(version)) await pip(version, DRIVER);
  if (!await hasAccounts(version)) await pip(version, ACCOUNTS);
  if (!await hasBucketServer(version)) await pip(version, BUCKET_DRIVER, BUCKET_SERVER);
}

async function install(version: MlflowVersion): Promise<void> {
  console.error(`Installing MLflow ${version.name}: this takes about a minute`);
  await run("python3", ["-m", "venv", "--clear", version.environment]);
  await pip(version, "--requirement", version.requirements);
  // Last, so that an installation that broke off is begun anew.
  await Deno.copyFile(version.requirements, stampOf(version));
}

async function pip({ python }: MlflowVersion, ...words: readonly string[]): Promise<void> {
  await run(python, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...words],
  ]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { code } = await new Deno.Command(command, { args: [...args], stdin: "null" }).spawn()
    .status;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

if (import.meta.main) {
  try {
    for (const version of versions) await setUp(version);
  } catch (error) {
    console.error(`Cannot set MLflow up: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
