// deno-lint-ignore-file no-console -- it prints as the task does.
/**
 * Merges the other database of a case into its own: `apply_merge.ts DATABASE`.
 *
 * @module
 */

import { errorText } from "../../tasks/_cli/run/error_text.ts";
import { ExitCode, exitCodeOf } from "../../tasks/_cli/table/exit_code.ts";
import { openStore } from "../../tasks/open_store.ts";
import { mergeOther } from "./merge_setup.ts";

const [path = ""] = Deno.args;
try {
  await using store = await openStore(path);
  const { report } = await mergeOther(store);
  console.log(JSON.stringify(report));
  if (report?.complete !== true) {
    const failed = report?.outcomes.flatMap((one) => one.outcome === "failed" ? one.message : []);
    console.error(`Not all of it is copied: ${failed?.join("; ")}`);
    Deno.exitCode = ExitCode.partlyApplied;
  }
} catch (error) {
  console.error(errorText(error));
  Deno.exitCode = exitCodeOf(error);
}
