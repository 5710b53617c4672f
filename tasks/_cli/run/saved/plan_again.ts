import { shellWords } from "../../../../lib/text/shell_words.ts";

/** The flag without which a task plans nothing, and what stands for its value where that is lost. */
const NEEDED: Readonly<Record<string, readonly [key: string, placeholder: string]>> = {
  move: ["to", "NAME"],
  merge: ["from", "DIR"],
};

/**
 * Tells what makes a plan like one that cannot be read any more, as far as its text says which that was.
 *
 * @param text The text.
 * @returns The words of the task that plans, which is `cleanup` where nothing says another.
 */
export function wordsToPlanAgain(text: string): string {
  const [, task = "cleanup"] =
    /^\s*\{\s*"schema"\s*:\s*"mltidy\/(cleanup|prune|repair|move|merge)\//.exec(text) ?? [];
  const needed = NEEDED[task];
  if (needed === undefined) return `${task} --json`;
  const [key, placeholder] = needed;
  return shellWords([task, `--${key}`, textIn(text, key) ?? placeholder, "--json"]);
}

/** What the policy says under a key; a cut or a change further on leaves it as it was. */
function textIn(text: string, key: string): string | null {
  const [, literal] =
    new RegExp(`"policy"\\s*:\\s*\\{[^\\n]*?"${key}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`)
      .exec(text) ?? [];
  try {
    return literal === undefined ? null : JSON.parse(literal);
  } catch {
    return null;
  }
}
