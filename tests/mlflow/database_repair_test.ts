/**
 * What `mlflow gc` leaves in a database and beside it, and what MLflow makes of it once that is repaired and cleaned up.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { cleanup, openStore, repair, restore, verify } from "mltidy";
import { remedyText } from "../../lib/render/commands.ts";
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

testEachVersion(
  "what gc leaves of a run is found, goes, and comes back; a stale run ends as MLflow ends one",
  async (version) => {
    await using directory = await tempDirectory();
    const path = join(Deno.realPathSync(directory.path), "mlflow.db");
    const made = await runPython(version, "verify_database.py", ["make", path]) as Readonly<
      Record<string, string>
    >;
    assertStringIncludes(made["taken"]!, "already exists");
    const artifacts = join(path, "../mlruns");
    const rows = exactRowsOf(path);
    const tree = await readTree(artifacts);

    await using store = await openStore(`sqlite:///${path}`, { now: () => Date.now() + 10 * DAY });
    const found = async () => (await verify(store)).findings.map(({ rule }) => rule);
    const left = ["artifacts-without-row", "row-dangling", "stale-run"];
    const before = await found();
    assertEquals(left.filter((rule) => !before.includes(rule)), []);
    const mended = await repair(store, { apply: true });
    const cleaned = await cleanup(store, { apply: true, daysOld: 36_500 });
    assertEquals([mended.report?.complete, cleaned.report?.complete], [true, true]);
    assertEquals(
      cleaned.plan.actions.map(({ kind, path }) => `${kind} ${path}`),
      [`quarantine-orphan 1/${made["gone"]}`],
    );
    const after = await found();
    assertEquals(left.filter((rule) => after.includes(rule)), []);

    const said = await runPython(version, "verify_database.py", ["say", path]);
    assertEquals(said, {
      experiments: ["Default", "churn"],
      runs: { stays: "FINISHED", stale: "FAILED" },
      artifacts: 2,
    });
    assert((await restore(store)).changes > 0);
    assert((await restore(store)).changes > 0);
    assertEquals(exactRowsOf(path), rows);
    assertSameTree(await readTree(artifacts), tree);
  },
);

/** What breaks a rule whose remedy is a command. */
const BREAKS: Readonly<Record<string, string>> = {
  "foreign-key-broken": "INSERT INTO experiment_tags VALUES ('key', 'value', 77)",
  "run-row-unusable": "PRAGMA ignore_check_constraints = ON; UPDATE runs SET status = 'LOST'",
  "free-pages": `CREATE TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
    WHERE i < 2000) SELECT zeroblob(4000) FROM n; DROP TABLE x`,
};

Deno.test("the commands that verify gives for a database work as they are printed", async () => {
  const init = {
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "1", runs: [run({ id: runId(1) })] }),
    ],
  };
  await using database = await tempDatabase(init, { onDisk: true });
  for (const sql of Object.values(BREAKS)) database.execute(sql);
  await using store = await openStore(database.uri);
  const { findings } = await verify(store);
  const commands = findings.flatMap(({ rule, remedy }) => {
    const [, command] = /`(python3 [^`]*)`/.exec(remedyText(remedy) ?? "") ?? [];
    return command === undefined ? [] : [{ rule, command }];
  });
  assertEquals(commands.map(({ rule }) => rule).toSorted(), Object.keys(BREAKS).toSorted());
  for (const { command } of commands) {
    const { code, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  }
  const left = (await verify(store)).findings.map(({ rule }) => rule);
  assertEquals(left.filter((rule) => rule in BREAKS), []);
});
