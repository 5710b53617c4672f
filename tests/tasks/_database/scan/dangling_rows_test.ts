import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { planCleanup } from "../../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../../../lib/policy/policy.ts";
import { asRunId } from "../../../../lib/store/path.ts";
import { openDatabaseStore } from "../../../../tasks/_database/database_store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  registeredModel,
  ROOT,
  run,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { tempDatabase } from "../../../_support/database_store.ts";
import { depth, draws } from "../../../_support/depth.ts";
import fc from "../../../_support/fast_check.ts";

const config = (text: string) => policyOf(readConfig(text, "test"));

/** What a store is cleaned up by: ages, and rules of several kinds. */
const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges({ olderThan: 0, purgeAfter: 0, settle: 0 }),
  config("retention: { keep_within: 30d, children: together }\npurge: { after: 1d }"),
  config("retention: { keep_last: 1, children: own, keep_tags: [keep] }\npurge: { after: 1d }"),
];

const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
const gone = { ...old, deletedTime: NOW - 20 * DAY };
const model = (digit: string) => `m-${digit.repeat(32)}`;
const id = (digit: string) => digit.repeat(32);
const lost = id("f");
const linked = runId(3);

/** Runs and logged models that stay for one reason alone, and some for none. */
const NEEDS: SnapshotInit = {
  experiments: [
    experiment({
      id: "1",
      runs: [
        run({ id: id("1"), name: "parent", ...old }),
        run({ id: id("2"), name: "child", tags: { "mlflow.parentRunId": id("1") } }),
        run({ id: id("3"), name: "registered by its id", ...old }),
        run({ id: id("4"), name: "registered as a source", ...old }),
        run({ id: id("5"), name: "registered by its place", ...old }),
        run({ id: id("6"), name: "stored", ...old }),
        run({ id: id("7"), name: "traced", ...old }),
        run({ id: id("8"), name: "assessed", ...old }),
        run({ id: id("9"), name: "pinned", ...old, tags: { "mltidy.pin": "" } }),
        run({ id: id("a"), name: "kept", ...old, tags: { keep: "yes" } }),
        run({ id: id("b"), name: "made a model that is registered", ...old }),
        run({ id: id("c"), name: "made a model that was traced", ...old }),
        deletedRun({ id: id("d"), name: "made an input", ...gone }),
        run({
          id: id("e"),
          name: "young",
          extras: { metrics: new Map(), params: new Map(), inputs: [model("d")], heavy: [] },
        }),
        run({ id: runId(1), name: "of no use", ...old }),
        deletedRun({ id: runId(2), name: "of no use", ...gone }),
        run({ id: linked, name: "linked", ...old }),
      ],
      loggedModels: [
        loggedModel({ id: model("b"), sourceRunId: asRunId(id("b")) }),
        loggedModel({ id: model("c"), sourceRunId: asRunId(id("c")) }),
        loggedModel({ id: model("d"), sourceRunId: asRunId(id("d")) }),
        loggedModel({ id: model("1"), sourceRunId: asRunId(lost) }),
        loggedModel({ id: model("2"), sourceRunId: asRunId(lost), tags: { "mltidy.pin": "" } }),
        loggedModel({
          id: model("3"),
          sourceRunId: asRunId(lost),
          usedBy: [{ kind: "output", run: asRunId(id("2")) }],
        }),
        loggedModel({ id: model("4"), sourceRunId: asRunId(lost) }),
        loggedModel({ id: model("5"), sourceRunId: asRunId(lost) }),
        loggedModel({ id: model("6"), sourceRunId: asRunId(lost), lifecycleStage: "deleted" }),
      ],
      traces: 1,
      traceUses: [
        { trace: "tr-1", assessment: null, runId: id("7"), modelId: model("4") },
        { trace: "tr-2", assessment: "a-1", runId: id("8"), modelId: null },
        { trace: "tr-3", assessment: null, runId: null, modelId: model("c") },
      ],
    }),
    experiment({
      id: "2",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 20 * DAY,
      runs: [deletedRun({ id: runId(4), ...gone })],
    }),
    experiment({
      id: "3",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 20 * DAY,
      runs: [deletedRun({ id: runId(5), ...gone })],
    }),
  ],
  registeredModels: [
    registeredModel({
      versions: [
        modelVersion({ runId: id("3") }),
        modelVersion({ version: "2", source: `runs:/${id("4")}/model` }),
        modelVersion({ version: "3", source: `file://${ROOT}/1/${id("5")}/artifacts/model` }),
        modelVersion({
          version: "4",
          source: "s3://bucket/model",
          storageLocation: `file://${ROOT}/1/${id("6")}/artifacts/model`,
        }),
        modelVersion({ version: "5", source: `models:/${model("b")}` }),
        modelVersion({ version: "6", runId: runId(5) }),
      ],
    }),
  ],
};

