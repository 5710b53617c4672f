/**
 * The tasks that show a store to people: their rows of the table.
 *
 * @module
 */

import { commonFlags, parseText, planFlags, storeFlags, type Valued } from "./flags.ts";
import { children, daysOld, policyFlags, purgeAfter, settle, undated } from "./policy_flags.ts";
import { reading, type TaskRow } from "./task_row.ts";

/** Looking at a store, alone or together with others. */
export const reviewTasks = {
  report: {
    summary: "Write what a store holds, and a clean-up's plan, as an HTML file",
    usage: ["deno task report --html FILE [flags]"],
    examples: [
      ["deno task report --html report.html", "one file without scripts, for a mail"],
      ["deno task report --html report.html --sizes", "also what takes the disk"],
      ["deno task report --html report.html --days-old 90", "the plan that cleanup would make"],
    ],
    operand: null,
    flags: {
      html: {
        name: "html",
        value: "FILE",
        describe: "Where to write it; only an earlier report is written over",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      daysOld,
      children,
      purgeAfter,
      undated,
      settle,
      config: policyFlags.config,
      maxShare: policyFlags.maxShare,
      maxRuns: policyFlags.maxRuns,
      free: policyFlags.free,
      maxSize: policyFlags.maxSize,
      maxFiles: policyFlags.maxFiles,
      first: policyFlags.first,
      sizes: policyFlags.sizes,
      all: planFlags.all,
      store: storeFlags.store,
      noConfig: storeFlags.noConfig,
      ...commonFlags,
    },
    exitCodes: reading,
    permissions: "Writes only FILE, which must not lie in the store.",
  },
} satisfies Readonly<Record<string, TaskRow>>;
