import { assertEquals, assertRejects } from "@std/assert";
import { packStore, pathOfTestdata, unpackStore } from "./testdata.ts";
import { readTree } from "./tree.ts";

for (const name of ["mlflow-2.22", "mlflow-3.17"] as const) {
  Deno.test(`unpackStore() lays out ${name} as it was packed, and removes it`, async () => {
    let path = "";
    {
      await using store = await unpackStore(name);
      path = store.path;
      assertEquals(await packStore(path), await Deno.readTextFile(pathOfTestdata(name)));
      const tree = await readTree(path);
      assertEquals(tree.get("0/meta.yaml")?.kind, "file");
      assertEquals(tree.get(".trash")?.kind, "directory");
    }
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  });
}
