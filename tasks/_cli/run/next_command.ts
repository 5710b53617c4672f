import { type CommandOf, isOfMlflow, plainCommand } from "../../../lib/render/commands.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { TaskRow } from "../table/task_row.ts";
import { taskNames, taskTable } from "../table/task_table.ts";

/** What a command was told, and the next one has to be told again to mean the same; `null`: nothing. */
export interface Carried {
  /** The value of `--config`. */
  readonly config: string | null;
  /** The value of `--backups`. */
  readonly backups: string | null;
  /** The value of `--store`. */
  readonly store: string | null;
  /** Where MLflow finds the store, in whatever directory its command is typed. @default {as it does by itself} */
  readonly trackingUri?: string;
  /** Whether `--no-config` was given. @default {false} */
  readonly noConfig?: boolean;
  /** What the named configuration says of the last two, for tasks that know no `--config`. @default {nothing} */
  readonly configured?: { readonly backups: string | null; readonly store: string | null };
}

/**
 * Puts together the commands that are proposed next: each with what it has to be told to look at the same
 * store by the same policy, as far as its task has such a flag and it is not told already.
 *
 * @param carried What the present command was told.
 * @returns Gives what is typed for a task's name with its own flags.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const command = nextCommand({ config: "ours.yaml", backups: null, store: "a b" });
 *
 * assertEquals(command("restore --last"), "deno task restore --last --store 'a b'");
 * ```
 */
export function nextCommand(carried: Carried): CommandOf {
  return (typed) => {
    const { trackingUri } = carried;
    if (isOfMlflow(typed)) {
      const place = trackingUri === undefined ? [] : [
        // MLflow from 3.13 on opens a store of files only for whoever says so.
        ...(isOfFiles(trackingUri) ? ["MLFLOW_ALLOW_FILE_STORE=true"] : []),
        `MLFLOW_TRACKING_URI=${shellWords([trackingUri])}`,
      ];
      return [...place, typed].join(" ");
    }
    const name = /^[^ ]+?(?=:apply\b| |$)/.exec(typed)?.[0];
    const task = taskNames.find((each) => each === name);
    if (task === undefined) throw new RangeError(`Unknown task in "${typed}"`);
    const { flags }: TaskRow = taskTable[task];
    const names = (["config", "backups", "store"] as const).filter((flag) =>
      flags[flag] !== undefined && !new RegExp(`(^| )--${flag}(=| |$)`).test(typed)
    );
    const more = names.flatMap((flag) => {
      const isImplied = flag === "config" || flags["config"] !== undefined;
      const value = carried[flag] ?? (isImplied ? null : carried.configured?.[flag] ?? null);
      return value === null ? [] : [shellWords([`--${flag}`, value])];
    });
    const without = carried.noConfig && !/(^| )--no-config( |$)/.test(typed) ? ["--no-config"] : [];
    return plainCommand([typed, ...without, ...more].join(" "));
  };
}

function isOfFiles(trackingUri: string): boolean {
  return trackingUri.startsWith("file:") || !/^[a-z][a-z0-9+]+:/.test(trackingUri);
}
