// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * A week in a minute: what `schedule` prints for cron and for systemd is started as it stands, again and again,
 * with the clock moved on by a day, on a store that grows; beside itself, killed, where no room is left, and where
 * whoever is told never answers.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { readConfig } from "../../lib/policy/config.ts";
import type { TaskReport } from "../../lib/report/task_report.ts";
import type { Scheduler } from "../../lib/schedule/schedule.ts";
import { acquireLock } from "../../tasks/_file/own/lock.ts";
import { ownPaths } from "../../tasks/_file/own/own_paths.ts";
import { schedule, type ScheduleReport, writeSchedule } from "../../tasks/schedule.ts";
import { openStore } from "../../tasks/open_store.ts";
import { DAY, experiment, HOUR, run, runId } from "../_support/builders.ts";
import { depth } from "../_support/depth.ts";
import { type StorePlace, writeStore } from "../_support/disk_store.ts";
import { cronEntry, unitValues, unitWords, withoutWaiting } from "../_support/schedules.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { startWebhookDouble } from "../_support/webhook_double.ts";

const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const DENO_CACHE = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");
const DAYS = depth(10, 10);

const canMove = await Deno.stat(FAKETIME).then(() => true, () => false);
if (!canMove) console.error("Skipping a week in a minute: apt-get install faketime");

/** How a start has ended. */
interface Ended {
  readonly code: number;
  readonly said: string;
}

/** What is installed somewhere, and how it is started. */
interface Installed extends StorePlace {
  readonly report: string;
  /** Starts it some days from now. */
  readonly start: (day?: number) => Deno.ChildProcess;
  /** Starts what tells of it, where that is a command of its own. */
  readonly tell: (code: number) => Deno.ChildProcess | null;
}

async function endOf(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { code, said: said.replace(/^\S+Z /gm, "") };
}

/** Starts what stands in the files as the scheduler does: with nothing in the environment that it does not say. */
function starter(
  kind: Scheduler,
  { files, command: { program } }: ScheduleReport,
  home: string,
): Pick<Installed, "start" | "tell"> {
  const [{ text = "" } = {}, script] = files;
  const options = { clearEnv: true, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const clock = (day: number) =>
    day === 0 ? {} : { LD_PRELOAD: FAKETIME, FAKETIME: `+${day}d`, NO_FAKE_STAT: "1" };
  if (kind === "cron") {
    const { command } = cronEntry(text);
    const args = ["-c", script === undefined ? withoutWaiting(command) : command];
    const env = { HOME: home, LOGNAME: "kim", SHELL: "/bin/sh", PATH: "/usr/bin:/bin" };
    return {
      start: (day = 0) =>
        new Deno.Command("/bin/sh", {
          ...{ args, cwd: home, env: { ...env, ...clock(day) }, ...options },
        }).spawn(),
      tell: () => null,
    };
  }
  const variables = unitValues(text, "Environment").flatMap((one) => unitWords(one))
    .map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]);
  const spawn = (line: string, known: Readonly<Record<string, string>>, day = 0) => {
    const [first = "", ...args] = unitWords(line, known);
    assertEquals(first, program);
    return new Deno.Command(program, {
      ...{ args, env: { ...Object.fromEntries(variables), ...clock(day) }, ...options },
      cwd: unitValues(text, "WorkingDirectory")[0]!.replaceAll("%%", "%"),
    }).spawn();
  };
  return {
    start: (day) => spawn(unitValues(text, "ExecStart")[0] ?? "", {}, day),
    tell: (code) => {
      const [line] = unitValues(text, "ExecStopPost");
      return line === undefined ? null : spawn(line.slice(1), { EXIT_STATUS: `${code}` });
    },
  };
}

