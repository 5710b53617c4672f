// deno-lint-ignore-file no-console -- a skipped test says why.
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiskFullError, StoreLockedError } from "../../lib/errors.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { prune } from "../../tasks/prune.ts";
import { writeDemoStore } from "../../tasks/demo.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { NOW } from "../_support/builders.ts";
import { writeStore } from "../_support/disk_store.ts";
import { depth, seed as chosenSeed } from "../_support/depth.ts";
import { ROTTEN } from "../_support/rotten_store.ts";
import { readTree } from "../_support/tree.ts";
import { type Case, keep, openCase, putBack, settle, writeCase } from "./case.ts";
import { judge } from "./judge.ts";
import { bundleProgram, makeScratch, run } from "./program.ts";
import { scenarios } from "./scenarios.ts";

/** What is left free when a command starts: pages of content, or names for files. */
const LEVELS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 34, 45, 60];

/** Some of them, each scenario others; with `--times 2` all. */
function levelsFor(turn: number): readonly number[] {
  const step = Math.max(1, Math.floor(LEVELS.length / depth(8, 8)));
  return LEVELS.filter((_, index) => (index + turn) % step === 0);
}

const PAGE = 4096;

async function mount(directory: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const args = ["-t", "tmpfs", "-o", "size=16m,nr_inodes=4096", "mltidy", directory];
  return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
}

async function unmount(directory: string): Promise<void> {
  await new Deno.Command("umount", { args: [directory] }).output();
}

const probe = Deno.makeTempDirSync();
const canMount = await mount(probe).catch(() => false);
if (canMount) await unmount(probe);
else console.error("Skipping tests of a full disk: mounting a small one takes root on Linux");
Deno.removeSync(probe);

/** Fills the disk up to some pages. */
function fillPages(ballast: string, left: number): void {
  using file = Deno.openSync(ballast, { write: true, create: true, truncate: true });
  const page = new Uint8Array(PAGE);
  let written = 0;
  untilFull(() => written += file.writeSync(page));
  file.truncateSync(Math.max(0, Math.floor(written / PAGE) - left) * PAGE);
}

/** Uses up the names that the disk has for files and directories, up to some. */
function fillNames(ballast: string, left: number): void {
  Deno.mkdirSync(ballast);
  let count = 0;
  untilFull(() =>
    Deno.openSync(join(ballast, String(count++)), { write: true, create: true }).close()
  );
  for (let one = 0; one < left; one++) Deno.removeSync(join(ballast, String(one)));
}

function untilFull(use: () => void): void {
  try {
    while (true) use();
  } catch (error) {
    if (!/\(os error 28\)/.test(String(error))) throw error;
  }
}

async function hasInterrupted(one: Case): Promise<boolean> {
  await using store = await openCase(one);
  return (await store.changes!.interrupted()).length > 0;
}

/** Whether all was taken out of the store that was only to go. */
function hasTakenAll(printed: string): boolean {
  const { outcomes } = JSON.parse(printed) as ApplyReport;
  return outcomes.every(({ kind, outcome }) =>
    outcome === "applied" || !/^(?:purge|quarantine)-/.test(kind)
  );
}

