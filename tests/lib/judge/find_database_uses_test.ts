import { assertEquals } from "@std/assert";
import { findDatabaseUses } from "../../../lib/judge/find_database_uses.ts";
import {
  damagedRun,
  experiment,
  loggedModel,
  orphan,
  run,
  runId,
  snapshot,
  stray,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const MODEL = `m-${"a".repeat(32)}`;

/** `/data/mlruns`, with a bit of everything. */
const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "1",
      runs: [run({ id: runId(1) }), run({ id: runId(2) })],
      loggedModels: [loggedModel({ id: MODEL })],
    }),
    experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(3) })] }),
  ],
  orphans: [orphan({ id: "555", damagedRuns: [damagedRun({ id: runId(5) })] })],
  strays: [stray({ path: "backups", kind: "backup-directory" })],
}));

/** Paths of what one location names. */
function named(location: string): readonly string[] {
  const rows = [{ kind: "run", id: "r", location }] as const;
  const databases = [{ path: "/data/mlflow.db", rows, problem: null }];
  return [...findDatabaseUses({ ...STORE, databases }).keys()].sort();
}

Deno.test("findDatabaseUses() finds what a location names, and what that lies in", () => {
  const inFirst = ["1", `1/${runId(1)}`];
  const locations = {
    [`file:///data/mlruns/1/${runId(1)}/artifacts`]: inFirst,
    [`/data/mlruns/1/${runId(1)}/artifacts`]: inFirst,
    [`./mlruns/1/${runId(1)}/artifacts`]: inFirst,
    [`/data/mlruns//1/./${runId(1)}/artifacts`]: inFirst,
    [`/data/mlruns/2/../1/${runId(1)}/artifacts`]: [".trash/2", ...inFirst],
    [`file:///data/mlruns/%31/${runId(1)}/artifacts`]: inFirst,
    [`file:///data/other/../mlruns/1/${runId(1)}/artifacts`]: inFirst,
    [`mlflow-artifacts:/1/${runId(1)}/artifacts`]: inFirst,
    [`http://host/api/2.0/mlflow-artifacts/artifacts/1/${runId(1)}/artifacts`]: inFirst,
    [`file:///moved/from/here/1/${runId(1)}/artifacts`]: inFirst,
    [`file:///C:/Users/kim/mlruns/1/${runId(1)}/artifacts`]: inFirst,
    [`runs:/${runId(1)}/model`]: inFirst,
    [`models:/${MODEL}`]: ["1", `1/models/${MODEL}`],
    [`/data/mlruns/1/models/${MODEL}/artifacts`]: ["1", `1/models/${MODEL}`],
    "/data/mlruns/1": ["1"],
    // Whoever deleted it in the store of files did not move it for the database.
    [`/data/mlruns/2/${runId(3)}/artifacts`]: [".trash/2", `.trash/2/${runId(3)}`],
    [`/data/mlruns/555/${runId(5)}/artifacts`]: ["555", `555/${runId(5)}`],
    "/data/mlruns/555": ["555"],
    "/elsewhere/mlruns/555": ["555"],
    "/data/mlruns/backups/1/x": ["backups"],
  };
  for (const [location, paths] of Object.entries(locations)) {
    assertEquals(named(location), paths, location);
  }
});

Deno.test("findDatabaseUses() finds nothing where a location is that of something else", () => {
  const locations = [
    `s3://bucket/1/${runId(1)}/artifacts`,
    `dbfs:/databricks/mlruns/1/${runId(1)}`,
    "/data/mlruns",
    "/data",
    "/elsewhere/1/2/555",
    `/data/mlruns/1/${runId(9)}/artifacts`.replace("/1/", "/7/"),
  ];
  for (const location of locations) assertEquals(named(location), [], location);
});

Deno.test("findDatabaseUses() says which row of which database it is", () => {
  const rows = [{ kind: "experiment", id: "3", location: "/data/mlruns/555" }] as const;
  const databases = [
    { path: "/data/a.db", rows: [], problem: "it is damaged" },
    { path: "/data/b.db", rows, problem: null },
    { path: "/data/c.db", rows, problem: null },
  ];
  assertEquals([...findDatabaseUses({ ...STORE, databases }).values()], [
    { kind: "database-refers", database: "/data/b.db", row: "experiment", id: "3" },
  ]);
  assertEquals(findDatabaseUses(STORE), new Map());
});