/** A store with a name that has to be quoted, and a schedule of its clean-up. */
async function install(
  kind: Scheduler,
  directory: string,
  init: Parameters<typeof writeStore>[1],
  { reports = join(directory, "reports"), yaml }: {
    readonly reports?: string;
    /** The configuration beside the store. */
    readonly yaml?: string;
  } = {},
): Promise<Installed> {
  const odd = join(directory, `50% of "kim's" 한글`);
  const place = { root: join(odd, "mlruns"), outside: join(odd, "outside") };
  await Deno.mkdir(odd);
  await Deno.mkdir(reports, { recursive: true });
  writeStore(place, init);
  const config = yaml === undefined ? null : join(odd, "mltidy.yaml");
  if (yaml !== undefined) await Deno.writeTextFile(join(odd, "mltidy.yaml"), yaml);
  await using store = await openStore(place.root);
  const into = join(directory, "units");
  const prepared = await schedule(store, {
    for: kind,
    every: "daily",
    flags: [
      ...["--days-old", "3", "--purge-after", "2d"],
      ...(yaml === undefined ? [] : ["--max-share", "100%"]),
    ],
    ...{ reports, config, into },
    ...(yaml === undefined ? {} : { notify: readConfig(yaml, "mltidy.yaml").notify }),
    machine: { home: directory, isRoot: false, denoCache: DENO_CACHE },
  });
  const [first, ...scripts] = prepared.files;
  const unhurried = kind === "cron"
    ? scripts.map(({ name, text }) => ({ name, text: withoutWaiting(text) }))
    : scripts;
  await writeSchedule({ files: [first!, ...unhurried] }, into);
  return { ...place, report: prepared.report, ...starter(kind, prepared, directory) };
}

function readReport({ report }: Installed): TaskReport & { readonly result: ApplyReport | null } {
  return JSON.parse(Deno.readTextFileSync(report));
}

function reportsOf({ report }: Installed): readonly string[] {
  return [...Deno.readDirSync(join(report, ".."))].map(({ name }) => name).sort();
}

/** What is done by kind. */
function doneBy({ result }: ReturnType<typeof readReport>): Readonly<Record<string, number>> {
  const kinds = result?.outcomes.filter(({ outcome }) => outcome === "applied") ?? [];
  return Object.fromEntries(
    [...Map.groupBy(kinds, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]),
  );
}

