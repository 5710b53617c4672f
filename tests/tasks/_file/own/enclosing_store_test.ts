import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { enclosingStore } from "../../../../tasks/_file/own/enclosing_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";

Deno.test("enclosingStore() knows a store by what MLflow or mltidy make in it, or by a record around the place", async () => {
  await using directory = await tempDirectory();
  const at = (path: string) => join(directory.path, path);
  const record = "experiment_id: '7'\n";
  writeFiles(directory.path, {
    "opened/.trash": null,
    "opened/models": null,
    "cleaned/.mltidy.trash": null,
    "default/0/meta.yaml": record,
    "bare/7/meta.yaml": record,
    "bare/7/new/meta.yaml": "run_id: a\n",
    "none/.trash": null,
    "none/recipe/meta.yaml": "package: a\n",
  });
  for (const store of ["opened", "cleaned", "default"]) {
    assertEquals([at(store), at(`${store}/a/b`)].map(enclosingStore), [at(store), at(store)]);
  }
  assertEquals(enclosingStore(at("bare/7/new/report.json")), at("bare"));
  assertEquals([at("none/a"), at("none/recipe"), at("bare"), at(".")].map(enclosingStore), [
    null,
    null,
    null,
    null,
  ]);
});
