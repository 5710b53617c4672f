/**
 * What keeps a database of PostgreSQL from being read or changed: it is said, and nothing of it is changed.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  backup,
  cleanup,
  InvalidArgumentError,
  listBackups,
  openStore,
  restore,
  type Store,
  StoreAccessError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
  verify,
} from "mltidy";
import { tempDirectory } from "../_support/temp_directory.ts";
import { digestsOf, hold, type Server } from "./postgres.ts";

const NOW = Date.UTC(2040, 0, 1);
const now = () => NOW;

/** Ends, from within the server, the first session of mltidy's that waits for a lock. */
const KILLER = `DO $$ BEGIN FOR n IN 1..600 LOOP
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'mltidy' AND wait_event_type = 'Lock';
  EXIT WHEN FOUND;
  PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
END LOOP; END $$`;

/**
 * Everything that can be in the way of changing a database that can be reached.
 *
 * @param server The server.
 * @param from A database of MLflow's.
 */
export async function breakOff(
  server: Pick<Server, "ask" | "uri">,
  from: string,
): Promise<void> {
  const database = `${from}_cut`;
  await server.ask("postgres", `CREATE DATABASE ${database} TEMPLATE ${from}`);
  await using state = await tempDirectory();
  const environment = (name: string) => name === "XDG_STATE_HOME" ? state.path : undefined;
  const open = (user?: string) =>
    openStore(
      user === undefined
        ? server.uri(database)
        : server.uri(database).replace(/:\/\/[^@]*@/, `://${user}:${user}@`),
      { now, environment },
    );
  await using store = await open();
  const before = await digestsOf(server, database);
  const { plan } = await cleanup(store);
  assert(plan.actions.length > 3);
  await assertRejects(() => backup(store), UnsupportedStoreError, "`pg_dump --format=custom");
  await refuseRoles(server, database, open);
  await using holder = await hold(server, database);

  await holder.take("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE");
  await assertRejects(() => cleanup(store), StoreLockedError, "a program is changing it");
  const [gone] = await Promise.all([
    assertRejects(() => cleanup(store), StoreNotFoundError),
    server.ask(database, KILLER),
  ]);
  assertStringIncludes(gone.message, "the server has hung up");

  // As training does that has not committed.
  await holder.take("LOCK TABLE tags IN ROW EXCLUSIVE MODE");
  const killing = server.ask(database, KILLER);
  const { report } = await cleanup(store, { apply: true });
  await killing;
  await holder.release();
  assertEquals([report?.complete, report?.totals.applied], [false, 0]);
  const [failed] = report!.outcomes;
  assertStringIncludes(
    failed?.outcome === "failed" ? failed.message : "",
    "the server has hung up",
  );
  assertEquals(await digestsOf(server, database), before);
  const again = await cleanup(store, { apply: true });
  assertEquals([again.report?.complete, again.report?.totals.applied], [true, plan.actions.length]);
  assertEquals((await restore(store)).changes, plan.actions.length);
  assertEquals(await digestsOf(server, database), before);

  await server.ask(database, "UPDATE alembic_version SET version_num = 'newer'");
  const { findings } = await verify(store);
  assert(findings.some(({ rule }) => rule === "schema-unknown"));
  assertEquals((await cleanup(store)).plan.actions, plan.actions);
  await refuseAmongServed(server, database);
}

/** Backups in the directory from which a server serves artifacts, however it is named. */
async function refuseAmongServed(
  server: Pick<Server, "ask" | "uri">,
  database: string,
): Promise<void> {
  await server.ask(
    database,
    `UPDATE experiments SET artifact_location = 'mlflow-artifacts:/' || experiment_id;
    UPDATE runs SET artifact_uri =
      'mlflow-artifacts:/' || experiment_id || '/' || run_uuid || '/artifacts'`,
  );
  const [run] = await server.ask<{ path: string }>(
    database,
    "SELECT experiment_id || '/' || run_uuid AS path FROM runs LIMIT 1",
  );
  await using directory = await tempDirectory();
  const [root, link] = [join(directory.path, "served"), join(directory.path, "link")];
  Deno.mkdirSync(join(root, run!.path, "artifacts"), { recursive: true });
  Deno.symlinkSync(root, link);
  const before = await digestsOf(server, database);
  for (const artifactsDestination of [root, link]) {
    const backups = join(root, "kept");
    await using store = await openStore(server.uri(database), {
      ...{ now, backups, artifactsDestination },
    });
    for (const deed of [() => cleanup(store, { apply: true }), () => listBackups(store)]) {
      await assertRejects(
        deed,
        InvalidArgumentError,
        `Cannot keep backups in ${backups}: it lies in ${root}`,
      );
    }
    assert((await cleanup(store)).plan.actions.length > 0);
  }
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), [run!.path.split("/")[0]]);
  assertEquals(await digestsOf(server, database), before);
}

