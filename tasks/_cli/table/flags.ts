/**
 * The vocabulary of a command line: flags, each with all that its parser and its line in `--help`
 * need, so that the two cannot disagree.
 *
 * @module
 */

import { days, type DurationUnit, parseDuration } from "../../../lib/text/units.ts";

/** A command of `deno.json` that is named `TASK:FLAG`, or a script that mltidy itself has written. */
export type GivenBy = "command" | "script";

/** A flag that is on or off. */
export interface Switch {
  /** Long name, without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** A switch takes no value. */
  readonly value: null;
  /** Whether `--no-NAME` turns it off. */
  readonly negatable?: boolean;
  /** One line for `--help`. */
  readonly describe: string;
  /** What counts when the flag is not given. */
  readonly default: boolean;
  /** Left out of `--help`: who gives it, where nobody types it. */
  readonly givenBy?: GivenBy;
}

/** A flag that takes a value. */
export interface Valued<T> {
  /** Long name, without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** What stands for the value in `--help`, such as `N`. */
  readonly value: string;
  /** One line for `--help`. */
  readonly describe: string;
  /** What counts when the flag is not given. */
  readonly default: T;
  /** The default as one would type or say it; left out where there is nothing to say. */
  readonly defaultText?: string;
  /** Turns what was typed into the value; throws a `RangeError` that says what it expects. */
  readonly parse: (text: string) => T;
  /** Left out of `--help`: who gives it, where nobody types it. */
  readonly givenBy?: GivenBy;
}

/** Any flag. */
// A flag's parser is only ever read for its result, so any value type will do.
export type Flag = Switch | Valued<unknown>;

/** Flags by the name that their options have in code. */
export type Flags = Readonly<Record<string, Flag>>;

/** What parsing gives for each flag. */
export type OptionsOf<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Valued<infer T> ? T : boolean;
};

/** Flags of every task. */
export const commonFlags = {
  dryRun: toggle("dry-run", "Only show what would be done; nothing is changed", { short: "n" }),
  quiet: toggle("quiet", "Say nothing but the result and errors", { short: "q" }),
  help: toggle("help", "Show this help", { short: "h" }),
  version: toggle("version", "Show the version", { short: "V" }),
} satisfies Flags;

/** Flags of every task that looks at a store. */
export const storeFlags = {
  store: {
    name: "store",
    value: "DIR|URI",
    describe: "The store to look at",
    default: null,
    defaultText:
      "what MLFLOW_TRACKING_URI names, else store of mltidy.yaml, else ./mlruns, or ./mlflow.db alone",
    parse: parseText,
  } satisfies Valued<string | null>,
  noConfig: toggle("no-config", "Go by no mltidy.yaml, whatever lies there"),
  json: toggle("json", "Print one JSON document instead of text"),
  ...commonFlags,
} satisfies Flags;

/** `--backups`, the place of backups. */
export const backups = {
  name: "backups",
  value: "DIR",
  describe: "Where backups lie, on any file system but not in the store",
  default: null,
  defaultText: "as mltidy.yaml says, else .mltidy.trash/backups in the store, or beside a database",
  parse: parseText,
} satisfies Valued<string | null>;

/** `--report`, for what goes on where nobody sits. */
export const report = {
  name: "report",
  value: "FILE",
  describe: "Write how the task ends, also when it fails; the last 30 reports before stay",
  default: null,
  parse: parseText,
} satisfies Valued<string | null>;

/** Flags of the tasks that show or apply a plan. */
export const planFlags = {
  all: toggle("all", "Print every line of the plan, not only samples"),
  backup: toggle("backup", "Keep a copy of what is taken away or replaced, for restore", {
    negatable: true,
    default: true,
  }),
  backups,
  force: toggle("force", "Apply without asking; needed where there is no terminal"),
  detailedExitcode: toggle("detailed-exitcode", "Exit with 3 when changes are pending"),
  report,
  apply: toggle("apply", "Carry the plan out", { givenBy: "command" }),
} satisfies Flags;

/**
 * A flag that is on or off.
 *
 * @param name Long name, without dashes.
 * @param describe One line for `--help`.
 * @param more What is not as usual: off by default, not negatable, shown in `--help`.
 * @returns The flag.
 */
export function toggle(
  name: string,
  describe: string,
  more: Partial<Omit<Switch, "name" | "describe" | "value">> = {},
): Switch {
  return { name, value: null, describe, default: false, ...more };
}

