import { PlanRefusedError, RestoreCollisionError } from "../../../lib/errors.ts";
import { allowingFlags } from "../../../lib/render/commands.ts";

/**
 * Says to whoever typed a command why it failed, and what to type next.
 *
 * @param error What a task threw.
 * @returns Its message, and the flags that help; names in it as they are.
 */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotCapable) return notOpenText(message);
  if (error instanceof RestoreCollisionError) return `${message}\n${PARTLY}`;
  if (error instanceof PlanRefusedError) {
    const flags = allowingFlags(error.allowance);
    return flags === "" ? message : `${message}; plan again with ${flags} to allow it`;
  }
  return message;
}

const PARTLY =
  "To bring back a part that nothing is in the way of, add --experiment ID or --run ID; to have it elsewhere, --to DIR";

/** Deno would have a user give all permissions for a place such as `/proc` or `/dev`; no message of ours says so. */
function notOpenText(message: string): string {
  const [, place = "it"] = /access to (.*), run again/s.exec(message) ?? [];
  return `Cannot use ${place}: it is not open to this task; name another place`;
}
