/**
 * Writes `tests/testdata/mlflow-*.sql`: the tables that each version of MLflow makes in a database of SQLite.
 *
 *     deno run -A tests/mlflow/make_schemas.ts
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { runPython, versions } from "./python.ts";

const folder = fromFileUrl(new URL("../testdata", import.meta.url));

for (const version of versions) {
  const sql = await runPython(version, "dump_schema.py", []) as string;
  const [, minor] = /^(\d+\.\d+)/.exec(version.name) ?? [];
  await Deno.writeTextFile(
    join(folder, `mlflow-${minor}.sql`),
    `-- Made by tests/mlflow/make_schemas.ts with MLflow ${version.name}.\n${sql}`,
  );
}
