import { assertEquals } from "@std/assert";
import { chooseStore } from "../../../../tasks/_cli/choose/choose_store.ts";

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

Deno.test("chooseStore() takes no path from a variable that names a server, a database or a platform", () => {
  for (const trackingUri of ["http://x", "sqlite:///x.db", "databricks", "databricks://x", "uc"]) {
    const { chosenBy } = chooseStore({ flag: null, trackingUri, directory });
    assertEquals(chosenBy, "by default, since MLFLOW_TRACKING_URI names no file store");
  }
});

Deno.test("chooseStore() takes --store for the very name of a directory", () => {
  const { location } = chooseStore({ flag: "p%20c", trackingUri: "x", directory });
  assertEquals(location, "/home/kim/p%20c");
});
