// deno-lint-ignore-file no-console -- a campaign reports on the terminal.
/**
 * The fault campaign of reads: has every command fail to read one thing of the store, of its configuration or
 * its backups, once or for good, and judges what became of it.
 *
 * ```
 * deno run -A tests/faults/run_reads.ts                               a sample
 * deno run -A tests/faults/run_reads.ts --injections 5000 --seed 7    as many as that
 * deno run -A tests/faults/run_reads.ts --seed 7 --tasks verify --name getdents64 --path 1/tags
 * ```
 *
 * What must hold after each injection and one recovery:
 * - no plan takes anything away that it would leave with healthy disks;
 * - no copy is called sound that is not;
 * - nothing but what was promised has happened, and all that was there can be brought back;
 * - it ends with a documented exit code, in words, without a stack trace.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "../_support/typed_number.ts";
import { join } from "@std/path";
import { bundleProgram, makeScratch, type Program, type Ran } from "./program.ts";
import { chooseScenariosOrExit } from "./choose_scenarios.ts";
import { inParallel } from "./in_parallel.ts";
import { ERRORS, type ReadFault, runWithFault, traceReads } from "./read_faults.ts";
import { type ReadScenario, readScenarios, type ReadSubject } from "./read_scenarios.ts";
import { shuffled } from "./shuffled.ts";
import { hasStrace } from "./strace.ts";
import { tellProgress } from "./tell_progress.ts";
import { tellResult } from "./tell_result.ts";

/** A scenario on one store, ready to be injected into. */
interface Unit {
  readonly scenario: ReadScenario;
  readonly seed: number;
  readonly subject: ReadSubject;
  readonly healthy: Ran;
  readonly faults: readonly ReadFault[];
  /** What is wrong even when nothing is injected. */
  readonly wrong: readonly string[];
}

const flags = parseArgs(withNegatives(Deno.args), {
  string: ["seed", "tasks", "injections", "name", "path", "error", "scratch"],
  boolean: ["keep"],
});
const seed = typedNumber("seed", flags["seed"]) ?? crypto.getRandomValues(new Uint16Array(1))[0]!;
const wanted = typedNumber("injections", flags["injections"]) ?? 400;
/** So many injections at least get each scenario. */
const EACH = 5;
const chosen = chooseScenariosOrExit(readScenarios, flags["tasks"] as string | undefined);

async function prepare(
  scenario: ReadScenario,
  seed: number,
  scratch: string,
  program: (...words: readonly string[]) => Program,
): Promise<Unit> {
  const directory = join(scratch, `${seed}-${scenario.name}`);
  Deno.mkdirSync(directory);
  const subject = await scenario.prepare({ directory, seed, program });
  await subject.putBack();
  const { ran, reads } = await traceReads(subject.program, subject.place, subject.log);
  const wrong = await subject.judge(ran, ran);
  await subject.putBack();
  const faults = reads.filter(({ path }) => isThere(path)).flatMap((read) =>
    ERRORS.flatMap((error) => [false, true].map((lasts) => ({ ...read, error, lasts })))
  );
  return { scenario, seed, subject, healthy: ran, faults, wrong };
}

/** What a command makes has another name each time. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Of each scenario and call in turn, in an order that the seed decides. */
function sample(units: readonly Unit[]): ReadonlyMap<Unit, readonly ReadFault[]> {
  const shares = shuffled(
    units.flatMap((unit) => {
      const fits = unit.faults.filter(({ name, path, error }) =>
        name === (flags["name"] ?? name) && error === (flags["error"] ?? error) &&
        path.endsWith(`${flags["path"] ?? ""}`)
      );
      return [...Map.groupBy(shuffled(fits, seed), ({ name }) => name).values()]
        .map((faults) => ({ unit, faults }));
    }),
    seed,
  );
  const taken = new Map<Unit, ReadFault[]>(units.map((unit) => [unit, []]));
  let size = 0;
  for (let turn = 0; size < wanted && shares.some(({ faults }) => turn < faults.length); turn++) {
    for (const { unit, faults } of shares) {
      const fault = faults[turn];
      if (fault === undefined || size >= wanted) continue;
      taken.get(unit)!.push(fault);
      size++;
    }
  }
  return taken;
}

async function run(scratch: string): Promise<boolean> {
  const program = await bundleProgram(scratch);
  let done = 0;
  // To prepare a case takes as long as some injections: a sample is one of scenarios as well.
  const tried = shuffled(chosen, seed).slice(0, Math.ceil(wanted / EACH));
  const prepared = [seed, ...(wanted > 1_000 ? [seed + 1, seed + 2] : [])]
    .flatMap((seed) => tried.map((scenario) => ({ scenario, seed })));
  using preparing = tellProgress(
    "Preparing",
    () => ({ done, total: prepared.length }),
  );
  const units = await inParallel(prepared, async ({ scenario, seed }) => {
    const unit = await prepare(scenario, seed, scratch, program);
    done++;
    return unit;
  });
  preparing[Symbol.dispose]();
  for (const unit of units) if (unit.wrong.length > 0) report(unit, null, unit.wrong);
  const taken = sample(units);
  const possible = units.reduce((sum, { faults }) => sum + faults.length, 0);
  const size = [...taken.values()].flat().length;
  console.log(`Seed ${seed}: ${units.length} cases, ${possible} possible, trying ${size}`);

  let [injected, missed, failed] = [0, 0, 0];
  using _injecting = tellProgress("Injecting", () => ({ done: injected + missed, total: size }));
  const started = performance.now();
  await inParallel(
    [...taken].toSorted((a, b) => b[1].length - a[1].length),
    async ([unit, all]) => {
      const { subject, healthy } = unit;
      for (const fault of all) {
        await subject.putBack();
        const ending = await runWithFault(subject.program, subject.log, fault);
        if (!ending.isHit) {
          missed++;
          continue;
        }
        injected++;
        const wrong = await subject.judge(ending, healthy).catch((error: unknown) => [
          `cannot judge: ${error instanceof Error ? error.stack : error}`,
        ]);
        if (wrong.length === 0) continue;
        failed++;
        report(unit, fault, wrong);
        if (flags["keep"]) console.log(ending);
      }
    },
  );
  failed += units.filter(({ wrong }) => wrong.length > 0).length;
  return tellResult({ injected, missed, failed, seconds: (performance.now() - started) / 1000 });
}

function report(
  { scenario, seed, subject }: Unit,
  fault: ReadFault | null,
  wrong: readonly string[],
) {
  const path = fault?.path.slice(subject.place.length) ?? "";
  const which = fault && `${fault.name} ${path} ${fault.error}${fault.lasts ? "+" : ""}`;
  const again =
    `deno run -A tests/faults/run_reads.ts --keep --seed ${seed} --tasks ${scenario.name}` +
    (fault === null ? "" : ` --name ${fault.name} --path ${path} --error ${fault.error}`);
  console.log(
    [
      `FAILED: ${scenario.name}, ${which ?? "nothing injected"}`,
      ...wrong.map((line) => `  ${line}`),
      `  again: ${again}`,
    ].join("\n"),
  );
}

if (!await hasStrace()) {
  console.log("Skipped: there is no strace that may trace; type apt-get install strace");
  Deno.exit(0);
}
const scratch = await makeScratch(flags["scratch"] as string | undefined);
let good = false;
try {
  good = await run(scratch);
} finally {
  if (flags["keep"]) console.log(`Kept: ${scratch}`);
  else await Deno.remove(scratch, { recursive: true });
}
Deno.exit(good ? 0 : 1);
