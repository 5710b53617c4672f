import { assertEquals } from "@std/assert";
import {
  namedAgain,
  parseStoreName,
  placeOf,
  type PostgresAddress,
  type StoreName,
} from "../../../lib/store/store_uri.ts";

Deno.test("namedAgain() says by whose name a database is asked, and never a password or a token", () => {
  const location = "postgresql://db/mlflow";
  const named = (typed: string) => namedAgain(typed, location);
  assertEquals(
    [
      ...["kim@", "k%40m@", "kim:@", "kim:secret@", ":secret@", ""].map((login) =>
        named(`postgresql://${login}db/mlflow`)
      ),
      named("postgresql+psycopg2://db/mlflow?user=kim"),
      named("postgresql+psycopg2://db/mlflow?user=kim&password=secret"),
      named("https://token@db/mlflow"),
    ],
    [
      ...["kim@", "k%40m@", "kim@", "", "", "", "kim@", "", ""].map((login) =>
        location.replace("//", `//${login}`)
      ),
    ],
  );
});

Deno.test("parseStoreName() tells paths, files of SQLite, and what cannot be opened", () => {
  const kinds = new Map([
    ["mlruns", "path mlruns"],
    ["/data/a:b", "path /data/a:b"],
    ["C:\\mlruns", "path C:\\mlruns"],
    ["file:mlruns", "path file:mlruns"],
    ["FILE:///data/mlruns", "path FILE:///data/mlruns"],
    ["sqlite:///mlflow.db", "sqlite mlflow.db"],
    ["sqlite:///a/../b.db", "sqlite a/../b.db"],
    ["sqlite:////data/mlflow.db", "sqlite /data/mlflow.db"],
    ["SQLite+pysqlite:////data/mlflow.db?timeout=5", "sqlite /data/mlflow.db"],
    ["sqlite:///", "unsupported sqlite:///"],
    ["sqlite:///:memory:", "unsupported sqlite:///:memory:"],
    ["sqlite://mlflow.db", "unsupported sqlite://mlflow.db"],
    ["uc", "unsupported uc"],
    ["https://kim:secret@host/x", "server https://host/x"],
    ["HTTP://LocalHost:05000/", "server http://localhost:5000"],
    ["http://kim:p@ss@[::1]:80/a/b//?x=1#y", "server http://[::1]/a/b"],
    ["https://host:443?workspace=a%20b", "server https://host?workspace=a%20b"],
    ["http://", "unsupported http://"],
    ["127.0.0.1:5000", "unsupported 127.0.0.1:5000"],
    ["mlflow-1.example:443/x", "unsupported mlflow-1.example:443/x"],
    ["./a:5000", "path ./a:5000"],
    ["C:/mlruns", "path C:/mlruns"],
    ["http://kim:secret@", "unsupported http://"],
    ["http://host:99999/x", "unsupported http://host:99999/x"],
    ["http://ho st/x", "unsupported http://ho st/x"],
    ["postgresql://kim:a@b@host:5432/mlflow", "unsupported postgresql://host:5432/mlflow"],
    ["postgresql+psycopg2://h/x?password=secret", "postgresql postgresql://h/x"],
    ["postgresql+psycopg2://h/x?sslcert=a", "unsupported postgresql+psycopg2://h/x"],
    ["postgresql://h", "unsupported postgresql://h"],
    ["postgresql:///x", "unsupported postgresql:///x"],
    ["postgresql://h:0/x", "unsupported postgresql://h:0/x"],
    ["postgresql://h1,h2/x", "unsupported postgresql://h1,h2/x"],
    ["mysql+pymysql://kim@host/x#secret", "unsupported mysql+pymysql://host/x"],
  ]);
  for (const [text, kind] of kinds) {
    const name = parseStoreName(text);
    assertEquals(
      `${name.kind} ${shownOf(name)}`,
      kind,
      text,
    );
  }
});

function shownOf(name: StoreName): string {
  switch (name.kind) {
    case "unsupported":
      return name.shown;
    case "postgresql":
    case "server":
      return name.location;
    default:
      return name.path;
  }
}

Deno.test("parseStoreName() tells how to reach a database of PostgreSQL, and one location for all who do", () => {
  const none = { user: null, password: null, settings: {} };
  const addresses = new Map<string, readonly [location: string, address: PostgresAddress]>([
    ["postgresql+psycopg2://kim:top%2Fsecret@DB.example:5433/mlflow?application_name=x", [
      "postgresql://db.example:5433/mlflow",
      {
        ...none,
        host: "DB.example",
        port: 5433,
        database: "mlflow",
        user: "kim",
        password: "top/secret",
      },
    ]],
    ["postgres://db:5432/a%20b?user=lee&password=p%26q", [
      "postgresql://db/a%20b",
      { ...none, host: "db", port: 5432, database: "a b", user: "lee", password: "p&q" },
    ]],
    ["postgresql://kim@/mlflow?host=/run/postgresql", [
      "postgresql://%2Frun%2Fpostgresql/mlflow",
      { ...none, host: "/run/postgresql", port: 5432, database: "mlflow", user: "kim" },
    ]],
    ["postgresql://[::1]/mlflow", [
      "postgresql://[::1]/mlflow",
      { ...none, host: "::1", port: 5432, database: "mlflow" },
    ]],
    ["postgresql://db/x?sslrootcert=/a%20b&sslmode=verify-full&options=-csearch_path%3Dmlflow", [
      "postgresql://db/x?options=-csearch_path%3Dmlflow&sslmode=verify-full&sslrootcert=/a%20b",
      {
        ...none,
        host: "db",
        port: 5432,
        database: "x",
        settings: {
          options: "-csearch_path=mlflow",
          sslmode: "verify-full",
          sslrootcert: "/a b",
        },
      },
    ]],
  ]);
  for (const [uri, [location, address]] of addresses) {
    assertEquals(parseStoreName(uri), { kind: "postgresql", uri, location, address }, uri);
    const again = parseStoreName(location);
    assertEquals(again.kind === "postgresql" ? again.location : null, location);
  }
});

Deno.test("placeOf() tells the path of a location on this machine", () => {
  assertEquals(placeOf("/data/mlruns"), "/data/mlruns");
  assertEquals(placeOf("sqlite:////data/mlflow.db"), "/data/mlflow.db");
  assertEquals(placeOf("http://host"), null);
});

Deno.test("parseStoreName() keeps no password of a database, whatever signs it has", () => {
  const shown = (text: string) => {
    const name = parseStoreName(text);
    return shownOf(name);
  };
  for (const password of ["secret", "top/secret", "top#secret", "top?secret", "a:b/c?d#e", ""]) {
    assertEquals(
      shown(`postgresql+psycopg2://kim:${password}@db/mlflow`),
      "postgresql://db/mlflow",
    );
    assertEquals(shown(`mysql+pymysql://kim:${password}@db:3306/x`), "mysql+pymysql://db:3306/x");
  }
  assertEquals(shown("postgresql://kim@db/mlflow?password=secret"), "postgresql://db/mlflow");
  assertEquals(shown("https://kim:secret@host/path@x"), "https://host/path@x");
});
