/**
 * Real MLflow takes the example store for a database of its own, with the tables that it makes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openStore, summary, writeDemoStore } from "mltidy";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython, runPythonAnew, tablesOf } from "./python.ts";

/** What MLflow says of the database, see `read_demo.py`. */
type Said = { readonly champion: { readonly history: readonly number[] } };

testEachVersion("the example store is a database of its own", async (version) => {
  // MLflow 2 does not know these tables.
  if (version.name.startsWith("2.")) return;
  await using directory = await memoryDirectory();
  const now = Date.now();
  const { location } = await writeDemoStore(directory.path, { now, kind: "sqlite" });
  await using store = await openStore(location);
  const { runs, perExperiment } = await summary(store);
  const path = join(Deno.realPathSync(directory.path), "mlflow.db");
  const said = await runPython(version, "read_demo.py", [path]) as Said;
  const { history } = said.champion;
  const latest = history.at(-1);
  assert(history.length > 2 && latest !== undefined);
  assertEquals<unknown>(said, {
    perExperiment: Object.fromEntries(perExperiment.map(({ id, runs }) => [id, runs])),
    byStatus: runs.byStatus,
    registeredModels: ["churn-classifier", "수요예측"],
    versions: 4,
    champion: {
      name: "champion",
      parent: "champion-search",
      latest,
      history,
      artifacts: ["model", "report.json"],
    },
    made: `${BigInt(perExperiment.map(({ id }) => BigInt(id)).toSorted().at(-1)!) + 1n}`,
  });
});

testEachVersion(
  "the tables that tests give a new database are those that it makes",
  async (version) => {
    const made = await runPythonAnew(version, "dump_schema.py", []) as string;
    const [, ours = ""] = /^--[^\n]*\n(.*)$/s.exec(Deno.readTextFileSync(tablesOf(version))) ?? [];
    assertEquals(linesOf(ours), linesOf(made));
  },
);

/** The order of indexes, and of a table's checks, is another one each time. */
function linesOf(sql: string): readonly string[] {
  return sql.split("\n").map((line) => line.replace(/,$/, "")).toSorted();
}
