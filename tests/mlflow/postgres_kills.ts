/**
 * Programs that change a database of PostgreSQL and are killed: what they had begun, the next one settles.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { openStore, recover, restore } from "mltidy";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { digestsOf, hold, type Server } from "./postgres.ts";

const CLI = fromFileUrl(new URL("../../tasks/cli.ts", import.meta.url));
const CLEANUP = ["cleanup", "--apply", "--force", "--purge-after", "0"];

/** What keeps a purge waiting: before anything is gone, within a transaction, and between two. */
const PURGE_WAITS = [
  "LOCK TABLE tags IN ROW EXCLUSIVE MODE",
  "SELECT 1 FROM tags WHERE run_uuid IN (SELECT run_uuid FROM runs WHERE deleted_time > 0) FOR UPDATE",
  "SELECT 1 FROM experiments WHERE lifecycle_stage = 'deleted' FOR UPDATE",
] as const;

/**
 * Kills purges and a restore of a copy of a database, each where it waits.
 *
 * @param server The server.
 * @param from A database of MLflow's, which keeps its artifacts, with a deleted experiment.
 * @param root Absolute path of its artifact root.
 */
export async function killEach(
  server: Pick<Server, "ask" | "uri">,
  from: string,
  root: string,
): Promise<void> {
  const database = `${from}_killed`;
  await server.ask("postgres", `CREATE DATABASE ${database} TEMPLATE ${from}`);
  await using state = await tempDirectory();
  const backups = join(state.path, "kept");
  await using store = await openStore(server.uri(database), { backups });
  await using holder = await hold(server, database);
  const before = await digestsOf(server, database);
  const artifacts = await readTree(root);
  const start = (words: readonly string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--frozen=false", "--no-lock", CLI, ...words],
        ...["--store", server.uri(database), "--backups", backups],
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
  const killWaiting = async (statement: string, words: readonly string[]) => {
    await holder.take(statement);
    const program = start(words);
    await server.ask(database, until("wait_event_type = 'Lock'", "FOUND"));
    program.kill("SIGKILL");
    assertEquals((await program.status).signal, "SIGKILL");
    await holder.release();
    // The server learns that nobody is there any more when it answers.
    await server.ask(database, until("TRUE", "NOT FOUND"));
    return await digestsOf(server, database);
  };
  const settle = async () => {
    const { settled } = await recover(store);
    assertEquals(settled.map(({ collisions }) => collisions), [[]]);
    assertEquals(await digestsOf(server, database), before);
    assertSameTree(await readTree(root), artifacts);
  };
  const left: boolean[] = [];
  for (const statement of PURGE_WAITS) {
    const found = await killWaiting(statement, CLEANUP);
    left.push(JSON.stringify(found) === JSON.stringify(before));
    await settle();
  }
  // Between two transactions something is gone.
  assertEquals(left, [true, true, false]);
  assertEquals((await start(CLEANUP).status).code, 0);
  await killWaiting("LOCK TABLE tags IN SHARE MODE", ["restore", "--last"]);
  await settle();
  assertEquals((await restore(store, { backups })).backup, null);
}

/** Waits, within the server, until a session of mltidy's is there, or none. */
function until(condition: string, end: "FOUND" | "NOT FOUND"): string {
  return `DO $$ BEGIN FOR n IN 1..1200 LOOP
    PERFORM 1 FROM pg_stat_activity WHERE application_name = 'mltidy' AND ${condition};
    EXIT WHEN ${end};
    PERFORM pg_sleep(0.05), pg_stat_clear_snapshot();
  END LOOP; END $$`;
}
