/**
 * Runs that move within a database of PostgreSQL, and come back.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { move, openStore, restore } from "mltidy";
import { tempDirectory } from "../_support/temp_directory.ts";
import { digestsOf, type Server } from "./postgres.ts";

/**
 * Moves the runs of a copy of a database, and undoes that.
 *
 * @param server The server.
 * @param from A database of MLflow's with an experiment 1 of several runs.
 */
export async function moveInCopy(
  server: Pick<Server, "ask" | "uri">,
  from: string,
): Promise<void> {
  const database = `${from}_moved`;
  await server.ask("postgres", `CREATE DATABASE ${database} TEMPLATE ${from}`);
  await using state = await tempDirectory();
  await using store = await openStore(server.uri(database), {
    environment: (name) => name === "XDG_STATE_HOME" ? state.path : undefined,
  });
  await server.ask(
    database,
    "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (901, 'moved', 'active')",
  );
  const before = await digestsOf(server, database);
  const { plan, report } = await move(store, { experiments: ["1"], to: "moved", apply: true });
  assertEquals(plan.actions.length > 1, true, JSON.stringify(plan.kept));
  assertEquals([report?.complete, report?.totals.applied], [true, plan.actions.length]);
  const moved = await server.ask<{ id: string }>(
    database,
    "SELECT run_uuid AS id FROM runs WHERE experiment_id = 901 ORDER BY 1",
  );
  assertEquals(moved.map(({ id }) => id), plan.actions.map(({ path }) => path.slice(2)).toSorted());
  await restore(store);
  assertEquals(await digestsOf(server, database), before);
}
