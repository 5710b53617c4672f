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
const PROCESSORS = navigator.hardwareConcurrency;
/** Enough for the processors to be done at the same time, few enough to load the program seldom. */
const SHARES = 4 * PROCESSORS;
const OPTIONS = [
  "--lock=tests/deno.lock",
  "--config=deno.json",
  "--no-check",
  "--parallel",
  "--reporter=dot",
];

/** What has a task of its own, and what holds no tests. */
const APART = ["bench", "faults", "machine", "mlflow", "power", "testdata", "web"];

/** The longest files first, which on the whole take longest: begun last, one would keep a processor alone. */
function inOrder(tests: readonly string[]): readonly string[] {
  const sizes = new Map(tests.map((path) => [path, Deno.statSync(path).size]));
  return tests.toSorted((one, other) => sizes.get(other)! - sizes.get(one)!);
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
  { jobs, stdout }: { readonly jobs: number; readonly stdout: "inherit" | "piped" },
): Promise<Ended> {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-tests-" });
  try {
    writeShares(tests, directory);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", ...OPTIONS, ...permissions, ...Deno.args, directory],
      cwd: join(TESTS, ".."),
      env: { DENO_JOBS: `${jobs}` },
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
const [pure, acting] = await Promise.all([
  // What is pure shows it by running without a single permission.
  run(["--no-prompt"], testsIn(join(TESTS, "lib")), { jobs: PROCESSORS, stdout: "piped" }),
  // Tests of tasks wait for disks and processes, those of decisions for nothing: so both go at once, and of
  // these one more than there are processors.
  run(["--allow-all"], folders.flatMap((name) => testsIn(join(TESTS, name))), {
    jobs: PROCESSORS + 1,
    stdout: "inherit",
  }),
]);
Deno.stdout.writeSync(pure.out);
if (!pure.success || !acting.success) Deno.exit(1);
