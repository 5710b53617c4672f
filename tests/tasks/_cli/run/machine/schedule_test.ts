import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { ApplyReport } from "../../../../../lib/plan/report.ts";
import type { TaskReport } from "../../../../../lib/report/task_report.ts";
import { deletedRun, experiment, runId } from "../../../../_support/builders.ts";
import { runTask } from "../../../../_support/command.ts";
import { tempDatabase } from "../../../../_support/database_store.ts";
import { diskStore, tempStore, writeFiles } from "../../../../_support/disk_store.ts";
import { tempDirectory } from "../../../../_support/temp_directory.ts";

const ENVIRONMENT = { HOME: "/home/kim", XDG_STATE_HOME: "/state", DENO_DIR: "/cache" };

async function runSchedule(...words: readonly string[]) {
  return await runTask("schedule", words, { environment: ENVIRONMENT });
}

Deno.test("schedule goes by mltidy.yaml, and flags win", async () => {
  await using store = await tempStore();
  const config = join(store.root, "..", "mltidy.yaml");
  await Deno.writeTextFile(
    config,
    "schedule: { every: monthly, at: 23:15, task: prune:apply }\nbackups: { directory: /backups }\n",
  );
  const json = async (...words: readonly string[]) => {
    const { code, out, err } = await runSchedule("--json", "--store", store.root, ...words);
    assertEquals(code, 0, err);
    return JSON.parse(out);
  };
  const configured = await json("--for", "cron");
  assertEquals(
    [configured.every, configured.at, configured.task, configured.name],
    ["monthly", "23:15", "prune:apply", "mltidy-prune"],
  );
  const { words, environment } = configured.command;
  assertEquals(words.slice(words.indexOf("tasks/cli.ts")), [
    ...["tasks/cli.ts", "prune", "--apply", "--force", "--quiet", "--store", store.root],
    ...["--config", config, "--backups", "/backups"],
    ...["--report", "/state/mltidy/reports/mltidy-prune.json"],
  ]);
  assertEquals(environment["DENO_DIR"], "/cache");
  const typed = await json(
    ...["--for", "systemd", "--every", "1w", "--at", "4:05", "--task", "verify", "--name", "look"],
    ...["--reports", "/reports", "--", "--severity", "error"],
  );
  assertEquals([typed.every, typed.at, typed.report], ["weekly", "04:05", "/reports/look.json"]);
  assertEquals(typed.command.words.slice(-2), ["--severity", "error"]);
});

Deno.test("schedule prints files and commands, the first of which writes these files", async () => {
  await using store = await tempStore();
  const { out } = await runSchedule(
    ...["--for", "cron", "--store", store.root, "--", "--days-old", "90"],
  );
  assertStringIncludes(out, "\n### ");
  assertStringIncludes(
    out,
    `  deno task schedule:write ${
      out.match(/### (.*)\/mltidy-cleanup\.cron/)?.[1]
    } --for cron --store ${store.root} -- --days-old 90\n`,
  );
});

/** A crontab of its own: `crontab -l` prints it, `crontab -` takes another one. */
const CRONTAB = `#!/bin/sh
case $1 in
  -l) cat "$HOME/crontab" ;;
  -) cat > "$HOME/crontab.new" && mv "$HOME/crontab.new" "$HOME/crontab" ;;
esac
`;

Deno.test("schedule:write writes the files, and says what is left to type", async () => {
  await using store = await tempStore();
  const into = join(store.outside, "units");
  const words = [into, "--for", "cron", "--store", store.root];
  const dry = await runTask("schedule:write", [...words, "-n"], { environment: ENVIRONMENT });
  assertStringIncludes(dry.out, `deno task schedule:write ${into} --for cron`);
  assertEquals([...Deno.readDirSync(store.outside)], []);
  const { code, out, err } = await runTask("schedule:write", words, { environment: ENVIRONMENT });
  assertEquals(code, 0);
  assertStringIncludes(err, `Wrote ${into}/mltidy-cleanup.cron\n`);
  const command = out.match(/^ {2}(crontab .*\| crontab -)$/m)![1]!;
  writeFiles(store.outside, { "bin/crontab": CRONTAB, "crontab": "0 1 * * * mine\n" });
  Deno.chmodSync(join(store.outside, "bin/crontab"), 0o755);
  const env = { PATH: `${join(store.outside, "bin")}:/usr/bin:/bin`, HOME: store.outside };
  const entry = Deno.readTextFileSync(join(into, "mltidy-cleanup.cron"));
  for (const time of ["first", "again"]) {
    const typed = await new Deno.Command("/bin/sh", { args: ["-c", command], env }).output();
    assertEquals([time, typed.code], [time, 0]);
    assertEquals(
      Deno.readTextFileSync(join(store.outside, "crontab")),
      `0 1 * * * mine\n${entry}`,
    );
  }
  assert(!out.includes("###"));
});

