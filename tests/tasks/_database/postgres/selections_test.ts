import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { assembleRows } from "../../../../lib/snapshot/assemble_rows.ts";
import { makeTables } from "../../../../tasks/_database/postgres/copy_tables.ts";
import { selectionsFor, type Wanted } from "../../../../tasks/_database/postgres/selections.ts";
import { inspectRows } from "../../../../tasks/_database/scan/inspect_database.ts";
import { readRows } from "../../../../tasks/_database/scan/read_rows.ts";
import { readTables, selectRows, text } from "../../../../tasks/_database/scan/tables.ts";
import { SCHEMAS, tempDatabase } from "../../../_support/database_store.ts";

const extras = {
  ...{ tags: ["a"], params: ["lr"], metrics: ["acc"], histories: ["acc"] },
  ...{ uses: true, artifacts: null },
};
const WANTED: readonly Wanted[] = [
  { depth: "meta" },
  { depth: "tags" },
  { depth: "full" },
  { depth: "tags", extras },
  { depth: "tags", extras: { ...extras, uses: false, histories: [] } },
  { depth: "tags", extras: { ...extras, uses: false, metrics: [], histories: [] } },
];

for (const schema of SCHEMAS) {
  Deno.test(`what is brought of a database of MLflow ${schema} has every column that its readers ask for`, async () => {
    await using made = await tempDatabase({}, { schema });
    using whole = new DatabaseSync(made.path, { readOnly: true });
    const { columns } = readTables(whole);
    for (const wanted of WANTED) {
      const tables = makeTables(selectionsFor(wanted, columns), columns);
      using _database = tables.database;
      const rows = readRows(tables, { ...wanted, location: "postgresql://db/x", now: 0 });
      assertEquals(inspectRows(tables, rows, assembleRows(rows)).experiments, []);
    }
  });
}

Deno.test("to ask for a column that was not brought fails, and is not taken for one without a value", async () => {
  await using made = await tempDatabase();
  using whole = new DatabaseSync(made.path, { readOnly: true });
  const { columns } = readTables(whole);
  const tables = makeTables(selectionsFor({ depth: "full" }, columns), columns);
  using _database = tables.database;
  assertThrows(
    () => selectRows(tables, { table: "runs", fields: { user: text("user_id") } }),
    Error,
    "user_id",
  );
});
