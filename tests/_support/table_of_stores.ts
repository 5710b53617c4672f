/**
 * What works with which kind of store, as the front page says, and as the tasks do.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { PROJECT, runTask } from "./command.ts";

/** A store that holds at least a run that ended more than 30 days ago, and one that is deleted. */
export interface NamedStore {
  /** As `--store` takes it. */
  readonly uri: string;
  /** A directory for what a server's or a PostgreSQL's tasks keep. */
  readonly state: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Does with a store all that a row of the front page's table tells of, and compares that with the row. What is done is
 * undone, but for an experiment of the training, where there is one.
 *
 * @param named What the row begins with.
 * @param store A store of that kind.
 */
export async function assertAsInTable(
  named: string,
  { uri, state, environment: more = {} }: NamedStore,
): Promise<void> {
  const page = Deno.readTextFileSync(join(PROJECT, "README.md"));
  const row = page.split("\n").find((line) => line.startsWith(`| ${named}`)) ?? "";
  const [, ...told] = row.split("|").map((cell) => cell.trim()).filter((cell) => cell !== "");
  const environment = { ...more, XDG_STATE_HOME: state };
  const type = (task: string, ...words: readonly string[]) =>
    runTask(task, [...words, "--store", uri], { environment });
  const done = async (task: string, ...words: readonly string[]) => {
    const ran = await type(task, ...words);
    assertEquals(ran.code, 0, `${task} ${uri}: ${ran.err}`);
    return ran;
  };
  const works = async (task: string, ...words: readonly string[]) => {
    const ran = await type(task, ...words);
    assertEquals(ran.code === 12 || ran.code === 0, true, `${task} ${uri}: ${ran.err}`);
    return ran.code === 0;
  };
  const plan = await done("cleanup");
  const { out: cleaned } = await done("cleanup:apply", "--force", "--purge-after", "0d");
  await done("restore", "--last");
  const moves = await works("move", "--to", "Default", "--run", await someRun(done));
  // A store that another one can be merged into finds itself named twice.
  const merges = (await type("merge", "--from", uri)).err.includes("into itself");
  const [copies, mends] = [await works("backup"), await works("repair:apply", "--force")];
  const trains = await runTask("run", [
    ...["--experiment", "as told", "--strict", "--store", uri, "--", "true"],
  ], { environment });
  assertEquals(told, [
    /To carry it out/.test(plan.out) ? "yes" : "no",
    /\d purged/.test(cleaned) ? "yes" : "soft-delete",
    moves && merges ? "yes" : moves ? "move" : "no",
    copies && mends ? "yes" : mends ? "mend" : "no",
    trains.code === 0 ? "yes" : `${trains.code}`,
  ], `${uri}: ${cleaned}${trains.err}`);
}

/** A run that a clean-up would have something to do with. */
async function someRun(
  done: (task: string, ...words: readonly string[]) => Promise<{ readonly out: string }>,
): Promise<string> {
  const { out } = await done("cleanup", "--json");
  const actions: readonly { readonly runId?: string }[] = JSON.parse(out).actions;
  return actions.find(({ runId }) => runId !== undefined)!.runId!;
}
