/**
 * The locks of the house: who may import whom, which words are said where, how long a file may be.
 * Every rule is a row of a table; a new file falls under the rows that are there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import manifest from "../deno.json" with { type: "json" };

/** Whether a path lies in one of these places: a file, or a folder or prefix ending in `/` or `*`. */
type Places = readonly string[];

interface Import {
  readonly by: string;
  /** A path in the repository, or a bare specifier as written. */
  readonly of: string;
  readonly onlyTypes: boolean;
}

/** The first row that fits a file is its rule. */
const directions: readonly { readonly by: string; readonly of: Places }[] = [
  { by: "lib/", of: ["lib/", "@std/yaml"] },
  { by: "tasks/_io/", of: ["lib/", "tasks/_io/", "@std/", "node:*"] },
  { by: "tasks/_demo/", of: ["lib/", "tasks/_demo/", "@std/"] },
  { by: "tasks/_cli/run_*", of: ["lib/", "tasks/", "@std/"] },
  {
    by: "tasks/_cli/choose_config.ts",
    of: ["lib/", "tasks/_cli/", "tasks/_io/read.ts", "@std/"],
  },
  { by: "tasks/_cli/", of: ["lib/", "tasks/_cli/", "@std/"] },
  { by: "tasks/cli.ts", of: ["deno.json", "lib/", "tasks/_cli/"] },
  { by: "tasks/open_store.ts", of: ["lib/", "tasks/store.ts", "tasks/_io/"] },
  { by: "tasks/apply_plan.ts", of: ["lib/", "tasks/store.ts", "tasks/_io/take_turns.ts"] },
  { by: "tasks/plan_and_apply.ts", of: ["lib/", "tasks/store.ts", "tasks/apply_plan.ts"] },
  {
    by: "tasks/preflight.ts",
    of: [
      "lib/",
      "tasks/store.ts",
      "tasks/apply_plan.ts",
      "tasks/repair.ts",
      "tasks/experiment.ts",
    ],
  },
  {
    by: "tasks/run.ts",
    of: [
      "lib/",
      "tasks/store.ts",
      "tasks/open_run_log.ts",
      "tasks/_io/process.ts",
      "tasks/_io/read.ts",
    ],
  },
  { by: "tasks/open_run_log.ts", of: ["lib/", "tasks/_io/read.ts", "tasks/_io/take_turns.ts"] },
  { by: "tasks/demo.ts", of: ["lib/", "tasks/_demo/", "@std/"] },
  {
    by: "tasks/",
    of: ["lib/", "tasks/store.ts", "tasks/apply_plan.ts", "tasks/plan_and_apply.ts"],
  },
  { by: "mod.ts", of: ["lib/", "tasks/"] },
];

/** Where the shell may have types from, besides: the ports and the results of tasks. */
const types: { readonly by: string; readonly of: Places } = { by: "tasks/", of: ["tasks/"] };

/** Who alone may import something. */
const importers: readonly { readonly of: Places; readonly by: Places }[] = [
  { of: ["tasks/cli.ts"], by: [] },
  { of: ["lib/render_*"], by: ["lib/render_*", "tasks/_cli/", "mod.ts"] },
];

/** What may be said only in some places. */
const words: readonly { readonly word: RegExp; readonly in: Places; readonly only: Places }[] = [
  { word: /\b(async|await|Promise)\b/, in: ["lib/"], only: [] },
  { word: /\b(Deno|console|performance|setTimeout|globalThis)\b/, in: ["lib/"], only: [] },
  { word: /\bMath\.random\b|\bcrypto\b/, in: ["lib/"], only: [] },
  { word: /\bnew Date\(\)|\bDate\(\)/, in: ["lib/", "tasks/", "mod.ts"], only: [] },
  {
    word: /\bDate\.now\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    only: ["tasks/cli.ts", "tasks/open_store.ts"],
  },
  // In open_store.ts as a default, and nowhere else.
  { word: /(?<!\bnow = )\bDate\.now\b/, in: ["tasks/open_store.ts"], only: [] },
  {
    word:
      /\bDeno\.(args|exit|exitCode|env|cwd|stdin|stdout|stderr|consoleSize|(add|remove)SignalListener)\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    // A run that is open when its process is told to end must still be able to end itself.
    only: ["tasks/cli.ts", "tasks/_io/process.ts"],
  },
  // None of them says that it has failed, and what is missing looks gone.
  {
    word: /\b(read[dD]irSync|opendirSync|(expandG|g)lobSync|walkSync|cpSync)\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    only: ["tasks/_io/list_directory.ts"],
  },
  // Only what ends with the system refusing to remove what is not empty.
  {
    word: /\blistSome\b/,
    in: ["tasks/"],
    only: [
      "tasks/_io/list_directory.ts",
      "tasks/_io/durable.ts",
      "tasks/_io/place.ts",
      "tasks/_io/backup_place.ts",
      "tasks/_io/manifest.ts",
      "tasks/_io/own_directory.ts",
      "tasks/_io/settle.ts",
    ],
  },
];

