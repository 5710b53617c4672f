/**
 * What `mlflow gc` leaves in a database and beside it, and what MLflow makes of it once that is repaired and cleaned up.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { cleanup, openStore, repair, restore, verify } from "mltidy";
import { DAY } from "../_support/builders.ts";
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
