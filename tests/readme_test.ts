/**
 * README.md and the pages beside the code say what the code says. Their examples in TypeScript run in
 * `examples_test.ts`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, toFileUrl } from "@std/path";
import manifest from "../deno.json" with { type: "json" };
import { type Command, parseCommand } from "../tasks/_cli/table/parse_command.ts";
import { taskNames } from "../tasks/_cli/table/task_table.ts";
import { experiment, run, runId } from "./_support/builders.ts";
import { isLong } from "./_support/depth.ts";
import { diskStore, writeFiles } from "./_support/disk_store.ts";
import { startMlflowDouble } from "./_support/mlflow_double.ts";
import { readPages, updatePages } from "./_support/readme.ts";
import { memoryDirectory } from "./_support/temp_directory.ts";

const pages = readPages();
const all = [...pages.values()].join("\n");
const root = fromFileUrl(new URL("..", import.meta.url));

/** README.md is a front page: what says more stands on a page of its own. */
const FRONT_PAGE = { lines: 250, bytes: 12 * 1024 };

const tasks: Readonly<Record<string, { readonly command: string } | undefined>> = manifest.tasks;

function page(path: string): string {
  const text = pages.get(path);
  assert(text !== undefined, `there is no ${path}`);
  return text;
}

/** What files take on disk depends on the file system; where directories take nothing, it is not told. */
function withoutSizes(text: string): string {
  return text.replace(/(, )?[\d.,]+ ([KMG]i)?B\b/g, "");
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
  return own === undefined ? null : parseCommand(`${own}${rest}`.replace("$?", "0").split(" "));
}

Deno.test("README.md is a front page", () => {
  const front = page("README.md");
  assert(front.split("\n").length - 1 <= FRONT_PAGE.lines);
  assert(new TextEncoder().encode(front).length <= FRONT_PAGE.bytes);
});

Deno.test("the pages have the tables and the output that the code makes", async () => {
  for (const [path, text] of await updatePages(pages, memoryDirectory)) {
    assertEquals(
      withoutSizes(page(path)),
      withoutSizes(text),
      `${path} is out of date: run deno run -A tests/_support/readme.ts`,
    );
  }
});

/** The links of a page that lead to files of the repository, `#` alone to the page itself. */
function linksOf(text: string): readonly (readonly [path: string, anchor: string])[] {
  const prose = text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)]
    .filter(([, path = ""]) => !/^https?:/.test(path))
    .map(([, path = "", anchor = ""]) => [path, anchor]);
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every link on a page leads to a file that exists, and to a heading of it", async () => {
  const links = [...pages].flatMap(([path, text]) => linksOf(text).map((link) => ({ path, link })));
  assert(links.length > 40);
  const dead: string[] = [];
  for (const { path, link: [to, anchor] } of links) {
    const target = to === "" ? path : join(dirname(path), to).replaceAll("\\", "/");
    const exists = await Deno.stat(join(root, target)).then(() => true, () => false);
    const found = anchor === "" || anchorsOf(pages.get(target) ?? "").has(anchor);
    if (!exists || !found) dead.push(`${path}: ${to}${anchor && `#${anchor}`}`);
  }
  assertEquals(dead, []);
});

Deno.test("README.md leads to every page", () => {
  const seen = new Set(["README.md"]);
  for (const path of seen) {
    for (const [to] of linksOf(pages.get(path) ?? "")) {
      const target = join(dirname(path), to).replaceAll("\\", "/");
      if (pages.has(target)) seen.add(target);
    }
  }
  assertEquals([...pages.keys()].filter((path) => !seen.has(path)), []);
});

Deno.test("the pages name only tasks and flags that exist", () => {
  const written = all.replace(/<!-- generated: .*?<!-- end -->/gs, "");
  const commands = commandsIn(written, /\b(deno task \S.*)$/);
  assert(commands.length > 30);
  const used = new Set(commands.map(parseTask).map((command) => command?.task));
  assertEquals(taskNames.filter((name) => !used.has(name)), []);
});

