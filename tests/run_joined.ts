/**
 * Runs all tests but the long ones, many files in one worker: Deno loads the program anew for every file that
 * it is given, and that took longer than the tests. Flags are handed on to `deno test`.
 *
 * ```
 * deno run -A tests/run_joined.ts
 * deno run -A tests/run_joined.ts --filter "restore()"
 * ```
 *
 * @module
 */

import { join, toFileUrl } from "@std/path";

const TESTS = import.meta.dirname!;
/** Enough for the processors to be done at the same time, few enough to load the program seldom. */
const SHARES = 4 * navigator.hardwareConcurrency;
const OPTIONS = [
  "--lock=tests/deno.lock",
  "--config=deno.json",
  "--no-check",
  "--parallel",
  "--reporter=dot",
];

/** What has a task of its own, and what holds no tests. */
const APART = ["bench", "faults", "machine", "mlflow", "power", "testdata", "web"];

/**
 * What takes longest, first: begun last, it would keep one processor alone. What is missing here costs time,
 * and nothing else.
 */
const LONGEST = [
  "lib/laws_test.ts",
  "lib/records/meta_record_test.ts",
  "lib/plan/parse_plan_test.ts",
  "lib/policy_laws_test.ts",
  "lib/judge/judge_snapshot_test.ts",
  "lib/yaml/meta_yaml_test.ts",
  "lib/cleanup/find_stops_test.ts",
  "lib/render/mod_test.ts",
  "lib/repair/rebuild_run_meta_test.ts",
  "tasks/_file/scan/inspect_store_test.ts",
  "tasks/_file/scan/scan_shares_test.ts",
  "tasks/repair_test.ts",
  "tasks/cli_demo_store_test.ts",
  "tasks/apply_plan_test.ts",
  "tasks/demo_test.ts",
  "tasks/cli_test.ts",
  "readme_test.ts",
  "tasks/_cli/run/next_command_test.ts",
  "tasks/ports/tracking_test.ts",
  "tasks/_cli/run/planning_test.ts",
  "tasks/cli_repair_test.ts",
  "tasks/random_damage_test.ts",
  "examples_test.ts",
  "tasks/cli_streams_test.ts",
  "tasks/_file/backups/undo_parts_test.ts",
  "tasks/cli_terminal_test.ts",
  "tasks/cli_bad_input_test.ts",
  "tasks/_database/database_store_test.ts",
].map((path) => join(TESTS, path));

function inOrder(tests: readonly string[]): readonly string[] {
  const long = LONGEST.filter((path) => tests.includes(path));
  return [...long, ...tests.filter((path) => !long.includes(path))];
}

function testsIn(path: string): readonly string[] {
  if (path.endsWith("_test.ts")) return [path];
  if (!Deno.statSync(path).isDirectory) return [];
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  return names.flatMap((name) => testsIn(join(path, name)));
}

/** Writes files that import the tests, each a share of them. */
function writeShares(tests: readonly string[], directory: string): void {
  const shares = Map.groupBy(inOrder(tests).entries(), ([index]) => index % SHARES);
  for (const [share, entries] of shares) {
    const imports = entries.map(([, path]) => `import ${JSON.stringify(toFileUrl(path).href)};\n`);
    // Deno begins them by their names.
    const name = `share_${String(share + 1).padStart(3, "0")}_test.ts`;
    Deno.writeTextFileSync(join(directory, name), imports.join(""));
  }
}

/** What it printed, where that was kept, and whether all tests have passed. */
interface Ended {
  readonly success: boolean;
  readonly out: Uint8Array;
}

async function run(
  permissions: readonly string[],
  tests: readonly string[],
  stdout: "inherit" | "piped",
): Promise<Ended> {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-tests-" });
  try {
    writeShares(tests, directory);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", ...OPTIONS, ...permissions, ...Deno.args, directory],
      cwd: join(TESTS, ".."),
      stdin: "null",
      stdout,
    }).spawn();
    const out = stdout === "piped" ? await child.stdout.bytes() : new Uint8Array();
    return { success: (await child.status).success, out };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const folders = Array.from(Deno.readDirSync(TESTS), ({ name }) => name).sort()
  .filter((name) => !APART.includes(name) && name !== "lib");
// Both at once: tests of tasks wait for disks and processes, those of decisions for nothing.
const [pure, acting] = await Promise.all([
  // What is pure shows it by running without a single permission.
  run(["--no-prompt"], testsIn(join(TESTS, "lib")), "piped"),
  run(["--allow-all"], folders.flatMap((name) => testsIn(join(TESTS, name))), "inherit"),
]);
Deno.stdout.writeSync(pure.out);
if (!pure.success || !acting.success) Deno.exit(1);