Deno.test("what schedule starts has the rights that it needs, also for backups elsewhere", async () => {
  await using store = await diskStore();
  const run = join("1", "a".repeat(32));
  await Deno.mkdir(join(store.root, run, "tags"), { recursive: true });
  const backups = join(store.outside, "backups");
  const reports = join(store.outside, "reports");
  for (const directory of [backups, reports]) await Deno.mkdir(directory);
  const { code, out, err } = await runSchedule(
    ...["--json", "--for", "cron", "--store", store.root, "--backups", backups],
    ...["--reports", reports, "--", "--settle", "0m"],
  );
  assertEquals(code, 0, err);
  const { program, words, directory, environment } = JSON.parse(out).command;
  const cache = Deno.env.get("DENO_DIR");
  const started = await new Deno.Command(program, {
    args: words,
    cwd: directory,
    env: { ...environment, DENO_DIR: cache ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno") },
  }).output();
  assertEquals(started.code, 0, new TextDecoder().decode(started.stderr));
  assertEquals([...Deno.readDirSync(store.root)].some(({ name }) => name === "1"), false);
});

Deno.test("what schedule starts purges from a database with artifacts, and leaves those of an experiment that has a place of its own", async () => {
  const deletedTime = Date.UTC(2024, 1, 1);
  const gone = (id: number) => deletedRun({ id: runId(id), startTime: 0, endTime: 1, deletedTime });
  await using database = await tempDatabase({
    experiments: [1, 2].map((id) => experiment({ id: `${id}`, runs: [gone(id)] })),
  }, { artifacts: true, onDisk: true });
  await using odd = await tempDirectory();
  await using reports = await tempDirectory();
  const own = join(odd.path, runId(2), "artifacts");
  await Deno.mkdir(own, { recursive: true });
  database.execute(
    `UPDATE experiments SET artifact_location = '${odd.path}' WHERE experiment_id = 2;
    UPDATE runs SET artifact_uri = '${own}' WHERE run_uuid = '${runId(2)}'`,
  );
  const { code, out, err } = await runSchedule(
    ...["--json", "--for", "cron", "--store", database.uri, "--reports", reports.path],
  );
  assertEquals(code, 0, err);
  const { program, words, directory, environment } = JSON.parse(out).command;
  // Where that place came to be known later, a task that may not look there leaves it just so.
  const args = words.map((word: string) => word.replace(`,${odd.path}`, ""));
  assert(words.join() !== args.join(), words.join());
  const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");
  const env = { ...environment, DENO_DIR: cache };
  await new Deno.Command(program, { args, cwd: directory, env }).output();
  const { exitCode, error, result }: TaskReport = JSON.parse(
    Deno.readTextFileSync(join(reports.path, "mltidy-cleanup.json")),
  );
  const { outcomes } = result as ApplyReport;
  assertEquals([exitCode, error, outcomes.map(({ outcome }) => outcome)], [
    ...[0, null, ["applied", "applied"]],
  ]);
  assertEquals(outcomes.map((one) => one.outcome === "applied" ? one.stays : null), [
    undefined,
    `its artifacts stay in ${own}: expected them below ${database.artifacts}, as MLflow makes them`,
  ]);
  assertEquals([...Deno.readDirSync(join(database.artifacts, "1"))], []);
  assertEquals([...Deno.readDirSync(odd.path)].map(({ name }) => name), [runId(2)]);
});

Deno.test("schedule refuses what the task would refuse in its first night", async () => {
  await using store = await tempStore();
  const at = ["--store", store.root];
  const cases: readonly (readonly [words: readonly string[], says: string])[] = [
    [
      ["--every", "2w"],
      'Cannot use "2w" for --every: expected daily, weekly, monthly, or a weekday',
    ],
    [["--at", "25:00"], 'Cannot use "25:00" for --at: expected a time of the day such as 03:30'],
    [["--task", "restore"], 'Cannot use "restore" for --task: expected cleanup:apply or '],
    [["--name", "a b"], 'Cannot use "a b" for --name: expected small letters, digits and dashes'],
    [["--for", "anacron"], 'Cannot use "anacron" for --for: expected systemd or '],
    [["--", "--days-odl", "9"], 'Unknown flag "--days-odl" for cleanup: did you mean --days-old?'],
    [["--", "--json"], "Cannot use --json behind --"],
    [["--", "--store=/x"], "Cannot use --store=/x behind --"],
    [["--", "--max-share", "50%"], "Cannot use --max-share: there is no mltidy.yaml whose limits"],
    [["--days-old", "9"], 'Unknown flag "--days-old" for schedule'],
    [["now"], 'Unexpected argument "now" of schedule: --store has a value already'],
  ];
  for (const [words, says] of cases) {
    const { code, err } = await runSchedule("--quiet", ...at, ...words);
    assertEquals([code, err.slice(0, says.length)], [2, says]);
  }
  const { code, err } = await runTask("schedule:write", at, { environment: ENVIRONMENT });
  assertEquals([code, err.split(";")[0]], [
    2,
    "Missing argument of schedule:write: expected deno task schedule:write DIR\n",
  ]);
});