Deno.test("types are checked of the examples of every page that has any", () => {
  const { command } = manifest.tasks.check;
  const checked = / check --doc (.*?) &&/.exec(command)?.[1]?.split(" ") ?? [];
  const withExamples = [...pages.keys()].filter((path) => /^```ts$/m.test(page(path)));
  assertEquals(checked.filter((path) => path.endsWith(".md")), withExamples);
});

Deno.test("deno.json has a task for every task of the command line, and none besides", () => {
  const own = Object.values(manifest.tasks).flatMap(({ command }) =>
    / tasks\/cli\.ts (\w\S*)/.exec(command)?.[1] ?? []
  );
  assertEquals(new Set(own), new Set(taskNames));
});

Deno.test("README sets up with the Deno that is tested, and npx asks nothing", async () => {
  const [, pinned] = /^readonly DENO=(deno@\S+)$/m.exec(
    await Deno.readTextFile(join(root, ".ci/run")),
  ) ?? [];
  const expected = ["demo", "test"].map((task) => `npx -y ${pinned} task ${task}`);
  for (const path of ["README.md", "README.ko.md"]) {
    assertEquals(page(path).match(/^npx .*? task \w+/gm), expected, path);
  }
});

Deno.test("the README of the tasks gives a project every task that looks at a store, under its own name", () => {
  const [, block = ""] = /^```json\n(.*?)^```$/ms.exec(page("tasks/README.md")) ?? [];
  const given: Readonly<Record<string, string>> = JSON.parse(block).tasks;
  for (const [name, command] of Object.entries(given)) {
    assertEquals(command, `deno task --config ../mltidy/deno.json --quiet ${name}`);
  }
  const own = Object.keys(tasks).filter((name) => tasks[name]?.command.includes(" tasks/cli.ts "));
  const others = ["help", "list", "completions", "demo", "demo:store"];
  assertEquals(Object.keys(given).sort(), own.filter((name) => !others.includes(name)).sort());
});

Deno.test({
  name:
    "types check of a program in a project of its own that links to this one as README says, or imports it by path",
  // Types take several seconds.
  ignore: !isLong,
  fn: async () => {
    const [, lines = ""] = /^```jsonc\n(.*?)^```$/ms.exec(page("README.md")) ?? [];
    await using project = await memoryDirectory();
    writeFiles(project.path, {
      "deno.json": `{${lines.replace('"../mltidy"', JSON.stringify(root))}}`,
      // All modules, by the usual rules, which are less strict than ours, and find other things wrong.
      "main.ts": `import { readConfig } from "mltidy";
      const unknown: number = readConfig("", "mltidy.yaml").retention;`,
    });
    const wrongIn = async (directory: string) => {
      const { stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "main.ts"],
        cwd: directory,
        env: { NO_COLOR: "1" },
      }).output();
      return new TextDecoder().decode(stderr).match(/\bTS\d+|\S+\.ts(?=:\d)/g);
    };
    const wrong = (directory: string) => ["TS2322", toFileUrl(join(directory, "main.ts")).href];
    assertEquals(await wrongIn(project.path), wrong(project.path));
    const [, map = ""] = /with `("importMap": "\.\.\/mltidy\/deno\.json")`/.exec(
      page("README.md"),
    )!;
    Deno.symlinkSync(root, join(project.path, "mltidy"));
    for (const [name, from] of [["by-path", root], ["by-link", "../mltidy"]] as const) {
      const directory = join(project.path, name);
      writeFiles(directory, {
        "deno.json": `{${map.replace("../mltidy", from)}}`,
        // Of all modules the one that needs most types that are not its own.
        "main.ts": `import { readConfig } from "${from}/lib/policy/mod.ts";
        const unknown: number = readConfig("", "mltidy.yaml").retention;`,
      });
      assertEquals(await wrongIn(directory), wrong(directory), name);
    }
  },
});

Deno.test("the README of the tasks narrows a task to one store by commands that work", async () => {
  const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
  const history = {
    experiments: [
      experiment({
        runs: [1, 2].map((index) => run({ id: runId(index), startTime, endTime })),
      }),
    ],
  };
  await using store = await diskStore(history);
  await using server = await startMlflowDouble(history);
  writeFiles(dirname(store.root), { "mltidy.yaml": "retention: { keep_last: 1 }\n" });
  const commands = commandsIn(page("tasks/README.md"), /^deno (run .* tasks\/cli\.ts .*)$/);
  const results: unknown[] = [];
  for (const command of commands) {
    assert(/^run --no-prompt --allow-read(?:=\.,\/data)? '?--allow-/.test(command));
    const args = `${command} --json --force`.replaceAll("/data", dirname(store.root))
      .replaceAll("mlflow.example:5000", server.uri.replace("http://", "")).replaceAll("'", "")
      .split(" ");
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    results.push(JSON.parse(new TextDecoder().decode(stdout)).totals);
  }
  assertEquals(results.map((totals) => Object.entries(totals ?? {})[0]), [
    ["softDeleteRuns", 1],
    ["applied", 1],
    ["softDeleteRuns", 2],
  ]);
});

Deno.test("the README of the tests switches every module of the standard library that the import map names", () => {
  const [, block = ""] = /^```jsonc\n(.*?)^```$/ms.exec(page("tests/README.md")) ?? [];
  const lines = Object.entries<string>(JSON.parse(`{${block.replace(/,\s*$/, "")}}`));
  assertEquals(
    lines.map(([name]) => name),
    Object.keys(manifest.imports).filter((name) => name.startsWith("@std/")),
  );
  for (const [name, target] of lines) {
    assertEquals(target.replace(/^jsr:(@std\/\w+)@1/, "$1"), name);
  }
});

Deno.test("each name of the seed's scripts stands in the table, in English and in Korean, with a link at the top", () => {
  const names = [
    ...["--mlruns-path", "--action list", "--action cleanup", "--action backup"],
    ...["--action create-meta", "--days-old", "list_experiments_info", "backup_experiment_data"],
    ...["create_missing_meta_yaml", "cleanup_old_runs", "find_orphaned_experiments"],
    ...["remove_orphaned_experiment", "MLflowExperimentManager(", "print_experiment_summary"],
    ...["setup_mlflow_experiment_safely", "create_experiment_safely"],
    ...["cleanup_mlflow_experiments()", "cleanup_orphaned_experiments"],
    ...["cleanup_mlflow_experiments.py", "mlflow_manager.py", "validate_experiment_integrity"],
    ...["repair_experiment", "backup_experiment()", "restore_experiment", "safe_mlflow_run"],
    ...["safe_log_param", "safe_log_metric", "safe_log_artifact"],
  ];
  const [, english = ""] = page("tasks/README.md").split("## Coming from");
  const [, korean = ""] = page("README.ko.md").split(/^## `MLflowExperimentManager`/m);
  for (const text of [english, korean]) {
    assertEquals(names.filter((name) => !text.includes(name)), []);
  }
  for (const path of ["README.md", "README.ko.md"]) {
    const top = page(path).split("\n").slice(0, 8).join("\n");
    assert(/MLflowExperimentManager[^]*\]\([^)]*#[^)]*\)/.test(top), path);
  }
});

Deno.test("the pages name only files that exist", async () => {
  const paths = commandsIn(all, /^((?:lib|tasks|tests)\/\S*)$/);
  assert(paths.length > 2);
  for (const path of paths) await Deno.stat(join(root, path));
});

/** The names of a file's tests as patterns: what a template fills in may be anything. */
function testsIn(path: string): readonly RegExp[] {
  const calls = Deno.readTextFileSync(join(root, path))
    .matchAll(/\b(?:Deno\.test\(|testEachVersion\(|await test\(|name:)\s*(["`])(.*?)\1/gs);
  return [...calls].map(([, , name = ""]) =>
    new RegExp(`^${name.split(/\$\{.*?\}/s).map((part) => RegExp.escape(part)).join(".+")}$`)
  );
}

Deno.test("the README of the tasks names for each sentence of what happens the tests that prove it", () => {
  const [, section = ""] = /^## What happens if …\n(.*?)^## /ms.exec(page("tasks/README.md")) ?? [];
  const sentences = section.split(/^- /m).slice(1).map((text) => text.replace(/\s+/g, " "));
  assert(sentences.length > 20);
  for (const sentence of sentences) {
    const proofs = [...sentence.matchAll(/\[([^\]]+)\]\(\.\.\/(tests\/[^)]+)\)/g)];
    assert(proofs.length > 0, sentence);
    for (const [, name = "", path = ""] of proofs) {
      assert(testsIn(path).some((test) => test.test(name)), `${path} has no test "${name}"`);
    }
  }
});

Deno.test("whoever runs a task fetches what the program imports, and nothing that tests alone need", async () => {
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const imported = Object.values(manifest.imports)
    .flatMap((target) => /^npm:(?:@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? []);
  assertEquals(
    Object.keys(lock.specifiers),
    [...new Set(imported)].toSorted(),
    "Run `git checkout deno.lock`, and test with `deno test --lock=tests/deno.lock`",
  );
});