/** The standard library, under its own names. */
const standard: Places = [
  "@std/assert",
  "@std/cli/parse-args",
  "@std/fs",
  "@std/path",
  "@std/path/posix",
  "@std/path/windows",
  "@std/yaml",
];

/** Tests that mirror no file, and why. */
const withoutMirror: Places = [
  "tests/architecture_test.ts", // the whole repository
  "tests/examples_test.ts", // the documentation
  "tests/readme_test.ts", // README.md
  "tests/examples/", // the worked examples
  "tests/faults/", // being killed at any point
  "tests/lib/laws_test.ts", // what every plan obeys
  "tests/lib/policies_test.ts", // what policies make of one long history
  "tests/lib/policy_laws_test.ts", // what every policy obeys
  "tests/mlflow/", // real MLflow
  "tests/power/", // losing power at any point
  "tests/tasks/cli_bad_input_test.ts", // the whole command line
  "tests/tasks/cli_demo_store_test.ts",
  "tests/tasks/cli_repair_test.ts",
  "tests/tasks/cli_streams_test.ts",
  "tests/tasks/cli_terminal_test.ts",
  "tests/tasks/start_up_test.ts", // what is loaded
  "tests/tasks/random_damage_test.ts", // verify and repair of anything
];

const LONGEST_FILE = 400;

/** What each task of the command line may do. */
const permissions = {
  planning:
    "--no-prompt --v8-flags=--max-semi-space-size=4 -R --allow-env=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  applying:
    "--no-prompt --v8-flags=--max-semi-space-size=4 -RW --allow-sys=hostname --allow-env=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  writing:
    "--no-prompt --v8-flags=--max-semi-space-size=4 -RW --allow-env=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
} as const;

const planning = ["summary", "verify", "prune", "cleanup", "repair", "explain"];
/** They write files of their own and take no lock, which names this machine. */
const writing = ["config", "demo:store"];

const root = fromFileUrl(new URL("..", import.meta.url));
const sources = ["mod.ts", ...listFiles("lib"), ...listFiles("tasks")]
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const tests = listFiles("tests").filter((path) => path.endsWith("_test.ts"));
const imports = [...sources, ...tests].flatMap(importsOf);

function listFiles(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return entry.name.startsWith(".") ? [] : listFiles(path);
    return [path];
  }).sort();
}

function read(path: string): string {
  return Deno.readTextFileSync(join(root, path));
}

/** The code without its comments, which `deno fmt` puts on lines of their own or after a space. */
function codeOf(path: string): string {
  return read(path).split("\n")
    .map((line) => /^\s*(\/\/|\/\*|\*)/.test(line) ? "" : line.replace(/\s\/\/ .*$/, ""))
    .join("\n");
}