for (const kind of ["cron", "systemd"] as const) {
  Deno.test({
    name: `a week by ${kind}: each day has its report, its exit code and its words`,
    ignore: !canMove,
    fn: async () => {
      await using directory = await tempDirectory();
      const now = Date.now();
      const runs = Array.from({ length: DAYS }, (_, day) => {
        const endTime = now + day * DAY - HOUR;
        return run({ id: runId(day + 1), name: `day-${day}`, startTime: endTime - HOUR, endTime });
      });
      const installed = await install(kind, directory.path, {
        experiments: [experiment({ id: "1", runs })],
      });
      const place = (day: number) => join(installed.root, "1", runId(day + 1));
      const later = (day: number) => join(installed.outside, `${day}`);
      for (let day = 0; day < DAYS; day++) await Deno.rename(place(day), later(day));
      for (let day = 0; day < DAYS; day++) {
        await Deno.rename(later(day), place(day));
        const { code, said } = await endOf(installed.start(day));
        assert(reportsOf(installed).includes("mltidy-cleanup.json"), said);
        const report = readReport(installed);
        assertEquals([code, report.exitCode, report.error], [0, 0, null], said);
        assertEquals(doneBy(report), {
          ...(day >= 3 ? { "soft-delete-run": 1 } : {}),
          ...(day >= 5 ? { "purge-run": 1 } : {}),
        }, `day ${day}`);
        assertEquals(report.runs, {
          before: { active: Math.min(day + 1, 4), deleted: Math.min(Math.max(day - 3, 0), 2) },
          after: {
            active: Math.min(day + 1, 3),
            deleted: Math.min(Math.max(day - 2, 0), 2),
          },
        }, `day ${day}`);
        assertEquals(said === "", day < 3, said);
        if (day >= 3) assertStringIncludes(said, `To undo: ${report.undo}`);
        assertEquals(reportsOf(installed).length, day + 1);
        const age = report.startedAt - now - day * DAY;
        assert(age >= 0 && age < HOUR, `${age}`);
      }
    },
  });

  Deno.test({
    name: `two starts by ${kind} at once: one waits for its next time, which is no failure`,
    fn: async () => {
      await using directory = await tempDirectory();
      const installed = await install(kind, directory.path, { experiments: [oldRuns(40)] });
      {
        using _lock = acquireLock(installed.root, "cleanup", Date.now());
        const { code, said } = await endOf(installed.start());
        const { exitCode, error } = readReport(installed);
        // What systemd takes for a success stands in the unit.
        assertEquals([code, exitCode], [kind === "cron" ? 0 : 11, 11], said);
        assertEquals(`${error?.message}\n`, said);
      }
      const [one, other] = [installed.start(), installed.start()];
      const codes = (await Promise.all([endOf(one), endOf(other)])).map(({ code }) => code);
      assertEquals(codes.filter((code) => code !== 0 && code !== 11), []);
      const all = reportsOf(installed).map((name): TaskReport & { result: ApplyReport | null } =>
        JSON.parse(Deno.readTextFileSync(join(installed.report, "..", name)))
      );
      assertEquals(all.length, 3);
      const applied = all.map(({ result }) => result?.totals.applied ?? 0);
      assertEquals(applied.reduce((sum, count) => sum + count, 0), 40);
    },
  });

  Deno.test({
    name: `a start by ${kind} that is killed leaves no report, and the next one tells of it`,
    fn: async () => {
      await using directory = await tempDirectory();
      const installed = await install(kind, directory.path, { experiments: [oldRuns(80)] });
      // Nothing is written over but an earlier report.
      Deno.writeTextFileSync(installed.report, '{"schema":"mltidy/report/v1"}\n');
      const child = installed.start();
      const output = endOf(child);
      await killInChange(installed.root, () =>
        // Of cron it is the task that is killed, and not its shell.
        kind === "cron" ? childrenOf(child.pid) : [child.pid]);
      assertEquals((await output).code, 137);
      assertEquals(reportsOf(installed).filter((name) => name === "mltidy-cleanup.json"), []);
      const { code, said } = await endOf(installed.start());
      const { exitCode, settled, runs } = readReport(installed);
      assertEquals([code, exitCode], [0, 0], said);
      assertEquals(settled.map(({ task, collisions }) => [task, collisions]), [["cleanup", []]]);
      assertEquals(runs?.after, { active: 0, deleted: 80 });
      assertEquals(reportsOf(installed).length, 2);
    },
  });
}

Deno.test("where whoever is told never answers, a start ends as its task does, and that is said and kept", async () => {
  await Promise.all((["cron", "systemd"] as const).map(async (kind) => {
    await using directory = await tempDirectory();
    using host = startWebhookDouble("never");
    const hook = join(directory.path, "hook");
    await Deno.writeTextFile(hook, `http://${host.host}/hunter2`);
    const installed = await install(kind, directory.path, { experiments: [oldRuns(5)] }, {
      yaml: `notify: { webhook: { url: { file: ${JSON.stringify(hook)} } } }\n`,
    });
    const startAndTell = async () => {
      const { code, said } = await endOf(installed.start());
      const telling = installed.tell(code);
      const told = telling === null ? { code, said: "" } : await endOf(telling);
      assertEquals(told.code, code, told.said);
      const kept = installed.report.replace(/\.json$/, ".told.json");
      return { code, said: said + told.said, told: JSON.parse(Deno.readTextFileSync(kept)) };
    };
    const first = await startAndTell();
    const report = readReport(installed);
    assertEquals([first.code, report.exitCode, report.error], [0, 0, null], first.said);
    assertEquals(doneBy(report), { "soft-delete-run": 5 });
    assertStringIncludes(first.said, `To undo: ${report.undo}`);
    assertMatch(first.said, /^Cannot notify by webhook: no answer within \d+ s \(\d attempts\)$/m);
    assertMatch(first.told.notified[0].problem, /^no answer within \d+ s$/);
    assertStringIncludes(host.received[0]?.body ?? "", "mltidy cleanup:apply: 5 soft-deleted");
    assert(!`${first.said}${JSON.stringify(first.told)}`.includes("hunter2"), first.said);
    // The next time nothing is to be told, and nothing is waited for.
    const asked = host.received.length;
    const second = await startAndTell();
    assertEquals([second.code, second.said], [0, ""]);
    assertEquals([second.told.notified, host.received.length], [[], asked]);
    assertEquals(reportsOf(installed).length, 3);
  }));
});

