import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { StoreLockedError } from "../../../../lib/errors.ts";
import {
  openDatabase,
  openWritable,
  storeErrorOf,
} from "../../../../tasks/_database/scan/open_database.ts";
import { tempDatabase } from "../../../_support/database_store.ts";

Deno.test("storeErrorOf() tells that another program keeps a database locked, and nothing of what SQLite did not say", async () => {
  await using database = await tempDatabase();
  using writer = new DatabaseSync(database.path);
  writer.exec("BEGIN EXCLUSIVE");
  using reader = new DatabaseSync(database.path, { readOnly: true });
  reader.exec("PRAGMA busy_timeout = 0");
  for (
    const ask of [
      () => reader.prepare("SELECT * FROM runs").all(),
      () => reader.exec("SELECT * FROM runs"),
    ]
  ) {
    const error = storeErrorOf(assertThrows(ask), database.path);
    assert(error instanceof StoreLockedError);
    assertEquals(
      error.message,
      `Cannot read store ${database.uri}: a program is writing to it; try again once it is done`,
    );
  }
  assertEquals(storeErrorOf(new TypeError("no"), database.path), null);
});

Deno.test("openDatabase() gives what no one can write to", async () => {
  await using database = await tempDatabase();
  using opened = openDatabase(database.path);
  assertThrows(() => opened.exec("DELETE FROM experiments"), Error, "readonly");
});

Deno.test("openDatabase() never opens the file itself of a database that this process is changing", async () => {
  await using database = await tempDatabase();
  database.execute("PRAGMA journal_mode = WAL");
  const fileOf = () => {
    using opened = openDatabase(database.path);
    return opened.prepare("SELECT file FROM pragma_database_list").get()?.["file"];
  };
  assertEquals(fileOf(), "");
  {
    using _writer = openWritable(database.path);
    const names = [...Deno.readDirSync(database.directory)].length;
    assertEquals(fileOf(), database.path);
    assertEquals([...Deno.readDirSync(database.directory)].length, names);
  }
  assertEquals(fileOf(), "");
});
