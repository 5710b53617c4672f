import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UnsupportedStoreError } from "../../../../lib/errors.ts";
import {
  chooseStore,
  trackedDatabase,
  trackedStore,
} from "../../../../tasks/_cli/choose/choose_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";

const directory = "/home/kim";

Deno.test({
  name: "chooseStore() takes MLFLOW_TRACKING_URI for what MLflow takes it for",
  ignore: Deno.build.os === "windows",
  async fn() {
    const locations = new Map([
      ["mlruns", "/home/kim/mlruns"],
      ["/data/p%20c", "/data/p c"],
      ["/data/100%/%zz/%C3%BC", "/data/100%/%zz/ü"],
      ["/data/a#b?c", "/data/a#b?c"],
      ["file:mlruns", "/home/kim/mlruns"],
      ["file:///data/p%20c", "file:///data/p%20c"],
      ["FILE:///data/mlruns", "/home/kim/FILE:/data/mlruns"],
      ["./databricks", "/home/kim/databricks"],
      ["sqlite:///mlflow.db", "sqlite:////home/kim/mlflow.db"],
      // By whose name it is opened is in it.
      ["postgresql+psycopg2://kim:secret@db/x", "postgresql+psycopg2://kim:secret@db/x"],
      ["https://kim:secret@host/x", "https://kim:secret@host/x"],
      ["sqlite+pysqlite:////data/my%20db?timeout=5", "sqlite:////data/my%20db"],
    ]);
    for (const [trackingUri, location] of locations) {
      assertEquals(
        await chooseStore({ flag: null, trackingUri, directory }),
        { location, chosenBy: "by MLFLOW_TRACKING_URI" },
      );
    }
  },
});

Deno.test("chooseStore() takes nothing else for what the variable names and nobody can open", async () => {
  const names = new Map([
    ["http://", "it is a tracking server, "],
    ["postgresql://x", "it is a database of PostgreSQL, "],
    ["mysql+pymysql://x/y", "it is a database of MySQL, "],
    ["sqlite://", "it is a database in memory; "],
    ["databricks", "it is a store of Databricks, "],
    ["databricks://x", "it is a store of Databricks, "],
    ["uc", "it is a store of Databricks, "],
    ["sql.js:x", "it is a URI of the scheme sql.js, "],
  ]);
  for (const [trackingUri, what] of names) {
    for (const configured of [null, "/data/mlruns"]) {
      const { message } = await assertRejects(
        () => chooseStore({ flag: null, trackingUri, configured, directory }),
        UnsupportedStoreError,
        `Cannot open store ${trackingUri}, which MLFLOW_TRACKING_URI names: ${what}`,
      );
      const named = `name it, such as --store ${configured ?? "/home/kim/mlruns"}`;
      assert(message.endsWith(named), message);
    }
    assertEquals(await chooseStore({ flag: "mlruns", trackingUri, directory }), {
      location: "/home/kim/mlruns",
      chosenBy: "by --store",
    });
  }
});

Deno.test("chooseStore() takes ./mlruns where nobody names a store, unless a database is there alone, as MLflow does", async () => {
  await using temp = await tempDirectory();
  const directory = temp.path;
  const chosen = () => chooseStore({ flag: null, trackingUri: "", directory });
  const files = { location: join(directory, "mlruns"), isImplied: true };
  const database = { location: `sqlite:///${directory}/mlflow.db`, isImplied: true };
  assertEquals(await chosen(), { ...files, chosenBy: "by default" });
  writeFiles(directory, {
    "mlruns/1/4fe/artifacts/model.pkl": "",
    "mlruns/.trash/2/meta.yaml": "",
  });
  assertEquals(await chosen(), { ...files, chosenBy: "by default" });
  writeFiles(directory, { "mlflow.db": "" });
  const alone = { ...database, chosenBy: "by default: ./mlruns holds no experiment" };
  assertEquals(await chosen(), alone);
  writeFiles(directory, { "mlruns/notes/meta.yaml": "" });
  assertEquals(await chosen(), alone);
  writeFiles(directory, { "mlruns/1/meta.yaml": "" });
  const both = "by default, before ./mlflow.db: it holds an experiment";
  assertEquals(await chosen(), { ...files, chosenBy: both });
});

Deno.test("chooseStore() and trackedStore() show nobody a password", async () => {
  const trackingUri = "postgresql://kim:secret@host/mlflow?sslpassword=secret";
  const { message, store } = await assertRejects(
    () => chooseStore({ flag: null, trackingUri, directory }),
    UnsupportedStoreError,
  );
  assert(!`${message}${store}`.includes("secret"));
  assertEquals(trackedStore(trackingUri, directory), "postgresql://host/mlflow");
});

Deno.test("trackedStore() tells the place that the variable names", () => {
  const names = new Map([
    ["", null],
    ["file:///data/p%20c", "/data/p c"],
    ["file:mlruns", "/home/kim/mlruns"],
    ["databricks", "databricks"],
    ["sqlite:///mlflow.db", "sqlite:////home/kim/mlflow.db"],
  ]);
  for (const [trackingUri, name] of names) assertEquals(trackedStore(trackingUri, directory), name);
  assertEquals(trackedStore(undefined, directory), null);
});

Deno.test("trackedDatabase() tells the file of a database of SQLite alone", () => {
  const names = new Map([
    ["sqlite:///x/mlflow.db", "/home/kim/x/mlflow.db"],
    ["sqlite+pysqlite:////data/mlflow.db?timeout=5", "/data/mlflow.db"],
    ["sqlite://", null],
    ["sqlite:///:memory:", null],
    ["mysql://host/x.db", null],
    ["mlflow.db", null],
  ]);
  for (const [uri, name] of names) assertEquals(trackedDatabase(uri, directory), name);
  assertEquals(trackedDatabase(undefined, directory), null);
});

Deno.test("chooseStore() takes --store for the very name of a directory", async () => {
  const { location } = await chooseStore({ flag: "p%20c", trackingUri: "x", directory });
  assertEquals(location, "/home/kim/p%20c");
});
