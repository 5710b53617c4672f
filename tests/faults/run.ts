// deno-lint-ignore-file no-console -- a campaign reports on the terminal.
/**
 * The fault campaign: kills and hinders every command that writes to a store, at every system call by
 * which it changes the store, recovers, and compares.
 *
 * ```
 * deno task test:faults                              a sample over every task, call and kind
 * deno task test:faults --injections 10000           as many as that, over as many seeds as it takes
 * deno task test:faults --tasks database --injections 2000   those that change a database alone
 * deno task test:faults --seed 7 --tasks restore --full      every call of one store and task
 * deno task test:faults --seed 7 --tasks restore --call rename#3 --kind kill      one injection
 * ```
 *
 * What must hold after each injection and one recovery:
 * - contents, modes, times (ms), links and empty directories of the store are as before the command, or
 *   as the command promised; where the command printed a report, as that report says;
 * - nothing beside the store has changed;
 * - all that was there can be brought back by `restore`;
 * - `verify` finds no error that was not there before;
 * - our own directory is tidy, and a second recovery changes nothing.
 *
 * One tolerance: the modification time of the root itself, when the command was stopped between making
 * `.mltidy.trash` and putting that time back. No system call does both.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "../_support/typed_number.ts";
import { join } from "@std/path";
import { keep, putBack, writeCase } from "./case.ts";
import { chooseScenariosOrExit } from "./choose_scenarios.ts";
import { databaseScenarios } from "./database_scenarios.ts";
import { inParallel } from "./in_parallel.ts";
import { judge } from "./judge.ts";
import { shuffled } from "./shuffled.ts";
import { bundleProgram, makeScratch } from "./program.ts";
import { callName, type Scenario, scenarios } from "./scenarios.ts";
import {
  type Call,
  type Ending,
  hasStrace,
  isPossible,
  type Kind,
  KINDS,
  runInjected,
  traceCalls,
} from "./strace.ts";
import type { Subject, SubjectOptions, Tried } from "./subject.ts";
import { tellProgress } from "./tell_progress.ts";
import { tellResult } from "./tell_result.ts";

/** A scenario on one store, ready to be injected into. */
interface Unit extends Subject {
  readonly scenario: Tried;
  readonly seed: number;
}

interface Injection {
  readonly unit: Unit;
  readonly call: Call;
  readonly kind: Kind;
}

/**
 * Now and then a thread makes a call more or less than in the traced run, to wake another one; then the
 * call that is meant is one of the neighbours, and after some attempts any of them will do.
 */
const SHIFTS = [0, 1, -1, 0, 0, -1, -2];
const EXACT_ATTEMPTS = 3;

const flags = parseArgs(withNegatives(Deno.args), {
  string: ["seed", "tasks", "injections", "call", "kind", "scratch"],
  boolean: ["full", "keep"],
});
const seed = typedNumber("seed", flags["seed"]) ?? crypto.getRandomValues(new Uint16Array(1))[0]!;
/** Fewer injections than these are too few for stores of several seeds. */
const FEW = 600;
const wanted = typedNumber("injections", flags["injections"]) ?? FEW;
const chosen = chooseScenariosOrExit(
  [...scenarios.map(ofFiles), ...databaseScenarios],
  flags["tasks"] as string | undefined,
);

async function prepare(
  scenario: Tried,
  seed: number,
  scratch: string,
  program: SubjectOptions["program"],
): Promise<Unit> {
  const directory = join(scratch, `${seed}-${scenario.name}`);
  Deno.mkdirSync(directory);
  return { scenario, seed, ...await scenario.prepare({ directory, seed, program }) };
}

function ofFiles(scenario: Scenario): Tried {
  return { ...scenario, prepare: (options) => prepareFiles(scenario, options) };
}

async function prepareFiles(
  scenario: Scenario,
  { directory, seed, program }: SubjectOptions,
): Promise<Subject> {
  const one = writeCase(directory, seed);
  const log = join(directory, "trace");
  const setup = await scenario.prepare(one, { seed, log, program });
  await keep(one);
  const { ending, calls } = await traceCalls(setup.program, one.place, log);
  const wrong = await judge(one, setup, ending, { rootTime: false, several: false });
  const failed = ending.code === (setup.done ?? 0) ? [] : [`exit ${ending.code}: ${ending.stderr}`];
  return {
    program: setup.program,
    place: one.place,
    log,
    calls,
    wrong: [...failed, ...wrong],
    putBack: () => putBack(one),
    judge: (ending, { call, kind }) => {
      const isBetween = call.name === "utimensat" && call.ordinal === 1 ||
        kind === "kill" && /\/\.mltidy\.trash>/.test(call.text);
      const rootTime = isBetween && setup.before.own.size === 0;
      return judge(one, setup, ending, { rootTime, several: kind === "EIO+" });
    },
  };
}

function injectionsOf(unit: Unit): readonly Injection[] {
  return unit.calls.flatMap((call) =>
    KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({ unit, call, kind }))
  );
}

