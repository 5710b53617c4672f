// deno-lint-ignore-file no-console -- a campaign reports on the terminal.
/**
 * The power campaign: every command that writes to a store runs on a disk that remembers what it was told.
 * Then the power goes at many moments: what is left of the disk is mounted, the store recovered, and
 * judged as the fault campaign judges it.
 *
 * ```
 * deno task test:power                          each command on one file system, the seed says on which
 * deno task test:power --full --losses 25       each command on all of them, so many losses of power each
 * deno task test:power --seed 7 --on btrfs --tasks repair
 * ```
 *
 * What must hold after each loss of power and one recovery is what holds after a kill, see
 * `tests/faults/run.ts`, but for the times of directories, and for what a training that was cut off had
 * just written: nobody was told yet that it is durable. What a command has said is done, is done.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "../_support/typed_number.ts";
import { join } from "@std/path";
import { assertEquals } from "@std/assert";
import { type Moment, writeCase } from "../faults/case.ts";
import { judge } from "../faults/judge.ts";
import { bundleProgram, makeScratch, type Ran, run } from "../faults/program.ts";
import { type Scenario, scenarios, type Setup } from "../faults/scenarios.ts";
import { choosePowerLosses, type PowerLoss } from "./disk_log.ts";
import {
  afterPowerLoss,
  type FileSystem,
  fileSystems,
  openWorkshop,
  recordDisk,
  system,
} from "./file_systems.ts";
import { manyRuns } from "./many_runs.ts";

const flags = parseArgs(withNegatives(Deno.args), {
  string: ["seed", "tasks", "on", "losses"],
  boolean: ["full"],
});
const seed = typedNumber("seed", flags["seed"]) ?? 2026;
const losses = typedNumber("losses", flags["losses"]) ?? 6;

function isNamed(list: unknown, ...names: readonly string[]): boolean {
  return typeof list !== "string" || list.split(",").some((name) => names.includes(name));
}

/** Settling what was cut off is a part of judging each of the others. */
const chosen = [...scenarios.filter(({ task }) => task !== "recover"), manyRuns]
  .filter(({ name, task }) => isNamed(flags["tasks"], name, task));
const on = fileSystems.filter(({ name }) => isNamed(flags["on"], name));

const scratch = await makeScratch();
const obstacle = await obstacleTo(scratch);
if (obstacle !== null) {
  console.error(
    `Skipping the power campaign: ${obstacle}; it takes root, loop devices, and apt-get install gcc libc6-dev pkg-config fuse3 libfuse3-dev btrfs-progs e2fsprogs xfsprogs`,
  );
}

/** Tries all that the campaign needs of the machine. */
async function obstacleTo(scratch: string): Promise<string | null> {
  try {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "this is not root on Linux";
    const directory = join(scratch, "attempt");
    Deno.mkdirSync(directory);
    const workshop = await openWorkshop(directory);
    for (const fileSystem of on) {
      await recordDisk(workshop, fileSystem, () => Promise.resolve(), () => Promise.resolve());
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Campaign {
  readonly scenario: Scenario;
  readonly fileSystem: FileSystem;
}

/** Each command on each file system, or on one, so that all have their turn from seed to seed. */
const campaigns: readonly Campaign[] = chosen.flatMap((scenario, index) =>
  (flags["full"] || flags["on"] !== undefined ? on : [on[(index + seed) % on.length]!])
    .map((fileSystem) => ({ scenario, fileSystem }))
);

let tried = 0;
let survived = 0;
for (const { scenario, fileSystem } of campaigns) {
  Deno.test({
    name: `${scenario.name} loses nothing on ${fileSystem.name} when the power goes`,
    ignore: obstacle !== null,
    fn: () => tryPowerLosses(scenario, fileSystem),
  });
}
Deno.test({
  name: "the power campaign lost nothing",
  ignore: obstacle !== null,
  fn: () => {
    console.log(`losses of power: ${tried}, survived: ${survived}`);
    assertEquals(survived, tried);
  },
});
globalThis.addEventListener("unload", () => Deno.removeSync(scratch, { recursive: true }));

async function tryPowerLosses(scenario: Scenario, fileSystem: FileSystem): Promise<void> {
  const directory = Deno.makeTempDirSync({ dir: scratch });
  const workshop = await openWorkshop(directory);
  const program = await bundleProgram(directory);
  const recorded = await recordDisk(
    workshop,
    fileSystem,
    async () => {
      const place = join(workshop.mountPoint, "campaign");
      Deno.mkdirSync(place);
      const one = writeCase(place, seed);
      const log = join(directory, "trace");
      return { one, setup: await scenario.prepare(one, { seed, log, program }) };
    },
    ({ setup }) => run(setup.program),
  );
  const { prepared: { one, setup }, ended } = recorded.result;
  assertEquals(ended.code, setup.done ?? 0, ended.stderr);
  const wrong: string[] = [];
  for (const loss of choosePowerLosses(recorded.events, recorded.endedAt, losses, seed)) {
    const isOver = loss.after >= recorded.endedAt;
    const lines = await afterPowerLoss(
      workshop,
      fileSystem,
      recorded,
      loss,
      async () =>
        await judge(one, isOver ? setup : cutOff(scenario, setup), endingOf(ended, isOver), {
          rootTime: true,
          directoryTimes: true,
          several: false,
        }),
    ).catch((error: unknown) => [`cannot judge: ${error instanceof Error ? error.stack : error}`]);
    tried++;
    if (lines.length === 0) survived++;
    else {wrong.push(
        `${wordsFor(loss)}, of ${recorded.endedAt}:`,
        ...lines.map((one) => `  ${one}`),
      );}
  }
  await system("rm", "-rf", directory);
  assertEquals(wrong, [], wrong.join("\n"));
}

function wordsFor({ after, remains }: PowerLoss): string {
  return `after event ${after}, of what was not flushed ${remains}`;
}

function endingOf(ended: Ran, isOver: boolean): Ran & { readonly hit: null } {
  return isOver
    ? { ...ended, hit: null }
    : { code: 137, signal: "SIGKILL", stdout: "", stderr: "", hit: null };
}

/** Of a training that was cut off, anything may be there that was not before, whole or not. */
function cutOff(scenario: Scenario, setup: Setup): Setup {
  if (scenario.task !== "training") return setup;
  const { before } = setup;
  const promises = ({ tree }: Moment) => ({
    tree: new Map([...tree, ...before.tree]),
    timeless: new Set<string>(),
  });
  return { ...setup, promises, mayDamage: true };
}
