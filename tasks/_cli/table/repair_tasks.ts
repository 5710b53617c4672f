/**
 * The tasks that mend a store, or put its runs elsewhere: their rows of the table.
 *
 * @module
 */

import { DEFAULT_REPAIR } from "../../../lib/plan/repair_action.ts";
import { typedDuration } from "../../../lib/text/units.ts";
import { ExitCode } from "./exit_code.ts";
import {
  parseChoice,
  parseSpan,
  parseText,
  planFlags,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";
import { selectionFlags } from "./policy_flags.ts";
import { applying, type TaskRow } from "./task_row.ts";

/** When damage counts as such, and no longer as MLflow's work in progress. */
const settle = {
  name: "settle",
  value: "DURATION",
  describe: "Leave damage alone that is younger than this: MLflow may be writing",
  default: DEFAULT_REPAIR.settle,
  defaultText: typedDuration(DEFAULT_REPAIR.settle),
  parse: parseSpan("m"),
} satisfies Valued<number>;

const staleAfter = {
  name: "stale-after",
  value: "DURATION",
  describe: "End runs that have not ended and were silent for longer than this",
  default: DEFAULT_REPAIR.staleAfter,
  defaultText: typedDuration(DEFAULT_REPAIR.staleAfter),
  parse: parseSpan("d"),
} satisfies Valued<number>;

/** Mending, and getting ready for an experiment. */
export const repairTasks = {
  repair: {
    summary: "Mend what is provable: lost records, torn metrics, stale runs",
    usage: ["deno task repair [flags]", "deno task repair:apply [flags]"],
    examples: [
      ["deno task repair", "show what would be mended, with the evidence; nothing is changed"],
      ["deno task repair:apply", "show it, ask, then carry it out"],
      ["deno task repair --relocate", "also rewrite the places that a moved store still names"],
    ],
    operand: null,
    flags: {
      relocate: toggle("relocate", "Rewrite the places that a moved or copied store still names"),
      from: {
        name: "from",
        value: "OLD",
        describe:
          "With --relocate: rewrite all places below this, the store's former root, and no others",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      dropLines: toggle(
        "drop-lines",
        "Take every line that MLflow cannot read out of metrics, into the backup",
      ),
      staleAfter,
      as: {
        name: "as",
        value: "FAILED|KILLED",
        describe: "The status that a stale run gets",
        default: DEFAULT_REPAIR.finishAs,
        defaultText: DEFAULT_REPAIR.finishAs,
        parse: parseChoice("FAILED", "KILLED"),
      } satisfies Valued<"FAILED" | "KILLED">,
      settle,
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "repair only reads; repair:apply may write.",
  },
  preflight: {
    summary: "Before a training: mend what is provable, unasked, and set it up",
    usage: ["deno task preflight [NAME] [flags]"],
    examples: [
      ["deno task preflight churn", "exit 0 means that the store and experiment churn are ready"],
      ["deno task preflight --check", "only look, and say what there is to mend"],
      [
        "deno task preflight churn --on-deleted replace",
        "free the name of a deleted experiment for a new one",
      ],
      ["deno task restore --last", "undo what it changed last"],
    ],
    operand: { name: "NAME", describe: "The experiment to set up", required: false },
    flags: {
      check: toggle("check", "Only look; nothing is changed"),
      onDeleted: {
        name: "on-deleted",
        value: "restore|replace",
        describe:
          "Where the experiment is deleted, bring it back as MLflow does, or rename it, deleted as it is, and make a new one",
        default: "restore",
        defaultText: "restore",
        parse: parseChoice("restore", "replace"),
      } satisfies Valued<"restore" | "replace">,
      staleAfter,
      settle,
      all: planFlags.all,
      backups: planFlags.backups,
      report: planFlags.report,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "May write, and asks nothing; with --check only reads.",
  },
} satisfies Readonly<Record<string, TaskRow>>;

/** Putting runs elsewhere. */
export const moveTasks = {
  move: {
    summary: "Move runs into another experiment, with their models and traces",
    usage: [
      "deno task move --run ID --to NAME|ID [flags]",
      "deno task move:apply --run ID --to NAME|ID [flags]",
    ],
    examples: [
      ["deno task move --run 3a7bb8 --to keepers", "show what would move; nothing is changed"],
      ["deno task move:apply --run 3a7bb8 --to keepers", "show it, ask, then carry it out"],
      ["deno task move --experiment scratch --to keepers", "all active runs of an experiment"],
    ],
    operand: null,
    flags: {
      run: {
        ...selectionFlags.run,
        describe:
          "This run, with those nested in it; the beginning of its ID will do, several with commas between them",
      },
      experiment: {
        ...selectionFlags.experiment,
        describe:
          "The runs of this experiment; * for any letters, several with commas between them",
      },
      to: {
        name: "to",
        value: "NAME|ID",
        describe: "The active experiment into which they move",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      deleted: toggle("deleted", "Move soft-deleted runs as well"),
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "move only reads; move:apply may write.",
  },
  merge: {
    summary: "Copy what another store has into this one; that stays as it is",
    usage: [
      "deno task merge --from DIR|URI [flags]",
      "deno task merge:apply --from DIR|URI [flags]",
    ],
    examples: [
      ["deno task merge --from ~/laptop/mlruns", "show what would be copied; nothing is changed"],
      ["deno task merge:apply --from ~/laptop/mlruns", "show it, ask, then carry it out"],
      ["deno task merge --from ~/laptop/mlruns --experiment oak", "one of its experiments"],
    ],
    operand: null,
    flags: {
      from: {
        name: "from",
        value: "DIR|URI",
        describe: "The other store, of the same kind; it is read, and never changed",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      experiment: {
        ...selectionFlags.experiment,
        describe:
          "This experiment of the other store; * for any letters, several with commas between them",
      },
      deleted: toggle("deleted", "Copy soft-deleted runs as well"),
      ...planFlags,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
    permissions: "merge only reads; merge:apply may write to this store.",
  },
} satisfies Readonly<Record<string, TaskRow>>;
