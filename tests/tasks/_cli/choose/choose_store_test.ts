import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnsupportedStoreError } from "../../../../lib/errors.ts";
import {
  chooseStore,
  trackedDatabase,
  trackedStore,
} from "../../../../tasks/_cli/choose/choose_store.ts";

const directory = "/home/kim";

Deno.test({
  name: "chooseStore() takes MLFLOW_TRACKING_URI for what MLflow takes it for",
  ignore: Deno.build.os === "windows",
  fn() {
    const locations = new Map([
      ["mlruns", "/home/kim/mlruns"],
      ["/data/p%20c", "/data/p c"],
      ["/data/100%/%zz/%C3%BC", "/data/100%/%zz/ü"],
      ["/data/a#b?c", "/data/a#b?c"],
      ["file:mlruns", "/home/kim/mlruns"],
      ["file:///data/p%20c", "file:///data/p%20c"],
      ["FILE:///data/mlruns", "/home/kim/FILE:/data/mlruns"],
      ["./databricks", "/home/kim/databricks"],
    ]);
    for (const [trackingUri, location] of locations) {
      assertEquals(
        chooseStore({ flag: null, trackingUri, directory }),
        { location, chosenBy: "by MLFLOW_TRACKING_URI" },
      );
    }
  },
});

Deno.test("chooseStore() takes no directory for a server, a database or a platform that the variable names", () => {
  for (const trackingUri of ["http://x", "sqlite:///x.db", "databricks", "databricks://x", "uc"]) {
    for (const configured of [null, "/data/mlruns"]) {
      const { message } = assertThrows(
        () => chooseStore({ flag: null, trackingUri, configured, directory }),
        UnsupportedStoreError,
      );
      assertEquals(
        message,
        `Cannot open store ${trackingUri}, which MLFLOW_TRACKING_URI names: expected a file store (a directory), and tracking servers and databases are not supported; to look at a directory all the same, name it, such as --store ${
          configured ?? "/home/kim/mlruns"
        }`,
      );
    }
    assertEquals(chooseStore({ flag: "mlruns", trackingUri, directory }), {
      location: "/home/kim/mlruns",
      chosenBy: "by --store",
    });
  }
});

Deno.test("chooseStore() and trackedStore() show nobody a password", () => {
  const trackingUri = "postgresql://kim:secret@host/mlflow";
  const { message, store } = assertThrows(
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

Deno.test("chooseStore() takes --store for the very name of a directory", () => {
  const { location } = chooseStore({ flag: "p%20c", trackingUri: "x", directory });
  assertEquals(location, "/home/kim/p%20c");
});
