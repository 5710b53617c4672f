import { errorMessage, firstThrown, RestoreCollisionError } from "../../../lib/errors.ts";
import { partlyText, RESCUE } from "../../../lib/render/restore.ts";
import { moreLines } from "../../../lib/render/more.ts";
import { shellWords, withoutFlags } from "../../../lib/text/shell_words.ts";
import { RestoreStoppedError } from "../../backups/restore_stopped.ts";

/**
 * Says to whoever typed a command why it failed, and what to type next.
 *
 * @param thrown What a task threw.
 * @param words What was typed, for the command that is proposed in its place. @default {none is}
 * @returns Its message, and what helps; names in it as they are.
 */
export function errorText(thrown: unknown, words: readonly string[] = []): string {
  const error = firstThrown(thrown);
  if (error instanceof RestoreStoppedError) return error.message;
  // What was broken off mostly says what came of it.
  if (error instanceof DOMException && error.message === NO_REASON) return "Interrupted";
  const message = withCommand(errorMessage(thrown), words);
  if (error instanceof Deno.errors.NotCapable) return notOpenText(message);
  if (error instanceof RestoreCollisionError) return collisionText(error);
  return message;
}

/** What Deno says of a signal that was aborted without a reason. */
const NO_REASON = "The signal has been aborted";

/** A flag that helps is told with the command to which it belongs. */
function withCommand(message: string, [task, ...typed]: readonly string[]): string {
  if (task === undefined) return message;
  const suffix = [":apply", ":write"].find((one) => typed.includes(one.replace(":", "--"))) ?? "";
  const command = (words: readonly string[], flag = "") => {
    const rest = words.filter((word) => word !== suffix.replace(":", "--"));
    const more = rest.length === 0 ? "" : ` ${shellWords(rest)}`;
    return `\`deno task ${task}${suffix}${flag}${more}\``;
  };
  const [, wrong, meant] = /^Unknown flag "([^"]+)" .*: did you mean (\S+)\?$/.exec(message) ?? [];
  if (wrong !== undefined) {
    const right = typed.map((word) =>
      word.split("=")[0] === wrong ? word.replace(wrong, meant!) : word
    );
    return `${message} ${command(right)}`;
  }
  const [, flag = "", name = ""] =
    / with ((--store|--from) (?:'.*'|\S+)|--no-config)$/.exec(message) ?? [];
  if (flag === "" || flag === `${name} DIR`) return message;
  const others = withoutFlags(typed, name === "" ? [] : [name]);
  return `${message}: ${command(others, ` ${flag}`)}`;
}

function collisionText(error: RestoreCollisionError): string {
  const { message, collisions, advice } = error;
  const { rescue = null, elsewhere = true, partly = true, listing = null, target = null } = advice;
  const [refusal = ""] = message.split("\n");
  const more = collisions.length - SAMPLE;
  const shown = [
    ...collisions.slice(0, SAMPLE),
    // No dry run looks at another place.
    ...(target === null
      ? moreLines(more, "--dry-run --json")
      : more > 0
      ? [`… and ${more} more`]
      : []),
  ];
  const lines = [refusal, ...shown.map((line) => `  ${line}`)];
  return [
    ...lines,
    ...(rescue === null ? [] : [`${RESCUE}: ${rescue}`]),
    target !== null
      ? elsewhereText(target)
      : partly
      ? partlyText(elsewhere, listing)
      : WITH_ITS_STORE,
  ]
    .join("\n");
}

/** No part of it does, either. */
const WITH_ITS_STORE = "It can be undone once the store is there again in which it was made";

function elsewhereText(target: string): string {
  return `To have all of it, name another directory than ${target} with --to; an empty one will do`;
}

const SAMPLE = 10;

/**
 * What Deno says of a permission that is missing, in our words: it would have a user give all permissions for
 * a place such as `/proc` or `/dev`; no message of ours says so.
 */
function notOpenText(message: string): string {
  const [, kind = "all", place = "it", grant = ""] =
    /^Requires (\w+) access to (.*), run again with the (--allow-\w+)/s.exec(message) ?? [];
  const name = place.replace(/^"(.*)"$/s, "$1");
  switch (kind) {
    case "env":
      return `Cannot ask for ${name}, an environment variable: this process may not; grant ${grant}=${VARIABLES}`;
    case "read":
    case "write":
      return `Cannot ${kind} ${name}: this process may not; grant ${
        shellWords([`${grant}=${name === "<CWD>" ? "." : name}`])
      }`;
    default:
      return `Cannot use ${place}: it is not open to this task; name another place`;
  }
}

/** What the commands in `deno.json` are granted. */
const VARIABLES = "MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR";
