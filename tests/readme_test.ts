/**
 * README.md says what the code says. Its examples in TypeScript run in `examples_test.ts`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import manifest from "../deno.json" with { type: "json" };
import { type Command, parseCommand } from "../tasks/_cli/table/parse_command.ts";
import { taskNames } from "../tasks/_cli/table/task_table.ts";
import { experiment, run } from "./_support/builders.ts";
import { tempStore } from "./_support/disk_store.ts";
import { README, updateReadme } from "./_support/readme.ts";

const readme = await Deno.readTextFile(README);
const root = dirname(README);
const tasks: Readonly<Record<string, { readonly command: string } | undefined>> = manifest.tasks;

/** What files take on disk depends on the file system. */
function withoutSizes(text: string): string {
  return text.replace(/[\d.,]+ ([KMG]i)?B\b/g, "SIZE");
}

/** Every command of a kind in a text: in blocks of code and between backticks. */
function commandsIn(text: string, pattern: RegExp): readonly string[] {
  const code = [
    ...[...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.split("\n")),
    ...[...text.replace(/^```.*?^```$/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) =>
      span
    ),
  ];
  const commands = code.map((line) =>
    line.replace(/^npx -y deno@\S+/, "deno").replace(/\s+[#|>]( .*)?$/, "")
  );
  return commands.flatMap((command) => pattern.exec(command)?.[1] ?? []);
}

/** The words after the task's name are its arguments, as `deno task` passes them on. */
function parseTask(text: string): Command | null {
  const [, name = "", rest = ""] = /^deno task(?: --quiet| --config \S+)* (\S+)(.*)$/.exec(text) ??
    [];
  const { command } = tasks[name] ?? {};
  assert(command !== undefined, `${text}: no task is named ${name}`);
  const [, own] = / tasks\/cli\.ts (.*)$/.exec(command) ?? [];
  return own === undefined ? null : parseCommand(`${own}${rest}`.split(" "));
}

Deno.test("README has the tables and the output that the code makes", async () => {
  assertEquals(
    withoutSizes(readme),
    withoutSizes(await updateReadme(readme)),
    "README.md is out of date: run deno run -A tests/_support/readme.ts",
  );
});

Deno.test("README names only tasks and flags that exist", () => {
  const written = readme.replace(/<!-- generated: .*?<!-- end -->/gs, "");
  const commands = commandsIn(written, /\b(deno task \S.*)$/);
  assert(commands.length > 30);
  const used = new Set(commands.map(parseTask).map((command) => command?.task));
  assertEquals(taskNames.filter((name) => !used.has(name)), []);
});

Deno.test("deno.json has a task for every task of the command line, and none besides", () => {
  const own = Object.values(manifest.tasks).flatMap(({ command }) =>
    / tasks\/cli\.ts (\S+)/.exec(command)?.[1] ?? []
  );
  assertEquals(new Set(own), new Set(taskNames));
});

Deno.test("README sets up with the Deno that is tested, and npx asks nothing", async () => {
  const [, pinned] = /^readonly DENO=(deno@\S+)$/m.exec(
    await Deno.readTextFile(join(root, ".ci/run")),
  ) ?? [];
  const commands = readme.match(/^npx .*? task \w+/gm);
  const expected = ["demo", "test"].map((task) => `npx -y ${pinned} task ${task}`);
  assertEquals(commands, [...expected, ...expected]);
});

Deno.test("README narrows a task to one store by commands that work", async () => {
  const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
  await using store = await tempStore({
    experiments: [experiment({ runs: [run({ startTime, endTime })] })],
  });
  const commands = commandsIn(readme, /^deno (run .* tasks\/cli\.ts .*)$/);
  const results: unknown[] = [];
  for (const command of commands) {
    assert(/^run --no-prompt --allow-read=\.,\/data\/mlruns --allow-/.test(command));
    const args = `${command.replaceAll("/data/mlruns", store.root)} --json --force`.split(" ");
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    results.push(JSON.parse(new TextDecoder().decode(stdout)).totals);
  }
  assertEquals(results.map((totals) => Object.entries(totals ?? {})[0]), [
    ["softDeleteRuns", 1],
    ["applied", 1],
  ]);
});

Deno.test("README switches every module of the standard library that the import map names", () => {
  const [, block = ""] = /^```jsonc\n(.*?)^```$/ms.exec(readme) ?? [];
  const lines = Object.entries<string>(JSON.parse(`{${block.replace(/,\s*$/, "")}}`));
  assertEquals(
    lines.map(([name]) => name),
    Object.keys(manifest.imports).filter((name) => name.startsWith("@std/")),
  );
  for (const [name, target] of lines) {
    assertEquals(target.replace(/^jsr:(@std\/\w+)@1/, "$1"), name);
  }
});

Deno.test("README names only files that exist", async () => {
  const paths = commandsIn(readme, /^((?:lib|tasks|tests)\/\S*)$/);
  assert(paths.length > 2);
  for (const path of paths) await Deno.stat(join(root, path));
});

/** The names of a file's tests as patterns: what a template fills in may be anything. */
function testsIn(path: string): readonly RegExp[] {
  const calls = Deno.readTextFileSync(join(root, path))
    .matchAll(/\b(?:Deno\.test\(|testEachVersion\(|name: )\s*(["`])(.*?)\1/gs);
  return [...calls].map(([, , name = ""]) =>
    new RegExp(`^${name.split(/\$\{.*?\}/s).map((part) => RegExp.escape(part)).join(".+")}$`)
  );
}

Deno.test("README names for each sentence of what happens the tests that prove it", () => {
  const [, section = ""] = /^## What happens if …\n(.*?)^## /ms.exec(readme) ?? [];
  const sentences = section.split(/^- /m).slice(1).map((text) => text.replace(/\s+/g, " "));
  assert(sentences.length > 20);
  for (const sentence of sentences) {
    const proofs = [...sentence.matchAll(/\[([^\]]+)\]\((tests\/[^)]+)\)/g)];
    assert(proofs.length > 0, sentence);
    for (const [, name = "", path = ""] of proofs) {
      assert(testsIn(path).some((test) => test.test(name)), `${path} has no test "${name}"`);
    }
  }
});
