/**
 * Writes the small stores of `tests/testdata/` anew, one for each pinned version of MLflow.
 *
 * @module
 */

import { join } from "@std/path";
import { packStore, pathOfTestdata } from "../_support/testdata.ts";
import { type MlflowVersion, runPythonAnew, versions } from "./python.ts";

/** Where the stores say that they lie: MLflow records absolute paths. */
const PLACE = "/srv/mlflow/mlruns";

/**
 * Lets MLflow write a small store. Everything in it is the same each time.
 *
 * @param version The version of MLflow.
 * @returns The packed store.
 */
export async function makeTestdata(version: MlflowVersion): Promise<string> {
  const parent = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    const store = join(parent, "mlruns");
    const start = "2026-05-01T00:00:00+00:00";
    await runPythonAnew(version, "write_store.py", [store, "--small", "--start", start]);
    return (await packStore(store)).replaceAll(store, PLACE);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/**
 * Where that store is kept.
 *
 * @param version The version of MLflow.
 * @returns The path in `tests/testdata/`.
 */
export function testdataOf(version: MlflowVersion): string {
  const [major, minor] = version.name.split(".");
  return pathOfTestdata(`mlflow-${major}.${minor}`);
}

if (import.meta.main) {
  for (const version of versions) {
    await Deno.writeTextFile(testdataOf(version), await makeTestdata(version));
  }
}
