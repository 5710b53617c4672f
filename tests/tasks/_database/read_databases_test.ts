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
  writeFiles(beside, { "notes": "SQLite format 3", "none": "" });
  const bytes = {
    "Thumbs.db": [0xd0, 0xcf, 0x11, 0xe0],
    "bsddb.db": [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x62],
  };
  for (const [name, start] of Object.entries(bytes)) {
    Deno.writeFileSync(join(beside, name), Uint8Array.from({ ...start, length: 64 }));
  }
  new Deno.Command("mkfifo", { args: ["pipe", "pipe.db"], cwd: beside }).outputSync();
  using other = new DatabaseSync(join(beside, "dagster.db"));
  other.exec("CREATE TABLE runs (run_id TEXT); CREATE TABLE experiments (id TEXT)");
  assertEquals(await readDatabases(store.root), []);
});

Deno.test("readDatabases() cannot read what was called in bytes that are no UTF-8", async () => {
  if (Deno.build.os !== "linux") return;
  await using store = await tempStore();
  const beside = dirname(store.root);
  writeDatabase(join(beside, "caf\uFFFD.db"));
  const script = `
    for name in "b$(printf '\\377').db" "b$(printf '\\376').db" "caf$(printf '\\351').db" "$(printf '\\377')"
    do cp "$1" "$name"; done
    cp "$1" "$(printf '\\377%.0s' $(seq 200))"
    mkdir "d$(printf '\\377')"`;
  const args = ["-c", script, "sh", "caf\uFFFD.db"];
  assert((await new Deno.Command("sh", { args, cwd: beside }).output()).success);
  const problem =
    "its name is not valid UTF-8, so it cannot be opened; rename it, or move it away if nothing needs it";
  assertEquals((await readDatabases(store.root)).map(({ path, problem }) => [path, problem]), [
    [join(beside, "b\uFFFD.db"), problem],
    [join(beside, "caf\uFFFD.db"), problem],
    [join(beside, "\uFFFD"), problem],
    [join(beside, "\uFFFD".repeat(200)), problem],
  ]);
});

Deno.test("readDatabases() cannot read what lost its content, or a link to what is gone", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  const named = join(store.outside, "named");
  writeFiles(store.outside, { named: "" });
  writeFiles(beside, { "a.db": "", "none.db": "" });
  for (const [to, link] of [["a.db", "mlflow.db"], ["gone", "old.sqlite3"], ["gone", "other"]]) {
    Deno.symlinkSync(to!, join(beside, link!));
  }
  Deno.symlinkSync("gone.db", join(store.root, "mlflow.db"));
  const empty = "it is empty; bring it back from a backup, or move it away if nothing needs it";
  const gone =
    "it is a symbolic link to a file that is not there; bring that back, or move the link away if nothing needs it";
  const expected = [
    { path: join(beside, "mlflow.db"), rows: [], problem: empty },
    { path: join(beside, "old.sqlite3"), rows: [], problem: gone },
    { path: join(store.root, "mlflow.db"), rows: [], problem: gone },
    { path: named, rows: [], problem: empty },
  ];
  assertEquals(
    await readDatabases(store.root, { named: [named, join(store.outside, "gone.db")] }),
    expected.toSorted((left, right) => left.path < right.path ? -1 : 1),
  );
});

Deno.test("readDatabases() still knows a database whose beginning is damaged", async () => {
  await using store = await tempStore();
  const beside = dirname(store.root);
  const whole = join(store.outside, "whole");
  writeFiles(store.outside, {});
  writeDatabase(whole);
  const bytes = Deno.readFileSync(whole);
  const write = (name: string, from: number, to: number, end = bytes.length) =>
    Deno.writeFileSync(join(beside, name), bytes.slice(0, end).fill(7, from, to));
  write("cut.db", 0, 0, 1);
  write("cut.db3", 0, 0, 15);
  write("first.sqlite", 0, 1);
  write("four.SQLITE3", 4, 8);
  write("header.db", 0, 16);
  write("short.db", 0, 0, 20);
  write("tracking", 0, 1);
  // Of these nothing is left that tells.
  write("five-of-a-name-of-another-kind", 0, 5);
  write("all.db", 0, 24);
  const problem = "it is damaged; bring it back from a backup, or move it away if nothing needs it";
  assertEquals(
    await readDatabases(store.root),
    ["cut.db", "cut.db3", "first.sqlite", "four.SQLITE3", "header.db", "short.db", "tracking"]
      .map((name) => ({ path: join(beside, name), rows: [], problem })),
  );
});

Deno.test("readDatabases() still knows a database of MLflow's by one table when damage takes the other's name", async () => {
  await using store = await tempStore();
  const path = join(dirname(store.root), "tracking");
  writeDatabase(path);
  const whole = Deno.readFileSync(path);
  const problems: (string | null | undefined)[] = [];
  for (
    const [named, damaged] of [["run_uuid", "run_uuie"], ["TABLE runs", "TABLE runr"]]
  ) {
    const letters = Array.from(whole, (byte) => String.fromCharCode(byte)).join("");
    const changed = letters.replaceAll(named!, damaged!);
    Deno.writeFileSync(path, Uint8Array.from(changed, (letter) => letter.charCodeAt(0)));
    problems.push((await readDatabases(store.root))[0]?.problem);
  }
  const known = "which every version of MLflow has that is known; move it away if nothing needs it";
  assertEquals(problems, [
    `its table runs has no column run_uuid, ${known}`,
    "it is damaged; bring it back from a backup, or move it away if nothing needs it",
  ]);
  Deno.removeSync(path);
  using lost = new DatabaseSync(path);
  lost.exec("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)");
  assertEquals(
    (await readDatabases(store.root))[0]?.problem,
    `it has no table experiments, ${known}`,
  );
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
