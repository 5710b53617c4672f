/**
 * Every example in the documentation runs, on an example store at `./mlruns`, with another one at
 * `./laptop/mlruns`. Each is a module of its own; all run in one process, since a process or a thread for each
 * takes ten times as long. Their types are checked by `deno task check`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join, toFileUrl } from "@std/path";
import { writeStore } from "./_support/disk_store.ts";
import { readPages } from "./_support/readme.ts";
import { experiment } from "./_support/builders.ts";
import { rottenAt } from "./_support/rotten_store.ts";
import { memoryDirectory } from "./_support/temp_directory.ts";

const root = fromFileUrl(new URL("..", import.meta.url));

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) =>
    entry.isDirectory ? filesIn(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
  ).filter((path) => path.endsWith(".ts")).sort();
}

/** The examples of a file as modules: what the file exports is in scope, as `deno test --doc` has it. */
async function examplesIn(path: string): Promise<readonly string[]> {
  const blocks = Deno.readTextFileSync(join(root, path)).matchAll(/^( \* |)```ts\n(.*?)^\1```$/gms);
  const codes = [...blocks].map(([, margin = "", code = ""]) =>
    margin === "" ? code : code.replaceAll(/^ \* ?/gm, "")
  );
  if (codes.length === 0) return [];
  const { href } = toFileUrl(join(root, path));
  const exported = path.endsWith(".ts") ? Object.keys(await import(href)) : [];
  return codes.map((code) => {
    const imports = [...code.matchAll(/^import .*?;$/gms)].join("\n");
    const uses = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text);
    const missing = exported.filter((name) => uses(code, name) && !uses(imports, name));
    const near = code.replaceAll(
      /(\bfrom |\bimport\()"(\.[^"]*)"/g,
      (_, before: string, specifier: string) => `${before}"${new URL(specifier, href)}"`,
    );
    return `import { ${missing.join(", ")} } from "${
      missing.length > 0 ? href : "mltidy"
    }";\n${near}`;
  });
}

Deno.test("every example on the pages and in the documentation of the code runs", async () => {
  const files = [...readPages().keys(), "mod.ts", ...filesIn("lib"), ...filesIn("tasks")];
  await using memory = await memoryDirectory();
  const directory = memory.path;
  const place = { root: join(directory, "mlruns"), outside: join(directory, "outside") };
  const rotten = rottenAt(Date.now());
  const keepers = experiment({ id: "3", name: "keepers" });
  writeStore(place, { ...rotten, experiments: [...rotten.experiments ?? [], keepers] });
  // One to be merged into it.
  const laptop = join(directory, "laptop");
  const other = { root: join(laptop, "mlruns"), outside: join(laptop, "outside") };
  writeStore(other, { experiments: [keepers] });
  const tests: string[] = [];
  for (const path of files) {
    for (const [index, code] of (await examplesIn(path)).entries()) {
      const example = `${tests.length}.ts`;
      Deno.writeTextFileSync(join(directory, example), code);
      const name = JSON.stringify(`${path}, example ${index + 1}`);
      tests.push(`Deno.test(${name}, async () => void await import("./${example}"));\n`);
    }
  }
  assert(tests.length > 100);
  Deno.writeTextFileSync(join(directory, "all_test.ts"), tests.join(""));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-check",
      "--allow-all",
      "--config",
      join(root, "deno.json"),
      "all_test.ts",
    ],
    cwd: directory,
    env: { NO_COLOR: "1", TMPDIR: directory },
  }).output();
  const output = new TextDecoder().decode(stdout);
  assert(success, output + new TextDecoder().decode(stderr));
  assertEquals(/^ok \| (\d+) passed/m.exec(output)?.[1], `${tests.length}`);
});
