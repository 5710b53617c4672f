// deno-lint-ignore-file no-console -- a skipped test says why.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { depth } from "../_support/depth.ts";
import { type Case, keep, openCase, putBack, settle, writeCase } from "./case.ts";
import { judge } from "./judge.ts";
import { bundleProgram, makeScratch, run } from "./program.ts";
import { scenarios } from "./scenarios.ts";

/**
 * What is left free when a command starts: pages of content, or names for files; with `--times 2` all of
 * these.
 */
const ALL_LEVELS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 34, 45, 60];
const LEVELS = ALL_LEVELS.filter((_, index) => index % 2 === 0 || depth(1, 1) > 1);

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

async function starve(
  directory: string,
  fill: (ballast: string, left: number) => void,
): Promise<number> {
  const scratch = await makeScratch();
  const seed = crypto.getRandomValues(new Uint16Array(1))[0]!;
  let failed = 0;
  try {
    const program = await bundleProgram(scratch);
    for (const scenario of scenarios.filter(({ task }) => task !== "recover")) {
      const own = join(directory, scenario.name);
      Deno.mkdirSync(own);
      const one: Case = writeCase(own, seed);
      const setup = await scenario.prepare(one, { seed, program, log: join(scratch, "log") });
      await keep(one);
      const ballast = join(own, "ballast");
      for (const left of LEVELS) {
        const what = `seed ${seed}, ${scenario.name}, ${left} left`;
        await putBack(one);
        fill(ballast, left);
        const ending = { ...await run(setup.program), hit: null };
        if (ending.code !== 0) failed++;
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

for (const [what, fill] of [["space", fillPages], ["names", fillNames]] as const) {
  Deno.test({
    name: `a disk that runs out of ${what} leaves a store as before or as promised`,
    ignore: !canMount,
    fn: async () => {
      const directory = await Deno.realPath(await Deno.makeTempDir());
      await mount(directory);
      try {
        const failed = await starve(directory, fill);
        console.log(`${failed} commands met the end of the disk`);
      } finally {
        await unmount(directory);
        await Deno.remove(directory);
      }
    },
  });
}
