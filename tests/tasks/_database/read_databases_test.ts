import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { readDatabases } from "../../../tasks/_database/read_databases.ts";
import { writeDatabase } from "../../_support/database.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

Deno.test("readDatabases() reads every place that a database names, whatever its stage", async () => {
  await using store = await tempStore();
  const path = join(dirname(store.root), "mlflow.db");
  writeDatabase(path, {
    // More than a number of ours can hold.
    experiments: { "303472359633050683": "/data/mlruns/1", "2": null },
    runs: { a: "file:///data/mlruns/1/a/artifacts" },
    deletedRuns: { b: "mlflow-artifacts:/1/b/artifacts" },
    loggedModels: { "m-1": "/data/mlruns/1/models/m-1/artifacts" },
    versions: { churn: ["runs:/a/model", "/data/mlruns/1/a/artifacts/model"] },
    traces: { "tr-1": "/data/mlruns/1/traces/tr-1/artifacts" },
  });
  assertEquals(await readDatabases(store.root), [{
    path,
    rows: [
      { kind: "experiment", id: "303472359633050683", location: "/data/mlruns/1" },
      { kind: "run", id: "a", location: "file:///data/mlruns/1/a/artifacts" },
      { kind: "run", id: "b", location: "mlflow-artifacts:/1/b/artifacts" },
      { kind: "logged-model", id: "m-1", location: "/data/mlruns/1/models/m-1/artifacts" },
      { kind: "model-version", id: "churn v1", location: "runs:/a/model" },
      { kind: "model-version", id: "churn v1", location: "/data/mlruns/1/a/artifacts/model" },
      { kind: "trace", id: "tr-1", location: "/data/mlruns/1/traces/tr-1/artifacts" },
    ],
    problem: null,
  }]);
});

Deno.test("readDatabases() looks beside the store, into it, and where it is told to, once each", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  const paths = [
    join(beside, "mlflow.db"),
    join(beside, "old.sqlite"),
    join(store.root, "server.DB"),
    join(store.outside, "named"),
  ];
  writeFiles(store.outside, {});
  for (const path of paths) writeDatabase(path);
  const named = [paths[0]!, paths[3]!, join(store.outside, "gone.db")];
  const found = await readDatabases(store.root, { named });
  assertEquals(found.map(({ path }) => path), paths.toSorted());
});

Deno.test("readDatabases() knows a database by what it begins with, whatever it is called", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  const names = ["mlflow.database", "mlflow.db.bak", "mlflow.sqlite-backup", "tracking"];
  const paths = [...names.map((name) => join(beside, name)), join(store.root, "0")];
  for (const path of paths) writeDatabase(path, { runs: { a: "/data/mlruns/1/a/artifacts" } });
  writeFiles(store.outside, {});
  writeDatabase(join(store.outside, "server"));
  Deno.symlinkSync(join(store.outside, "server"), join(beside, "link"));
  const found = await readDatabases(store.root);
  assertEquals(
    found.map(({ path, rows }) => [path, rows.length]),
    [[join(beside, "link"), 0], ...paths.map((path) => [path, 1])].toSorted(),
  );
});

Deno.test("readDatabases() cannot read what is called a database, and passes over any other file", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  for (const name of ["loop.db", "loop"]) Deno.symlinkSync(name, join(beside, name));
  assertEquals(await readDatabases(store.root), [{
    path: join(beside, "loop.db"),
    rows: [],
    problem: "Too many levels of symbolic links; let this account read it",
  }]);
});

Deno.test("readDatabases() says of a directory with too many files that any may be a database", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  writeFiles(beside, { "1.jpg": "", "2.jpg": "" });
  for (const name of ["old.db", "tracking"]) writeDatabase(join(beside, name));
  const found = (mostFiles: number) => readDatabases(store.root, { mostFiles });
  const database = (name: string) => ({ path: join(beside, name), rows: [], problem: null });
  assertEquals(await found(4), [database("old.db"), database("tracking")]);
  const problem =
    "it may be any of 4 files, and no more than 3 are looked into; move those that are not MLflow's into a directory of their own";
  assertEquals(await found(3), [{ ...database("*"), problem }, database("old.db")]);
});

