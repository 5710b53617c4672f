/**
 * What is damaged in a database of PostgreSQL, or left over in it and beside it: it is found, mended, and comes back.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cleanup, openStore, repair, restore, type Store, verify } from "mltidy";
import { asStorePath } from "../../lib/store/path.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { digestsOf, type Server } from "./postgres.ts";

const NOW = Date.UTC(2040, 0, 1);

/** Runs that are gone, one that is the other database's, and one of a tree that nobody names. */
const [GONE, OTHER, LOST] = ["0".repeat(31) + "1", "0".repeat(31) + "2", "0".repeat(31) + "3"];
/** Before MLflow wrote any of the others, epoch ms. */
const OLD = Date.UTC(2023, 0, 1);
const MODEL = `m-${GONE}`;

/**
 * Damages a copy of a database, and mends it.
 *
 * @param server The server.
 * @param from A database of MLflow 3 with an experiment 1 of 7 runs or more, which keeps its artifacts.
 * @param root Absolute path of its artifact root.
 */
export async function mendCopy(
  server: Pick<Server, "ask" | "uri">,
  from: string,
  root: string,
): Promise<void> {
  const database = `${from}_mended`;
  await server.ask("postgres", `CREATE DATABASE ${database} TEMPLATE ${from}`);
  await using state = await tempDirectory();
  await using store = await openStore(server.uri(database), {
    now: () => NOW,
    environment: (name) => name === "XDG_STATE_HOME" ? state.path : undefined,
  });
  await damage(server, database, root);
  // What no row of one database names may be the other's.
  await server.ask(from, insertRun(OTHER));
  const before = await digestsOf(server, database);
  const artifacts = await readTree(root);

  const found = await rulesOf(store);
  const wanted = ["artifacts-without-row", "metrics-dominate", "row-dangling", "stale-run"];
  assertEquals(wanted.filter((rule) => !found.includes(rule)), [], `${found}`);
  const mended = await repair(store, { apply: true });
  const { actions } = mended.plan;
  assertEquals(
    actions.flatMap(({ kind, path }) => kind === "purge-dangling-rows" ? [`${path}`] : []),
    ["input_tags", "inputs", "entity_associations"],
  );
  const stale = actions.flatMap(({ kind, path }) => kind === "finish-stale-run" ? [path] : []);
  assertEquals(stale.includes(asStorePath(`1/${GONE}`)), true);
  assertEquals(stale.length + 3, actions.length);
  assertEquals(mended.report?.complete, true);
  const left = await rulesOf(store);
  assertEquals(["row-dangling", "stale-run"].filter((rule) => left.includes(rule)), []);

  const cleaned = await cleanup(store, { apply: true, daysOld: 36_500 });
  assertEquals(
    cleaned.plan.actions.map(({ kind, path }) => `${kind} ${path}`)
      .filter((one) => /^(?:quarantine|purge-logged-model)/.test(one)),
    [`purge-logged-model 1/models/${MODEL}`, `quarantine-orphan 1/${LOST}`],
  );
  assertEquals(cleaned.report?.complete, true);
  assertEquals((await readTree(root)).has(`1/${LOST}`), false);
  for (const { report } of [cleaned, mended]) {
    assertEquals((await restore(store)).backup?.id, report?.backup?.id);
  }
  assertEquals(await digestsOf(server, database), before);
  assertSameTree(await readTree(root), artifacts);
  await server.ask(from, `DELETE FROM runs WHERE run_uuid = '${OTHER}'`);
  for (const name of [GONE, OTHER, LOST]) {
    await Deno.remove(join(root, "1", name!), { recursive: true }).catch(() => {});
  }
}

function insertRun(id: string | undefined): string {
  return `INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, experiment_id, artifact_uri)
    SELECT '${id}', 'other', 'RUNNING', ${OLD}, 'active', experiment_id,
      REPLACE(artifact_uri, run_uuid, '${id}') FROM runs WHERE experiment_id = 1 LIMIT 1`;
}

async function rulesOf(store: Store): Promise<readonly string[]> {
  return (await verify(store)).findings.map(({ rule }) => rule);
}

async function damage(
  server: Pick<Server, "ask">,
  database: string,
  root: string,
): Promise<void> {
  await server.ask(database, insertRun(GONE));
  await server.ask(
    database,
    `INSERT INTO inputs VALUES ('i', 'RUN_INPUT', '${LOST}', 'MODEL_INPUT', '${MODEL}', 0);
    INSERT INTO input_tags VALUES ('i', 'name', 'value');
    INSERT INTO entity_associations VALUES ('a', 'trace', 'tr-${LOST}', 'run', '${LOST}', 1);
    INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
      last_updated_timestamp_ms, status, lifecycle_stage)
      SELECT '${MODEL}', 1, 'left', '${root}/1/models/${MODEL}/artifacts', ${OLD}, ${OLD}, 2, 'deleted';
    ALTER TABLE metrics SET (fillfactor = 10);
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
      SELECT REPEAT('k', 200), 0, n, '${GONE}', n, FALSE FROM GENERATE_SERIES(1, 50000) AS n`,
  );
  const [{ last = 0 } = {}] = await server.ask<{ last: number }>(
    database,
    "SELECT MAX(start_time)::double precision AS last FROM runs",
  );
  for (const path of [LOST, OTHER, `models/${MODEL}`]) {
    const directory = join(root, "1", path!, "artifacts");
    await Deno.mkdir(directory, { recursive: true });
    await Deno.writeTextFile(join(directory, "weights"), "0.5");
    // What is newer than all that a database knows is of rows that it has lost.
    for (const one of [join(directory, "weights"), directory, join(directory, "..")]) {
      await Deno.utime(one, new Date(last), new Date(last));
    }
  }
}
