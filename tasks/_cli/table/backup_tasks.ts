/**
 * The tasks around backups: their rows of the table.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import {
  backups,
  parseExpiry,
  parseText,
  parseWholeNumber,
  report,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";
import { applying, type TaskRow } from "./task_row.ts";

/** Copying a store, undoing a change, and settling one that was cut off. */
export const backupTasks = {
  backup: {
    summary: "Copy a store, or a part of it; list, check and expire copies",
    usage: [
      "deno task backup [flags]",
      "deno task backup --list [flags]",
      "deno task backup --show ID [flags]",
      "deno task backup --verify [ID] [flags]",
      "deno task backup --expire AGE|ID|due [flags]",
    ],
    examples: [
      ["deno task backup", "copy the whole store; what is unchanged is shared with the last copy"],
      ["deno task backup --metadata --backups /mnt/nas/mlruns", "all but artifacts, elsewhere"],
      ["deno task backup --store sqlite:///mlflow.db", "a database at work, with its artifacts"],
      ["deno task backup --verify", "read every copy again and compare"],
      ["deno task backup --expire 90d --keep-last 3 --dry-run", "show which copies would go"],
    ],
    operand: {
      name: "ID",
      describe: "The only backup to check, by its ID or the beginning of it",
      required: false,
    },
    flags: {
      experiment: {
        name: "experiment",
        value: "NAME|ID",
        describe: "Copy only this experiment, with all its runs; the beginning of its ID will do",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      run: {
        name: "run",
        value: "NAME|ID",
        describe: "Copy only this run, with its logged models; the beginning of its ID will do",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      metadata: toggle(
        "metadata",
        "Copy everything but what lies in artifacts/; of a database, its file alone",
      ),
      backups,
      list: toggle("list", "List the backups, and what kept records take; nothing is changed"),
      show: {
        name: "show",
        value: "ID",
        describe:
          "Show what a backup holds, run by run: by its ID or the beginning of it; nothing is changed",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      verify: toggle("verify", "Read copies again and compare; nothing is changed"),
      expire: {
        name: "expire",
        value: "AGE|ID|due",
        describe:
          "Remove copies older than that (due: than expire_after of mltidy.yaml), unless they hold an only copy, and kept records that no repair can need; or the one named",
        default: null,
        parse: parseExpiry,
      } satisfies Valued<ReturnType<typeof parseExpiry> | null>,
      keepLast: {
        name: "keep-last",
        value: "N",
        describe: "With --expire AGE: keep the newest N of each kind, whatever their age",
        default: null,
        defaultText: "keep_last of backups in mltidy.yaml, else 1",
        parse: parseWholeNumber(1),
      } satisfies Valued<number | null>,
      report,
      ...storeFlags,
    },
    exitCodes: [...applying, ExitCode.findings],
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
      ["deno task restore --last --list", "show what it holds, run by run"],
      ["deno task restore --last --run RUN_ID", "bring back a single run"],
      ["deno task restore ID --to /tmp/before", "copy what it holds to another place"],
    ],
    operand: {
      name: "ID",
      describe: "The backup, as apply or backup named it, or the beginning of its ID",
      required: false,
    },
    flags: {
      last: toggle("last", "Undo the newest change; copies are passed over, name those by ID"),
      list: toggle("list", "Only show what the backup holds, run by run, as backup --show does"),
      experiment: {
        name: "experiment",
        value: "NAME|ID",
        describe:
          "Bring back only what belongs to this experiment; the beginning of its ID will do",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      run: {
        name: "run",
        value: "NAME|ID",
        describe:
          "Bring back only this run, with its logged models; the beginning of its ID will do",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      to: {
        name: "to",
        value: "DIR",
        describe: "Copy it there instead, under the paths of the store",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      backups,
      report,
      ...storeFlags,
    },
    exitCodes: applying,
    permissions: "May write.",
  },
  recover: {
    summary: "Settle a change that was cut off: complete it, or take it back",
    usage: ["deno task recover [flags]"],
    examples: [["deno task recover", "every other task that may write does this first"]],
    operand: null,
    flags: { backups, report, ...storeFlags },
    exitCodes: applying,
    permissions: "May write.",
  },
} satisfies Readonly<Record<string, TaskRow>>;