/**
 * Takes any text but the empty one.
 *
 * @param text What was typed.
 * @returns The same text.
 * @throws {RangeError} When it is empty.
 */
export function parseText(text: string): string {
  if (text === "") throw new RangeError("expected a value");
  return text;
}

/**
 * Reads a number of days.
 *
 * @param text Decimal digits, with or without a fraction, or a duration such as `30d` or `12h`.
 * @returns Days, 0 or more.
 * @throws {RangeError} When it is anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([parseDays("0.5"), parseDays("7d")], [0.5, 7]);
 * ```
 */
export function parseDays(text: string): number {
  const number = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : spanInDays(text);
  if (!Number.isFinite(number)) throw new RangeError("expected a number of days, 0 or more");
  return number;
}

function spanInDays(text: string): number {
  try {
    return /\s/.test(text) ? NaN : parseSpan("d")(text) / days(1);
  } catch {
    return NaN;
  }
}

/**
 * Reads a duration such as `30d`, `12h` or `1d2h30m`.
 *
 * @param bareUnit The unit of a number that has none.
 * @returns A parser that gives ms, and throws a `RangeError` for anything else.
 */
export function parseSpan(bareUnit: DurationUnit): (text: string) => number {
  return (text) => {
    try {
      return parseDuration(text, { bareUnit });
    } catch (cause) {
      throw new RangeError("expected a duration such as 30d, 12h or 10m", { cause });
    }
  };
}

/**
 * Reads which backups may go: those of an age, such as `90d`, the one whose id begins so, or `due`: those of the age
 * that the configuration says.
 *
 * @param text What was typed.
 * @returns The age in ms, the id, or that the configuration says it.
 * @throws {RangeError} When it is none of these.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseExpiry("90d"), { olderThan: 7_776_000_000 });
 * assertEquals(parseExpiry("20261101T000000Z-backup"), { id: "20261101T000000Z-backup" });
 * ```
 */
export function parseExpiry(
  text: string,
): { readonly olderThan: number } | { readonly id: string } | { readonly due: true } {
  if (text === "due") return { due: true };
  if (/^\d{8}T/.test(text)) return { id: text };
  try {
    return { olderThan: parseSpan("d")(text) };
  } catch (cause) {
    throw new RangeError("expected an age such as 90d, a backup's ID, or due", { cause });
  }
}

/**
 * Reads what another parser does, with a shorter message.
 *
 * @param expected What is expected.
 * @param parse The other parser.
 * @returns A parser that throws a `RangeError` with that message.
 */
export function parseOr<T>(expected: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (cause) {
      throw new RangeError(`expected ${expected}`, { cause });
    }
  };
}

/**
 * Reads a whole number.
 *
 * @param least The smallest number allowed.
 * @returns A parser that throws a `RangeError` for anything else.
 */
export function parseWholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least) {
      throw new RangeError(`expected a whole number, ${least} or more`);
    }
    return number;
  };
}

/**
 * Reads one of a few words.
 *
 * @param words The words.
 * @returns A parser that throws a `RangeError` for anything else.
 */
export function parseChoice<const W extends string>(...words: readonly W[]): (text: string) => W {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word === undefined) throw new RangeError(`expected ${words.join(" or ")}`);
    return word;
  };
}

/**
 * Reads a metric, and which way is better.
 *
 * @param text The metric's key, and `:max` or `:min` behind it.
 * @returns The key; `mode` is `null` where it was not said.
 * @throws {RangeError} When there is no key.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMetric("val/loss:min"), { name: "val/loss", mode: "min" });
 * assertEquals(parseMetric("f1"), { name: "f1", mode: null });
 * ```
 */
export function parseMetric(
  text: string,
): { readonly name: string; readonly mode: "max" | "min" | null } {
  const [, name = "", mode] = /^(.*?)(?::(max|min))?$/s.exec(text) ?? [];
  if (name === "") throw new RangeError("expected a metric such as f1 or loss:min");
  return { name, mode: mode === "max" || mode === "min" ? mode : null };
}

/**
 * Reads a moment.
 *
 * @param text A date and time of ISO 8601 with its offset, a date (midnight UTC), or epoch ms.
 * @returns Epoch ms.
 * @throws {RangeError} When it is anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMoment("2026-01-31T12:00:00Z"), 1769860800000);
 * ```
 */
export function parseMoment(text: string): number {
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = iso ? Date.parse(text) : /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(time)) {
    throw new RangeError("expected a moment such as 2026-01-31T12:00:00Z");
  }
  return time;
}
