/**
 * The pages of the documentation, each a README.md beside what it describes, the first one also in Korean, and the parts of them that the
 * code knows better: the tables of tasks, flags, exit codes and rules, and what the tasks print on the
 * example stores.
 *
 * Each part stands once, on any page, between `<!-- generated: NAME -->` and `<!-- end -->`.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import manifest from "../../deno.json" with { type: "json" };
import { rulesTable } from "../../lib/render/rules.ts";
import { runTask } from "../../tasks/_cli/run/run_task.ts";
import { exitMeaning } from "../../tasks/_cli/table/exit_code.ts";
import { type FlagHelp, flagHelp } from "../../tasks/_cli/table/help_text.ts";
import { parseCommand } from "../../tasks/_cli/table/parse_command.ts";
import { type TaskName, taskNames } from "../../tasks/_cli/table/task_table.ts";
import { writeDemoStore } from "../../tasks/demo.ts";
import { EXAMPLE_NOW, layOutExample } from "./damaged_example.ts";
import type { StorePlace } from "./disk_store.ts";
import { tempDirectory } from "./temp_directory.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** A page's path in the repository, and its text. */
export type Pages = ReadonlyMap<string, string>;

/**
 * Reads all pages.
 *
 * @returns README.md first, then the same in Korean, then by path.
 */
export function readPages(): Pages {
  const paths = ["README.md", "README.ko.md", ...["lib", "tasks", "tests"].flatMap(pagesIn).sort()];
  return new Map(paths.map((path) => [path, Deno.readTextFileSync(join(ROOT, path))]));
}

function pagesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return entry.name.startsWith(".") ? [] : pagesIn(path);
    return entry.name === "README.md" ? [path] : [];
  });
}

/** The moment at which the examples take place. */
const NOW = EXAMPLE_NOW;

/** Where the example's user keeps the store. */
export const PLACE = "/home/kim/project/mlruns";

/**
 * Brings the generated parts of the pages up to date.
 *
 * @param pages All pages.
 * @param makePlace Makes a directory for an example store; sizes are those of its disk.
 * @returns The pages as they should be, formatted.
 * @throws {RangeError} When they name a part that does not exist, one twice, or leave one out.
 */
export async function updatePages(pages: Pages, makePlace = tempDirectory): Promise<Pages> {
  const parts = new Map([
    ...tableParts(),
    ...await exampleParts(makePlace),
    ...await repairParts(makePlace),
  ]);
  const updated = new Map<string, string>();
  for (const [path, text] of pages) {
    const filled = text.replace(
      /(<!-- generated: (\S+) -->).*?(<!-- end -->)/gs,
      (_, begin: string, name: string, end: string) => {
        const part = parts.get(name);
        if (part === undefined) throw new RangeError(`${path}: Unknown or repeated part "${name}"`);
        parts.delete(name);
        return `${begin}\n\n${part}\n\n${end}`;
      },
    );
    updated.set(path, filled === text ? text : await format(filled));
  }
  if (parts.size > 0) throw new RangeError(`Missing parts: ${[...parts.keys()].join(", ")}`);
  return updated;
}

function tableParts(): [name: string, text: string][] {
  const tasks = Object.entries(manifest.tasks);
  const ofUsers = tasks.filter(([, { command }]) => command.includes(" tasks/cli.ts "));
  const ofDevelopers = tasks.filter((task) => !ofUsers.includes(task));
  return [
    [
      "tasks",
      table(
        ["Task", "Does", "May write"],
        ofUsers.map(([name, { description, command }]) => [
          code(`deno task ${name}`),
          description,
          / -\w*W/.test(command) ? "yes" : "no",
        ]),
      ),
    ],
    [
      "developer-tasks",
      table(
        ["Task", "Does"],
        ofDevelopers.map(([name, { description }]) => [code(`deno task ${name}`), description]),
      ),
    ],
    [
      "flags",
      table(
        ["Flag", "Of", "Does", "Default"],
        flagRows().map(({ flag, tasks }) => [
          code(flag.form),
          listTasks(tasks),
          flag.describe,
          flag.defaultText ?? "",
        ]),
      ),
    ],
    [
      "exit-codes",
      table(
        ["Code", "Means"],
        Object.entries(exitMeaning).map(([number, meaning]) => [number, meaning]),
      ),
    ],
    ["rules", rulesTable()],
  ];
}

