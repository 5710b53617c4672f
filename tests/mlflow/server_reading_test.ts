/**
 * Real tracking servers are read as what they keep is read beside them: the same is planned, and no run is lost while
 * others write.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges } from "../../lib/policy/policy.ts";
import { parseStoreName, type ServerName } from "../../lib/store/store_uri.ts";
import { READING } from "../../tasks/_server/client/endpoints.ts";
import { openClient } from "../../tasks/_server/client/open_client.ts";
import { readRuns } from "../../tasks/_server/scan/read_pages.ts";
import {
  DAY,
  deletedRun,
  experiment,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
  type RunInit,
  snapshot,
  type SnapshotInit,
  withDefault,
} from "../_support/builders.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { writeExtras } from "../_support/disk_extras.ts";
import { diskStore } from "../_support/disk_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { decided } from "./servers/plan_suite.ts";
import { startTrackingServer } from "./servers/start_server.ts";

/** Some of each kind, and many that are alike, of which some begin at one moment. */
function history(): SnapshotInit {
  const old = (number: number, days: number, more: RunInit = {}) =>
    run({
      ...{ id: runId(number), startTime: NOW - days * DAY - 1_000, endTime: NOW - days * DAY },
      ...more,
    });
  const measured = (latest: number, best: number): RunInit => ({
    extras: {
      metrics: new Map([["f1", { latest, least: latest, greatest: best }]]),
      params: new Map([["model", latest > 0.5 ? "gru" : "cnn"]]),
      inputs: [],
      heavy: [],
    },
  });
  return withDefault({
    experiments: [
      experiment({
        id: "1",
        name: "이름 of everything",
        runs: [
          old(1, 400, { name: "a/b" }),
          old(2, 3, { tags: { "mlflow.parentRunId": runId(1) } }),
          old(3, 100),
          old(4, 90, { tags: { "mltidy.pin": "" } }),
          old(5, 80, { status: "RUNNING", endTime: null }),
          old(6, 70, measured(0.1, 0.99)),
          old(7, 60, measured(0.7, 0.8)),
          old(8, 50, measured(0.3, 0.3)),
          old(9, 45, { tags: { stage: "production" }, status: "FAILED" }),
          deletedRun({ id: runId(10), deletedTime: NOW - 90 * DAY }),
          ...Array.from({ length: 120 }, (_, at) => old(20 + at, 40 + Math.floor(at / 3))),
        ],
      }),
    ],
    registeredModels: [registeredModel({
      name: "churn",
      aliases: { champion: "2" },
      versions: [
        modelVersion({ version: "1", runId: runId(2) }),
        modelVersion({ version: "2", runId: runId(3) }),
      ],
    })],
  });
}

const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges({ olderThan: "30d" }),
  policyOf(readConfig(
    `retention:
  keep_last: 2
  keep_best: { metric: f1, n: 1, over: history, per: model }
  keep_tags: [stage]
`,
    "mltidy.yaml",
  )),
];

testEachVersion(
  "the same is planned over a server as of what it keeps, and no run is lost while others write",
  async (version) => {
    const is2 = version.name.startsWith("2.");
    await using files = await diskStore(history());
    writeExtras(files.root, snapshot(history()));
    await using database = await tempDatabase(history(), {
      schema: is2 ? "2.22" : "3.17",
      onDisk: true,
    });
    // MLflow fails at a whole list where one of it is nobody's, or of no time.
    database.execute(`UPDATE runs SET user_id = 'kim';
      UPDATE registered_models SET creation_time = 1, last_updated_time = 1;
      UPDATE model_versions SET creation_time = 1, last_updated_time = 1, status = 'READY'`);
    await using scratch = await tempDirectory();
    await using server = await startTrackingServer(version, {
      // Each kind of store once, as to start a server takes long.
      backend: is2 ? `file://${files.root}` : database.uri,
      directory: scratch.path,
    });
    for (const policy of POLICIES) {
      const over = await decided(server.uri, policy, NOW);
      assert(over.some(({ kind }) => kind === "soft-delete-run"));
      for (const beside of [files.root, database.path]) {
        assertEquals(over, await decided(beside, policy, NOW));
      }
    }
    if (!is2) await readBesideWriters(server.uri, database.path);
  },
);

/** Runs are begun, and removed for good as by `mlflow gc`, after each page. */
async function readBesideWriters(uri: string, path: string): Promise<void> {
  using client = openClient(parseStoreName(uri) as ServerName, {
    endpoints: READING,
    environment: () => undefined,
  });
  using database = new DatabaseSync(path, {
    timeout: 20_000,
    enableForeignKeyConstraints: false,
  });
  const all = () =>
    database.prepare("SELECT run_uuid FROM runs").all().map((row) => row["run_uuid"]);
  const before = new Set(all());
  const seen: string[] = [];
  const work: Promise<unknown>[] = [];
  await readRuns(client, ["1"], {
    atATime: 30,
    onRun: ({ row }) => void seen.push(row.id),
    onProgress: () => {
      const { changes } = database.prepare(
        `DELETE FROM runs WHERE run_uuid IN (SELECT run_uuid FROM runs
          WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY start_time LIMIT 5)`,
      ).run(JSON.stringify(seen));
      assert(changes > 0);
      work.push(begin(uri), begin(uri, NOW - 300 * DAY));
    },
  });
  await Promise.all(work);
  assertEquals(new Set(seen).size, seen.length);
  const left = all().filter((id) => before.has(id));
  assert(left.length < before.size);
  assertEquals(left.filter((id) => !seen.includes(`${id}`)), []);
}

async function begin(uri: string, start_time: number = NOW): Promise<void> {
  const response = await fetch(`${uri}/api/2.0/mlflow/runs/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_id: "1", start_time }),
  });
  await response.body?.cancel();
  assert(response.ok);
}