/**
 * One of each scenario, call name and kind first, as many as are wanted, then of each scenario and kind in turn, in an
 * order that the seed decides: a scenario that makes many calls does not crowd out the others.
 */
function sample(all: readonly Injection[], size: number): readonly Injection[] {
  const shuffledAll = shuffled(all, seed);
  const first = shares(
    shuffledAll,
    ({ unit: { scenario }, call, kind }) =>
      `${scenario.together ?? scenario.name} ${call.name} ${kind}`,
  ).flatMap((share) => share.slice(0, 1)).slice(0, size);
  const taken = new Set(first);
  const left = shares(
    shuffledAll.filter((injection) => !taken.has(injection)),
    ({ unit, kind }) => `${unit.scenario.name} ${kind}`,
  );
  const sampled = [...first];
  for (let turn = 0; sampled.length < size && left.some((share) => turn < share.length); turn++) {
    for (const share of left) {
      const next = share[turn];
      if (next !== undefined && sampled.length < size) sampled.push(next);
    }
  }
  return sampled;
}

function shares(
  all: readonly Injection[],
  keyOf: (injection: Injection) => string,
): readonly (readonly Injection[])[] {
  return [...Map.groupBy(all, keyOf).values()];
}

interface Verdict {
  readonly ending: Ending | null;
  readonly wrong: readonly string[];
}

async function inject({ unit, call, kind }: Injection): Promise<Verdict> {
  for (const [attempt, shift] of SHIFTS.entries()) {
    await unit.putBack();
    const shifted = { ...call, when: Math.max(1, call.when + shift) };
    const ending = await runInjected(unit.program, unit.place, unit.log, shifted, kind);
    if (ending.hit === null) continue;
    const isMeant = call.shared || ending.hit.ordinal === call.ordinal;
    if (!isMeant && attempt < EXACT_ATTEMPTS) continue;
    return { ending, wrong: await unit.judge(ending, { call: ending.hit, kind }) };
  }
  return { ending: null, wrong: [] };
}

async function run(scratch: string): Promise<boolean> {
  const program = await bundleProgram(scratch);
  const units: Unit[] = [];
  // To prepare a case takes as long as many injections.
  const seeds = flags["call"] === undefined && !flags["full"] && wanted >= FEW ? 3 : 1;
  let available = 0;
  using preparing = tellProgress("Preparing", () => ({ done: available, total: wanted }));
  for (
    let next = seed;
    next < seed + seeds || !flags["full"] && flags["call"] === undefined && available < wanted;
    next++
  ) {
    const before = available;
    units.push(
      ...await inParallel(chosen, async (scenario) => {
        const unit = await prepare(scenario, next, scratch, program);
        available += injectionsOf(unit).length;
        return unit;
      }),
    );
    // No other store would give more.
    if (available === before) break;
  }
  preparing[Symbol.dispose]();
  const all = units.flatMap(injectionsOf);
  const injections = flags["call"] !== undefined
    ? all.filter(({ call, kind }) =>
      callName(call) === flags["call"] && kind === (flags["kind"] ?? "kill")
    )
    : flags["full"]
    ? all
    : sample(all, wanted);
  console.log(
    `Seed ${seed}: ${units.length} cases, ${all.length} possible injections, trying ${injections.length}`,
  );

  let injected = 0;
  let missed = 0;
  let failed = 0;
  using _injecting = tellProgress(
    "Injecting",
    () => ({ done: injected + missed, total: injections.length }),
  );
  for (const unit of units) {
    if (unit.wrong.length > 0) report(unit, null, unit.wrong);
  }
  const started = performance.now();
  const batches = [...Map.groupBy(injections, ({ unit }) => unit).values()];
  await inParallel(batches.toSorted((a, b) => b.length - a.length), async (batch) => {
    for (const injection of batch) {
      const { ending, wrong } = await inject(injection).catch((error: unknown) => ({
        ending: undefined,
        wrong: [`cannot judge: ${error instanceof Error ? error.stack : error}`],
      }));
      if (ending === null) {
        missed++;
        if (flags["keep"]) {
          console.log(`Not reached: ${callName(injection.call)} ${injection.kind}`);
        }
        continue;
      }
      injected++;
      if (wrong.length > 0) {
        failed++;
        report(injection.unit, injection, wrong);
      }
    }
  });
  failed += units.filter(({ wrong }) => wrong.length > 0).length;
  return tellResult({ injected, missed, failed, seconds: (performance.now() - started) / 1000 });
}

function report(
  { scenario, seed }: Unit,
  injection: Injection | null,
  wrong: readonly string[],
): void {
  const which = injection && `${callName(injection.call)} ${injection.kind}`;
  const again = `deno task test:faults --keep --seed ${seed} --tasks ${scenario.name} --call ${
    injection === null ? "none" : `${callName(injection.call)} --kind ${injection.kind}`
  }`;
  console.log(
    [
      `FAILED: ${scenario.name}, ${which ?? "nothing injected"}: ${injection?.call.text ?? ""}`,
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
