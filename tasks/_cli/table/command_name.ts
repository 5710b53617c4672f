import { taskNames } from "./task_table.ts";

/**
 * Names commands as somebody types them who has installed mltidy, or runs it by its address: `deno task`
 * is for those who have its `deno.json`.
 *
 * @param text What is to be said.
 * @returns The text with `mltidy cleanup --apply` in place of `deno task cleanup:apply`.
 */
export function asInstalled(text: string): string {
  return text.replace(
    TASK,
    (_, task: string, flag?: string) => `mltidy ${task}${flag === undefined ? "" : ` --${flag}`}`,
  );
}

/** Names with a colon come first, as `demo:store` begins with `demo`; the code of bold text ends in a letter. */
const TASK = new RegExp(
  `(?<=\\x1b\\[1m|\\b)deno task (${
    [...taskNames, "TASK"].toSorted().toReversed().join("|")
  })(?::([a-z]+))?\\b`,
  "g",
);
