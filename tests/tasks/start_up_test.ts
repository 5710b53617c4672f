/**
 * What a task loads before it works: nothing that only another task needs, and nothing of Node, which
 * alone takes as long as all the rest.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { PROJECT } from "../_support/command.ts";

/** Everything that one of these modules imports statically, and what that imports, itself included. */
function loadedBy(...roots: readonly string[]): readonly string[] {
  const reached = new Set(roots);
  for (const path of reached) {
    for (const imported of graph.get(path) ?? []) reached.add(imported);
  }
  return [...reached].sort();
}

const graph = await readGraph();

/** Static imports by the module that has them: paths in the repository, or names of other modules. */
async function readGraph(): Promise<ReadonlyMap<string, readonly string[]>> {
  const modules = new Map<string, readonly string[]>();
  const repository = `${toFileUrl(PROJECT)}/`;
  const shorten = (specifier: string) => specifier.replace(repository, "");
  for (const root of ["tasks/cli.ts", "mod.ts"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", join(PROJECT, root)],
      stderr: "null",
    }).output();
    const info = JSON.parse(new TextDecoder().decode(stdout)) as Info;
    for (const { specifier, dependencies = [] } of info.modules) {
      const imported = dependencies.flatMap(({ code, isDynamic }) =>
        code?.specifier !== undefined && isDynamic !== true ? [shorten(code.specifier)] : []
      );
      modules.set(shorten(specifier), imported);
    }
  }
  return modules;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** What each task loads on its way, as cli.ts and run_task.ts import it. */
const HELP = ["tasks/cli.ts", "tasks/_cli/table/help_text.ts"];
const READING = ["tasks/cli.ts", "tasks/_cli/run/run_task.ts"];
const SUMMARY = [...READING, "tasks/summary.ts", "lib/render/summary.ts"];
const PLANNING = [...READING, "tasks/_cli/run/planning.ts", "tasks/prune.ts", "tasks/cleanup.ts"];

Deno.test("--help loads no store, no path and no YAML", () => {
  const loaded = loadedBy(...HELP);
  assert(loaded.length > 10);
  const room = /^(tasks\/cli\.ts|tasks\/_cli\/|lib\/)|\bparse[-_]args\b/;
  assertEquals(loaded.filter((path) => !room.test(path)), []);
});

Deno.test("summary loads nothing that plans, rules, changes a store, or reads a configuration, a database or what a run has logged", () => {
  const loaded = loadedBy(...SUMMARY);
  assert(loaded.includes("tasks/_file/scan/scan.ts"));
  const others =
    /^lib\/(cleanup\/plan_|judge\/judge_(?!by_age)|backup\/plan_|policy\/config|repair\/|render\/plan)|^tasks\/_file\/(change|tracking|backups)\/|^tasks\/_file\/(own\/(journal|lock|manifest|own_directory)|\w*backup)|^tasks\/_io\/durable|^tasks\/_database\/|^tasks\/_file\/scan\/scan_models|^lib\/records\/(check_record|metric_file|trace_file)/;
  assertEquals(
    loaded.filter((path) => others.test(path) && path !== "lib/policy/config_file.ts"),
    [],
  );
});

Deno.test("verify loads nothing that repairs before it has found something", () => {
  const loaded = loadedBy(...READING, "tasks/_cli/run/show_verification.ts", "tasks/verify.ts");
  assert(loaded.includes("lib/verify/verify_snapshot.ts"));
  assertEquals(
    loaded.filter((path) => /^lib\/repair\/|^tasks\/(?:repair|plan_and_apply)\.ts/.test(path)),
    [],
  );
});

Deno.test("whoever has taken the lock of a directory has loaded what its change may need", () => {
  const loaded = loadedBy("tasks/_file/lock_file_store.ts");
  const needed = ["tasks/_file/file_backups.ts", "tasks/_file/own/metadata_history.ts"];
  assertEquals(needed.filter((path) => !loaded.includes(path)), []);
});

Deno.test("a plan loads nothing that changes a store", () => {
  const loaded = loadedBy(...PLANNING);
  assert(loaded.includes("lib/cleanup/plan_prune.ts"));
  const changing =
    /^tasks\/_file\/(change|backups)\/|^tasks\/_file\/(own\/(journal|lock|manifest)|\w*backup)/;
  assertEquals(loaded.filter((path) => changing.test(path)), []);
});

Deno.test("no task and no import of mod.ts begins with a module of Node", () => {
  const loaded = loadedBy(...HELP, ...SUMMARY, ...PLANNING, "mod.ts");
  assert(loaded.length > 100);
  assertEquals(loaded.filter((path) => path.startsWith("node:")), []);
});

Deno.test("nothing that summary loads asks for Node's process, which would load it", async () => {
  const program = `
    let asked = false;
    Object.defineProperty(globalThis, "process", { get: () => void (asked = true) });
    for (const path of Deno.args) await import(path);
    console.log(asked);`;
  const modules = SUMMARY.map((path) => toFileUrl(join(PROJECT, path)).href);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program, ...modules],
    cwd: PROJECT,
    stderr: "inherit",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "false\n");
});

Deno.test("no module has a pattern of whole strings, to read which takes longer than all else", () => {
  const own = [...graph.keys()].filter((path) => /^(?:lib|tasks)\//.test(path));
  assert(own.length > 100);
  const hasOne = (path: string) =>
    /[^\s*/]\/[a-u]*v[;,.)]/.test(Deno.readTextFileSync(join(PROJECT, path)));
  assertEquals(own.filter(hasOne), []);
});