async function starve(
  directory: string,
  fill: (ballast: string, left: number) => void,
): Promise<number> {
  const scratch = await makeScratch();
  const seed = chosenSeed ?? crypto.getRandomValues(new Uint16Array(1))[0]!;
  let failed = 0;
  try {
    const program = await bundleProgram(scratch);
    const tried = scenarios.filter(({ task }) => task !== "recover");
    for (const [turn, scenario] of tried.entries()) {
      const own = join(directory, scenario.name);
      Deno.mkdirSync(own);
      const one: Case = writeCase(own, seed);
      const setup = await scenario.prepare(one, { seed, program, log: join(scratch, "log") });
      await keep(one);
      const ballast = join(own, "ballast");
      for (const left of levelsFor(seed + turn)) {
        const what = `seed ${seed}, ${scenario.name}, ${left} left`;
        await putBack(one);
        fill(ballast, left);
        const ending = { ...await run(setup.program), hit: null };
        if (ending.code !== 0) failed++;
        // What makes room needs none; what else is done may need more than was made.
        const isDone = ending.code === 0 || ending.code === 4 && hasTakenAll(ending.stdout);
        if (scenario.makesRoom) assertEquals([isDone, ending], [true, ending], what);
        const isCutOff = await hasInterrupted(one);
        // What was cut off is settled without any space, but for the new manifest of a backup of which a
        // part is back.
        if (isCutOff && scenario.name !== "restore-part") await settle(one);
        Deno.removeSync(ballast, { recursive: true });
        if (isCutOff) await settle(one);
        assertEquals(
          await judge(one, setup, ending, { rootTime: left === 0, several: false }),
          [],
          what,
        );
      }
      Deno.removeSync(own, { recursive: true });
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return failed;
}

const KINDS = [["space", fillPages], ["names", fillNames]] as const;

async function onSmallDisk(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  await mount(directory);
  try {
    await work(directory);
  } finally {
    await unmount(directory);
    await Deno.remove(directory);
  }
}

for (const [what, fill] of KINDS) {
  Deno.test({
    name:
      `what makes something new on a disk without any ${what} says so, and leaves the store as it was`,
    ignore: !canMount,
    fn: () =>
      onSmallDisk(async (directory) => {
        const root = join(directory, "mlruns");
        Deno.mkdirSync(root);
        writeStore({ root, outside: join(directory, "outside") }, ROTTEN);
        await using store = await openStore(root, { now: () => NOW });
        fill(join(directory, "ballast"), 20);
        const except = { except: [".mltidy.trash"] };
        const before = await readTree(root, except);
        const isFull = (work: () => Promise<unknown>, cannot: string) =>
          assertRejects(work, DiskFullError, `Cannot ${cannot}: no space is left on its disk; `);
        const demo = join(directory, "demo");
        await isFull(
          () => writeDemoStore(demo, { now: NOW }),
          `write the example store to ${demo}`,
        );
        assertEquals([...Deno.readDirSync(demo)], []);
        Deno.removeSync(demo);
        Deno.removeSync(join(directory, "ballast"), { recursive: true });
        fill(join(directory, "ballast"), 0);
        const exp = `set up experiment "new" in store ${root}`;
        await isFull(() => setupExperiment(store, "new"), exp);
        const other = join(directory, "other");
        await isFull(() => openStore(other, { create: true }), `make store ${other}`);
        assertEquals(await readTree(root, except), before);
      }),
  });

  Deno.test({
    name: `what keeps nothing works on a disk without any ${what}; what keeps something refuses`,
    ignore: !canMount,
    fn: () =>
      onSmallDisk(async (directory) => {
        for (const past of ["new", "backed up"]) {
          const root = join(directory, past, "mlruns");
          const ballast = join(directory, "ballast");
          Deno.mkdirSync(root, { recursive: true });
          writeStore({ root, outside: join(directory, past, "outside") }, ROTTEN);
          await using store = await openStore(root, { now: () => NOW });
          const copy = past === "new" ? null : await backup(store);
          const except = { except: [".mltidy.trash"] };
          const before = await readTree(root, except);
          fill(ballast, 0);
          await assertRejects(() => cleanup(store, { apply: true }), DiskFullError);
          assertEquals(await readTree(root, except), before);
          if (copy !== null) {
            await assertRejects(() => backup(store), Error, "name a directory on another disk");
            const { removed } = await expireBackups(store, { which: copy });
            assertEquals(removed, [copy.id]);
            Deno.removeSync(ballast, { recursive: true });
            await prune(store, { apply: true });
            fill(ballast, 0);
            await assertRejects(() => restore(store), DiskFullError, "Cannot restore ");
          }
          {
            await using locked = await lockStore(store, { task: "cleanup", makesRoom: true });
            assertEquals(locked.settled, []);
            await using other = await openStore(root);
            for (const makesRoom of [false, true]) {
              const options = { task: "backup", makesRoom };
              await assertRejects(() => lockStore(other, options), StoreLockedError);
            }
          }
          const making = { apply: true, backup: false, purgeAfter: 0 } as const;
          const { report } = await cleanup(store, making);
          assertEquals(report?.complete, true);
          assertEquals((await cleanup(store, { purgeAfter: 0 })).plan.actions, []);
          Deno.removeSync(ballast, { recursive: true });
        }
      }),
  });

  Deno.test({
    name: `a disk that runs out of ${what} leaves a store as before or as promised`,
    ignore: !canMount,
    fn: () =>
      onSmallDisk(async (directory) => {
        const failed = await starve(directory, fill);
        console.log(`${failed} commands met the end of the disk`);
      }),
  });
}
