import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { UnsupportedStoreError } from "../../../../lib/errors.ts";
import { copyDatabase } from "../../../../tasks/_database/backups/copy_database.ts";
import { experiment, run, runId } from "../../../_support/builders.ts";
import { tempDatabase } from "../../../_support/database_store.ts";

const STORE = { experiments: [experiment({ id: "1", runs: [run({ id: runId(1) })] })] };

function valuesIn(path: string, sql: string): readonly unknown[] {
  using database = new DatabaseSync(path);
  return database.prepare(sql).all().flatMap((row) => Object.values(row));
}

Deno.test("copyDatabase() copies what a log of a server at work holds, and leaves nothing beside the copy", async () => {
  await using place = await tempDatabase(STORE);
  using server = new DatabaseSync(place.path);
  server.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  server.exec("UPDATE runs SET name = 'in the log'");
  const target = join(place.directory, "copy.db");
  await copyDatabase(place.path, target);
  assertEquals(valuesIn(target, "SELECT name FROM runs"), ["in the log"]);
  assertEquals(valuesIn(target, "PRAGMA journal_mode"), ["delete"]);
  const names = [...Deno.readDirSync(place.directory)].map(({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith("copy")), ["copy.db"]);
});

Deno.test("copyDatabase() copies a large one while it stands still, with time and mode of the file", async () => {
  await using place = await tempDatabase(STORE);
  Deno.chmodSync(place.path, 0o640);
  Deno.utimeSync(place.path, 1_600_000_000, 1_600_000_000);
  const target = join(place.directory, "copy.db");
  const { rows } = await copyDatabase(place.path, target, { mostAtOnce: 0 });
  const { mode, mtime } = Deno.statSync(target);
  assertEquals([rows, (mode ?? 0) & 0o777, mtime?.getTime()], [3, 0o640, 1_600_000_000_000]);
  assertEquals(valuesIn(target, "SELECT run_uuid FROM runs"), [runId(1)]);
});

Deno.test("copyDatabase() takes no damaged database for a sound one", async () => {
  await using place = await tempDatabase(STORE);
  place.execute("CREATE TABLE filler (x); INSERT INTO filler SELECT randomblob(900) FROM spans");
  const [root] = valuesIn(place.path, "SELECT rootpage FROM sqlite_master WHERE name = 'runs'");
  const bytes = Deno.readFileSync(place.path);
  bytes.fill(0xff, (Number(root) - 1) * 4096, Number(root) * 4096);
  Deno.writeFileSync(place.path, bytes);
  await assertRejects(
    () => copyDatabase(place.path, join(place.directory, "copy.db")),
    UnsupportedStoreError,
    "damaged",
  );
});
