import { assertEquals, assertStringIncludes } from "@std/assert";
import { runTask, startTask } from "../../../_support/command.ts";
import { diskStore, tempStore } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

Deno.test("review, which may not write, says so at once where it is told to apply", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const { code, out, err } = await startTask("review", ["--apply", "--store", store.root]);
  assertEquals([code, out], [10, ""]);
  assertStringIncludes(
    err,
    `Cannot carry out anything in store ${store.root}: this process may not write; start it as`,
  );
  assertSameTree(await readTree(store.root), before);
});

Deno.test("review says what makes no sense before it serves anything", async () => {
  await using store = await tempStore(ROTTEN);
  for (
    const [words, said] of [
      [["--mlflow-ui", "javascript:alert(1)"], "Cannot link to MLflow's UI: expected an address"],
      [["--mlflow-ui", "http://kim:secret@host"], "without credentials"],
      [["--allow-host", "a b"], "expected names of hosts"],
      [["--port", "-1"], "--port"],
      [
        ["--port", "65536"],
        "Cannot serve the page at port 65536: expected a number from 0 to 65535",
      ],
    ] as const
  ) {
    const { code, err } = await runTask("review", [...words, "--store", store.root]);
    assertEquals(code, 2, err);
    assertStringIncludes(err, said);
  }
});
