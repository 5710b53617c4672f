/**
 * Writes the tables that each version of MLflow makes in a database of SQLite: `mlflow-3.17.sql` of `tasks/_demo/`,
 * and `mlflow-2.22.sql` of `tests/testdata/`.
 *
 *     deno run -A tests/mlflow/make_schemas.ts
 *
 * @module
 */

import { schemaPath } from "../_support/database_store.ts";
import { runPython, versions } from "./python.ts";

for (const version of versions) {
  const sql = await runPython(version, "dump_schema.py", []) as string;
  const [, minor = ""] = /^(\d+\.\d+)/.exec(version.name) ?? [];
  await Deno.writeTextFile(
    schemaPath(minor),
    `-- Made by tests/mlflow/make_schemas.ts with MLflow ${version.name}.\n${sql}`,
  );
}
