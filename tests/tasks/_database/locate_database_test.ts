/**
 * Databases that cannot be used, and what each task says of them.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DAY, experiment, run, runId, type SnapshotInit } from "../../_support/builders.ts";
import { runTask } from "../../_support/command.ts";
import {
  type TempDatabase,
  tempDatabase,
  writeDatabaseStore,
} from "../../_support/database_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const now = Date.now();
const old = { startTime: now - 101 * DAY, endTime: now - 100 * DAY };

/** With a run that goes. */
const store = (id: number): SnapshotInit => ({
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({ id: "1", name: "churn", runs: [run({ id: runId(id), ...old })] }),
  ],
});

/** A page in the middle of a table, behind what tells that it is a database. */
function spoilPage({ path }: TempDatabase, table: string): void {
  using writer = new DatabaseSync(path);
  const [row] = writer.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?").all(table);
  using file = Deno.openSync(path, { write: true });
  file.seekSync((Number(row!["rootpage"]) - 1) * 4_096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(4_096).fill(0xee));
}

interface Case {
  readonly name: string;
  readonly spoil: (database: TempDatabase) => void;
  readonly code: number;
  readonly says: string;
}

const CASES: readonly Case[] = [
  {
    name: "missing",
    spoil: ({ path }) => Deno.removeSync(path),
    code: 10,
    says: "no such file",
  },
  {
    name: "no database",
    spoil: ({ path }) => Deno.writeTextFileSync(path, "name: churn\n"),
    code: 12,
    says: "the file is no database of SQLite",
  },
  {
    name: "empty",
    spoil: ({ path }) => Deno.writeTextFileSync(path, ""),
    code: 12,
    says: "MLflow makes its tables when it first opens it",
  },
  {
    name: "somebody else's",
    spoil: ({ path, execute }) => {
      Deno.removeSync(path);
      execute("CREATE TABLE notes (id INTEGER)");
    },
    code: 12,
    says: "name the database in which MLflow keeps its runs",
  },
  {
    name: "damaged in a table that is read",
    spoil: (database) => spoilPage(database, "runs"),
    code: 12,
    says: "it is damaged; bring it back from a backup",
  },
  {
    name: "a directory",
    spoil: ({ directory, path }) => {
      Deno.removeSync(path);
      Deno.mkdirSync(join(directory, "mlflow.db"));
    },
    code: 12,
    says: "found a directory",
  },
];

for (const { name, spoil, code, says } of CASES) {
  Deno.test(`a database that is ${name} is refused by every task with ${code}, and stays as it is`, async () => {
    await using database = await tempDatabase(store(1));
    spoil(database);
    const before = await readTree(database.directory);
    const tasks = [
      ...[["summary"], ["verify"], ["cleanup"], ["repair"], ["explain", runId(1)]],
      ...[["cleanup:apply", "--force"], ["repair:apply", "--force"], ["preflight"]],
    ];
    for (const [task = "", ...words] of tasks) {
      const { code: found, out, err } = await runTask(task, [...words, "--store", database.uri]);
      assertEquals([task, found, out], [task, code, ""], err);
      assertStringIncludes(err, says, task);
      assertStringIncludes(err, database.uri, task);
    }
    // What tells only when it is read may have been locked before.
    const except = ["mlflow.db.mltidy"];
    assertSameTree(await readTree(database.directory, { except }), before);
  });
}

Deno.test("a database of an unknown revision, or in WAL mode, is planned for and changed as any", async () => {
  for (
    const sql of [
      "UPDATE alembic_version SET version_num = 'ffffffffffff'",
      "PRAGMA journal_mode = WAL",
    ]
  ) {
    await using database = await tempDatabase(store(1));
    database.execute(sql);
    const { code, out } = await runTask("cleanup:apply", ["--force", "--store", database.uri]);
    assertEquals([code, out.includes("1 soft-deleted")], [0, true], out);
    const restored = await runTask("restore", ["--last", "--store", database.uri]);
    assertEquals(restored.code, 0, restored.err);
  }
});

Deno.test("a plan for a database that was replaced since ends with 13, and changes nothing", async () => {
  await using database = await tempDatabase(store(1));
  const { out } = await runTask("cleanup", ["--json", "--store", database.uri]);
  const plan = join(database.directory, "plan.json");
  Deno.writeTextFileSync(plan, out);
  Deno.removeSync(database.path);
  writeDatabaseStore(database.path, store(2));
  const before = await readTree(database.directory);
  const { code, err } = await runTask("apply", [plan, "--force", "--store", database.uri]);
  assertEquals(code, 13, err);
  assertStringIncludes(err, "has changed since");
  assertSameTree(
    await readTree(database.directory, { except: ["mlflow.db.mltidy"] }),
    before,
  );
});
