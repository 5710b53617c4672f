// deno-lint-ignore-file no-console -- it prints as the task does.
/**
 * Carries out what still holds of a reviewed plan, as `apply --what-still-holds` does: `apply_reviewed.ts ROOT`.
 *
 * @module
 */

import { errorText } from "../../tasks/_cli/run/error_text.ts";
import { ExitCode, exitCodeOf } from "../../tasks/_cli/table/exit_code.ts";
import { applyWhatStillHolds } from "../../tasks/apply_what_still_holds.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { reviewedBefore } from "./reviewed_setup.ts";

const [root = ""] = Deno.args;
try {
  await using store = await openStore(root);
  const { plan } = await cleanup(store);
  const { report } = await applyWhatStillHolds(store, reviewedBefore(plan), { apply: true });
  console.log(JSON.stringify(report));
  console.error("What no longer holds is left as it is");
  Deno.exitCode = ExitCode.partlyApplied;
} catch (error) {
  console.error(errorText(error));
  Deno.exitCode = exitCodeOf(error);
}
