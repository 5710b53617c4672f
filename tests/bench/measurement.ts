/**
 * The vocabulary of the benchmark: programs that run, figures that come of it, bounds that they keep.
 *
 * @module
 */

/** A whole process, as a user starts it. */
export interface Program {
  readonly words: readonly string[];
  /** @default {The repository} */
  readonly directory?: string;
  /** Variables besides those that are set. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs right before, unmeasured, to make the machine ready. @default {The same words} */
  readonly before?: readonly string[];
  /** Exit codes that mean success. @default {[0]} */
  readonly codes?: readonly number[];
  /** The process of a server that works for it. @default {None does} */
  readonly server?: number;
}

/** What one program took, one entry for each round. */
export interface Samples {
  /** Wall time in ms. */
  readonly times: readonly number[];
  /** Time of all processors, in the program and in the system for it, in ms; what else runs costs none of it. */
  readonly work: readonly number[];
  /** The same with what its server took for it. */
  readonly wholeWork: readonly number[];
  /** The most memory that the process held at once, in MB of 1,048,576 bytes. */
  readonly memory: readonly number[];
}

/** What a figure must keep to. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** Five times as many runs may take a little more than five times as long. */
export const LINEAR: Bound = { atMost: 5.3 };

/** One row of the table that is printed. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** What the value counts; a ratio is counted in times. */
  readonly unit: "×" | "MB" | "s" | "";
  /** `null` where there is none, and the figure is only told. */
  readonly bound: Bound | null;
  /** The absolute medians behind it, for people. */
  readonly detail: string;
  /** How many rounds it is the median of. */
  readonly rounds: number;
}

/** Where and how long to measure. */
export interface Bench {
  /** How many rounds. */
  readonly rounds: number;
  /** Where stores, configurations and compiled programs are kept. */
  readonly directory: string;
  /** Gives the root of a store of that many runs; it is made if it is not there. */
  readonly store: (runs: number) => string;
  /** Gives the path of the program that one of the C files of this directory makes. */
  readonly compile: (name: "floor" | "stopwatch") => Promise<string>;
  /** Runs programs in turn, round by round. */
  readonly compare: <K extends string>(
    programs: Readonly<Record<K, Program>>,
    rounds?: number,
  ) => Promise<Readonly<Record<K, Samples>>>;
}

/**
 * Makes one or more rows of the table.
 *
 * @throws {Unmeasurable} When this machine cannot tell.
 */
export type Measurement = (bench: Bench) => Promise<readonly Figure[]>;

/** Why something cannot be measured on this machine; no fault of the program. */
export class Unmeasurable extends Error {}

/**
 * Gives the middle of some numbers.
 *
 * @param values The numbers, in any order; at least one.
 * @returns The middle one; the upper one of two.
 */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/**
 * Compares two programs: the median of the ratios within each round, since what disturbs the machine
 * disturbs both.
 *
 * @param what The figure's name.
 * @param top The program that is measured.
 * @param bottom What it is measured against.
 * @param bound What the ratio must keep to; `null` when there is none.
 * @param by What is compared.
 * @returns The figure, with both medians.
 */
export function ratio(
  what: string,
  top: Samples,
  bottom: Samples,
  bound: Bound | null,
  by: "times" | "work" | "wholeWork" = "times",
): Figure {
  const ratios = top[by].map((time, round) => time / (bottom[by][round] ?? NaN));
  const [spent, against] = [median(top[by]), median(bottom[by])];
  return {
    what,
    value: median(ratios),
    unit: "×",
    bound,
    detail: `${shownTime(spent)} ÷ ${shownTime(against)}`,
    rounds: ratios.length,
  };
}

/**
 * Tells how much memory a program held at once.
 *
 * @param what The figure's name.
 * @param samples What was measured.
 * @param bound In MB; `null` when there is none.
 * @returns The figure.
 */
export function peak(what: string, { memory, times }: Samples, bound: Bound | null): Figure {
  return {
    what,
    value: median(memory),
    unit: "MB",
    bound,
    detail: shownTime(median(times)),
    rounds: memory.length,
  };
}

/**
 * Tells how long a program took.
 *
 * @param what The figure's name.
 * @param samples What was measured.
 * @param bound In seconds; `null` when there is none.
 * @returns The figure.
 */
export function duration(what: string, { times }: Samples, bound: Bound | null): Figure {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return {
    what,
    value: median(times) / 1_000,
    unit: "s",
    bound,
    detail: `${shownTime(least)} to ${shownTime(most)}`,
    rounds: times.length,
  };
}

/**
 * Shows a time.
 *
 * @param milliseconds The time.
 * @returns For example `0.48 s` or `63 ms`.
 */
export function shownTime(milliseconds: number): string {
  if (milliseconds < 100) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}