/**
 * What names something, or says whether it is in use: table → its columns. Keys are anybody's, and a number is as
 * good as another one.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  assessments: ["trace_id", "assessment_metadata"],
  entity_associations: ["source_type", "source_id", "destination_type", "destination_id"],
  experiments: ["artifact_location", "lifecycle_stage"],
  inputs: ["source_type", "source_id", "destination_type", "destination_id"],
  logged_model_metrics: ["model_id", "run_id"],
  logged_model_tags: ["model_id"],
  logged_models: ["model_id", "source_run_id", "artifact_location", "lifecycle_stage"],
  model_versions: ["name", "run_id", "source", "storage_location"],
  runs: ["run_uuid", "artifact_uri", "lifecycle_stage", "status"],
  tags: ["run_uuid", "value"],
  trace_info: ["request_id"],
  trace_request_metadata: ["request_id", "value"],
};

/** Where nothing is as good as something. */
const MAY_BE_EMPTY = ["run_id", "source_run_id", "storage_location"];

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly row: number;
  readonly text: string;
}

function cellsOf(database: DatabaseSync): readonly Cell[] {
  return Object.entries(NAMES).flatMap(([table, columns]) =>
    columns.flatMap((column) =>
      database.prepare(
        `SELECT rowid AS row, CAST(${column} AS TEXT) AS text FROM ${table} WHERE ${column} <> ''`,
      ).all().map(({ row, text }) => ({ table, column, row: Number(row), text: String(text) }))
    )
  );
}

function harmed({ column, text }: Cell, way: string, at: number): string {
  const ids = [...text.matchAll(/[0-9a-f]{32}/g)];
  const [{ index } = { index: -1 }] = ids.length === 0 ? [] : [ids[at % ids.length]!];
  if (way === "shorten" && index >= 0) {
    return text.slice(0, index + at % 32) + text.slice(index + 32);
  }
  if (way === "zeros") return "\0".repeat(text.length);
  const least = MAY_BE_EMPTY.includes(column) ? 1 : 0;
  return text.slice(0, Math.max(least, at % text.length));
}

async function removals(path: string, policy: CleanupPolicy): Promise<readonly string[]> {
  await using store = openDatabaseStore(path, { chosenBy: "by --store", now: () => NOW });
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  return planCleanup(snapshot, policy, { now: NOW }).actions
    .map(({ kind, path }) => `${kind} ${path}`);
}

Deno.test("whatever happens to what a row names, a clean-up takes nothing that it would not take without", async () => {
  await using place = await tempDatabase(NEEDS, { artifacts: true });
  place.execute(
    `INSERT INTO entity_associations VALUES ('e-1', 'trace', 'tr-3', 'run', '${linked}', 0);
    INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step,
      experiment_id, run_id) VALUES ('${model("5")}', 'acc', 0, 0, 1, '${id("2")}')`,
  );
  const healthy = await Promise.all(POLICIES.map((policy) => removals(place.path, policy)));
  assertEquals(healthy.map(({ length }) => length > 5), POLICIES.map(() => true), "something goes");
  using database = new DatabaseSync(place.path, { enableForeignKeyConstraints: false });
  database.exec("PRAGMA ignore_check_constraints = ON");
  const cells = cellsOf(database);
  // What another row has already, a database takes no second time.
  const put = ({ table, column, row }: Cell, text: string) =>
    database.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ? WHERE rowid = ?`).run(text, row);
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom("cut", "cut", "shorten", "zeros"),
      fc.nat(),
      fc.nat(),
      async (target, way, at, chosen) => {
        const cell = cells[target % cells.length]!;
        const policy = chosen % POLICIES.length;
        const text = harmed(cell, way, at);
        put(cell, text);
        const now = await removals(place.path, POLICIES[policy]!).finally(() =>
          put(cell, cell.text)
        );
        taken += now.length;
        const more = now.filter((one) => !healthy[policy]!.includes(one));
        const { table, column } = cell;
        assertEquals(more, [], `${table}.${column}: ${cell.text} -> ${text}, policy ${policy}`);
      },
    ),
    draws(40, 250, 11),
  );
  // Otherwise it would prove little.
  assert(taken > depth(20, 75), `${taken}`);
});
