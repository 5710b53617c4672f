// deno-lint-ignore-file no-console -- a benchmark reports on the terminal.
/**
 * Measures whole processes as users start them, against bare system calls, the usual tools and real MLflow,
 * and prints one Markdown table: what was measured, its bound, and whether it is met.
 *
 *     deno task bench [--rows summary,verify] [--rounds 7] [--stores DIR]
 *
 * Without `--rows` it measures what works on files, in a quarter of an hour on two quiet cores. The rows `mlflow`
 * and `apply`, and those of databases and servers, need real MLflow; `million` needs 8 GB more of disk; `all` is
 * everything. Stores are made once and kept in DIR, or in a directory of the system's temporary one: some 9 GB
 * and two million files. Needs a C compiler.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { measureApply } from "./apply_bench.ts";
import { benchStore } from "./bench_store.ts";
import { comparePrograms, outputOf } from "./compare_programs.ts";
import { measureDamage } from "./damage_bench.ts";
import { measureDatabase, measureDatabaseMlflow, measureDatabasePurge } from "./database_bench.ts";
import {
  type Bench,
  type Bound,
  type Figure,
  type Measurement,
  Unmeasurable,
} from "./measurement.ts";
import { measureMillion } from "./million_bench.ts";
import { measureMlflow } from "./mlflow_bench.ts";
import { measurePlanning } from "./planning_bench.ts";
import { measureCold, measureSizes, measureSummary, measureVerify } from "./reading_bench.ts";
import { measureServer, measureServerPruning, measureServerTraining } from "./server_bench.ts";
import { measureReview } from "./review_bench.ts";
import { measureStartUp } from "./start_up_bench.ts";
import { measureTerminal } from "./terminal_bench.ts";

/** What works on files, by the words that `--rows` knows. */
const files: Readonly<Record<string, Measurement>> = {
  summary: measureSummary,
  verify: measureVerify,
  planning: measurePlanning,
  damage: measureDamage,
  sizes: measureSizes,
  "start-up": measureStartUp,
  terminal: measureTerminal,
  // Behind it nothing is in memory.
  cold: measureCold,
};

/** Everything there is to measure. */
const measurements: Readonly<Record<string, Measurement>> = {
  ...files,
  mlflow: measureMlflow,
  apply: measureApply,
  million: measureMillion,
  review: measureReview,
  database: measureDatabase,
  "database-mlflow": measureDatabaseMlflow,
  "database-purge": measureDatabasePurge,
  server: measureServer,
  "server-pruning": measureServerPruning,
  "server-training": measureServerTraining,
};

/** Words for many of them. */
const groups: Readonly<Record<string, readonly string[]>> = {
  files: Object.keys(files),
  all: Object.keys(measurements),
};

const ROUNDS = 3;

/** What is measured, and how. */
interface Options {
  readonly chosen: readonly string[];
  readonly rounds: number;
  /** Where stores are kept. */
  readonly directory: string;
}

/** A mistake of the caller. */
class UsageError extends Error {}

function readOptions(args: readonly string[]): Options {
  const flags = parseArgs(args, { string: ["rows", "rounds", "stores"] });
  const text = (flag: string) => {
    const value = flags[flag];
    return typeof value === "string" && value !== "" ? value : null;
  };
  const chosen = (text("rows") ?? "files").split(",").flatMap((name) => groups[name] ?? [name]);
  const unknown = chosen.filter((name) => measurements[name] === undefined);
  if (unknown.length > 0) {
    const known = [...Object.keys(groups), ...Object.keys(measurements)].join(", ");
    throw new UsageError(`Unknown rows ${unknown.join(", ")}: expected some of ${known}`);
  }
  const rounds = Number(text("rounds") ?? ROUNDS);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new UsageError("Cannot use that for --rounds: expected a whole number, 1 or more");
  }
  const temporary = Deno.env.get("TMPDIR") ?? "/tmp";
  return { chosen, rounds, directory: text("stores") ?? join(temporary, "mltidy-bench") };
}

async function openBench({ rounds, directory }: Options): Promise<Bench> {
  await Deno.mkdir(directory, { recursive: true });
  const compile: Bench["compile"] = async (name) => {
    const program = join(directory, name);
    const source = fromFileUrl(new URL(`${name}.c`, import.meta.url));
    await outputOf(["cc", "-O2", "-pthread", "-o", program, source]);
    return program;
  };
  const stopwatch = await compile("stopwatch");
  return {
    rounds,
    directory,
    store: (runs) => benchStore(directory, runs).directory,
    compile,
    compare: (programs, ownRounds = rounds) => comparePrograms(stopwatch, programs, ownRounds),
  };
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const bench = await openBench(options);
  console.log(`${machine()}\n`);
  console.log("| figure | measured | bound | met | medians | rounds |");
  console.log("| --- | ---: | ---: | --- | --- | ---: |");
  const took: string[] = [];
  const begun = performance.now();
  for (const name of options.chosen) {
    const start = performance.now();
    try {
      for (const figure of await measurements[name]!(bench)) console.log(rowOf(figure));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      console.log(`| ${name} | not measured | | | ${why.split("\n")[0]} | |`);
      if (error instanceof Unmeasurable) continue;
      console.error(why);
      Deno.exitCode = 1;
    } finally {
      took.push(`${name} ${minutesSince(start)}`);
    }
  }
  console.log(`\nMeasured in ${minutesSince(begun)} minutes: ${took.join(", ")}.`);
}

function minutesSince(start: number): string {
  return ((performance.now() - start) / 60_000).toFixed(1);
}

function rowOf({ what, value, unit, bound, detail, rounds }: Figure): string {
  const met = bound === null ? "" : isMet(value, bound) ? "yes" : "**no**";
  const cells = [what, shown(value, unit), shownBound(bound, unit), met, detail, rounds];
  return `| ${cells.join(" | ")} |`;
}

function isMet(value: number, bound: Bound): boolean {
  return "atMost" in bound ? value <= bound.atMost : value >= bound.atLeast;
}

function shownBound(bound: Bound | null, unit: Figure["unit"]): string {
  if (bound === null) return "";
  return "atMost" in bound
    ? `≤ ${withUnit(bound.atMost, unit)}`
    : `≥ ${withUnit(bound.atLeast, unit)}`;
}

function shown(value: number, unit: Figure["unit"]): string {
  const digits = unit === "s" || unit === "×" && value < 20 ? 2 : 0;
  return withUnit(value.toFixed(digits), unit);
}

function withUnit(value: number | string, unit: Figure["unit"]): string {
  return unit === "" ? `${value}` : `${value} ${unit}`;
}

function machine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(readOrNothing("/proc/cpuinfo"))?.[1] ?? "";
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const cores = navigator.hardwareConcurrency;
  return `${date}, ${cores} × ${model}, ${memory} GB, Deno ${Deno.version.deno}`;
}

function readOrNothing(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    Deno.exitCode = 2;
  }
}
