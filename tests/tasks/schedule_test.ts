// deno-lint-ignore-file no-console -- a skipped test says why.
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { dirname, join } from "@std/path";
import manifest from "../../deno.json" with { type: "json" };
import { InvalidArgumentError } from "../../lib/errors.ts";
import { isCached } from "../../lib/schedule/scheduled_command.ts";
import { readConfig } from "../../lib/policy/config.ts";
import { INTERVALS } from "../../lib/policy/scheduled_task.ts";
import { SCHEDULERS } from "../../lib/schedule/schedule.ts";
import { calendarOf, prepareSystemd } from "../../lib/schedule/systemd.ts";
import { schedule, writeSchedule } from "../../tasks/schedule.ts";
import { PROJECT } from "../_support/command.ts";
import { SCHEDULE, TOLD } from "../_support/schedules.ts";
import { tempDirectory } from "../_support/temp_directory.ts";

const MACHINE = { home: "/home/kim", isRoot: false };
const STORE = {
  describe: () => ({ location: "/data/mlruns" }),
  read: () => Promise.reject(new Error("nothing is read of a directory")),
};

/** A database whose experiments name a place on this machine, where something is or not. */
function databaseWith(artifactRoot: string | null) {
  const experiments = [{ id: "1", artifactLocation: "file:///srv/artifacts/1" }];
  return {
    describe: () => ({ location: "postgresql://db/mlflow" }),
    read: () => Promise.resolve({ backend: { artifactRoot }, experiments }),
  };
}

/** Runs a program of systemd's, which needs no systemd at work; `null` where there is none. */
async function analyze(...words: readonly string[]): Promise<string | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: [...words],
      env: { XDG_RUNTIME_DIR: "/", SYSTEMD_LOG_LEVEL: "info" },
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    return code === 0 ? said : `${said}exit code ${code}`;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("Skipped: there is no systemd-analyze; apt-get install systemd");
    return null;
  }
}

Deno.test("schedule() prepares a clean-up each Sunday, by this Deno and from this clone", async () => {
  const { files, steps, notes, ...report } = await schedule(STORE, {
    for: "systemd",
    machine: MACHINE,
  });
  assertEquals(report, {
    schema: "mltidy/schedule/v1",
    for: "systemd",
    name: "mltidy-cleanup",
    task: "cleanup:apply",
    every: "weekly",
    at: "03:30",
    store: "/data/mlruns",
    report: "/home/kim/.local/state/mltidy/reports/mltidy-cleanup.json",
    directory: "/home/kim/.config/systemd/user",
    checks: report.checks,
    command: report.command,
  });
  assertEquals(report.command.program, Deno.execPath());
  const { command } = manifest.tasks["cleanup:apply"];
  assertStringIncludes(command, ` ${report.command.words.slice(0, 3).join(" ")} `);
  assertEquals(report.command.directory, PROJECT);
  assertEquals(files.map(({ name }) => name), ["mltidy-cleanup.service", "mltidy-cleanup.timer"]);
  assertEquals(steps[0]?.command, "mkdir -p /home/kim/.local/state/mltidy/reports");
  assertEquals(
    notes.some((note) => note.startsWith("Deno lies in a cache")),
    isCached(Deno.execPath()),
  );
});

Deno.test("schedule() prepares for every scheduler, as the root account and another", async () => {
  for (const one of SCHEDULERS) {
    for (const isRoot of [true, false]) {
      const machine = { ...MACHINE, isRoot };
      const { directory, files, steps } = await schedule(STORE, { for: one, machine });
      assert(directory !== "" && files.length > 0 && steps.length > 0);
      for (const { text } of files) assertStringIncludes(text.slice(0, 400), "Made by mltidy");
    }
  }
});