Deno.test("readDatabases() takes no other file for a database of MLflow's", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  writeFiles(beside, { "notes.db": "not a database", "empty.db": "", "folder.db/x": "" });
  writeFiles(beside, { "mlflow.db": "", "notes": "SQLite format 3", "none": "" });
  new Deno.Command("mkfifo", { args: ["pipe", "pipe.db"], cwd: beside }).outputSync();
  using other = new DatabaseSync(join(beside, "dagster.db"));
  other.exec("CREATE TABLE runs (run_id TEXT); CREATE TABLE experiments (id TEXT)");
  assertEquals(await readDatabases(store.root), []);
});

Deno.test("readDatabases() reads what a server has not yet put into the file itself, and leaves no trace", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  const path = join(beside, "mlflow.db");
  writeDatabase(path);
  using server = new DatabaseSync(path);
  server.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  server.exec("INSERT INTO runs VALUES ('a', 'active', '/data/mlruns/1/a/artifacts')");
  // As after the machine of a server was restarted.
  for (const end of ["", "-wal"]) Deno.copyFileSync(path + end, join(beside, `left.db${end}`));
  const before = await readTree(beside);
  const found = await readDatabases(store.root);
  assertEquals(
    found.map(({ path, rows, problem }) => [path, rows.map(({ id }) => id), problem]),
    [join(beside, "left.db"), path].map((path) => [path, ["a"], null]),
  );
  assertSameTree(await readTree(beside), before);
});

Deno.test("readDatabases() says why one cannot be read, and what helps", async () => {
  await using store = await tempStore();
  const path = join(dirname(store.root), "mlflow.db");
  const problem = async () => {
    const [{ rows, problem } = { rows: [], problem: null }] = await readDatabases(store.root);
    assertEquals(rows, []);
    return problem ?? "";
  };
  writeFiles(dirname(store.root), { "mlflow.db": "not a database" });
  assertEquals(await problem(), "it is no database of SQLite; bring it back, or move it away");

  Deno.removeSync(path);
  writeDatabase(path);
  const whole = Deno.readFileSync(path);
  Deno.writeFileSync(path, whole.fill(7, 100));
  assertEquals(
    await problem(),
    "it is damaged; bring it back from a backup, or move it away if nothing needs it",
  );

  Deno.removeSync(path);
  using newer = new DatabaseSync(path);
  newer.exec("CREATE TABLE experiments (id TEXT); CREATE TABLE runs (run_uuid TEXT)");
  assertStringIncludes(await problem(), "its table experiments has no column experiment_id, ");
});

Deno.test("readDatabases() waits for a writer, but not for ever", async () => {
  await using store = await tempStore();
  const path = join(dirname(store.root), "mlflow.db");
  writeDatabase(path);
  using writer = new DatabaseSync(path);
  writer.exec("BEGIN EXCLUSIVE");
  const start = performance.now();
  const [found] = await readDatabases(store.root, { patience: 100 });
  assertEquals(found?.problem, "a program is writing to it; try again once it is done");
  assert(performance.now() - start > 80);
});

Deno.test("readDatabases() never settles what a writer left that was killed", async () => {
  await using store = await tempStore();
  const path = join(dirname(store.root), "mlflow.db");
  writeDatabase(path);
  const program = `
    import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(Deno.args[0]);
    database.exec("PRAGMA cache_size = 1; BEGIN IMMEDIATE");
    const insert = database.prepare("INSERT INTO runs VALUES (?, 'active', ?)");
    for (let id = 0; id < 2_000; id++) insert.run(String(id), "x".repeat(4_000));
    Deno.kill(Deno.pid, "SIGKILL");`;
  const writer = join(store.outside, "writer.ts");
  writeFiles(store.outside, { "writer.ts": program });
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", writer, path] }).output();
  const before = Deno.readFileSync(path);
  const [found] = await readDatabases(store.root);
  assertEquals(
    found?.problem,
    "a change of it was cut off; open it once with MLflow, which settles that",
  );
  assertEquals(Deno.readFileSync(path), before);
});
