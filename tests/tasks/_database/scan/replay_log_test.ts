import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../../../tasks/_database/scan/open_database.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

/** A database and its log as they lie on the disk at one moment. */
type Files = readonly [database: Uint8Array, log: Uint8Array];

/** What a server does; after each its files are looked at. */
const WORK = [
  "CREATE TABLE runs (id INTEGER PRIMARY KEY, name)",
  "INSERT INTO runs (name) VALUES ('a'); PRAGMA wal_checkpoint(PASSIVE)",
  // A new log, behind which lies what is left of the old one.
  "INSERT INTO runs (name) VALUES ('b')",
  "INSERT INTO runs (name) SELECT hex(zeroblob(3000)) FROM pragma_pragma_list",
  "BEGIN; UPDATE runs SET name = 'c' WHERE id = 1; SAVEPOINT a; DELETE FROM runs; ROLLBACK TO a; COMMIT",
  "DELETE FROM runs WHERE id > 2",
  "VACUUM; INSERT INTO runs (name) VALUES ('d')",
  "PRAGMA wal_checkpoint(TRUNCATE)",
];

function work(path: string, pageSize: number): readonly Files[] {
  using server = new DatabaseSync(path);
  server.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL`);
  server.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 2");
  return WORK.map((sql) => {
    server.exec(sql);
    return [Deno.readFileSync(path), Deno.readFileSync(`${path}-wal`)];
  });
}

function rowsOf(database: DatabaseSync): unknown {
  try {
    return database.prepare("SELECT id, name FROM runs").all();
  } catch (error) {
    return String(error);
  }
}

for (const pageSize of [512, 4_096, 65_536]) {
  Deno.test(`openDatabase() reads of a log what SQLite reads, in pages of ${pageSize}, wherever it ends`, async () => {
    await using directory = await memoryDirectory();
    const [path, twin] = ["own.db", "twin.db"].map((name) => join(directory.path, name));
    const namesBeside = () => [...Deno.readDirSync(directory.path)].length;
    const seen = new Set<string>();
    for (const [database, log] of work(join(directory.path, "server.db"), pageSize)) {
      // Whole, torn, and with a byte that the disk has lost.
      const cut = log.subarray(0, Math.floor(log.length * 0.7));
      const spoilt = log.map((byte, at) => at === Math.floor(log.length / 2) ? byte ^ 1 : byte);
      for (const bytes of [log, cut, spoilt, log.subarray(0, 40)]) {
        for (const place of [path!, twin!]) {
          Deno.writeFileSync(place, database);
          Deno.writeFileSync(`${place}-wal`, bytes);
        }
        const count = namesBeside();
        using own = openDatabase(path!);
        assertEquals(namesBeside(), count);
        using other = new DatabaseSync(twin!);
        const rows = rowsOf(own);
        assertEquals(rows, rowsOf(other));
        seen.add(JSON.stringify(rows));
      }
    }
    assert(seen.size >= WORK.length - 1, `${seen.size}`);
  });
}
