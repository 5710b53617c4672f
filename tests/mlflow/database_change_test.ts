/**
 * What is changed in a database is what MLflow changes there, and what it shows again once that is undone.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { cleanup, openStore, restore } from "mltidy";
import { tempDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

interface Said {
  readonly active: readonly (readonly [id: string, ...unknown[]])[];
  readonly deleted: readonly (readonly [id: string, ...unknown[]])[];
}

testEachVersion(
  "a run is deleted from a database as MLflow does it, and undone",
  async (version) => {
    await using directory = await tempDirectory();
    const path = join(directory.path, "mlflow.db");
    const twin = join(directory.path, "twin.db");
    const ask = (...words: readonly string[]) => runPython(version, "database_runs.py", words);
    await ask("make", path);
    Deno.copyFileSync(path, twin);
    const before = rowsOf(path);
    const shown = await ask("say", path) as Said;

    await using store = await openStore(`sqlite:///${path}`);
    const { plan, report } = await cleanup(store, { apply: true });
    const gone = plan.actions.flatMap((action) => "runId" in action ? [action.runId] : []);
    assertEquals([gone.length, report?.complete], [3, true]);
    await ask("delete", twin, ...gone);
    assertEquals(undated(rowsOf(path)), undated(rowsOf(twin)));
    const said = await ask("say", path) as Said;
    assertEquals(said, await ask("say", twin));
    assertEquals(said.deleted.map(([id]) => id), gone.toSorted());
    assertEquals(said.active.length, shown.active.length - 3);

    assertEquals((await restore(store)).changes, 3);
    assertEquals(rowsOf(path), before);
    assertEquals(await ask("say", path), shown);
  },
);

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Every row of every table. */
function rowsOf(path: string): Rows {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return Object.fromEntries(tables.map(({ name }) => [
    name,
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) => ({ ...row })),
  ]));
}

/** The moment of a deletion is another one. */
function undated(rows: Rows): Rows {
  const runs = rows["runs"]!.map((row) => ({ ...row, deleted_time: row["deleted_time"] !== null }));
  return { ...rows, runs };
}
