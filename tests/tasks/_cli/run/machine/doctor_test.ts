import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import type { Examination } from "../../../../../lib/doctor/examination.ts";
import { experiment, run } from "../../../../_support/builders.ts";
import { runTask, startTask } from "../../../../_support/command.ts";
import { tempDatabase } from "../../../../_support/database_store.ts";
import { diskStore } from "../../../../_support/disk_store.ts";
import { startMlflowDouble } from "../../../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../../../_support/temp_directory.ts";

/** What `doctor --json` shows, by part, and how it ended. */
async function examined(
  words: readonly string[],
  options: Parameters<typeof runTask>[2] = {},
): Promise<
  { readonly code: number; readonly parts: ReadonlyMap<string, Examination["parts"][number]> }
> {
  const { code, out } = await runTask("doctor", [...words, "--json"], options);
  const { schema, parts }: Examination = JSON.parse(out);
  assertEquals(schema, "mltidy/doctor/v1");
  return { code, parts: new Map(parts.map((part) => [part.part, part])) };
}

const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
const HISTORY = { experiments: [experiment({ runs: [run({ startTime, endTime })] })] };

Deno.test("doctor looks at a store of any kind, and finds nothing to complain of", async () => {
  await using files = await diskStore(HISTORY);
  await using server = await startMlflowDouble(HISTORY);
  await using directory = await memoryDirectory();
  await using database = await tempDatabase(HISTORY);
  const environment = { HOME: directory.path };
  for (
    const [store, kind] of [
      [files.root, "files"],
      [server.uri, "server"],
      [database.path, "sqlite"],
    ] as const
  ) {
    const { code, parts } = await examined(["--store", store], {
      directory: directory.path,
      environment,
    });
    const problems = [...parts.values()].filter(({ problem }) => problem !== null);
    assertEquals([code, problems], [0, []]);
    assertEquals(parts.get("store")?.facts["kind"], kind);
    assertEquals(parts.get("contents")?.facts["runs"], 1);
    assertEquals(parts.get("lock")?.facts, { heldBy: null });
    assertEquals(parts.get("changes")?.facts, { cutOff: [], staged: 0 });
    assertEquals(parts.has("fileSystem"), kind !== "server");
  }
});

Deno.test("doctor shows what was applied, what it takes, what has run last, and who was told of it", async () => {
  await using store = await diskStore(HISTORY);
  const directory = dirname(store.root);
  const report = join(directory, ".local/state/mltidy/reports/cleanup.json");
  await Deno.mkdir(dirname(report), { recursive: true });
  const options = { directory, environment: { HOME: directory } };
  await runTask("cleanup:apply", ["--force", "--quiet", "--report", report], options);
  const { parts } = await examined([], options);
  assertEquals(parts.get("choice")?.facts, {
    store: store.root,
    chosen: "by default",
    trackingUriNames: null,
  });
  const { changes, copies, newestAt } = parts.get("backups")?.facts ?? {};
  assertEquals([changes, copies, typeof newestAt], [1, 0, "number"]);
  const { path, task, exitCode } = parts.get("report")?.facts ?? {};
  assertEquals([path, task, exitCode], [report, "cleanup:apply", 0]);
  const told = report.replace(".json", ".told.json");
  const words = [report, "--quiet", "--told", told];
  const { err } = await runTask("notify", words, options);
  const { writtenAt, ...kept } = (await examined([], options)).parts.get("told")?.facts ?? {};
  assertEquals([kept, typeof writtenAt], [
    { path: told, told: [], notTold: [err.trimEnd()] },
    "number",
  ]);
});

Deno.test("doctor says of each part that fails why, goes on, and shows no secret", async () => {
  await using store = await diskStore(HISTORY);
  const directory = dirname(store.root);
  await Deno.writeTextFile(
    join(directory, "mltidy.yaml"),
    "notify:\n  slack: https://hooks.example.org/hunter2\n",
  );
  const options = {
    directory,
    environment: { HOME: directory, MLFLOW_TRACKING_PASSWORD: "hunter2" },
  };
  const { code, parts } = await examined([], options);
  assertEquals(code, 3);
  assert(parts.get("configuration")?.problem?.includes("mltidy.yaml:2: Cannot use what stands"));
  assertEquals(parts.get("store")?.problem, null);
  assertEquals(parts.get("environment")?.facts["set"], ["MLFLOW_TRACKING_PASSWORD"]);
  const gone = await examined(["--store", "http://kim:hunter2@host.invalid:5000"], options);
  assertEquals(gone.code, 3);
  assert(gone.parts.get("store")?.problem?.includes("host.invalid"));
  assert(gone.parts.has("schedule") && gone.parts.has("report"));
  for (const words of [[], ["--store", "http://kim:hunter2@host.invalid:5000"]]) {
    const { out, err } = await runTask("doctor", words, options);
    assert(!/hunter2/.test(out + err), out + err);
    assert(/^ {2}PROBLEM {2}/m.test(out));
  }
});

Deno.test("doctor runs with the rights that deno.json gives it", async () => {
  await using store = await diskStore(HISTORY);
  const { code, out, err } = await startTask("doctor", [], { directory: dirname(store.root) });
  assertEquals([code, err], [0, ""], out);
  assert(/^ {2}write store +no$/m.test(out) && /^File system\n {2}kind /m.test(out), out);
});