Deno.test("schedule() lets the root account's task keep what undoes a change where that account looks for it", async () => {
  for (const root of ["/srv/artifacts", null]) {
    const { command, steps, report } = await schedule(databaseWith(root), {
      for: "cron",
      machine: { home: "/root", isRoot: true },
    });
    assertEquals(command.environment["XDG_STATE_HOME"], "/root/.local/state");
    assertEquals(report, "/var/lib/mltidy/reports/mltidy-cleanup.json");
    const made = root === null ? "" : ` ${root}`;
    assertEquals(
      steps[0]?.command,
      `mkdir -p /root/.local/state/mltidy${made} /var/lib/mltidy/reports`,
    );
    assertMatch(command.words.join(" "), /--allow-read=\S+,\/srv\b/);
  }
});

Deno.test("schedule() lets a task look where an experiment has its artifacts at a place of its own, and says of buckets what keeps them", async () => {
  const of = async (...locations: readonly string[]) => {
    const experiments = locations.map((artifactLocation, index) => ({
      id: `${index + 1}`,
      artifactLocation,
    }));
    const { command, notes } = await schedule({
      describe: () => ({ location: "postgresql://db/mlflow" }),
      read: () => Promise.resolve({ backend: { artifactRoot: "/srv/artifacts" }, experiments }),
    }, { for: "systemd", machine: MACHINE });
    const [read = "", write = ""] = ["read", "write"].map((kind) =>
      command.words.find((word) => word.startsWith(`--allow-${kind}=`))
    );
    return { read: read.split(","), write, notes: notes.filter((note) => /bucket/.test(note)) };
  };
  const odd = await of("/srv/artifacts/1", "file:///odd/vision", "gs://odd/3");
  assertEquals(odd.read.at(-1), "/odd/vision");
  assertEquals([odd.read.includes("/srv"), odd.notes], [true, []]);
  assertEquals(/odd/.test(odd.write), false);
  const { notes: [note = ""] } = await of("/srv/artifacts/1", "s3://bucket/a/2");
  assertStringIncludes(note, "Artifacts in a bucket, such as s3://bucket/a, stay");
  const { notes: [served = ""] } = await of("/srv/artifacts/1", "mlflow-artifacts:/2");
  assertStringIncludes(served, "Artifacts behind a server, such as mlflow-artifacts:/2, stay");
});

Deno.test("schedule() refuses what nobody would see in a file, and an account without a home", async () => {
  const describe = () => ({ location: "/data/\u202emlruns" });
  await assertRejects(
    () => schedule({ ...STORE, describe }, { for: "cron", machine: MACHINE }),
    InvalidArgumentError,
    "control character",
  );
  for (const into of ["/home/kim/a\nb", "/home/kim/a\u202eb"]) {
    await assertRejects(
      () => schedule(STORE, { into, machine: MACHINE }),
      InvalidArgumentError,
      "control character",
    );
  }
  const { notify } = readConfig(
    String.raw`notify: { slack: { url: { file: "/run/a\nExecStartPre=/bin/sh" } } }`,
    "mltidy.yaml",
  );
  await assertRejects(
    () => schedule(STORE, { for: "systemd", config: "/a/mltidy.yaml", notify, machine: MACHINE }),
    InvalidArgumentError,
    "control character",
  );
  await assertRejects(
    () => schedule(STORE, { machine: { home: null, isRoot: false } }),
    InvalidArgumentError,
    "HOME is not set",
  );
});

Deno.test("writeSchedule() replaces what mltidy has made, and nothing else", async () => {
  await using directory = await tempDirectory();
  const into = join(directory.path, "new", "units");
  const path = join(into, "a.cron");
  const made = (text: string) => ({
    files: [{ name: "a.cron", text: `# Made by mltidy\n${text}` }],
  });
  const outcome = async (text: string) => (await writeSchedule(made(text), into))[0]?.outcome;
  assertEquals([await outcome("1"), await outcome("1"), await outcome("2")], [
    "written",
    "unchanged",
    "replaced",
  ]);
  await Deno.writeTextFile(path, "0 0 * * * mine\n");
  await assertRejects(
    () => outcome("3"),
    InvalidArgumentError,
    `Cannot write ${path}: it is there`,
  );
  assertEquals(await Deno.readTextFile(path), "0 0 * * * mine\n");
});