/** Runs that all are to be soft-deleted. */
function oldRuns(count: number) {
  const endTime = Date.now() - 20 * DAY;
  const runs = Array.from(
    { length: count },
    (_, index) => run({ id: runId(index + 1), startTime: endTime - HOUR, endTime }),
  );
  return experiment({ id: "1", runs });
}

/** Kills a process in the midst of a change. */
async function killInChange(root: string, processes: () => readonly number[]): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const pids = processes();
    for (const pid of pids) Deno.kill(pid, "SIGSTOP");
    const isChanging = hasBegun(root);
    for (const pid of pids) Deno.kill(pid, isChanging ? "SIGKILL" : "SIGCONT");
    if (isChanging) return;
  }
  throw new Error("Nothing was changed in time");
}

/** Whether a journal tells of more than that there is one. */
function hasBegun(root: string): boolean {
  const { journals } = ownPaths(root);
  try {
    return [...Deno.readDirSync(journals)].some(({ name }) =>
      Deno.readTextFileSync(join(journals, name)).split("\n").length > 3
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

async function mount(directory: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const args = ["-t", "tmpfs", "-o", "size=8m", "mltidy", directory];
  return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
}

const probe = Deno.makeTempDirSync();
const canMount = await mount(probe).catch(() => false);
if (canMount) await new Deno.Command("umount", { args: [probe] }).output();
else console.error("Skipping a full disk: mounting a small one takes root on Linux");
Deno.removeSync(probe);

function fill(ballast: string): void {
  using file = Deno.openSync(ballast, { write: true, create: true });
  try {
    while (true) file.writeSync(new Uint8Array(4096));
  } catch (error) {
    if (!/\(os error 28\)/.test(String(error))) throw error;
  }
}

for (const full of ["the store's", "the reports'"] as const) {
  Deno.test({
    name:
      `where ${full} disk is full, that is said, the exit code says so, and no half report is left`,
    ignore: !canMount,
    fn: async () => {
      await using directory = await tempDirectory();
      const disk = join(directory.path, "disk");
      await Deno.mkdir(disk);
      await mount(disk);
      try {
        const isStore = full === "the store's";
        const installed = await install(
          "systemd",
          isStore ? disk : directory.path,
          { experiments: [oldRuns(5)] },
          { reports: join(disk, "reports") },
        );
        fill(join(disk, "ballast"));
        const first = await endOf(installed.start());
        assertEquals(first.code, 1, first.said);
        assertStringIncludes(
          first.said,
          `Cannot write report ${installed.report}: no space is left`,
        );
        assertEquals(reportsOf(installed), []);
        Deno.removeSync(join(disk, "ballast"));
        const second = await endOf(installed.start());
        const { exitCode, runs } = readReport(installed);
        assertEquals([second.code, exitCode], [0, 0], second.said);
        assertEquals(runs?.after, { active: 0, deleted: 5 });
        assertEquals(runs?.before.active, isStore ? 5 : 0);
      } finally {
        await new Deno.Command("umount", { args: [disk] }).output();
      }
    },
  });
}
