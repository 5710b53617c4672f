/**
 * Every task of the command line: one row each, from which the parser and `--help` are made.
 *
 * @module
 */

import { backupTasks } from "./backup_tasks.ts";
import { ExitCode } from "./exit_code.ts";
import {
  commonFlags,
  type OptionsOf,
  parseChoice,
  parseMetric,
  parseMoment,
  parseText,
  parseWholeNumber,
  planFlags,
  report,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";
import {
  children,
  config,
  daysOld,
  policyFlags,
  purgeAfter,
  selectionFlags,
  settle,
  undated,
} from "./policy_flags.ts";
import { machineTasks } from "./machine_tasks.ts";
import { moveTasks, repairTasks } from "./repair_tasks.ts";
import { reviewTasks } from "./review_tasks.ts";
import { runTasks } from "./run_tasks.ts";
import { always, applying, type Operand, reading, type TaskRow } from "./task_row.ts";

/** `--kind`, as what the example store is written. */
const kind = {
  name: "kind",
  value: "files|sqlite",
  describe: "As what: files such as mlruns/, or a database mlflow.db with its artifacts",
  default: "files",
  defaultText: "files",
  parse: parseChoice("files", "sqlite"),
} satisfies Valued<"files" | "sqlite">;

const pinned = {
  name: "RUN…",
  describe:
    "Ids of active runs, 6 or more of the first letters, 7/3a7bb818… as plans print them, or names",
  required: true,
  isMany: true,
} as const satisfies Operand;

/** The tasks, in the order in which a newcomer meets them. */
export const taskTable = {
  summary: {
    summary: "Show what a store holds: experiments, runs, orphans, findings",
    usage: ["deno task summary [flags]"],
    examples: [
      ["deno task summary", "look at ./mlruns"],
      ["deno task summary --top 10 --by size", "the ten largest experiments"],
      ["deno task summary --metric loss:min", "the run of least loss of each experiment"],
      ["deno task summary --experiment 'churn-*' --sizes", "what these experiments take"],
    ],
    operand: null,
    flags: {
      ...selectionFlags,
      sizes: toggle("sizes", "Measure what takes the disk: experiments, models, traces"),
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
      metric: {
        name: "metric",
        value: "NAME[:min]",
        describe: "Show the best run of each experiment by this metric; :min where less is better",
        default: null,
        defaultText: "primary_metric of mltidy.yaml if there is one, else none",
        parse: parseMetric,
      } satisfies Valued<ReturnType<typeof parseMetric> | null>,
      config,
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
      ["deno task verify --severity error", "only what makes a listing or a search fail"],
      ["deno task verify --mlflow 2.22", "can MLflow 2.22 open it, and if not, why"],
      ["deno task verify --for-migration", "what mlflow migrate-filestore stumbles over"],
      ["deno task verify --for windows", "what a copy on Windows cannot hold, and why"],
      ["deno task verify --json > findings.json", "keep the findings"],
    ],
    operand: null,
    flags: {
      severity: {
        name: "severity",
        value: "error|warning|info",
        describe: "Show only findings of this severity",
        default: null,
        parse: parseChoice("error", "warning", "info"),
      } satisfies Valued<"error" | "warning" | "info" | null>,
      experiment: {
        name: "experiment",
        value: "ID|NAME",
        describe: "Show only findings of this experiment",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      rule: {
        name: "rule",
        value: "ID",
        describe: "Show only findings of this rule",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      mlflow: {
        name: "mlflow",
        value: "2.22|3.17",
        describe: "Tell whether this version of MLflow opens the store, and if not, why",
        default: null,
        parse: parseChoice("2.22", "3.17"),
      } satisfies Valued<"2.22" | "3.17" | null>,
      forMigration: toggle(
        "for-migration",
        "Tell what mlflow migrate-filestore would skip or stumble over",
      ),
      for: {
        name: "for",
        value: "windows|macos|archive",
        describe: "Tell what a machine of that kind, or an archive, cannot hold of the store",
        default: null,
        parse: parseChoice("windows", "macos", "archive"),
      } satisfies Valued<"windows" | "macos" | "archive" | null>,
      rules: toggle("rules", "Print every rule, and look at no store"),
      report,
      ...storeFlags,
    },
    exitCodes: [...reading, ExitCode.findings],
    permissions: "Only reads.",
  },
  ...repairTasks,
  ...runTasks,
  prune: {
    summary: "Soft-delete old runs; MLflow itself can restore them",
    usage: ["deno task prune [flags]", "deno task prune:apply [flags]"],
    examples: [
      ["deno task prune --days-old 90", "show the plan; nothing is changed"],
      ["deno task prune:apply --days-old 90", "show the plan, ask, then carry it out"],
    ],
    operand: null,
    flags: {
      ...selectionFlags,
      daysOld,
      children,
      ...policyFlags,
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "prune only reads; prune:apply may write.",
  },
  cleanup: {
    summary: "The main job: orphans, old runs, what was deleted long ago",
    usage: ["deno task cleanup [flags]", "deno task cleanup:apply [flags]"],
    examples: [
      ["deno task cleanup", "show the plan; nothing is changed"],
      ["deno task cleanup:apply --backup --force", "carry it out without asking"],
      ["deno task cleanup --json > plan.json", "keep the plan for deno task apply"],
      ["deno task cleanup --experiment churn", "only what goes of one experiment"],
      ["deno task cleanup:apply --run 3a7bb8 --purge-after 0d", "purge one soft-deleted run"],
    ],
    operand: null,
    flags: {
      ...selectionFlags,
      daysOld,
      children,
      purgeAfter,
      undated,
      settle,
      ...policyFlags,
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "cleanup only reads; cleanup:apply may write.",
  },
  ...moveTasks,
  ...reviewTasks,
  explain: {
    summary: "Tell why a run, model, experiment or orphan stays, or goes",
    usage: ["deno task explain RUN [flags]"],
    examples: [
      ["deno task explain 3a7bb8184ebf8eeb74c0e755c838591a", "a run by its id"],
      ["deno task explain baseline", "all runs of a name"],
      ["deno task explain m-3a7bb8", "a logged model by the beginning of its id"],
      ["deno task explain churn", "an experiment, and how many of its runs would go"],
    ],
    operand: {
      name: "RUN",
      describe:
        "The id of a run, logged model, experiment or orphan, 6 or more of its first letters, 7/3a7bb818… as plans print it, or its name",
      required: true,
    },
    flags: {
      config,
      daysOld,
      children,
      purgeAfter,
      undated,
      settle,
      ...storeFlags,
    },
    exitCodes: reading,
    permissions: "Only reads.",
  },
  config: {
    summary: "Check or write mltidy.yaml, which says what is worth keeping",
    usage: ["deno task config [flags]", "deno task config --init [flags]"],
    examples: [
      ["deno task config --init", "write a commented mltidy.yaml into this directory"],
      ["deno task config", "check it, and show it with all defaults"],
      ["deno task config --schema > mltidy.schema.json", "for editors"],
    ],
    operand: null,
    flags: {
      init: toggle("init", "Write a file in which every key is commented out"),
      schema: toggle("schema", "Print a JSON Schema for editors"),
      config: {
        name: "config",
        value: "FILE",
        describe: "The file",
        default: null,
        defaultText: "mltidy.yaml in this directory",
        parse: parseText,
      } satisfies Valued<string | null>,
      ...commonFlags,
    },
    exitCodes: always,
    permissions: "Writes only with --init, only that file.",
  },
  apply: {
    summary: "Carry out exactly a saved plan, or refuse",
    usage: ["deno task apply PLAN.json [flags]"],
    examples: [
      ["deno task cleanup --json > plan.json", "save a plan"],
      ["deno task apply plan.json", "show it, ask, then carry it out"],
      [
        "deno task apply plan.json --what-still-holds",
        "of a store that has changed since, what both plans take; the rest is listed",
      ],
    ],
    operand: {
      name: "PLAN.json",
      describe: "A plan that cleanup, prune, repair, move or merge printed with --json",
      required: true,
    },
    flags: {
      whatStillHolds: toggle(
        "what-still-holds",
        "Carry out what today's rules still let go of the plan, and list the rest with its reasons",
      ),
      config,
      all: planFlags.all,
      backup: planFlags.backup,
      backups: planFlags.backups,
      force: planFlags.force,
      report,
      ...storeFlags,
    },
    exitCodes: applying,
    permissions: "May write.",
  },
  show: {
    summary: "Show a saved plan as text, as it was when it was made",
    usage: ["deno task show PLAN.json [flags]"],
    examples: [["deno task show plan.json --all", "every line of it; no store is looked at"]],
    operand: {
      name: "PLAN.json",
      describe: "A plan that cleanup, prune, repair, move or merge printed with --json",
      required: true,
    },
    flags: { all: planFlags.all, json: storeFlags.json, ...commonFlags },
    exitCodes: [...always, ExitCode.planDoesNotFit],
    permissions: "Only reads that file.",
  },
  pin: {
    summary: "Pin runs, so that no clean-up takes them, by the tag mltidy.pin",
    usage: ["deno task pin RUN… [flags]"],
    examples: [
      ["deno task pin 3a7bb8184ebf8eeb74c0e755c838591a", "a run by its id"],
      ["deno task pin 3a7bb8 baseline", "one by the beginning of its id, and one by its name"],
    ],
    operand: pinned,
    flags: storeFlags,
    exitCodes: applying,
    permissions: "May write, only that tag.",
  },
  unpin: {
    summary: "Take the pin of runs away, so that rules judge them again",
    usage: ["deno task unpin RUN… [flags]"],
    examples: [["deno task unpin 3a7bb8", "by the beginning of its id, or its name"]],
    operand: pinned,
    flags: storeFlags,
    exitCodes: applying,
    permissions: "May write, only that tag.",
  },
  ...backupTasks,
  ...machineTasks,
  demo: {
    summary: "Walk through the main job on an example store",
    usage: ["deno task demo [flags]"],
    examples: [
      ["deno task demo", "takes a few seconds and touches nothing else"],
      ["deno task demo --kind sqlite", "the same on a database, as MLflow 3.7 and newer make"],
    ],
    operand: null,
    flags: { kind, ...commonFlags },
    exitCodes: always,
    permissions: "Writes only in a temporary directory.",
  },
  "demo:store": {
    summary: "Write the example store into a directory",
    usage: ["deno task demo:store DIR [flags]"],
    examples: [
      ["deno task demo:store example/mlruns", "write it"],
      ["deno task summary --store example/mlruns", "and look at it"],
      ["deno task demo:store --kind sqlite example", "write mlflow.db and mlruns/ into it"],
    ],
    operand: { name: "DIR", describe: "Where to write it; must be new or empty", required: true },
    flags: {
      kind,
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
export type OperandOf<O> = O extends
  | { readonly isProgram: true }
  | { readonly isMany: true } ? readonly string[]
  : O extends { readonly required: true } ? string
  : O extends null ? null
  : string | null;
