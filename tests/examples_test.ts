/**
 * Every example in the documentation runs, on an example store at `./mlruns`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { writeDemoStore } from "../tasks/demo.ts";
import { readPages } from "./_support/readme.ts";

const root = fromFileUrl(new URL("..", import.meta.url));

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) =>
    entry.isDirectory ? filesIn(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
  ).filter((path) => path.endsWith(".ts")).sort();
}

function countExamples(path: string): number {
  return Deno.readTextFileSync(join(root, path)).match(/^( \* )?```ts$/gm)?.length ?? 0;
}

Deno.test("every example on the pages and in the documentation of the code runs", async () => {
  const files = [...readPages().keys(), "mod.ts", ...filesIn("lib"), ...filesIn("tasks")]
    .filter((path) => countExamples(path) > 0);
  const directory = await Deno.makeTempDir({ prefix: "mltidy-examples-" });
  try {
    await writeDemoStore(join(directory, "mlruns"), { now: Date.now() });
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--doc", "--allow-all", "--config", join(root, "deno.json")]
        .concat(files.map((path) => join(root, path))),
      cwd: directory,
      env: { NO_COLOR: "1" },
    }).output();
    const output = new TextDecoder().decode(stdout);
    assert(success, output + new TextDecoder().decode(stderr));
    assertEquals(
      /^ok \| (\d+) passed/m.exec(output)?.[1],
      `${files.reduce((sum, path) => sum + countExamples(path), 0)}`,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