Deno.test("writeSchedule() writes through no link, over nobody's file beside its own, and waits for no pipe", async () => {
  await using directory = await tempDirectory();
  const at = (name: string) => join(directory.path, name);
  const prepared = { files: [{ name: "a.cron", text: "# Made by mltidy\n" }] };
  await Deno.writeTextFile(at("precious"), "mine");
  await Deno.writeTextFile(at("a.cron.new"), "mine");
  await writeSchedule(prepared, directory.path);
  assertEquals(await Deno.readTextFile(at("a.cron.new")), "mine");
  await Deno.remove(at("a.cron.new"));
  await Deno.remove(at("a.cron"));
  await Deno.symlink("precious", at("a.cron.new"));
  await Deno.symlink("precious", at(`.a.cron.${Deno.pid}.new`));
  await writeSchedule(prepared, directory.path);
  assertEquals(await Deno.readTextFile(at("precious")), "mine");
  assertEquals(await Deno.readTextFile(at("a.cron")), "# Made by mltidy\n");
  await Deno.remove(at("a.cron"));
  for (const args of [["-s", "/dev/zero", "a.cron"], null]) {
    const command = args === null ? "mkfifo" : "ln";
    await new Deno.Command(command, { args: args ?? ["a.cron"], cwd: directory.path }).output();
    await assertRejects(
      () => writeSchedule(prepared, directory.path),
      InvalidArgumentError,
      "mltidy has not made it",
    );
    await Deno.remove(at("a.cron"));
  }
  // Whoever may write where it lies need not be trusted by whoever installs it.
  await Deno.chmod(directory.path, 0o1777);
  await writeSchedule(prepared, directory.path);
  assertEquals((await Deno.stat(at("a.cron"))).mode! & 0o777, 0o644);
});

Deno.test("systemd-analyze verify has nothing to say of any unit", async () => {
  await using directory = await tempDirectory();
  const program = Deno.execPath();
  const own = `${directory.path}/a b%c"d'e$f`;
  const base = {
    command: { ...SCHEDULE.command, program, directory: PROJECT },
    telling: { ...TOLD.telling!, program, directory: PROJECT },
    secrets: TOLD.secrets,
  };
  for (const isSystem of [true, false]) {
    for (const [name, every] of [["plain", "monthly"], ["odd", "friday"]] as const) {
      const writes = name === "odd" ? [own, dirname(own)] : [directory.path];
      const { files } = prepareSystemd({ ...SCHEDULE, ...base, name, every, isSystem, writes });
      await writeSchedule({ files }, directory.path);
      const paths = files.map((file) => join(directory.path, file.name));
      const said = await analyze(isSystem ? "--system" : "--user", "verify", ...paths);
      if (said === null) return;
      assertEquals(said, "", `${name} ${isSystem}`);
    }
  }
  const wrong = join(directory.path, "wrong.service");
  await Deno.writeTextFile(wrong, `[Service]\nType=oneshot\nExecStart=${program}\nNise=19\n`);
  assertStringIncludes(await analyze("--user", "verify", wrong) ?? "", "Nise");
});

Deno.test("systemd-analyze calendar knows a next time for every interval", async () => {
  const times = INTERVALS.map((every) => calendarOf({ every, at: "03:30" }));
  const said = await analyze("calendar", "--base-time=2026-11-30 12:00:00 UTC", ...times);
  if (said === null) return;
  assertEquals(said.match(/Next elapse: .* 03:30:00/g)?.length, times.length, said);
  const monthly = said.split("Normalized form: ").find((one) => one.startsWith("*-*-01"));
  assertMatch(monthly ?? "", /Next elapse: Tue 2026-12-01 03:30:00/);
});