/** Roles that may not do all that a change does, or do not see all that may protect something. */
async function refuseRoles(
  server: Pick<Server, "ask">,
  database: string,
  open: (user: string) => Promise<Store>,
): Promise<void> {
  await server.ask(
    database,
    `CREATE ROLE reader LOGIN PASSWORD 'reader'; CREATE ROLE half LOGIN PASSWORD 'half';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader, half;
    GRANT UPDATE, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO half;
    REVOKE DELETE ON params FROM half`,
  );
  await using reader = await open("reader");
  assert((await cleanup(reader)).plan.actions.length > 0);
  for (
    const [user, right] of [["reader", "UPDATE in table runs"], ["half", "DELETE in table params"]]
  ) {
    await using store = await open(user!);
    const refused = () => cleanup(store, { apply: true });
    await assertRejects(refused, StoreAccessError, `user ${user} lacks the right to ${right}`);
  }
  await server.ask(database, "REVOKE SELECT ON model_versions FROM reader");
  await assertRejects(
    () => cleanup(reader),
    StoreAccessError,
    "permission denied for table model_versions",
  );
  await server.ask(
    database,
    `GRANT SELECT ON model_versions TO reader; ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON tags TO reader USING (FALSE)`,
  );
  await assertRejects(() => cleanup(reader), StoreAccessError, "row-level security");
  await server.ask(
    database,
    `DROP POLICY own ON tags; ALTER TABLE tags DISABLE ROW LEVEL SECURITY;
    REVOKE USAGE ON SCHEMA public FROM PUBLIC`,
  );
  await assertRejects(() => open("reader"), StoreAccessError, "may not use schema public");
  await server.ask(database, "GRANT USAGE ON SCHEMA public TO PUBLIC");
}

/**
 * Everything that can be in the way of reaching a database.
 *
 * @param server The server; it speaks TLS no more afterwards.
 * @param database A database of MLflow's.
 */
export async function refuseAll(server: Server, database: string): Promise<void> {
  await server.ask("postgres", "CREATE DATABASE empty");
  await server.ask("postgres", "CREATE ROLE guest LOGIN PASSWORD 'guest'");
  const uri = server.uri(database);
  const { certificate } = server;
  const local = uri.replace("127.0.0.1", "localhost");
  const refuses = async (
    named: string,
    kind: typeof StoreAccessError | typeof StoreNotFoundError | typeof UnsupportedStoreError,
    words: string,
  ) => {
    const open = async () => {
      await using store = await openStore(named, { now });
      await store.read({ depth: "meta" });
    };
    const { message } = await assertRejects<Error>(open, kind, words);
    assert(!message.includes("secret"), message);
  };
  await refuses(uri.replace(/:top[^@]*@/, ":wrong@"), StoreAccessError, "does not take that user");
  await refuses(server.uri("missing"), StoreNotFoundError, "no such database");
  await refuses(server.uri("empty"), UnsupportedStoreError, "it has no tables of MLflow's");
  await refuses(uri.replace(`${server.port}`, "1"), StoreNotFoundError, "no server listens there");
  await refuses(
    uri.replace(/:\/\/[^@]*@/, "://guest:guest@"),
    StoreAccessError,
    "that user may not",
  );
  await refuses(`${uri}?sslmode=verify-full`, StoreAccessError, "its certificate does not hold");
  await refuses(
    `${uri}?sslmode=verify-full&sslrootcert=${certificate}`,
    StoreAccessError,
    "its certificate does not hold",
  );
  for (
    const named of [
      `${uri}?sslmode=verify-ca&sslrootcert=${certificate}`,
      `${local}?sslmode=verify-full&sslrootcert=${certificate}`,
      `${uri}?sslmode=require`,
      `${uri}?sslmode=disable`,
    ]
  ) {
    await using store: Store = await openStore(named, { now });
    assert((await store.read({ depth: "meta" })).experiments.length > 0);
  }
  await server.ask("postgres", "ALTER SYSTEM SET ssl = off");
  await server.ask("postgres", "SELECT pg_reload_conf(), pg_sleep(0.5)");
  await refuses(`${uri}?sslmode=require`, StoreAccessError, "the server does not offer TLS");
  await using store = await openStore(uri, { now });
  assert((await store.read({ depth: "meta" })).experiments.length > 0);
}
