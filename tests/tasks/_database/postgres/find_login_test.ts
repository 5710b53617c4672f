import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseStoreName, type PostgresAddress } from "../../../../lib/store/store_uri.ts";
import { findLogin } from "../../../../tasks/_database/postgres/find_login.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

function addressOf(uri: string): PostgresAddress {
  const name = parseStoreName(uri);
  if (name.kind !== "postgresql") throw new RangeError(`${uri} names no database of PostgreSQL`);
  return name.address;
}

function loginOf(uri: string, variables: Readonly<Record<string, string>>): string {
  const { user, password } = findLogin(addressOf(uri), (name) => variables[name]);
  return `${user}:${password}`;
}

Deno.test("findLogin() goes by the URI, else by MLflow's own of the same database, else by libpq's variables", () => {
  const tracked = "postgresql+psycopg2://kim:secret@DB/x?sslmode=require";
  const variables = {
    PGUSER: "lee",
    PGPASSWORD: "open",
    USER: "root",
    MLFLOW_TRACKING_URI: tracked,
  };
  assertEquals(loginOf("postgresql://ann:own@db/x", variables), "ann:own");
  assertEquals(loginOf("postgresql://db/x", variables), "kim:secret");
  assertEquals(loginOf("postgresql://kim@db:5432/x", variables), "kim:secret");
  assertEquals(loginOf("postgresql://ann@db/x", variables), "ann:open");
  assertEquals(loginOf("postgresql://db/y", variables), "lee:open");
  assertEquals(loginOf("postgresql://db:5433/x", { USER: "root" }), "root:null");
  assertEquals(loginOf("postgresql://db/x", { PGUSER: "", MLFLOW_TRACKING_URI: "" }), "null:null");
});

Deno.test("findLogin() looks for a password in a file that nobody else may read", async () => {
  await using directory = await memoryDirectory();
  const path = join(directory.path, ".pgpass");
  const lines = [
    "# db:*:*:kim:no",
    "db:5433:*:kim:other",
    "db:*:mlflow:kim:with\\:a colon\\\\",
    "localhost:*:*:kim:socket",
    "*:*:*:*:any",
  ];
  Deno.writeTextFileSync(path, `${lines.join("\r\n")}\n`, { mode: 0o600 });
  const passwords = new Map([
    ["postgresql://kim@db/mlflow", "kim:with:a colon\\"],
    ["postgresql://kim@db:5433/mlflow", "kim:other"],
    ["postgresql://kim@/mlflow?host=/run/postgresql", "kim:socket"],
    ["postgresql://lee@db/mlflow", "lee:any"],
  ]);
  for (const [uri, login] of passwords) {
    assertEquals(loginOf(uri, { PGPASSFILE: path }), login);
    assertEquals(loginOf(uri, { HOME: directory.path }), login);
  }
  if (Deno.build.os === "windows") return;
  Deno.chmodSync(path, 0o640);
  assertEquals(loginOf("postgresql://kim@db/mlflow", { PGPASSFILE: path }), "kim:null");
});