function importsOf(by: string): Import[] {
  const code = codeOf(by);
  const statements = [
    ...code.matchAll(/^(?:import|export)\b([^"';]*)\bfrom "([^"]+)"/gm),
    ...code.matchAll(/\bimport(\()\s*"([^"]+)"/g),
    ...code.matchAll(/^import( )"([^"]+)"/gm),
  ];
  return statements.map(([, names = "", specifier = ""]) => ({
    by,
    of: specifier.startsWith(".") ? join(by, "..", specifier).replaceAll("\\", "/") : specifier,
    onlyTypes: /^\s*type\b/.test(names) || /^\s*\{(\s*type \w+,?)+\s*\}\s*$/.test(names),
  }));
}

function isIn(path: string, places: Places): boolean {
  return places.some((place) =>
    place === path || /[/*]$/.test(place) && path.startsWith(place.replace(/\*$/, ""))
  );
}

function show({ by, of }: Import): string {
  return `${by} imports ${of}`;
}

Deno.test("the house has files for its rules to hold", () => {
  assert(sources.length > 40 && tests.length > 20 && imports.length > 100);
  const idle = [
    ...directions.filter(({ by }) => !sources.some((path) => isIn(path, [by]))),
    ...importers.filter(({ of }) => !sources.some((path) => isIn(path, of))),
  ];
  assertEquals(idle, []);
});

Deno.test("every file imports only what its room may", () => {
  const forbidden = imports.filter((one) => {
    if (!sources.includes(one.by)) return false;
    const rule = directions.find(({ by }) => isIn(one.by, [by]));
    const isType = one.onlyTypes && isIn(one.by, [types.by]) && isIn(one.of, types.of);
    return !isType && !isIn(one.of, rule?.of ?? []);
  });
  assertEquals(forbidden.map(show), []);
});

Deno.test("a folder whose name begins with _ is imported only from inside its parent", () => {
  const forbidden = imports.filter(({ by, of }) => {
    const parent = /^(.*?)_[^/]*\//.exec(of)?.[1];
    return parent !== undefined && !by.startsWith(parent) && !by.startsWith("tests/");
  });
  assertEquals(forbidden.map(show), []);
});

Deno.test("the command line and the renderers are imported only by the shell", () => {
  const forbidden = importers.flatMap(({ of, by }) =>
    imports.filter((one) => isIn(one.of, of) && !isIn(one.by, [...by, "tests/"]))
  );
  assertEquals(forbidden.map(show), []);
});

Deno.test("some words are said in some places alone: no clock or chance in lib/, no listing that may be short", () => {
  const said = words.flatMap(({ word, in: places, only }) =>
    sources.filter((path) => isIn(path, places) && !isIn(path, only)).flatMap((path) =>
      codeOf(path).split("\n").flatMap((line, index) =>
        word.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
      )
    )
  );
  assertEquals(said, []);
});

Deno.test("the standard library is imported under its own names", () => {
  const used = new Set(
    imports.map(({ of }) => of).filter((of) => /^@|^(npm|jsr|https?):/.test(of)),
  );
  assertEquals([...used].filter((of) => !standard.includes(of)), []);
  assertEquals(Object.keys(manifest.imports).filter((of) => of.startsWith("@")), standard);
});

Deno.test("no file of lib/ or tasks/ is longer than 400 lines", () => {
  const long = sources.map((path) => [path, read(path).split("\n").length - 1] as const)
    .filter(([, lines]) => lines > LONGEST_FILE);
  assertEquals(long, []);
});

Deno.test("every test mirrors the file that it tests", () => {
  const lonely = tests.filter((test) => {
    if (isIn(test, withoutMirror)) return false;
    const mirrored = test.replace(/_test\.ts$/, ".ts");
    return ![mirrored, mirrored.replace(/^tests\//, "")].some((path) =>
      sources.includes(path) || path.startsWith("tests/_support/") && exists(path)
    );
  });
  assertEquals(lonely, []);
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(join(root, path)).isFile;
  } catch {
    return false;
  }
}

Deno.test("tests of the core freeze the snapshots that they build", () => {
  const builds = (path: string) =>
    isIn(path, ["tests/lib/"]) && /\b(snapshot|snapshotArbitrary)\(/.test(codeOf(path));
  const freezes = (path: string) =>
    imports.some(({ by, of }) => by === path && of === "tests/_support/deep_freeze.ts");
  assert(tests.some(builds));
  assertEquals(
    tests.filter((path) => builds(path) && !freezes(path)),
    [],
  );
});

Deno.test("planning tasks may only read, and no task may reach the network or other programs", () => {
  const tasks = Object.entries(manifest.tasks)
    .filter(([, { command }]) => command.includes(" tasks/cli.ts "));
  const named = [...planning, ...writing];
  assertEquals(named.filter((task) => !tasks.some(([name]) => name === task)), []);
  const kindOf = (task: string) =>
    planning.includes(task) ? "planning" : writing.includes(task) ? "writing" : "applying";
  assertEquals(
    tasks.map(([name, { command }]) => [name, /^deno run (.*) tasks\/cli\.ts /.exec(command)?.[1]]),
    tasks.map(([name]) => [name, permissions[kindOf(name)]]),
  );
});