interface FlagRow {
  readonly flag: FlagHelp;
  readonly tasks: TaskName[];
}

/** Every flag once, those of the main job first. */
function flagRows(): readonly FlagRow[] {
  const rows = new Map<string, FlagRow>();
  for (const task of new Set<TaskName>(["cleanup", ...taskNames])) {
    for (const flag of flagHelp(task)) {
      const key = JSON.stringify(flag);
      const row = rows.get(key) ?? { flag, tasks: [] };
      row.tasks.push(task);
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}

function listTasks(tasks: readonly TaskName[]): string {
  const others = taskNames.filter((task) => !tasks.includes(task));
  if (others.length === 0) return "all";
  return others.length < tasks.length && others.length < 3
    ? `all but ${others.map(code).join(", ")}`
    : tasks.map(code).join(", ");
}

type MakePlace = typeof tempDirectory;

async function exampleParts(makePlace: MakePlace): Promise<[name: string, text: string][]> {
  await using example = await openExample(makePlace);
  const { show } = example;
  await writeDemoStore(example.root, { now: NOW });
  return [
    ["plan", cut(await show("cleanup"))],
    ["report", await show("cleanup", "--apply", "--force")],
    ["undo", await show("restore", "--last")],
    ["preflight", await show("preflight", "churn-prediction")],
  ];
}

async function repairParts(makePlace: MakePlace): Promise<[name: string, text: string][]> {
  await using example = await openExample(makePlace);
  const { show } = example;
  layOutExample(example);
  return [
    ["damage", await show("verify")],
    ["repair", await show("repair")],
    ["repaired", await show("repair", "--apply", "--force")],
    ["sound", await show("verify")],
  ];
}

/** A place for a store, and the means to show what a task prints there. */
interface Example extends StorePlace, AsyncDisposable {
  readonly show: (...words: string[]) => Promise<string>;
}

async function openExample(makePlace: MakePlace): Promise<Example> {
  const directory = await makePlace();
  const parent = directory.path;
  const root = join(parent, "mlruns");
  return {
    root,
    outside: join(parent, "outside"),
    show: async (...words) =>
      block((await output([...words, "--store", root], parent)).replaceAll(root, PLACE)),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** What a terminal would show, at the example's moment. */
async function output(words: readonly string[], directory: string): Promise<string> {
  const command = parseCommand(words);
  if (command.task === "help" || command.task === "version") {
    throw new RangeError(`Cannot show ${command.task}`);
  }
  let text = "";
  const write = (more: string) => void (text += more);
  await runTask(command, words, {
    print: write,
    say: write,
    style: { color: false, width: Infinity },
    note: () => {},
    conclude: () => Promise.resolve(),
    named: (text) => text,
    progress: { update: () => {}, transfer: () => {}, erase: () => {}, [Symbol.dispose]: () => {} },
    ask: null,
    input: () => Promise.resolve(""),
    environment: () => undefined,
    directory,
    now: () => NOW,
    signal: () => new AbortController().signal,
  });
  return text.trimEnd();
}

/** Leaves out the groups of a plan's first list after the first one, and samples of what stays after the first few. */
function cut(plan: string): string {
  const lines = plan.split("\n");
  const second =
    lines.flatMap((line, index) => /^ {2}\S.*: [\d,]+ runs?$/.test(line) ? [index] : [])[1];
  const kept = lines.findIndex((line) => line.startsWith("Keep "));
  const more = lines.findIndex((line, index) => index > kept && /^ {2}… and /.test(line));
  if (second === undefined || kept < 0 || more < 0) throw new RangeError("Cannot cut the plan");
  return [
    ...[...lines.slice(0, second), "  ⋮", ...lines.slice(lines.indexOf("", second), more)],
    ...["  ⋮", ...lines.slice(lines.indexOf("", more))],
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

async function format(markdown: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "fmt",
      "--config",
      join(ROOT, "deno.json"),
      "--ext",
      "md",
      "-",
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { success, stdout } = await process.output();
  if (!success) throw new Error("deno fmt failed");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  for (const [path, text] of await updatePages(readPages())) {
    await Deno.writeTextFile(join(ROOT, path), text);
  }
}
