/**
 * Every task of the command line: one row each, from which the parser and `--help` are made.
 *
 * @module
 */

import { days } from "../../lib/units.ts";
import { ExitCode } from "./exit_code.ts";
import {
  commonFlags,
  daysOld,
  type Flags,
  type OptionsOf,
  parseChoice,
  parseMoment,
  parseSpan,
  parseText,
  parseWholeNumber,
  planFlags,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";

/** What a task takes besides flags. */
export interface Operand {
  /** What stands for it in `--help`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly describe: string;
  /** Whether the task cannot do without. */
  readonly required: boolean;
}

/** One task. */
export interface TaskRow {
  /** One line: what the task does. */
  readonly summary: string;
  /** How it is called, without flags. */
  readonly usage: readonly string[];
  /** Commands to copy, each with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** What it takes besides flags. */
  readonly operand: Operand | null;
  /** Its flags, in the order of `--help`. */
  readonly flags: Flags;
  /** The codes it may end with. */
  readonly exitCodes: readonly ExitCode[];
  /** Whether it may write, in a sentence. */
  readonly permissions: string;
}

const always = [ExitCode.done, ExitCode.unexpected, ExitCode.usage, ExitCode.interrupted] as const;
const reading = [...always, ExitCode.storeNotFound, ExitCode.unsupportedStore] as const;
const applying = [...reading, ExitCode.partlyApplied, ExitCode.storeLocked] as const;

/** The tasks, in the order in which a newcomer meets them. */
export const taskTable = {
  summary: {
    summary: "Show what a store holds: experiments, runs by status, orphans, findings",
    usage: ["deno task summary [flags]"],
    examples: [
      ["deno task summary", "look at ./mlruns"],
      ["deno task summary --top 10 --by size", "the ten largest experiments"],
    ],
    operand: null,
    flags: {
      sizes: toggle("sizes", "Measure what each experiment takes on disk"),
      top: {
        name: "top",
        value: "N",
        describe: "Show only the first N experiments",
        default: null,
        parse: parseWholeNumber(1),
      } satisfies Valued<number | null>,
      by: {
        name: "by",
        value: "size|runs",
        describe: "Largest first, by size (measures it, as --sizes does) or by number of runs",
        default: "runs",
        defaultText: "runs",
        parse: parseChoice("size", "runs"),
      } satisfies Valued<"size" | "runs">,
      ...storeFlags,
    },
    exitCodes: reading,
    permissions: "Only reads.",
  },
  verify: {
    summary: "Check a store and list what is broken, with the remedy for each",
    usage: ["deno task verify [flags]"],
    examples: [
      ["deno task verify", "check ./mlruns"],
      ["deno task verify --json > findings.json", "keep the findings"],
    ],
    operand: null,
    flags: storeFlags,
    exitCodes: [...reading, ExitCode.findings],
    permissions: "Only reads.",
  },
  prune: {
    summary: "Soft-delete old runs; MLflow itself can restore them",
    usage: ["deno task prune [flags]", "deno task prune:apply [flags]"],
    examples: [
      ["deno task prune --days-old 90", "show the plan; nothing is changed"],
      ["deno task prune:apply --days-old 90", "show the plan, ask, then carry it out"],
    ],
    operand: null,
    flags: { daysOld, ...planFlags, ...storeFlags },
    exitCodes: [...applying, ExitCode.findings, ExitCode.planDoesNotFit],
    permissions: "prune only reads; prune:apply may write.",
  },
  cleanup: {
    summary:
      "Quarantine orphans, soft-delete old runs, purge what was deleted long ago: the main job",
    usage: ["deno task cleanup [flags]", "deno task cleanup:apply [flags]"],
    examples: [
      ["deno task cleanup", "show the plan; nothing is changed"],
      ["deno task cleanup:apply --backup --force", "carry it out without asking"],
      ["deno task cleanup --json > plan.json", "keep the plan for deno task apply"],
    ],
    operand: null,
    flags: {
      daysOld,
      purgeAfter: {
        name: "purge-after",
        value: "DURATION",
        describe: "Purge what has been soft-deleted for longer than this",
        default: days(30),
        defaultText: "30d",
        parse: parseSpan("d"),
      } satisfies Valued<number>,
      settle: {
        name: "settle",
        value: "DURATION",
        describe: "Leave an orphan alone that changed within this time: it may be in the making",
        default: 10 * 60_000,
        defaultText: "10m",
        parse: parseSpan("m"),
      } satisfies Valued<number>,
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings, ExitCode.planDoesNotFit],
    permissions: "cleanup only reads; cleanup:apply may write.",
  },
  apply: {
    summary: "Carry out exactly a saved plan, or refuse",
    usage: ["deno task apply PLAN.json [flags]"],
    examples: [
      ["deno task cleanup --json > plan.json", "save a plan"],
      ["deno task apply plan.json", "show it, ask, then carry it out"],
    ],
    operand: {
      name: "PLAN.json",
      describe: "A plan that prune --json or cleanup --json printed",
      required: true,
    },
    flags: {
      all: planFlags.all,
      backup: planFlags.backup,
      force: planFlags.force,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.planDoesNotFit],
    permissions: "May write.",
  },
  restore: {
    summary: "Undo what was applied: bring back what a backup holds",
    usage: [
      "deno task restore [flags]",
      "deno task restore --last [flags]",
      "deno task restore ID [flags]",
    ],
    examples: [
      ["deno task restore", "list what can be undone"],
      ["deno task restore --last --dry-run", "show what would come back"],
      ["deno task restore --last", "undo the last apply"],
      ["deno task restore --last --run RUN_ID", "bring back a single run"],
    ],
    operand: { name: "ID", describe: "The backup, as apply named it", required: false },
    flags: {
      last: toggle("last", "Take the newest backup"),
      experiment: {
        name: "experiment",
        value: "ID",
        describe: "Bring back only what belongs to this experiment",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      run: {
        name: "run",
        value: "ID",
        describe: "Bring back only this run",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      dryRun: toggle("dry-run", "Show what would come back; nothing is changed"),
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.planDoesNotFit],
    permissions: "May write.",
  },
  recover: {
    summary: "Settle a change that was cut off: complete it, or take it back",
    usage: ["deno task recover [flags]"],
    examples: [["deno task recover", "every other task that may write does this first"]],
    operand: null,
    flags: storeFlags,
    exitCodes: applying,
    permissions: "May write.",
  },
  demo: {
    summary: "Walk through the main job on an example store in a temporary directory",
    usage: ["deno task demo [flags]"],
    examples: [["deno task demo", "takes a few seconds and touches nothing else"]],
    operand: null,
    flags: commonFlags,
    exitCodes: always,
    permissions: "Writes only in a temporary directory.",
  },
  "demo:store": {
    summary: "Write the example store into a directory",
    usage: ["deno task demo:store DIR [flags]"],
    examples: [
      ["deno task demo:store example/mlruns", "write it"],
      ["deno task summary --store example/mlruns", "and look at it"],
    ],
    operand: { name: "DIR", describe: "Where to write it; must be new or empty", required: true },
    flags: {
      seed: {
        name: "seed",
        value: "N",
        describe: "Start of the pseudo-random choices",
        default: 42,
        defaultText: "42",
        parse: parseWholeNumber(0),
      } satisfies Valued<number>,
      now: {
        name: "now",
        value: "MOMENT",
        describe: "The moment that ages are counted from, such as 2026-01-31T12:00:00Z",
        default: null,
        defaultText: "the present",
        parse: parseMoment,
      } satisfies Valued<number | null>,
      ...commonFlags,
    },
    exitCodes: always,
    permissions: "Writes only in DIR.",
  },
} satisfies Readonly<Record<string, TaskRow>>;

/** The name of a task. */
export type TaskName = keyof typeof taskTable;

/** The names of all tasks. */
export const taskNames = Object.keys(taskTable) as readonly TaskName[];

/** What parsing gives for a task: the world has not been asked yet. */
export type TaskCommand<N extends TaskName = TaskName> = {
  readonly [T in N]: {
    readonly task: T;
    readonly options: OptionsOf<(typeof taskTable)[T]["flags"]>;
    readonly operand: OperandOf<(typeof taskTable)[T]["operand"]>;
  };
}[N];

/** What parsing gives for an operand. */
export type OperandOf<O> = O extends { readonly required: true } ? string
  : O extends null ? null
  : string | null;
