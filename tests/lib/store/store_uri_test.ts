import { assertEquals } from "@std/assert";
import { parseStoreName, placeOf } from "../../../lib/store/store_uri.ts";

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
    ["https://kim:secret@host/x", "unsupported https://host/x"],
    ["postgresql://kim:a@b@host:5432/mlflow", "unsupported postgresql://host:5432/mlflow"],
    ["postgresql+psycopg2://h/x?password=secret", "unsupported postgresql+psycopg2://h/x"],
    ["mysql+pymysql://kim@host/x#secret", "unsupported mysql+pymysql://host/x"],
  ]);
  for (const [text, kind] of kinds) {
    const name = parseStoreName(text);
    assertEquals(
      `${name.kind} ${name.kind === "unsupported" ? name.shown : name.path}`,
      kind,
      text,
    );
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
    return name.kind === "unsupported" ? name.shown : null;
  };
  for (const password of ["secret", "top/secret", "top#secret", "top?secret", "a:b/c?d#e", ""]) {
    assertEquals(shown(`postgresql://kim:${password}@db/mlflow`), "postgresql://db/mlflow");
    assertEquals(shown(`mysql+pymysql://kim:${password}@db:3306/x`), "mysql+pymysql://db:3306/x");
  }
  assertEquals(shown("postgresql://kim@db/mlflow?password=secret"), "postgresql://db/mlflow");
  assertEquals(shown("https://kim:secret@host/path@x"), "https://host/path@x");
});
