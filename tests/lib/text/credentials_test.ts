import { assertEquals } from "@std/assert";
import { hideCredentials, programName, withoutCredentials } from "../../../lib/text/credentials.ts";

/** URI → what is shown of it. */
const SHOWN = {
  "https://kim:secret@host:5000/path@x": "https://host:5000/path@x",
  "HTTPS://secret@github.com/kim/churn@main": "HTTPS://github.com/kim/churn@main",
  "ftp://kim:secret@host/a@b": "ftp://host/a@b",
  "mlflow-artifacts://kim:secret@host:5000/1/a": "mlflow-artifacts://host:5000/1/a",
  "postgresql+psycopg2://kim:top/sec@ret#?@db:5432/mlflow": "postgresql+psycopg2://db:5432/mlflow",
  "mysql://kim@db/x?ssl_password=secret&charset=utf8": "mysql://db/x?ssl_password=…&charset=utf8",
  "https://host/blob?sv=2024&sig=secret#top": "https://host/blob?sv=2024&sig=…#top",
  "https://host/x?api_key=secret;access_token=secret": "https://host/x?api_key=…;access_token=…",
  "postgresql+psycopg2://kim:@db/x": "postgresql+psycopg2://db/x",
  "postgres://:secret@db/x": "postgres://db/x",
  "postgresql://kim@db/x?password=secret": "postgresql://kim@db/x?password=…",
  // What no password is in stays.
  "postgresql+psycopg2://kim.lee@db/x": "postgresql+psycopg2://kim.lee@db/x",
  "s3://bucket/a@b": "s3://bucket/a@b",
  "abfss://container@account.dfs.core.windows.net/1":
    "abfss://container@account.dfs.core.windows.net/1",
  "sqlite:////data/a@b/mlflow.db": "sqlite:////data/a@b/mlflow.db",
  "models:/churn@champion": "models:/churn@champion",
  "/data/kim@host": "/data/kim@host",
};

Deno.test("withoutCredentials() takes out of a URI what opens a door, and nothing else", () => {
  assertEquals(
    Object.fromEntries(Object.keys(SHOWN).map((uri) => [uri, withoutCredentials(uri)])),
    SHOWN,
  );
  assertEquals(withoutCredentials("mssql://kim:a b\nc@db/x"), "mssql://db/x");
});

Deno.test("hideCredentials() does so for every URI in a text", () => {
  for (const [uri, shown] of Object.entries(SHOWN)) {
    assertEquals(
      hideCredentials(`Cannot use "${uri}" or (${uri} of kim@host)\n${uri}`),
      `Cannot use "${shown}" or (${shown} of kim@host)\n${shown}`,
    );
  }
});

Deno.test("programName() names a program without arguments, values and users", () => {
  assertEquals(programName(["python", "train.py", "--password", "secret"]), "python");
  assertEquals(programName(["PASSWORD=secret", "python"]), "PASSWORD=…");
  assertEquals(programName(["https://kim:secret@host/x"]), "https://host/x");
  assertEquals(programName([]), "");
});
