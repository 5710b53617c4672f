// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * A server of PostgreSQL for the live suite: one for each process, in a directory of its own.
 *
 * @module
 */

import { join } from "@std/path";
import postgres from "postgres";
import { atFreePort } from "../_support/free_port.ts";
import { canImport, type MlflowVersion } from "./python.ts";

/** What Debian's package `postgresql` brings, by version. */
const DEBIAN = "/usr/lib/postgresql";

/** Where its programs are; `null` where they are not installed. */
const programs = findPrograms();

function findPrograms(): string | null {
  const paths = (Deno.env.get("PATH") ?? "").split(":");
  const versions = isThere(DEBIAN) ? [...Deno.readDirSync(DEBIAN)].map(({ name }) => name) : [];
  const debian = versions.toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"));
  return [...paths, ...debian].find((path) => isThere(join(path, "initdb"))) ?? null;
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== null;
  } catch {
    return false;
  }
}

/** Why there can be no server here; `null` when there can. */
export const obstacle: string | null = programs === null
  ? "PostgreSQL is not installed: apt-get install postgresql"
  : Deno.build.os === "windows"
  ? "PostgreSQL is started by an account of its own, as only Unix has them"
  : null;

if (obstacle !== null) console.error(`Skipping live tests of PostgreSQL: ${obstacle}`);

/** A server. It stops when the scope ends. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  /** Path of the certificate by which it is known. */
  readonly certificate: string;
  /**
   * Names a database.
   *
   * @param database Its name.
   * @param driver What SQLAlchemy calls the driver. @default {""}
   * @returns Its URI, with user and password.
   */
  uri(database: string, driver?: string): string;
  /** Says something to a database as its owner, and gives the rows. */
  ask<Row>(database: string, sql: string): Promise<readonly Row[]>;
  /** Stops it at once, as a crash would. */
  crash(): Promise<void>;
}

/** Whom the databases belong to. */
const [USER, PASSWORD] = ["mlflow", "top/secret"] as const;

/**
 * Starts a server.
 *
 * @returns The server, to be bound by `await using`.
 */
export async function startServer(): Promise<Server> {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-postgres-" });
  const data = join(directory, "data");
  const secret = join(directory, "password");
  Deno.writeTextFileSync(secret, `${PASSWORD}\n`);
  await makeCertificate(directory);
  if (Deno.uid() === 0) await run("chown", ["-R", "postgres", directory]);
  await asServer("initdb", [
    ...["-D", data, "-U", USER, `--pwfile=${secret}`, "-A", "scram-sha-256"],
    ...["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
  ]);
  const settings = Object.entries({
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory,
    fsync: "off",
    ssl: "on",
    ssl_cert_file: join(directory, "server.crt"),
    ssl_key_file: join(directory, "server.key"),
  }).map(([name, value]) => `${name} = '${value}'\n`);
  Deno.writeTextFileSync(join(data, "postgresql.conf"), settings.join(""), { append: true });
  const control = (...words: readonly string[]) =>
    asServer("pg_ctl", ["-D", data, "-w", "-l", join(directory, "log"), ...words]);
  const port = await atFreePort(async (port) => {
    await control("-o", `-p ${port}`, "start");
    return port;
  });
  const uri = (database: string, driver = "") =>
    `postgresql${driver}://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  return {
    port,
    certificate: join(directory, "server.crt"),
    uri,
    async ask<Row>(database: string, text: string) {
      const sql = postgres(uri(database), { max: 1, onnotice: () => {} });
      try {
        return [...await sql.unsafe<Row[] & { [index: number]: never }>(text)] as readonly Row[];
      } finally {
        await sql.end();
      }
    },
    crash: () => control("-m", "immediate", "stop"),
    async [Symbol.asyncDispose]() {
      await control("-m", "immediate", "stop").catch(() => {});
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function makeCertificate(directory: string): Promise<void> {
  await run("openssl", [
    ...["req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost"],
    ...["-out", join(directory, "server.crt"), "-keyout", join(directory, "server.key")],
  ]);
  Deno.chmodSync(join(directory, "server.key"), 0o600);
  Deno.chmodSync(directory, 0o755);
}

/** PostgreSQL refuses to run as root. */
async function asServer(program: string, words: readonly string[]): Promise<void> {
  const path = join(programs!, program);
  if (Deno.uid() !== 0) return await run(path, words);
  await run("runuser", ["-u", "postgres", "--", path, ...words]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  // The server that is started would hold a pipe open for as long as it runs.
  const options: Deno.CommandOptions = {
    args: [...args],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  };
  const { code } = await new Deno.Command(command, options).spawn().status;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

/** By what MLflow reaches PostgreSQL, which it does not bring along. */
export const DRIVER = "psycopg2-binary==2.9.13";

/**
 * Tells whether MLflow can reach PostgreSQL.
 *
 * @param version The version of MLflow.
 * @returns Whether its environment has the driver.
 */
export function hasDriver(version: MlflowVersion): Promise<boolean> {
  return canImport(version, "psycopg2");
}

/**
 * Tells what stands in a database.
 *
 * @param server The server.
 * @param database Its name.
 * @returns Table → a digest of all its rows.
 */
export async function digestsOf(
  server: Pick<Server, "ask">,
  database: string,
): Promise<Readonly<Record<string, string>>> {
  const tables = await server.ask<{ name: string }>(
    database,
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const sql = tables.map(({ name }) =>
    `SELECT '${name}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest FROM "${name}" AS t`
  );
  const rows = await server.ask<{ name: string; digest: string }>(database, sql.join(" UNION "));
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

/** A program that keeps others from something, one thing at a time. */
export interface Holder extends AsyncDisposable {
  /** Takes locks by a statement, and gives up those that it had. */
  take(statement: string): Promise<void>;
  release(): Promise<void>;
}

/**
 * Begins to keep others from something.
 *
 * @param server The server.
 * @param database Its name.
 * @returns What does, to be bound by `await using`.
 */
export async function hold(server: Pick<Server, "uri">, database: string): Promise<Holder> {
  const sql = postgres(server.uri(database), { max: 1, onnotice: () => {} });
  await sql.unsafe("SELECT 1");
  const release = async () => void await sql.unsafe("ROLLBACK");
  return {
    release,
    async take(statement) {
      await release();
      await sql.unsafe("BEGIN");
      await sql.unsafe(statement);
    },
    [Symbol.asyncDispose]: () => sql.end(),
  };
}
