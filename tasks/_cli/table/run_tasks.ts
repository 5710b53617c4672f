/**
 * The row of the task that runs programs.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import { commonFlags, parseText, report, storeFlags, toggle, type Valued } from "./flags.ts";
import type { TaskRow } from "./task_row.ts";

/** The task, by its name. */
export const runTasks = {
  run: {
    summary: "Run a program, such as training in Python, in a run of its own",
    usage: ["deno task run --experiment NAME [flags] -- PROGRAM [ARGUMENT…]"],
    examples: [
      [
        "deno task run --experiment churn -- python train.py",
        "train in a run, and record how it ended",
      ],
      [
        "deno task run --experiment churn --name base -- python train.py --lr 0.1",
        "what stands behind -- is its own",
      ],
      [
        "deno task run --experiment churn --strict -- bash train.sh",
        "rather not train than without a run",
      ],
    ],
    operand: {
      name: "PROGRAM",
      describe:
        "Its exit code is the task's: 127 not found, 126 not startable, 128 + N ended by signal N",
      required: true,
      isProgram: true,
      example: "deno task run --experiment NAME -- python train.py",
    },
    flags: {
      experiment: {
        name: "experiment",
        value: "NAME",
        describe: "The run's experiment: reused, created or restored as needed",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      name: {
        name: "name",
        value: "NAME",
        describe: "The run's name",
        default: null,
        defaultText: "one that is made up",
        parse: parseText,
      } satisfies Valued<string | null>,
      strict: toggle("strict", "Do not run the program where it cannot have a run"),
      report,
      store: storeFlags.store,
      noConfig: storeFlags.noConfig,
      ...commonFlags,
    },
    exitCodes: [
      ExitCode.unexpected,
      ExitCode.usage,
      ExitCode.findings,
      ExitCode.storeNotFound,
      ExitCode.unsupportedStore,
    ],
    permissions: "May write, and start any program, which may do all that you may.",
  },
} satisfies Readonly<Record<string, TaskRow>>;
